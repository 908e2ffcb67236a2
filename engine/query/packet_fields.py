"""What a filter may name of a packet: Wireshark's field names, and short ones shared with the socket table."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from engine.flow.findings import FINDINGS
from engine.model.packets import PacketRow
from engine.model.tcp import TcpFlags
from engine.query.fields import Field, FieldKind, Vocabulary
from engine.query.syntax import Compare, Exists, Node, Op, Ports
from engine.query.values import PORT_MAX, host_of
from engine.text.cells import Look

PROTOCOLS: Final = {
    "tcp": "TCP", "udp": "UDP", "icmp": "ICMP", "icmpv6": "ICMPv6", "arp": "ARP", "ipv6": "IPv6", "ip": "IPv4",
}  # fmt: skip
"""Wireshark's protocol names and what the packet list shows."""

_FLAG_ALIASES: Final = {"RST": "reset", "PSH": "push"}


def _is_tcp(row: PacketRow) -> bool:
    return row.stream >= 0 or row.protocol == "TCP"


def _protocol_there(name: str) -> Callable[[PacketRow, Look], tuple[int, ...]]:
    """Reads 1 if the frame has the protocol: by its name in the list, TCP by its stream, IP by the addresses."""
    shown = PROTOCOLS[name]
    colon = {"ip": False, "ipv6": True}.get(name)

    def read(row: PacketRow, look: Look) -> tuple[int, ...]:
        if colon is not None:
            has_address = ("." in row.source or ":" in row.source) and row.protocol != "ARP"
            return (1,) if has_address and (":" in row.source) is colon else ()
        there = _is_tcp(row) if name == "tcp" else row.protocol.upper() == shown.upper()
        return (1,) if there else ()

    return read


def _source(row: PacketRow, look: Look) -> tuple[tuple[str, int], ...]:
    return ((row.source, row.sport),)


def _destination(row: PacketRow, look: Look) -> tuple[tuple[str, int], ...]:
    return ((row.destination, row.dport),)


def _ends(row: PacketRow, look: Look) -> tuple[tuple[str, int], ...]:
    return ((row.source, row.sport), (row.destination, row.dport))


Chosen = Callable[[PacketRow], bool]


def _ports(chosen: Chosen, *which: str) -> Callable[[PacketRow, Look], tuple[int, ...]]:
    """Reads ports of the rows chosen; where both are 0 the frame has none."""

    def read(row: PacketRow, look: Look) -> tuple[int, ...]:
        if not chosen(row) or not (row.sport or row.dport):
            return ()
        return tuple(row.sport if name == "sport" else row.dport for name in which)

    return read


def _always(row: PacketRow) -> bool:
    return True


def _is_udp(row: PacketRow) -> bool:
    return row.protocol == "UDP"


def _tcp(value: Callable[[PacketRow], int | None]) -> Callable[[PacketRow, Look], tuple[int, ...]]:
    """Reads a number of a TCP segment; none from other frames."""

    def read(row: PacketRow, look: Look) -> tuple[int, ...]:
        known = value(row) if _is_tcp(row) else None
        return () if known is None else (known,)

    return read


def _flag(flag: TcpFlags) -> Callable[[PacketRow, Look], tuple[int, ...]]:
    return _tcp(lambda row: int(bool(row.flags & flag)))


def _flag_names(row: PacketRow, look: Look) -> tuple[str, ...]:
    return tuple(flag.name or "" for flag in TcpFlags if row.flags & flag) if _is_tcp(row) else ()


_ALSO: Final = {"retransmission": ("fast_retransmission", "spurious_retransmission")}
"""Findings that Wireshark's name means too: it tells of every retransmission, and of the kind besides."""

_NOTES: Final = frozenset(("tfo_syn", "tfo_ack", "tfo_ignored"))
"""Notes on TCP Fast Open, which Wireshark does not count among its analysis flags."""


def _finding(name: str) -> Callable[[PacketRow, Look], tuple[int, ...]]:
    names = frozenset((name, *_ALSO.get(name, ())))
    return lambda row, look: () if names.isdisjoint(row.findings) else (1,)


def _any_finding(row: PacketRow, look: Look) -> tuple[int, ...]:
    return (1,) if not _NOTES.issuperset(row.findings) else ()


_K: Final = FieldKind

_FLAG_FIELDS: Final = tuple(
    Field(
        f"tcp.flags.{(flag.name or '').lower()}", _K.FLAG, f"the {flag.name} flag",
        _flag(flag),
        (f"tcp.flags.{_FLAG_ALIASES[flag.name]}",) if flag.name in _FLAG_ALIASES else (), exists=True,
    )
    for flag in TcpFlags
)  # fmt: skip

_FINDING_FIELDS: Final = tuple(
    Field(f"tcp.analysis.{name}", _K.FLAG, f"the finding {name}", _finding(name), exists=True)
    for name in FINDINGS.values()
)

