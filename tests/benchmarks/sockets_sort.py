"""What of a processor it takes to put 20,000 sockets into the order of a pane, by each column that can sort."""

from __future__ import annotations

import random
import time
from typing import Final

from engine.model.snapshot import Snapshot
from engine.model.sockets import Owner, SocketEntry
from engine.model.tcp import SocketState
from engine.text.columns import COLUMNS
from tests.benchmarks.targets import verdict
from tests.unit.socket_entries import entry, tcp_info
from tui.messages import Moment
from tui.widgets.socket_view import SocketView

SOCKETS: Final = 20_000
TURNS: Final = 5
TARGET_MS: Final = 50
SEED: Final = 1


def rows() -> list[SocketEntry]:
    """Connections in no order; every cell that may differ does."""
    chance = random.Random(SEED)
    states = (SocketState.ESTABLISHED, SocketState.ESTABLISHED, SocketState.TIME_WAIT, SocketState.CLOSE_WAIT)
    return [
        entry(
            key=key,
            state=chance.choice(states),
            recv_q=chance.randrange(5),
            send_q=chance.randrange(70_000),
            local_address=f"10.0.{key >> 8 & 255}.{key & 255}",
            local_port=chance.randrange(1024, 65536),
            peer_address=f"10.1.{chance.randrange(256)}.{chance.randrange(256)}",
            peer_port=chance.choice((443, 8080, 5432)),
            owners=(Owner(chance.randrange(2, 40_000), key & 1023, chance.choice(("nginx", "postgres", "curl"))),),
            tcp_info=tcp_info(bytes_sent=chance.randrange(1 << 30), rtt=chance.randrange(90_000)),
        )
        for key in range(SOCKETS)
    ]


def main() -> None:
    """Print the pane's own order and the slowest column."""
    moment = Moment(Snapshot(ts_ns=time.time_ns(), entries=tuple(rows())))
    taken_ms: dict[str, float] = {}
    for column in COLUMNS:
        view = SocketView().sort_by(column)
        turns = []
        for _ in range(TURNS):
            began = time.thread_time()
            view.entries(moment)
            turns.append((time.thread_time() - began) * 1e3)
        taken_ms[column] = min(turns)
    slowest = max(taken_ms, key=lambda name: taken_ms[name])
    for name in dict.fromkeys(("state", "recv_q", "local", "process", slowest)):
        print(f"  {SOCKETS:,} rows by {name:<12}{taken_ms[name]:8.1f} ms  {verdict(taken_ms[name], TARGET_MS)}")


if __name__ == "__main__":
    main()
