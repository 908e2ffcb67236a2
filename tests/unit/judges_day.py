"""A judge who is shown made rows at seconds after noon, and the rows of a connection."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from engine.insight.judge import Judge
from engine.model.lab import ActorReport, ActorSpec, Knobs
from engine.model.snapshot import ActorView, Snapshot
from engine.model.sockets import SocketEntry
from engine.model.tcp import SocketState
from engine.model.verdicts import Verdict
from tests.unit.socket_entries import entry, owner, tcp_info

NOON_NS = 1_763_726_671_000_000_000
PORTS = (32_768, 60_999)


class Day:
    """A judge who is shown rows at seconds after noon."""

    def __init__(self) -> None:
        self.judge = Judge()
        self.said: tuple[Verdict, ...] = ()

    def at(self, second: float, *rows: SocketEntry, actors: Sequence[ActorReport] = (), **given: Any) -> list[str]:
        """Show these rows; the names of the rules that speak, the worst first."""
        self.said = self.judge.take(snapshot(second, rows, actors, **given))
        return [one.rule for one in self.said]

    def only(self) -> Verdict:
        [one] = self.said
        return one


def snapshot(second: float, rows: Sequence[SocketEntry], actors: Sequence[ActorReport] = (), **given: Any) -> Snapshot:
    views = tuple(ActorView(number, ActorSpec(report.kind, Knobs()), report) for number, report in enumerate(actors))
    return Snapshot(NOON_NS + int(second * 1e9), rows, actors=views, **({"ephemeral": PORTS} | given))


def client(**given: Any) -> SocketEntry:
    """The opener's end of a connection over the loopback."""
    return entry(**({"key": 7, "cookie": 7, "local_port": 40_007, "peer_port": 9_000, "inode": 70} | given))


def server(**given: Any) -> SocketEntry:
    """The other end of it."""
    fields = {"key": 8, "cookie": 8, "local_port": 9_000, "peer_port": 40_007, "inode": 80, "owners": (owner(),)}
    return entry(**(fields | given))


def away(**given: Any) -> SocketEntry:
    """An end of a connection whose other end is elsewhere."""
    return client(**({"local_address": "192.0.2.1", "peer_address": "198.51.100.7", "peer_port": 443} | given))


def sending(sent: int, **given: int) -> SocketEntry:
    """A connection that has sent so much by now, all of it acknowledged."""
    return away(tcp_info=tcp_info(bytes_sent=sent, bytes_acked=sent, snd_wnd=65_536, **given))


def leaking(**given: Any) -> SocketEntry:
    """A connection in CLOSE-WAIT: its program has read the end and has not closed."""
    return away(**({"state": SocketState.CLOSE_WAIT, "recv_q": 1, "owners": (owner("nginx", 812),)} | given))
