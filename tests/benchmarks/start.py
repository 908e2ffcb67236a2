"""How long `sockmon --version` takes beside a bare interpreter with json, subprocess and socket; target <= 3."""

from __future__ import annotations

import statistics
import subprocess
import sys
import time

RUNS = 15
OURS = [sys.executable, "-m", "tui.cli", "--version"]
PEER = [sys.executable, "-c", "import json, subprocess, socket"]


def seconds(command: list[str]) -> float:
    """Wall time of one run."""
    began = time.perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - began


def main() -> None:
    """Print both medians and their ratio, the two measured in turn."""
    pairs = [(seconds(OURS), seconds(PEER)) for _ in range(RUNS)]
    ours, peer = (statistics.median(values) for values in zip(*pairs, strict=True))
    print(f"sockmon --version {ours * 1000:.0f} ms, bare interpreter {peer * 1000:.0f} ms, ratio {ours / peer:.2f}")


if __name__ == "__main__":
    main()
