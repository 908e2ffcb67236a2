"""The messages between the screen and the sockets worker."""

from __future__ import annotations

import msgspec

from engine.model.health import Degradation
from engine.model.messages.failed import Failed
from engine.model.sockets import SocketCounters, SocketEntry


class SocketsOptions(msgspec.Struct, frozen=True, gc=False):
    """How the sockets worker reads the table."""

    source: str = "auto"
    """auto, netlink, proc or psutil."""
    families: tuple[str, ...] = ("tcp", "udp")
    """Any of tcp, udp, udpl, raw, icmp, unix, packet, netlink."""
    owners: bool = True
    filter: str = ""
    """Rows that this filter (engine.query) does not let pass may be left out: what of it the kernel can apply, it
    applies. The rest is for the asker to match."""
    details: bool = True
    """tcp_info, memory, congestion control and TOS too; without them a dump costs half."""


class AskSockets(msgspec.Struct, frozen=True, tag=True, gc=False):
    """What changed in the table since `since`, the generation of an earlier answer; 0 asks for all of it."""

    since: int = 0
    options: SocketsOptions = SocketsOptions()
    labels: dict[int, str] = {}
    """PID to what it is of ours: `sockmon`, or an actor's kind."""
    carries: tuple[str, ...] = ()
    """What each descriptor beside the message is, to be used from now on for telling the owners of short-lived
    connections: `trace`, an opened perf event of engine.sockets.perf_open (exact), or `syn`, an AF_PACKET socket of
    protocol 0 (a SYN leads to a look-up), which is closed unused where the tracepoint works. Descriptors beyond these
    are closed."""


class ClosedSocket(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A socket that is gone: its last known row and when it went. `by_event` if the kernel told, not its absence."""

    entry: SocketEntry
    ts_ns: int
    by_event: bool
    tier: str = ""
    """Where its owners are from: `polled` (the table had shown it), `listener` (inferred: the process that listens on
    its port), `lookup` (asked for when its SYN was seen), `traced` (the kernel's tracepoint); empty if unknown."""


class SocketsAnswer(msgspec.Struct, frozen=True, tag=True, gc=False):
    """The difference from generation `since` to `generation`; `full` if it is the whole table instead."""

    generation: int
    full: bool
    changed: list[SocketEntry]
    gone: list[int]
    """Keys."""
    closed: list[ClosedSocket]
    counters: SocketCounters
    source: str
    """netlink, proc or psutil: the one in use."""
    degradations: tuple[Degradation, ...] = ()
    moved: dict[str, int] = {}
    """The kernel's counters that went up since the answer before, by nstat's names (`TcpRetransSegs`), and how far;
    only those that tell of loss, overflow or reset."""
    moved_in_all: dict[str, int] = {}
    """The same since the worker began."""
    ephemeral: tuple[int, int] | None = None
    """The first and the last port that connect() and bind() to 0 choose from (net.ipv4.ip_local_port_range)."""
    comparable: bool = True
    """The rows are read as those of the answer before were: what is new has opened since, what is gone has closed. Not
    so after other families, another filter or another source."""
    checked: dict[int, int] = {}
    """By PID, when each process that holds a socket was last looked at as a whole (wall clock, ns): until it is again,
    a descriptor that it passed on or took over does not show."""


class DestroySockets(msgspec.Struct, frozen=True, tag=True, gc=False):
    """Close sockets by SOCK_DESTROY, named by their keys: their programs read ECONNABORTED, their peers get a reset. If
    one cannot be closed the answer is Failed and says why."""

    keys: tuple[int, ...]


class SocketsDestroyed(msgspec.Struct, frozen=True, tag=True, gc=False):
    """All of them are closed."""


SocketsRequest = AskSockets | DestroySockets
SocketsReply = SocketsAnswer | SocketsDestroyed | Failed
