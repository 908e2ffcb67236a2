"""What each knob means, its limits, and how a typed value becomes one: data for forms, commands and checks."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import Final

import msgspec

from engine.lab.options import port_range
from engine.model.errors import BadInput
from engine.model.lab import Knobs


class Sort(StrEnum):
    """What kind of value a knob holds."""

    TEXT = "text"
    INT = "int"
    FLOAT = "float"
    FLAG = "flag"
    CHOICE = "choice"


class Knob(msgspec.Struct, frozen=True):
    """One knob: the field of `Knobs` with this name."""

    name: str
    sort: Sort
    line: str
    """What it does, in one line, with the unit."""
    minimum: float | None = None
    maximum: float | None = None
    choices: tuple[str, ...] = ()
    optional: bool = False
    """May be left empty (`None`): the kernel's default, or no limit."""


PORT_MAX: Final = 65_535
CONNECTIONS_MAX: Final = 10_000
"""Connections of one actor: what the loopback's ephemeral ports (28,232 by default) bear twice over."""
SIZE_MAX: Final = 64 * 1024 * 1024
"""Bytes of one payload or buffer: held in memory by an actor."""
RATE_MAX: Final = 10_000_000_000
"""Bytes per second: above what the loopback carries."""
DURATION_MAX_S: Final = 24 * 3600.0
"""A day: a lab is not a service."""
REPEAT_MAX: Final = 10_000_000
PROCESSES_MAX: Final = 16
INT_MAX: Final = 2**31 - 1
"""An option's value is a C int."""


def _int(name: str, line: str, low: int, high: int, optional: bool = False) -> Knob:
    return Knob(name, Sort.INT, line, low, high, optional=optional)


def _seconds(name: str, line: str, high: float = DURATION_MAX_S, optional: bool = False) -> Knob:
    return Knob(name, Sort.FLOAT, line, 0.0, high, optional=optional)


def _flag(name: str, line: str, optional: bool = True) -> Knob:
    return Knob(name, Sort.FLAG, line, optional=optional)


def _text(name: str, line: str, optional: bool = False) -> Knob:
    return Knob(name, Sort.TEXT, line, optional=optional)


def _choice(name: str, line: str, *choices: str) -> Knob:
    return Knob(name, Sort.CHOICE, line, choices=choices)


KNOBS: Final[dict[str, Knob]] = {
    knob.name: knob
    for knob in (
        _text("host", "name or address; a number is certain, a name may have several"),
        _int("port", "0 lets the kernel choose", 0, PORT_MAX),
        _choice("family", "which addresses of a name count", "any", "inet", "inet6"),
        _text("bind_host", "a client's own address; empty lets the kernel choose"),
        _int("bind_port", "a client's own port; 0 lets the kernel choose", 0, PORT_MAX),
        _text("path", "path of a Unix socket; @name for an abstract one"),
        _text("text", "what is sent"),
        _text("file", "a file whose bytes are sent instead of the text"),
        _int("size", "bytes of made payload, sent instead of the text", 0, SIZE_MAX, True),
        _int("repeat", "how many times", 1, REPEAT_MAX),
        _int("connections", "how many at once", 1, CONNECTIONS_MAX),
        _int("backlog", "connections that may wait for accept(), cut to net.core.somaxconn", 0, INT_MAX),
        _int("chunk", "bytes given to one send()", 1, SIZE_MAX),
        _int("recv_size", "bytes asked of one recv()", 1, SIZE_MAX),
        Knob("timeout_s", Sort.FLOAT, "settimeout(): empty blocks, 0 never waits", 0.0, 3600.0, optional=True),
        _seconds("interval_s", "seconds from one message to the next", 3600.0),
        _seconds("ramp_s", "seconds over which the connections are opened", 3600.0),
        _seconds("delay_s", "seconds to wait before the late step", 3600.0),
        _seconds("hold_s", "seconds to keep the connection afterwards; empty until stopped", optional=True),
        _seconds("duration_s", "seconds after which the actor ends by itself", optional=True),
        Knob("retry_s", Sort.FLOAT, "seconds after which a refused send() is tried again", 0.001, 60.0),
        _int("bytes_per_s", "bytes per second; 0 for none, empty for no limit", 0, RATE_MAX, True),
        _choice("send_call", "the call that sends", "send", "sendall", "sendmsg", "sendfile", "makefile"),
        _choice("shutdown", "shutdown() when all is sent", "", "RD", "WR", "RDWR"),
        _choice(
            "framing", "how messages are told apart", "fixed", "delimiter", "length-prefix", "ascii-length", "close"
        ),
        _int("message_size", "bytes of a message of fixed length", 1, SIZE_MAX),
        _text("delimiter", "what ends a message"),
        _int("sndbuf", "SO_SNDBUF, bytes; the kernel doubles it and cuts it to net.core.wmem_max", 0, INT_MAX, True),
        _int("rcvbuf", "SO_RCVBUF, bytes; the kernel doubles it and cuts it to net.core.rmem_max", 0, INT_MAX, True),
        _flag("nodelay", "TCP_NODELAY: small segments go at once (no Nagle)"),
        _flag("quickack", "TCP_QUICKACK: acknowledge at once, for now"),
        _flag("cork", "TCP_CORK: hold partial segments back"),
        _flag("reuseaddr", "SO_REUSEADDR: listen although connections in TIME-WAIT have the port", optional=False),
        _flag("reuseport", "SO_REUSEPORT: several listeners share the port"),
        _flag("broadcast", "SO_BROADCAST: sending to a broadcast address is allowed"),
        _int("linger_s", "SO_LINGER, seconds; 0 makes close() send RST", 0, 3600, True),
        _flag("keepalive", "SO_KEEPALIVE: probe a silent peer"),
        _int("keepidle_s", "TCP_KEEPIDLE: seconds of silence before the first probe", 1, 32_767, True),
        _int("keepintvl_s", "TCP_KEEPINTVL: seconds between probes", 1, 32_767, True),
        _int("keepcnt", "TCP_KEEPCNT: unanswered probes that end the connection", 1, 127, True),
        _int("user_timeout_ms", "TCP_USER_TIMEOUT: ms that data may stay unacknowledged", 0, INT_MAX, True),
        _flag("v6only", "IPV6_V6ONLY: off lets one IPv6 listener serve IPv4 too"),
        _text("congestion", "TCP_CONGESTION: cubic, reno, bbr …", optional=True),
        _int("mss", "TCP_MAXSEG: bytes of data in a segment at most", 88, 32_767, True),
        _int("ttl", "IP_TTL or IPV6_UNICAST_HOPS", 1, 255, True),
        _text("port_range", "ports that the kernel may choose from, such as 40000-40003", optional=True),
        _text("interface", "network interface"),
        _text("error", "the error to make, by its name"),
        _flag("own_network", "make it in a network of its own, and hear its packets", optional=False),
        _int("processes", "processes of a forked server, itself included", 1, PROCESSES_MAX),
        _int("descriptors", "descriptors that the actor may have open", 16, 1_048_576, True),
        _flag("allow_remote", "targets that are not this machine are allowed", optional=False),
    )
}
"""Every knob, in the order in which a form shows them."""

