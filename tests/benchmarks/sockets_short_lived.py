"""Which share of connections of about 1 ms gets its right process, at each tier, while the table refreshes.

Through the real launcher and a confined worker, which are started with the rights of each tier.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence

from tests.benchmarks.targets import least

CONNECTIONS = 2_000
LIVES_S = 0.001
TARGET = 0.99
"""At tier c; the others have none."""

USER = ("setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups")
TIERS: Mapping[str, tuple[str, Sequence[str]]] = {
    "a  destroy events, any user": ("polled", USER),
    "b  SYN and look-up, CAP_NET_RAW": ("lookup", (*USER, "--inh-caps=-all,+net_raw", "--ambient-caps=-all,+net_raw")),
    "c  tracepoint, root": ("traced", ()),
}
"""What a tier is and what it takes; how its owners are marked (`polled`: seen by luck), and what runs it so."""


def main() -> None:
    """Print a line a tier."""
    if os.geteuid() != 0 or shutil.which("setpriv") is None:
        print("  needs root and setpriv, to run each tier with its own rights")
        return
    for name, (tier, rights) in TIERS.items():
        command = [*rights, sys.executable, "-m", "tests.live.sockets_short_lived", str(CONNECTIONS), str(LIVES_S)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            print(f"  {name:<32} not here: {done.stderr.strip().splitlines()[-1]}")
            continue
        told = json.loads(done.stdout)
        reported = f"{told['closed']:,} of {CONNECTIONS:,} in the history, {told['carried']:,} with their bytes"
        known = f"{told['right'] / CONNECTIONS:.1%} with the right process ({told['tiers'].get(tier, 0):,} {tier})"
        target = f"  {least(told['right'] / CONNECTIONS, TARGET)}" if tier == "traced" else ""
        print(f"  {name:<32} {reported}, {known}, {told['lost']} events lost{target}", flush=True)


if __name__ == "__main__":
    main()
