"""Which share of connections of about 1 ms gets its right process, at each tier, while the table refreshes."""

from __future__ import annotations

import socket
from collections.abc import Callable, Sequence
from contextlib import closing

from engine.model.errors import NetlinkError
from engine.model.messages import AskSockets
from engine.sockets.perf_open import open_state_trace
from engine.sockets.service import SocketsService
from tests.live.sockets_clients import run_clients
from tests.live.sockets_rig import Asking

CONNECTIONS = 1_000


def packet_socket() -> list[int]:
    """One that hears nothing yet."""
    return [socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0).detach()]


def nothing() -> list[int]:
    """No descriptor."""
    return []


TIERS: Sequence[tuple[str, str, Callable[[], list[int]]]] = (
    ("a  destroy events", "", nothing),
    ("b  SYN and look-up", "syn", packet_socket),
    ("c  tracepoint", "trace", open_state_trace),
)


def main() -> None:
    """Print a line a tier."""
    for name, kind, open_all in TIERS:
        try:
            descriptors = open_all()
        except (NetlinkError, PermissionError) as error:
            print(f"  {name:<20} not here: {error}")
            continue
        with closing(SocketsService()) as service:
            asking = Asking(service)
            service.answer(AskSockets(carries=(kind,) * len(descriptors)), descriptors)
            port, pid = run_clients(asking, CONNECTIONS)
            closed = [each for each in asking.closed_on(port) if each.entry.peer_port == port]
        right = sum([owner.pid for owner in each.entry.owners] == [pid] for each in closed)
        lost = asking.answer.counters.events_lost
        reported = f"{len(closed):,} of {CONNECTIONS:,} reported"
        print(f"  {name:<20} {reported}, {right / CONNECTIONS:.1%} with their process, {lost} events lost", flush=True)


if __name__ == "__main__":
    main()
