"""What a refresh of the socket table costs, beside ss in the same run: `python -m tests.benchmarks.sockets_table`.

Each figure is the best of several turns, ours and the peer's in turn. `steady` is a refresh in which nothing changed;
`first` reads everything anew. All runs in a network namespace of its own, where no one else's sockets are.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Mapping
from typing import Final

from tests.benchmarks.sockets_crowd import Crowd
from tests.benchmarks.targets import verdict

SIZES: Final[Mapping[int, int]] = {2_000: 5, 20_000: 4, 100_000: 1}
"""Sockets, and turns."""

JUDGED: Final = 20_000
"""The size that the ratios are promised for."""

MEMORY_BYTES: Final = 1024
"""A socket of the table with its owners, at rest."""

GROWTH: Final = 1.0
"""Of the cost a socket with owners, from the smallest size to the largest."""

MEASURE = """
import json, os, sys, time
from engine.model.messages import SocketsOptions
from engine.sockets.reader import TableReader

def resident():
    with open("/proc/self/statm") as statm:
        return int(statm.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")

def measured(owners, details):
    TableReader(SocketsOptions(families=("udp",), owners=owners)).refresh({})
    before = resident()
    reader = TableReader(SocketsOptions(families=("tcp",), owners=owners, details=details))
    times = []
    for _ in range(8):
        began = time.perf_counter()
        reader.refresh({})
        times.append(time.perf_counter() - began)
    after = resident()
    count = len(reader.table.entries)
    return {"first": times[0], "steady": min(times[1:]), "sockets": count, "bytes": (after - before) / count}

print(json.dumps(measured(sys.argv[1] == "owners", sys.argv[2] == "details")))
"""

PEERS: Final = {flags: ["ss", flags] for flags in ("-tan", "-tani", "-tanp")}
LS: Final = [sys.executable, "-m", "tui.cli", "ls", "-tan"]
OURS: Final = {
    "bare": ("plain", "bare"),
    "with tcp_info": ("plain", "details"),
    "with owners": ("owners", "details"),
}
"""What is read: owners or not, tcp_info or not."""

LINES: Final = (
    ("first", "bare", "-tan", 0.0),
    ("steady", "bare", "-tan", 1.0),
    ("first", "with tcp_info", "-tani", 0.0),
    ("steady", "with tcp_info", "-tan", 1.0),
    ("first", "with owners", "-tanp", 0.0),
    ("steady", "with owners", "-tanp", 0.35),
)
"""A reading, what it is measured against, and the ratio it has to keep; 0 for none."""

LS_RATIO: Final = 1.5


def took(command: list[str]) -> float:
    """Wall time of one run, its output thrown away."""
    began = time.perf_counter()
    subprocess.run(command, stdout=subprocess.DEVNULL, check=True)
    return time.perf_counter() - began


def ours(owners: str, details: str) -> dict[str, float]:
    """A fresh process that reads the table again and again."""
    command = [sys.executable, "-c", MEASURE, owners, details]
    figures: dict[str, float] = json.loads(subprocess.run(command, capture_output=True, check=True).stdout)
    return figures


def best(turns: list[dict[str, float]]) -> dict[str, float]:
    """The least of each figure."""
    return {name: min(turn[name] for turn in turns) for name in turns[0]}


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
    per_socket: list[float] = []
    for size, turns in SIZES.items():
        theirs: list[dict[str, float]] = []
        read: dict[str, list[dict[str, float]]] = {name: [] for name in OURS}
        with Crowd(size):
            for _ in range(turns):
                theirs.append({flags: took(command) for flags, command in PEERS.items()} | {"ls": took(LS)})
                for name, options in OURS.items():
                    read[name].append(ours(*options))
        block(size, best(theirs), {name: best(figures) for name, figures in read.items()})
        owned = best(read["with owners"])
        per_socket.append(owned["steady"] / owned["sockets"])
    growth = per_socket[-1] / per_socket[0]
    print(f"  a socket's cost from {min(SIZES):,} to {max(SIZES):,}: times {growth:.2f}  {verdict(growth, GROWTH)}")


def block(size: int, theirs: Mapping[str, float], read: Mapping[str, Mapping[str, float]]) -> None:
    """One size: what the peer took, what ours did, and how that stands to its targets."""
    count = int(read["with owners"]["sockets"])
    print(f"{count:,} TCP sockets")
    for flags in PEERS:
        print(f"  ss {flags:<28}{theirs[flags] * 1e3:8.1f} ms")
    for turn, name, flags, target in LINES:
        seconds = read[name][turn]
        ratio = seconds / theirs[flags]
        shown = f"{seconds * 1e3:8.1f} ms {seconds / count * 1e6:6.2f} us a socket  {ratio:5.2f} of ss {flags}"
        told = f"  {verdict(ratio, target)}" if target and size == JUDGED else ""
        print(f"  {turn + ', ' + name:<31}{shown}{told}", flush=True)
    ratio = theirs["ls"] / theirs["-tanp"]
    told = f"  {verdict(ratio, LS_RATIO)}" if size == JUDGED else ""
    print(f"  {'sockmon ls -tan, whole':<31}{theirs['ls'] * 1e3:8.1f} ms {ratio:25.2f} of ss -tanp{told}")
    owned = read["with owners"]["bytes"]
    judged = f"  {verdict(owned, MEMORY_BYTES)}" if size == JUDGED else ""
    print(f"  memory {owned:,.0f} B a socket with owners, {read['bare']['bytes']:,.0f} B bare{judged}", flush=True)


if __name__ == "__main__":
    measure() if sys.argv[1:] == ["inside"] else main()