_TRUE: Final = frozenset(("1", "true", "yes", "on"))
_FALSE: Final = frozenset(("0", "false", "no", "off"))


def parse_knob(name: str, typed: str) -> object:
    """The value that a person typed for a knob. Empty means None where that is allowed. Raises BadInput."""
    knob = _known(name)
    if not typed and knob.optional:
        return None
    if knob.sort in (Sort.TEXT, Sort.CHOICE):
        value: object = typed
    elif knob.sort is Sort.FLAG:
        lowered = typed.strip().lower()
        if lowered not in _TRUE | _FALSE:
            raise BadInput(f"{name} is {typed!r}", hint="on or off")
        value = lowered in _TRUE
    else:
        number = int if knob.sort is Sort.INT else float
        try:
            value = number(typed.strip().replace(",", "").replace("_", ""))
        except ValueError:
            raise BadInput(f"{name} is {typed!r}", hint="a number is wanted") from None
    check_knob(name, value)
    return value


def check_knob(name: str, value: object) -> None:
    """Raise BadInput unless the knob may have this value."""
    knob = _known(name)
    if value is None:
        if not knob.optional:
            raise BadInput(f"{name} needs a value")
        return
    if knob.sort is Sort.FLAG:
        if not isinstance(value, bool):
            raise BadInput(f"{name} is {value!r}", hint="on or off")
    elif knob.sort in (Sort.INT, Sort.FLOAT):
        _check_number(knob, value)
    elif not isinstance(value, str):
        raise BadInput(f"{name} is {value!r}", hint="a text is wanted")
    elif knob.choices and value not in knob.choices:
        raise BadInput(f"{name} {value!r} is none of {', '.join(choice or 'none' for choice in knob.choices)}")
    elif "\0" in value:
        raise BadInput(f"{name} holds a NUL byte")
    elif name == "port_range":
        port_range(value)


def _check_number(knob: Knob, value: object) -> None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise BadInput(f"{knob.name} is {value!r}", hint="a number is wanted")
    if knob.sort is Sort.INT and not isinstance(value, int):
        raise BadInput(f"{knob.name} is {value!r}", hint="a whole number is wanted")
    low, high = knob.minimum, knob.maximum
    # Written so that NaN fails too.
    if low is not None and high is not None and not low <= value <= high:
        raise BadInput(f"{knob.name} {value} is outside {low:g} to {high:.12g}")


def _known(name: str) -> Knob:
    try:
        return KNOBS[name]
    except KeyError:
        raise BadInput(f"there is no knob {name!r}") from None


def check_knobs(knobs: Knobs, names: Iterable[str]) -> None:
    """Raise BadInput for the first of these knobs whose value is not allowed."""
    for name in names:
        check_knob(name, getattr(knobs, name))


def set_knobs(knobs: Knobs, values: Mapping[str, object]) -> Knobs:
    """`knobs` with these values instead, each checked. Raises BadInput."""
    for name, value in values.items():
        check_knob(name, value)
    return msgspec.structs.replace(knobs, **values)
