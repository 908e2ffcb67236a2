"""Socket options as knobs: which option each knob sets, and what the kernel made of it, read back.

The kernel doubles buffer sizes for its own book-keeping (socket(7)), clamps them to `net.core.rmem_max` and `wmem_max`,
and refuses some values; so every option that is set is read again.
"""

from __future__ import annotations

import socket
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import msgspec

from engine.lab.logged import LoggedSocket
from engine.lab.option_names import IP_LOCAL_PORT_RANGE, TCP_USER_TIMEOUT
from engine.model.errors import BadInput, LabError
from engine.model.lab import Knobs, OptionReading

_LINGER = struct.Struct("ii")
_SOMAXCONN = Path("/proc/sys/net/core/somaxconn")
_OFFERED_CONGESTION = Path("/proc/sys/net/ipv4/tcp_available_congestion_control")
_NAME_BYTES: Final = 16
"""TCP_CA_NAME_MAX of include/net/tcp.h."""


class Option(msgspec.Struct, frozen=True):
    """One socket option and the knob that asks for it."""

    knob: str
    name: str
    level: int
    number: int
    encode: Callable[[Any], int | bytes] = int
    decode: Callable[[bytes], str] = lambda raw: str(int.from_bytes(raw, "little"))
    size: int = 4
    streams_only: bool = False
    """Means something on TCP only."""
    family: int | None = None
    """Set on sockets of this address family only."""
    connected: bool = False
    """The kernel forgets it at connect() or accept(), so it is set after them (tcp(7))."""


def _int(raw: bytes) -> str:
    return str(struct.unpack("i", raw)[0])


def _flag(raw: bytes) -> str:
    return "on" if struct.unpack("i", raw)[0] else "off"


def _linger(raw: bytes) -> str:
    on, seconds = _LINGER.unpack(raw)
    return f"on, {seconds} s" if on else "off"


def _text(raw: bytes) -> str:
    return raw.split(b"\0", 1)[0].decode("ascii", "replace")


def _range(raw: bytes) -> str:
    both = struct.unpack("I", raw)[0]
    return f"{both & 0xFFFF}-{both >> 16}"


def _encode_range(text: str) -> bytes:
    low, high = port_range(text)
    return struct.pack("I", high << 16 | low)  # more than a C int holds


def port_range(text: str) -> tuple[int, int]:
    """`40000-40003` as two ports. Raises BadInput."""
    low, dash, high = text.partition("-")
    if not (dash and low.isdecimal() and high.isdecimal() and 0 < int(low) <= int(high) < 65536):
        raise BadInput(f"port range {text!r} is not two ports such as 40000-40003")
    return int(low), int(high)


_SOL, _TCP, _IP, _IPV6 = socket.SOL_SOCKET, socket.IPPROTO_TCP, socket.IPPROTO_IP, socket.IPPROTO_IPV6