_PROTOCOL_FIELDS: Final = tuple(
    Field(name, _K.FLAG, f"the protocol {shown}", _protocol_there(name), exists=True)
    for name, shown in PROTOCOLS.items()
)

_FIELDS: Final = (
    Field("frame.number", _K.ID, "the frame number", lambda row, look: (row.number,), ("number", "frame"), prefix=True),
    Field("frame.len", _K.BYTES, "the frame length", lambda row, look: (row.length,), ("length", "frame.length")),
    Field("proto", _K.TEXT, "the protocol", lambda row, look: (row.protocol,), ("protocol", "_ws.col.protocol")),
    Field("info", _K.TEXT, "the Info text", lambda row, look: (row.info,), ("_ws.col.info",)),
    Field(
        "addr", _K.HOST, "the source or destination", _ends,
        ("address", "host", "net", "ip.addr", "ip.host", "ipv6.addr"), prefix=True,
    ),
    Field("src", _K.HOST, "the source", _source, ("source", "ip.src", "ipv6.src", "ip.src_host"), prefix=True),
    Field(
        "dst", _K.HOST, "the destination", _destination,
        ("destination", "ip.dst", "ipv6.dst", "ip.dst_host"), prefix=True,
    ),
    Field("port", _K.PORT, "the source or destination port", _ports(_always, "sport", "dport"), prefix=True),
    Field("sport", _K.PORT, "the source port", _ports(_always, "sport"), ("srcport",), prefix=True),
    Field("dport", _K.PORT, "the destination port", _ports(_always, "dport"), ("dstport",), prefix=True),
    Field("tcp.port", _K.PORT, "the TCP source or destination port", _ports(_is_tcp, "sport", "dport"), exists=True),
    Field("tcp.srcport", _K.PORT, "the TCP source port", _ports(_is_tcp, "sport"), exists=True),
    Field("tcp.dstport", _K.PORT, "the TCP destination port", _ports(_is_tcp, "dport"), exists=True),
    Field("udp.port", _K.PORT, "the UDP source or destination port", _ports(_is_udp, "sport", "dport"), exists=True),
    Field("udp.srcport", _K.PORT, "the UDP source port", _ports(_is_udp, "sport"), exists=True),
    Field("udp.dstport", _K.PORT, "the UDP destination port", _ports(_is_udp, "dport"), exists=True),
    Field(
        "tcp.stream", _K.ID, "the TCP stream", _tcp(lambda row: None if row.stream < 0 else row.stream),
        ("stream", "flow"), prefix=True, exists=True,
    ),
    Field(
        "tcp.len", _K.BYTES, "the payload length", _tcp(lambda row: row.payload_length), ("len", "payload"),
        exists=True,
    ),
    Field("tcp.seq", _K.COUNT, "the relative sequence number", _tcp(lambda row: row.seq), ("seq",), exists=True),
    Field("tcp.ack", _K.COUNT, "the relative acknowledgement number", _tcp(lambda row: row.ack), ("ack",), exists=True),
    Field("tcp.window_size", _K.BYTES, "the window", _tcp(lambda row: row.window), ("window", "win"), exists=True),
    Field("tcp.flags", _K.ID, "the flags as a number", _tcp(lambda row: row.flags), exists=True),
    Field("flags", _K.TEXT, "a flag", _flag_names, ("flag",)),
    Field("finding", _K.TEXT, "a finding", lambda row, look: row.findings, ("analysis",)),
    Field(
        "tcp.analysis.flags", _K.FLAG, "any finding", _any_finding,
        ("tcp.analysis", "findings"), exists=True,
    ),
    Field("uncertain", _K.FLAG, "doubt after a capture loss", lambda row, look: (int(row.uncertain),), exists=True),
    *_FLAG_FIELDS, *_FINDING_FIELDS, *_PROTOCOL_FIELDS,
)  # fmt: skip


def _word(text: str, position: int) -> Node | None:
    """What a word that stands alone means: a port, a flag, an address; else a text."""
    if text.isascii() and text.isdigit() and len(text) <= len(str(PORT_MAX)) and int(text) <= PORT_MAX:
        return Compare("port", Op.EQ, (Ports(int(text), int(text)),))
    if text.upper() in TcpFlags.__members__:
        return Exists(f"tcp.flags.{text.lower()}")
    if text.lower() in FINDINGS.values():
        return Exists(f"tcp.analysis.{text.lower()}")
    host = host_of(text, position)
    return None if host is None else Compare("addr", Op.EQ, (host,))


def _texts(row: PacketRow, look: Look) -> tuple[str, ...]:
    return (row.protocol, row.info, row.source, row.destination)


PACKET_VOCABULARY: Final[Vocabulary[PacketRow]] = Vocabulary(
    "packet", _FIELDS, _word, _texts,
    protocols=("tcp.", "udp.", "ip.", "ipv6.", "frame.", "icmp.", "icmpv6.", "eth.", "arp.", "_ws."),
)  # fmt: skip
