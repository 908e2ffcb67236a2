"""The judge on 20,000 sockets: quiet ones, a thousand stalled readers, a leak of all of them, TIME-WAIT.

A refresh of the table itself takes longer (sockets_table), so the judge must stay well below it.
"""

from __future__ import annotations

import time
import tracemalloc

from msgspec.structs import replace

from engine.insight.judge import Judge
from engine.model.snapshot import Snapshot
from engine.model.sockets import SocketEntry
from engine.model.tcp import SocketState
from tests.unit.socket_entries import entry, listener, owner, tcp_info

SOCKETS = 20_000
LOOKS = 5
NS_PER_S = 1_000_000_000


def quiet() -> list[SocketEntry]:
    """A listener, and the ends of connections with as many peers."""
    info = tcp_info(bytes_sent=5, bytes_acked=5, bytes_received=7, snd_wnd=65_536, rcv_wnd=65_536)
    rows = [
        entry(
            key=number,
            cookie=number,
            local_port=443,
            peer_address=f"198.51.{number >> 8 & 255}.{number & 255}",
            tcp_info=info,
            owners=(owner(),),
        )
        for number in range(2, SOCKETS + 1)
    ]
    return [listener(key=1, local_port=443, owners=(owner(),)), *rows]


def main() -> None:
    """Print the milliseconds of each look, and what a socket takes."""
    rows = quiet()
    tracemalloc.start()
    Judge().take(Snapshot(NS_PER_S, rows))
    judge = Judge()
    before = tracemalloc.get_traced_memory()[0]
    judge.take(Snapshot(NS_PER_S, rows))
    size = (tracemalloc.get_traced_memory()[0] - before) / SOCKETS
    tracemalloc.stop()
    print(f"memory of a quiet socket: {size:.0f} B")

    judge, now_ns = Judge(), NS_PER_S
    conditions = {
        "quiet": rows,
        "1,000 stalled": [replace(row, recv_q=9) if not number % 20 else row for number, row in enumerate(rows)],
        "all in CLOSE-WAIT": [replace(row, state=SocketState.CLOSE_WAIT) for row in rows[1:]],
        "all in TIME-WAIT": [replace(row, state=SocketState.TIME_WAIT, tcp_info=b"") for row in rows[1:]],
    }
    for name, condition in conditions.items():
        took: list[float] = []
        said = 0
        for _ in range(LOOKS):
            began = time.perf_counter()
            said = len(judge.take(Snapshot(now_ns, condition, ephemeral=(32_768, 60_999))))
            took.append((time.perf_counter() - began) * 1000)
            now_ns += 2 * NS_PER_S
        print(f"{name}: {', '.join(f'{one:.1f}' for one in took)} ms; verdicts {said}, unjudged {judge.unjudged:,}")


if __name__ == "__main__":
    main()