OPTIONS: Final = (
    Option("reuseaddr", "SO_REUSEADDR", _SOL, socket.SO_REUSEADDR, decode=_flag),
    Option("reuseport", "SO_REUSEPORT", _SOL, socket.SO_REUSEPORT, decode=_flag),
    Option("v6only", "IPV6_V6ONLY", _IPV6, socket.IPV6_V6ONLY, decode=_flag, family=socket.AF_INET6),
    Option("sndbuf", "SO_SNDBUF", _SOL, socket.SO_SNDBUF, decode=_int),
    Option("rcvbuf", "SO_RCVBUF", _SOL, socket.SO_RCVBUF, decode=_int),
    Option("broadcast", "SO_BROADCAST", _SOL, socket.SO_BROADCAST, decode=_flag),
    Option("linger_s", "SO_LINGER", _SOL, socket.SO_LINGER, lambda value: _LINGER.pack(1, value), _linger, 8),
    Option("keepalive", "SO_KEEPALIVE", _SOL, socket.SO_KEEPALIVE, decode=_flag),
    Option("keepidle_s", "TCP_KEEPIDLE", _TCP, socket.TCP_KEEPIDLE, decode=_int, streams_only=True),
    Option("keepintvl_s", "TCP_KEEPINTVL", _TCP, socket.TCP_KEEPINTVL, decode=_int, streams_only=True),
    Option("keepcnt", "TCP_KEEPCNT", _TCP, socket.TCP_KEEPCNT, decode=_int, streams_only=True),
    Option("user_timeout_ms", "TCP_USER_TIMEOUT", _TCP, TCP_USER_TIMEOUT, decode=_int, streams_only=True),
    Option("nodelay", "TCP_NODELAY", _TCP, socket.TCP_NODELAY, decode=_flag, streams_only=True),
    Option("mss", "TCP_MAXSEG", _TCP, socket.TCP_MAXSEG, decode=_int, streams_only=True),
    Option(
        "congestion", "TCP_CONGESTION", _TCP, socket.TCP_CONGESTION, str.encode, _text, _NAME_BYTES, streams_only=True
    ),
    Option("ttl", "IP_TTL", _IP, socket.IP_TTL, decode=_int, family=socket.AF_INET),
    Option("ttl", "IPV6_UNICAST_HOPS", _IPV6, socket.IPV6_UNICAST_HOPS, decode=_int, family=socket.AF_INET6),
    # Read as an IP option on both families (net/ipv4/ip_sockglue.c serves AF_INET6 sockets too).
    Option("port_range", "IP_LOCAL_PORT_RANGE", _IP, IP_LOCAL_PORT_RANGE, _encode_range, _range),
    Option("cork", "TCP_CORK", _TCP, socket.TCP_CORK, decode=_flag, streams_only=True, connected=True),
    Option("quickack", "TCP_QUICKACK", _TCP, socket.TCP_QUICKACK, decode=_flag, streams_only=True, connected=True),
)
"""In the order in which they are set."""

SOCKET_KNOBS: Final = tuple(dict.fromkeys(option.knob for option in OPTIONS))
"""The knobs that are socket options."""

_INTERNET: Final = (socket.AF_INET, socket.AF_INET6)


def _concerns(option: Option, sock: socket.socket) -> bool:
    if option.level != _SOL and sock.family not in _INTERNET:
        return False
    if option.streams_only and sock.type != socket.SOCK_STREAM:
        return False
    return option.family is None or option.family == sock.family


def set_options(
    sock: LoggedSocket, knobs: Knobs, *, connected: bool = False, listener: bool = False
) -> list[OptionReading]:
    """Set what the knobs ask for on a new socket (with `connected`, those that hold only on a connection), read back.

    Raises LabError with the kernel's errno, naming option and value. SO_REUSEADDR has a default of its own, which is
    meant for a `listener` only.
    """
    readings: list[OptionReading] = []
    for option in OPTIONS:
        asked = getattr(knobs, option.knob)
        if asked is None or option.connected != connected or not _concerns(option, sock):
            continue
        if option.knob == "reuseaddr" and not (listener and asked):
            continue
        try:
            sock.setsockopt(option.level, option.number, option.encode(asked))
        except (OSError, OverflowError) as error:
            number = error.errno if isinstance(error, OSError) else None
            raise LabError(f"set {option.name} to {asked}", number, _hint(option)) from error
        readings.append(read_option(sock, option, asked))
    return readings


def _hint(option: Option) -> str:
    if option.knob == "congestion":
        try:
            return f"this kernel offers {_OFFERED_CONGESTION.read_text().strip()}"
        except OSError:
            return ""
    return "needs Linux 6.3" if option.knob == "port_range" else ""


def read_option(sock: LoggedSocket, option: Option, asked: object) -> OptionReading:
    """The option as the kernel now has it."""
    raw = socket.socket.getsockopt(sock, option.level, option.number, option.size)
    if isinstance(asked, bool):
        asked = "on" if asked else "off"
    return OptionReading(option.name, str(asked), option.decode(raw))


def backlog_reading(asked: int) -> OptionReading:
    """The backlog that listen() was given and what is left of it: the kernel cuts it to net.core.somaxconn."""
    try:
        limit = int(_SOMAXCONN.read_text())
    except (OSError, ValueError):
        return OptionReading("backlog", str(asked), "-")
    return OptionReading("backlog", str(asked), str(min(asked, limit)))
