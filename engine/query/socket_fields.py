"""What a filter may name of a socket: the fields, their names in ss and Wireshark, and words that stand alone."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from engine.model.sockets import SocketEntry
from engine.query.fields import Field, FieldKind, Vocabulary
from engine.query.syntax import Compare, Node, Number, Op, Or, Ports, States, Text
from engine.query.values import PORT_MAX, host_of, states_of
from engine.text import socket_values
from engine.text.cells import Look
from engine.text.socket_values import AF_INET, AF_INET6, AF_UNIX

_IP: Final = frozenset((AF_INET, AF_INET6))

_PROTOCOLS: Final = {
    "tcp": ("tcp",), "udp": ("udp",), "udplite": ("udpl",), "udpl": ("udpl",), "raw": ("raw",), "icmp": ("icmp",),
    "unix": ("u_str", "u_dgr", "u_seq"), "packet": ("p_raw", "p_dgr"), "netlink": ("nl",),
    "u_str": ("u_str",), "u_dgr": ("u_dgr",), "u_seq": ("u_seq",), "p_raw": ("p_raw",), "p_dgr": ("p_dgr",),
    "nl": ("nl",),
}  # fmt: skip
"""Words that stand alone for a kind of socket."""

_FAMILY_NAMES: Final = {AF_INET: "inet", AF_INET6: "inet6", AF_UNIX: "unix", 17: "packet", 16: "netlink"}
_FAMILY_WORDS: Final = {"inet": "inet", "inet4": "inet", "ipv4": "inet", "inet6": "inet6", "ipv6": "inet6"}

_SHUTDOWN: Final = {0: "no", 1: "read", 2: "write", 3: "both"}

One = Callable[[SocketEntry], float | int | None]


def _of(value: One, scale: int = 1) -> Callable[[SocketEntry, Look], tuple[float, ...]]:
    """Reads a number of a row; none where it is unknown. `scale` brings it to the field's base unit."""

    def read(entry: SocketEntry, look: Look) -> tuple[float, ...]:
        known = value(entry)
        return () if known is None else (known * scale,)

    return read


def _tcp(name: str, scale: int = 1) -> Callable[[SocketEntry, Look], tuple[float, ...]]:
    return _of(socket_values.tcp_field(name), scale)


def _ports(entry: SocketEntry, look: Look) -> tuple[int, ...]:
    return (entry.local_port, entry.peer_port) if entry.family in _IP else ()


def _ports_of(protocol: str) -> Callable[[SocketEntry, Look], tuple[int, ...]]:
    return lambda entry, look: _ports(entry, look) if entry.netid == protocol else ()


def _local_port(entry: SocketEntry, look: Look) -> tuple[int, ...]:
    return (entry.local_port,) if entry.family in _IP else ()


def _peer_port(entry: SocketEntry, look: Look) -> tuple[int, ...]:
    return (entry.peer_port,) if entry.family in _IP else ()


def _local(entry: SocketEntry, look: Look) -> tuple[tuple[str, int], ...]:
    return ((entry.local_address, entry.local_port),)


def _peer(entry: SocketEntry, look: Look) -> tuple[tuple[str, int], ...]:
    return ((entry.peer_address, entry.peer_port),)


def _ends(entry: SocketEntry, look: Look) -> tuple[tuple[str, int], ...]:
    return ((entry.local_address, entry.local_port), (entry.peer_address, entry.peer_port))


def _process(entry: SocketEntry, look: Look) -> tuple[str, ...]:
    return tuple(owner.name for owner in entry.owners)


def _user(entry: SocketEntry, look: Look) -> tuple[str, ...]:
    return () if entry.uid is None else (look.user_name(entry.uid), str(entry.uid))


def _interface(entry: SocketEntry, look: Look) -> tuple[str, ...]:
    return (look.interface_name(entry.interface), str(entry.interface)) if entry.interface else ()


def _age(entry: SocketEntry, look: Look) -> tuple[int, ...]:
    figures = look.figures.get(entry.key)
    return () if figures is None else (socket_values.age_ns(figures.since_ns, look.now_ns),)


def _in_rate(entry: SocketEntry, look: Look) -> tuple[float, ...]:
    figures = look.figures.get(entry.key)
    return () if figures is None or figures.in_per_s is None else (figures.in_per_s,)


def _out_rate(entry: SocketEntry, look: Look) -> tuple[float, ...]:
    figures = look.figures.get(entry.key)
    return () if figures is None or figures.out_per_s is None else (figures.out_per_s,)


def _reach(entry: SocketEntry, look: Look) -> tuple[str, ...]:
    who = socket_values.reach(entry)
    return (who,) if who else ()


