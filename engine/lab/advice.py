"""What a person should know about the knobs of an actor before it starts, in sentences: no errors, but surprises."""

from __future__ import annotations

import ipaddress
from collections.abc import Callable
from pathlib import Path
from typing import Final

import msgspec

from engine.lab.kinds.kind import ActorKind, Group
from engine.lab.unix_names import PATH_MAX, unix_address
from engine.model.errors import BadInput
from engine.model.lab import Knobs


class Limits(msgspec.Struct, frozen=True):
    """What this machine allows and has: sysctls of `net.core` and `net.ipv4`; the defaults are a stock kernel's."""

    somaxconn: int = 4_096
    rmem_max: int = 212_992
    wmem_max: int = 212_992
    unprivileged_port_start: int = 1_024
    congestion: tuple[str, ...] = ()
    """The algorithms that are loaded; none where that is not known."""
    interfaces: tuple[str, ...] = ()
    """None where they are not known."""

    @property
    def congestion_names(self) -> str:
        return ", ".join(self.congestion)

    @property
    def interface_names(self) -> str:
        return ", ".join(self.interfaces)


_FILES: Final = {
    "somaxconn": "core/somaxconn",
    "rmem_max": "core/rmem_max",
    "wmem_max": "core/wmem_max",
    "unprivileged_port_start": "ipv4/ip_unprivileged_port_start",
}


def read_limits(root: Path = Path("/proc/sys/net")) -> Limits:
    """The limits of this network namespace; a stock kernel's where one cannot be read."""
    read: dict[str, int] = {}
    for name, path in _FILES.items():
        try:
            read[name] = int((root / path).read_text())
        except (OSError, ValueError):
            continue
    return Limits(**read, congestion=_algorithms(root), interfaces=_interfaces(root))


def _algorithms(root: Path) -> tuple[str, ...]:
    try:
        return tuple((root / "ipv4/tcp_available_congestion_control").read_text().split())
    except (OSError, ValueError):
        return ()


def _interfaces(root: Path) -> tuple[str, ...]:
    """Each has a folder of its own settings; `all` and `default` are none."""
    try:
        return tuple(sorted({folder.name for folder in (root / "ipv4/conf").iterdir()} - {"all", "default"}))
    except OSError:
        return ()


def _wildcard(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_unspecified
    except ValueError:
        return not host


def _is_name(host: str) -> bool:
    try:
        ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return bool(host)
    return False


def _no_path(path: str) -> bool:
    try:
        unix_address(path)
    except BadInput:
        return True
    return False


def _is_sent(kind: ActorKind, knobs: Knobs, framing: str) -> bool:
    """Whether it is the text that goes out, in this framing."""
    return {"framing", "text"} <= set(kind.knobs) and knobs.framing == framing and not knobs.file and knobs.size is None


Rule = tuple[str, Callable[[ActorKind, Knobs, Limits], bool], str]

_SERVES: Final = frozenset(("reuseaddr", "backlog"))

RULES: Final[tuple[Rule, ...]] = (
    (
        "host",
        lambda kind, knobs, limits: bool(_SERVES & set(kind.knobs)) and _wildcard(knobs.host),
        "everyone on the network can reach this; 127.0.0.1 is this machine alone",
    ),
    (
        "host",
        lambda kind, knobs, limits: _is_name(knobs.host),
        "a name may have several addresses and the first is used; a number is certain",
    ),
    (
        "port",
        lambda kind, knobs, limits: "backlog" in kind.knobs and 0 < knobs.port < limits.unprivileged_port_start,
        "ports below {limits.unprivileged_port_start} need CAP_NET_BIND_SERVICE",
    ),
    (
        "port",
        lambda kind, knobs, limits: knobs.port == 0 and not _SERVES & set(kind.knobs),
        "a client needs the port of its server: nobody has port 0",
    ),
    (
        "port",
        lambda kind, knobs, limits: knobs.port == 0,
        "the kernel chooses a free port",
    ),
    (
        "backlog",
        lambda kind, knobs, limits: knobs.backlog > limits.somaxconn,
        "the kernel cuts the backlog to net.core.somaxconn, {limits.somaxconn}",
    ),
    (
        "rcvbuf",
        lambda kind, knobs, limits: (knobs.rcvbuf or 0) > limits.rmem_max,
        "the kernel cuts SO_RCVBUF to net.core.rmem_max, {limits.rmem_max}, and doubles that",
    ),
    (
        "sndbuf",
        lambda kind, knobs, limits: (knobs.sndbuf or 0) > limits.wmem_max,
        "the kernel cuts SO_SNDBUF to net.core.wmem_max, {limits.wmem_max}, and doubles that",
    ),
    (
        "keepalive",
        lambda kind, knobs, limits: not knobs.keepalive and any((knobs.keepidle_s, knobs.keepintvl_s, knobs.keepcnt)),
        "the keep-alive times mean nothing while SO_KEEPALIVE is off",
    ),
    (
        "linger_s",
        lambda kind, knobs, limits: knobs.linger_s == 0,
        "close() sends RST and throws unsent data away",
    ),
    (
        "timeout_s",
        lambda kind, knobs, limits: knobs.timeout_s == 0,
        "never waits: the first call that would wait raises BlockingIOError",
    ),
    (
        "path",
        lambda kind, knobs, limits: _no_path(knobs.path),
        f"a Unix socket's path has 1 to {PATH_MAX} bytes; @name is an abstract one",
    ),
    (
        "congestion",
        lambda kind, knobs, limits: (
            bool(knobs.congestion and limits.congestion) and knobs.congestion not in limits.congestion
        ),
        "this kernel has not loaded that algorithm: {limits.congestion_names}",
    ),
    (
        "interface",
        lambda kind, knobs, limits: bool(limits.interfaces) and knobs.interface not in limits.interfaces,
        "this machine has no such interface: {limits.interface_names}",
    ),
    (
        "delimiter",
        lambda kind, knobs, limits: knobs.framing == "delimiter" and not knobs.delimiter,
        "an empty delimiter ends nothing",
    ),
    (
        "text",
        lambda kind, knobs, limits: (
            _is_sent(kind, knobs, "delimiter") and bool(knobs.delimiter) and knobs.delimiter in knobs.text
        ),
        "the text holds the delimiter, which would end the message there",
    ),
    (
        "text",
        lambda kind, knobs, limits: (
            _is_sent(kind, knobs, "fixed") and len(knobs.text.encode("utf-8", "surrogateescape")) > knobs.message_size
        ),
        "the text is longer than a message of fixed length (message_size)",
    ),
    (
        "repeat",
        lambda kind, knobs, limits: knobs.framing == "close" and kind.group is Group.MESSAGE and knobs.repeat > 1,
        "the end of the connection ends the message: one is sent, not more",
    ),
    (
        "allow_remote",
        lambda kind, knobs, limits: knobs.allow_remote,
        "traffic may leave this machine",
    ),
)
"""Knob, when it surprises, and the sentence."""


def advice(kind: ActorKind, knobs: Knobs, limits: Limits) -> dict[str, str]:
    """A sentence for each knob that this kind reads and whose value has a surprise in it; the first that applies."""
    told: dict[str, str] = {}
    for name, applies, sentence in RULES:
        if name in kind.knobs and name not in told and applies(kind, knobs, limits):
            told[name] = sentence.format(limits=limits)
    return told
