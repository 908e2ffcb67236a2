"""Reads the values of a filter: numbers with units, ports, addresses, states; each kind of field has its reader.

Sizes are binary multiples: `64k` is 65,536 bytes, as tc(8) reads sizes.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable
from typing import Final

from engine.model.errors import FilterError
from engine.model.tcp import SPELLINGS, SocketState
from engine.query.fields import Field, FieldKind
from engine.query.regex import LinearRegex
from engine.query.syntax import Host, Number, Ports, Regex, States, Text, Value
from engine.text.sanitize import printable_within
from engine.text.services import service_port

PORT_MAX: Final = 65_535
NUMBER_MAX: Final = 2**64 - 1
"""The greatest number that the kernel counts to."""
SHOWN_CHARACTERS_MAX: Final = 40
"""Of a value quoted in an error."""

_SIZES: Final = {"b": 1} | {
    prefix + ending: 1024**power for power, prefix in enumerate("kmgt", 1) for ending in ("", "b", "ib")
}
_TIMES_NS: Final = {
    "ns": 1, "us": 1_000, "µs": 1_000, "μs": 1_000, "ms": 1_000_000, "s": 1_000_000_000, "sec": 1_000_000_000,
    "m": 60_000_000_000, "min": 60_000_000_000, "h": 3_600_000_000_000, "d": 86_400_000_000_000,
}  # fmt: skip

# Python would take int("١"), float("1_0") and "nan" too.
_NUMBER: Final = re.compile(r"(0x[0-9a-f]{1,16}|[0-9]{1,20}(?:\.[0-9]{1,20})?)([a-zµμ/]*)", re.IGNORECASE)
_HEX: Final = re.compile(r"(?:0x)?([0-9a-f]{1,16})", re.IGNORECASE)
_PORT_RANGE: Final = re.compile(r"([^\s]+?)(?:-|\.\.)([0-9]{1,9})")
_DIGITS: Final = re.compile(r"[0-9]{1,9}")
_BRACKETED: Final = re.compile(r"\[([^\]]*)\](/[0-9]{1,3})?(?::(.*))?")
_PART: Final = re.compile(r"[0-9a-f.:]*[.:][0-9a-f.:]*", re.IGNORECASE)

_UNCONNECTED: Final = frozenset((SocketState.CLOSED, SocketState.UNCONN))
_ALL: Final = frozenset(SocketState)
_CONNECTED: Final = _ALL - _UNCONNECTED - {SocketState.LISTEN, SocketState.UNKNOWN}
_BUCKET: Final = frozenset((SocketState.SYN_RECEIVED, SocketState.TIME_WAIT))

STATE_GROUPS: Final[dict[str, frozenset[SocketState]]] = {
    "all": _ALL,
    "connected": _CONNECTED,
    "synchronized": _CONNECTED - {SocketState.SYN_SENT},
    "bucket": _BUCKET,
    "big": _ALL - _BUCKET,
}
"""The groups of ss(8): connected is all but listening and closed, synchronized is that without SYN-SENT, bucket is what
the kernel keeps as a minisocket, big is all that it does not."""

_STATE_WORDS: Final = {"UNCONNECTED": _UNCONNECTED, "UNCONN": _UNCONNECTED, "CLOSED": _UNCONNECTED} | {
    "SYN_RCV": frozenset((SocketState.SYN_RECEIVED,)),
    "SYN_RCVD": frozenset((SocketState.SYN_RECEIVED,)),
}

LOCALHOST: Final = ("127.0.0.1/32", "::1/128")
_HOST_NAMES: Final = {"localhost": LOCALHOST, "lo": LOCALHOST[:1], "lo6": LOCALHOST[1:], "*": (), "": ()}
_FAMILIES: Final = ("inet:", "inet6:", "unix:")
"""ss(8) lets an address name its family; the address says it too."""


def _shown(text: str) -> str:
    return repr(printable_within(text, SHOWN_CHARACTERS_MAX))


def states_of(word: str) -> frozenset[SocketState] | None:
    """The states that a word names in any of the field's spellings, or those of its group; None if it names none."""
    group = STATE_GROUPS.get(word.lower())
    if group is not None:
        return group
    spelling = word.upper()
    unspelled = spelling.replace("-", "_")
    known = _STATE_WORDS.get(unspelled)
    if known is not None:
        return known
    state = SPELLINGS.get(spelling) or SPELLINGS.get(unspelled)
    return None if state is None else frozenset((state,))


def _number(text: str, position: int, units: dict[str, int], what: str, plain_unit: int = 1) -> Number:
    match = _NUMBER.fullmatch(text)
    unit = match[2].lower().removesuffix("/s") if match else ""
    if match is None or (unit and unit not in units):
        raise FilterError(f"{_shown(text)} is not {what}", position)
    digits = match[1]
    scale = units[unit] if unit else plain_unit
    value = int(digits, 16) if digits[:2] in ("0x", "0X") else float(digits) if "." in digits else int(digits)
    if value * scale > NUMBER_MAX:
        raise FilterError(f"{_shown(text)} is more than any counter holds", position)
    return Number(value * scale, text)


def _count(field: Field, text: str, position: int) -> Value:
    return _number(text, position, {}, "a number")


def _size(field: Field, text: str, position: int) -> Value:
    return _number(text, position, _SIZES, "a size such as 4096, 64k or 1M")


def _time(field: Field, text: str, position: int) -> Value:
    return _number(text, position, _TIMES_NS, "a time such as 5ms, 200us or 1.5s", field.unit_ns)


