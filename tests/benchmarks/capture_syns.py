"""A million SYNs from distinct ports into one flow table: what it holds, and what the last cost beside the first."""

from __future__ import annotations

import gc
import resource
import time

from engine.flow.table import DEFAULT_MAX_BYTES, FlowTable
from engine.model.packets import Segment

SYNS = 1_000_000
STEP = 200_000
PORTS = 60_000
MOST_SLOWER = 1.5
"""The last part of the SYNs may take so many times as long as the second, which already gives flows up."""
OPTIONS = bytes.fromhex("020405b4 0402080a 00000000 00000000 01030307".replace(" ", ""))


def main() -> None:
    gc.disable()  # as `sockmon read` does
    table = FlowTable()
    took: list[float] = []
    for first in range(0, SYNS, STEP):
        began = time.process_time()
        for number in range(first + 1, first + STEP + 1):
            src = (0x0A000000 + number // PORTS).to_bytes(4, "big")
            table.feed(
                Segment(
                    number * 1000, src, b"\x0a\xff\0\1", 1 + number % PORTS, 80, number, 0, 2, 64_240, 0, 0, 40, OPTIONS
                ),
                number,
            )
        took.append(time.process_time() - began)
        peak_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        print(
            f"  {first + STEP:>9,} SYNs: {len(table.flows):,} flows in {table.bytes / 1e6:.1f} MB, "
            f"{table.evicted:,} given up; {took[-1] / STEP * 1e6:.1f} us a SYN; process {peak_mb:.0f} MB at most"
        )
    bounded = table.bytes <= DEFAULT_MAX_BYTES and table.evicted + len(table.flows) == SYNS
    print(f"  {'meets' if bounded else 'misses'} the target: the table stays within {DEFAULT_MAX_BYTES / 1e6:.1f} MB")
    linear = took[-1] <= MOST_SLOWER * took[1]
    print(f"  {'meets' if linear else 'misses'} the target: no more time for the last than for the first")


if __name__ == "__main__":
    main()