def _netid(entry: SocketEntry, look: Look) -> tuple[str, ...]:
    return (entry.netid,)


def _family(entry: SocketEntry, look: Look) -> tuple[str, ...]:
    return (_FAMILY_NAMES.get(entry.family, str(entry.family)),)


_K: Final = FieldKind
_S: Final = 1_000_000_000

_FIELDS: Final = (
    Field("netid", _K.TEXT, "the kind of socket", _netid, ("proto", "protocol")),
    Field("family", _K.TEXT, "the address family", _family),
    Field("state", _K.STATE, "the state", lambda e, look: (e.state,), ("st", "exclude", "excl"), prefix=True),
    Field("recvq", _K.BYTES, "Recv-Q (not on LISTEN)", _of(socket_values.data_recv_q), ("recv_q",)),
    Field("sendq", _K.BYTES, "Send-Q (not on LISTEN)", _of(socket_values.data_send_q), ("send_q",)),
    Field("accept", _K.COUNT, "the accept queue", _of(socket_values.accept_queue), ("acceptq", "accept_queue")),
    Field("backlog", _K.COUNT, "the accept queue's limit", _of(socket_values.accept_limit)),
    Field("local", _K.HOST, "the local address", _local, ("src", "laddr", "ip.src", "ipv6.src"), prefix=True),
    Field("peer", _K.HOST, "the peer address", _peer, ("dst", "remote", "raddr", "ip.dst", "ipv6.dst"), prefix=True),
    Field(
        "addr", _K.HOST, "the local or peer address", _ends,
        ("address", "host", "ip", "net", "ip.addr", "ipv6.addr", "ip.host"), prefix=True,
    ),
    Field("port", _K.PORT, "the local or peer port", _ports, prefix=True),
    Field("sport", _K.PORT, "the local port", _local_port, ("lport", "localport"), prefix=True),
    Field("dport", _K.PORT, "the peer port", _peer_port, ("rport", "peerport", "pport"), prefix=True),
    Field("tcp.port", _K.PORT, "the local or peer TCP port", _ports_of("tcp"), exists=True),
    Field("udp.port", _K.PORT, "the local or peer UDP port", _ports_of("udp"), exists=True),
    Field("process", _K.TEXT, "the process", _process, ("proc", "name", "comm", "cmd", "command")),
    Field("cmdline", _K.TEXT, "the command line", lambda e, look: tuple(owner.cmdline for owner in e.owners)),
    Field("pid", _K.ID, "the PID", lambda e, look: tuple(owner.pid for owner in e.owners), prefix=True),
    Field("fd", _K.ID, "the descriptor", lambda e, look: tuple(owner.fd for owner in e.owners)),
    Field("ours", _K.TEXT, "sockmon's own part", lambda e, look: tuple(o.ours for o in e.owners if o.ours)),
    Field("owner", _K.TEXT, "why the owner is unknown", lambda e, look: (e.owner_unknown,) if e.owner_unknown else ()),
    Field("user", _K.TEXT, "the user", _user),
    Field("uid", _K.ID, "the uid", _of(lambda e: e.uid)),
    Field("inode", _K.ID, "the inode", _of(lambda e: e.inode or None)),
    Field("cookie", _K.HEX, "the cookie", _of(lambda e: e.cookie), ("sk",)),
    Field("interface", _K.TEXT, "the interface", _interface, ("dev", "iface"), prefix=True),
    Field("mark", _K.ID, "the mark", _of(lambda e: e.mark), ("fwmark",), prefix=True),
    Field(
        "unit", _K.TEXT, "the container or unit", lambda e, look: tuple(o.unit for o in e.owners if o.unit),
        ("container", "pod"),
    ),
    Field("cgroup", _K.ID, "the cgroup id", _of(lambda e: e.cgroup)),
    Field("v6only", _K.FLAG, "IPv6 only", _of(lambda e: None if e.v6only is None else int(e.v6only)), exists=True),
    Field(
        "shutdown", _K.TEXT, "the side that is shut down",
        lambda e, look: () if e.shutdown is None else (_SHUTDOWN.get(e.shutdown, str(e.shutdown)),),
    ),
    Field("tos", _K.COUNT, "the type of service", _of(lambda e: e.tos)),
    Field(
        "congestion", _K.TEXT, "the congestion control",
        lambda e, look: (e.congestion,) if e.congestion else (), ("cc", "cong"),
    ),
    Field("timer", _K.TEXT, "the running timer", lambda e, look: () if e.timer is None else (e.timer.name,)),
    Field(
        "expires", _K.TIME, "the time until the timer fires",
        _of(lambda e: None if e.timer is None else e.timer.expires_ms, 1_000_000)
    ),
    Field("reach", _K.TEXT, "who can reach it", _reach),
    Field("age", _K.TIME, "the age", _age, unit_ns=_S),
    Field("inrate", _K.BYTES, "the bytes received a second", _in_rate, ("in_rate",)),
    Field("outrate", _K.BYTES, "the bytes sent a second", _out_rate, ("out_rate",)),
    Field(
        "received", _K.BYTES, "the bytes received", _of(socket_values.in_bytes),
        ("inbytes", "in_bytes", "bytes_received"),
    ),
    Field("sent", _K.BYTES, "the bytes sent", _of(socket_values.out_bytes), ("outbytes", "out_bytes", "bytes_sent")),
    Field("acked", _K.BYTES, "the bytes acknowledged", _tcp("bytes_acked"), ("bytes_acked",)),
    Field("rtt", _K.TIME, "the round trip time", _tcp("rtt", 1000)),
    Field("rttvar", _K.TIME, "the variation of the round trip time", _tcp("rttvar", 1000)),
    Field("minrtt", _K.TIME, "the least round trip time", _tcp("min_rtt", 1000), ("min_rtt",)),
    Field("rto", _K.TIME, "the retransmission timeout", _tcp("rto", 1000)),
    Field("cwnd", _K.COUNT, "the congestion window in segments", _tcp("snd_cwnd"), ("snd_cwnd",)),
    Field("ssthresh", _K.COUNT, "the slow start threshold in segments", _of(socket_values.ssthresh), ("snd_ssthresh",)),
    Field(
        "retrans", _K.COUNT, "the segments retransmitted in all", _tcp("total_retrans"),
        ("total_retrans", "retransmits"),
    ),
    Field("lost", _K.COUNT, "the segments held for lost", _tcp("lost")),
    Field("unacked", _K.COUNT, "the segments in flight", _tcp("unacked")),
    Field("sacked", _K.COUNT, "the segments selectively acknowledged", _tcp("sacked")),
    Field("notsent", _K.BYTES, "the bytes not yet sent", _tcp("notsent_bytes"), ("not_sent", "notsent_bytes")),
    Field("rwnd", _K.BYTES, "the peer's window", _tcp("snd_wnd"), ("snd_wnd",)),
    Field("mss", _K.BYTES, "the segment size", _tcp("snd_mss"), ("snd_mss",)),
    Field("pmtu", _K.BYTES, "the path MTU", _tcp("pmtu")),
    Field("rcvbuf", _K.BYTES, "the receive buffer", _of(lambda e: None if e.skmem is None else e.skmem.rcvbuf)),
    Field("sndbuf", _K.BYTES, "the send buffer", _of(lambda e: None if e.skmem is None else e.skmem.sndbuf)),
    Field("drops", _K.COUNT, "the packets dropped", _of(lambda e: None if e.skmem is None else e.skmem.drops)),
)  # fmt: skip