def _hex(field: Field, text: str, position: int) -> Value:
    match = _HEX.fullmatch(text)
    if match is None:
        raise FilterError(f"{_shown(text)} is not a hexadecimal number", position)
    return Number(int(match[1], 16), text)


def port_number(text: str, position: int) -> int:
    """A port by number or by its service's name. Raises FilterError."""
    if _DIGITS.fullmatch(text):
        port = int(text)
        if port > PORT_MAX:
            raise FilterError(f"{port} is not a port: they end at {PORT_MAX}", position)
        return port
    known = service_port(text)
    if known is None:
        raise FilterError(f"{_shown(text)} is neither a port nor the name of a service", position)
    return known


def _ports(text: str, position: int) -> Ports:
    """`80`, `ssh`, `1000-2000`, `1000..2000`; a colon before it is ss's way to write a port."""
    text = text.removeprefix("*").removeprefix(":")
    span = _PORT_RANGE.fullmatch(text)
    if span is not None and _DIGITS.fullmatch(span[1]):
        low, high = port_number(span[1], position), port_number(span[2], position)
        if low > high:
            raise FilterError(f"the range {_shown(text)} is empty: the smaller port comes first", position)
        return Ports(low, high)
    port = port_number(text, position)
    return Ports(port, port)


def _port(field: Field, text: str, position: int) -> Value:
    return _ports(text, position)


def _network(text: str) -> tuple[str, ...] | None:
    """The network that an address, a prefix or one of our own names stands for; None if it is none."""
    named = _HOST_NAMES.get(text.lower())
    if named is not None:
        return named
    address, slash, length = text.partition("/")
    try:
        network = ipaddress.ip_network(address.partition("%")[0] + slash + length, strict=False)
    except ValueError:
        return None
    if isinstance(network, ipaddress.IPv6Network) and network.prefixlen >= 96:
        mapped = network.network_address.ipv4_mapped
        if mapped is not None:
            return (f"{mapped}/{network.prefixlen - 96}",)
    return (str(network),)


def host_of(text: str, position: int) -> Host | None:
    """`10.0.0.0/8`, `10.0.0.1:80`, `[::1]:80`, `:ssh`, `*:80`, `localhost:80`: the end that a text names, or None.

    Raises FilterError where it names one but its port or prefix is wrong.
    """
    address = text
    for family in _FAMILIES:
        address = address.removeprefix(family)
    if not address:
        return None
    whole = _network(address)
    if whole is not None:
        return Host(whole, text=text)
    bracketed = _BRACKETED.fullmatch(address)
    if bracketed is not None:
        host, port_text = bracketed[1] + (bracketed[2] or ""), bracketed[3]
    else:
        host, colon, port_text = address.rpartition(":")
        if not colon or not (host or port_text):
            return None
    networks = _network(host)
    if networks is None:
        return None
    return Host(networks, ports=_ports(port_text, position) if port_text else None, text=text)


def _host(field: Field, text: str, position: int) -> Value:
    known = host_of(text, position)
    if known is not None:
        return known
    if text.startswith(("/", "@", "unix:")):
        return Host(part=text.removeprefix("unix:").lower(), text=text)
    if _PART.fullmatch(text):
        return Host(part=text.lower(), text=text)
    hint = f"a port is written :{text}" if _DIGITS.fullmatch(text) else "a filter does not look names up"
    raise FilterError(f"{_shown(text)} is not an address or network", position, hint)


def _state(field: Field, text: str, position: int) -> Value:
    states = states_of(text)
    if states is None:
        groups = ", ".join(STATE_GROUPS)
        raise FilterError(f"{_shown(text)} is not a state", position, f"a state as established, or one of {groups}")
    return States(frozenset(states), text.lower())


_FLAGS: Final = {"1": 1, "true": 1, "yes": 1, "set": 1, "0": 0, "false": 0, "no": 0, "unset": 0}


def _flag(field: Field, text: str, position: int) -> Value:
    value = _FLAGS.get(text.lower())
    if value is None:
        raise FilterError(f"{_shown(text)} is neither 1 nor 0", position)
    return Number(value, str(value))


def _text(field: Field, text: str, position: int) -> Value:
    return Text(text)


_READERS: Final[dict[FieldKind, Callable[[Field, str, int], Value]]] = {
    FieldKind.TEXT: _text,
    FieldKind.COUNT: _count,
    FieldKind.ID: _count,
    FieldKind.BYTES: _size,
    FieldKind.TIME: _time,
    FieldKind.HEX: _hex,
    FieldKind.PORT: _port,
    FieldKind.HOST: _host,
    FieldKind.STATE: _state,
    FieldKind.FLAG: _flag,
}


def value_of(field: Field, text: str, position: int) -> Value:
    """The value that `text`, at `position` of the filter, means for this field. Raises FilterError."""
    return _READERS[field.kind](field, text, position)


_ESCAPE: Final = re.compile(r"\\.", re.DOTALL)
"""What is escaped in an expression. A slash need not be, but where slashes stand around it; it is kept without."""


def regex_of(pattern: str, position: int) -> Regex:
    """An expression that compiles; `position` is that of its first character in the filter. Raises FilterError."""
    if not pattern:
        raise FilterError("the expression is empty", position)
    try:
        LinearRegex(pattern)
    except FilterError as error:
        raise FilterError(error.tried, position + error.position, error.hint) from None
    return Regex(_ESCAPE.sub(lambda found: "/" if found[0] == "\\/" else found[0], pattern))
