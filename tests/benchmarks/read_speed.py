"""`sockmon read` against tshark on the same file: frames a second, processor time and peak memory.

    python -m tests.benchmarks.read_speed [FILE...] [--rounds N]

Without a file, a mix of 320,000 made frames is read. Text is held against `tshark -r`, which prints the same lines;
JSON against that too, and against `tshark -T fields` with the fields that the JSON has, which is the same work. The
programs take turns; of each the quickest round counts. Where sockmon prints in a second process, its memory
counts twice.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from engine.capture.files.source import CaptureFile
from engine.capture.read_printer import WORTH_A_PROCESS_BYTES
from tests.benchmarks.read_traffic import write_mix

FIELDS = (
    "frame.number", "frame.time_relative", "frame.time_epoch", "frame.len", "frame.cap_len", "frame.protocols",
    "ip.src", "ip.dst", "ipv6.src", "ipv6.dst", "tcp.stream", "tcp.time_relative", "tcp.time_delta", "tcp.srcport",
    "tcp.dstport", "tcp.flags", "tcp.flags.str", "tcp.seq", "tcp.seq_raw", "tcp.ack", "tcp.ack_raw", "tcp.nxtseq",
    "tcp.window_size", "tcp.window_size_value", "tcp.window_size_scalefactor", "tcp.hdr_len", "tcp.len",
    "tcp.completeness", "tcp.options.mss_val", "tcp.options.wscale.shift", "tcp.options.timestamp.tsval",
    "tcp.options.timestamp.tsecr", "tcp.options.sack_le", "tcp.options.sack_re", "tcp.analysis.flags",
    "tcp.analysis.duplicate_ack_frame", "tcp.analysis.duplicate_ack_num", "tcp.analysis.acks_frame",
    "tcp.analysis.ack_rtt", "tcp.analysis.initial_rtt", "tcp.analysis.bytes_in_flight", "tcp.analysis.rto",
    "_ws.col.Info",
)  # fmt: skip
TSHARK, FIELDS_OF_TSHARK = "tshark -r", "tshark -r -T fields"
TEXT, JSON = "sockmon read", "sockmon read --json"
LEAST_RATE = 1.0
"""Times tshark's rate."""
MOST_MEMORY = 0.5
"""Of tshark's peak."""


@dataclass
class Run:
    """One run of one program over the file."""

    wall_s: float
    cpu_s: float
    peak_mb: float


def commands(path: Path) -> dict[str, list[str]]:
    sockmon = [sys.executable, "-m", "tui.cli.entry", "read"]
    tshark = ["tshark", "-n", "-r", str(path)]
    fields = [word for name in FIELDS for word in ("-e", name)]
    return {
        TSHARK: tshark,
        TEXT: [*sockmon, str(path)],
        JSON: [*sockmon, "--json", str(path)],
        FIELDS_OF_TSHARK: [*tshark, "-T", "fields", *fields],
    }


def measured(command: list[str]) -> Run:
    """Run it with its output thrown away."""
    began = time.monotonic()
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        _, status, usage = os.wait4(process.pid, 0)
        wall_s = time.monotonic() - began
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode not in (0, 2):
        raise SystemExit(f"{command[0]} ended with {process.returncode}")
    return Run(wall_s, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024)


def compare(path: Path, rounds: int) -> None:
    with CaptureFile(str(path)) as file:
        frames = sum(map(len, file.batches()))
    best: dict[str, Run] = {}
    for _ in range(rounds):
        for name, command in commands(path).items():
            run = measured(command)
            if name.startswith("sockmon") and path.stat().st_size >= WORTH_A_PROCESS_BYTES:
                run.peak_mb *= 2
            if name not in best or run.wall_s < best[name].wall_s:
                best[name] = run
    print(f"{path.name}: {frames:,} frames, {path.stat().st_size / 1e6:.0f} MB")
    for name, run in best.items():
        print(
            f"  {name:<20} {frames / run.wall_s:>9,.0f} frames/s  {run.wall_s:6.2f} s  "
            f"{run.cpu_s / frames * 1e6:6.2f} us CPU a frame  {run.peak_mb:6.0f} MB"
        )
    for ours, peer in ((TEXT, TSHARK), (JSON, TSHARK), (JSON, FIELDS_OF_TSHARK)):
        rate = best[peer].wall_s / best[ours].wall_s
        memory = best[ours].peak_mb / best[peer].peak_mb
        verdict = "meets" if rate >= LEAST_RATE and memory <= MOST_MEMORY else "misses"
        print(
            f"  {ours} : {peer} = {rate:.2f} x its rate, {memory:.2f} x its memory; "
            f"{verdict} the target (at least {LEAST_RATE}, at most {MOST_MEMORY})"
        )


def main() -> None:
    words = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    words.add_argument("files", nargs="*", type=Path)
    words.add_argument("--rounds", type=int, default=3)
    asked = words.parse_args()
    if shutil.which("tshark") is None:
        print("tshark is not installed: nothing to compare with")
        return
    if asked.files:
        for path in asked.files:
            compare(path, asked.rounds)
        return
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "mix.pcap"
        write_mix(path)
        compare(path, asked.rounds)


if __name__ == "__main__":
    main()