def _word(text: str, position: int) -> Node | None:
    """What a word that stands alone means: a port or PID, a state, a kind of socket, an address; else a text."""
    if text.isascii() and text.isdigit():
        number = int(text) if len(text) <= 18 else 10**18
        is_pid = Compare("pid", Op.EQ, (Number(number, str(number)),))
        if number > PORT_MAX:
            return is_pid
        return Or((Compare("port", Op.EQ, (Ports(number, number),)), is_pid))
    lowered = text.lower()
    if lowered in _PROTOCOLS:
        return Compare("netid", Op.EQ, tuple(Text(netid) for netid in _PROTOCOLS[lowered]))
    if lowered in _FAMILY_WORDS:
        return Compare("family", Op.EQ, (Text(_FAMILY_WORDS[lowered]),))
    states = states_of(text)
    if states is not None and lowered not in _TEXT_FIRST:
        return Compare("state", Op.EQ, (States(frozenset(states), lowered),))
    host = host_of(text, position)
    return None if host is None else Compare("addr", Op.EQ, (host,))


_TEXT_FIRST: Final = frozenset(("all", "big", "none", "close", "unknown"))
"""States and groups that are rather looked for as texts unless `state` stands before them."""


def _texts(entry: SocketEntry, look: Look) -> tuple[str, ...]:
    """What a row shows as words."""
    names = tuple(owner.name for owner in entry.owners) or (entry.owner_unknown,)
    return (entry.netid, entry.state.value, entry.local_address, entry.peer_address, *names)


SOCKET_VOCABULARY: Final[Vocabulary[SocketEntry]] = Vocabulary(
    "socket", _FIELDS, _word, _texts, protocols=("tcp.", "udp.", "ip.", "ipv6.", "frame.")
)
