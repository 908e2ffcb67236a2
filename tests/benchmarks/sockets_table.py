"""What a refresh of the socket table costs, beside ss in the same run: `python -m tests.benchmarks.sockets_table`.

Each figure is the best of several turns. `steady` is a refresh in which nothing changed; `first` reads everything anew.
All runs in a network namespace of its own, where no one else's sockets are.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable

from tests.benchmarks.sockets_crowd import Crowd

SIZES = (2_000, 20_000, 100_000)
TURNS = 5

MEASURE = """
import json, resource, sys, time
from engine.model.messages import SocketsOptions
from engine.sockets.reader import TableReader

def measured(owners, details):
    reader = TableReader(SocketsOptions(families=("tcp",), owners=owners, details=details))
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    times = []
    for _ in range(8):
        began = time.perf_counter()
        reader.refresh({})
        times.append(time.perf_counter() - began)
    after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    count = len(reader.table.entries)
    reader.close()
    return {"first": times[0], "steady": min(times[1:]), "sockets": count, "bytes": (after - before) * 1024 / count}

print(json.dumps(measured(sys.argv[1] == "owners", sys.argv[2] == "details")))
"""


def best(run: Callable[[], object], turns: int = TURNS) -> float:
    """The shortest of several runs, in seconds."""
    times = []
    for _ in range(turns):
        began = time.perf_counter()
        run()
        times.append(time.perf_counter() - began)
    return min(times)


def ss(flags: str) -> float:
    """One `ss`, its output thrown away."""
    return best(lambda: subprocess.run(["ss", flags], stdout=subprocess.DEVNULL, check=True), turns=3)


def ours(owners: str, details: str) -> dict[str, float]:
    """A fresh process that reads the table again and again."""
    command = [sys.executable, "-c", MEASURE, owners, details]
    figures: dict[str, float] = json.loads(subprocess.run(command, capture_output=True, check=True).stdout)
    return figures


def main() -> None:
    """Print a block a size."""
    missing = [tool for tool in ("ss", "ip", "unshare") if shutil.which(tool) is None]
    if missing:
        print(f"needs {', '.join(missing)}")
        return
    alone = ["unshare", "--net"] if os.geteuid() == 0 else ["unshare", "--user", "--map-root-user", "--net"]
    subprocess.run([*alone, sys.executable, "-m", "tests.benchmarks.sockets_table", "inside"], check=True)


def measure() -> None:
    """Inside the namespace."""
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
    for size in SIZES:
        with Crowd(size):
            peers = {flags: ss(flags) for flags in ("-tan", "-tani", "-tanp")}
            plain, bare, owned = ours("plain", "details"), ours("plain", "bare"), ours("owners", "details")
        count = int(owned["sockets"])
        print(f"{count:,} TCP sockets")
        for flags, seconds in peers.items():
            print(f"  ss {flags:<28}{seconds * 1e3:8.1f} ms")
        for name, figures, flags in (
            ("first, bare", (bare, "first"), "-tan"),
            ("steady, bare", (bare, "steady"), "-tan"),
            ("first, with tcp_info", (plain, "first"), "-tani"),
            ("steady, with tcp_info", (plain, "steady"), "-tan"),
            ("first, with owners", (owned, "first"), "-tanp"),
            ("steady, with owners", (owned, "steady"), "-tanp"),
        ):
            seconds = figures[0][figures[1]]
            ratio = seconds / peers[flags]
            per_socket_us = seconds / count * 1e6
            shown = f"{seconds * 1e3:8.1f} ms {per_socket_us:6.2f} us a socket  {ratio:5.2f} of ss {flags}"
            print(f"  {name:<31}{shown}", flush=True)
        print(f"  memory {owned['bytes']:,.0f} B a socket with owners, {bare['bytes']:,.0f} B bare")


if __name__ == "__main__":
    measure() if sys.argv[1:] == ["inside"] else main()
