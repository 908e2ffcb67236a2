"""What is known of a port: the kernel's rules, the sockets on it, what bind() said, and the judgement."""

from __future__ import annotations

from enum import StrEnum

import msgspec

from engine.model.sockets import SocketEntry


class PortRules(msgspec.Struct, frozen=True, gc=False):
    """The sysctls that concern ports (Documentation/networking/ip-sysctl.rst). None where one cannot be read."""

    unprivileged_from: int | None = None
    """net.ipv4.ip_unprivileged_port_start: ports below it need CAP_NET_BIND_SERVICE."""
    reserved: tuple[tuple[int, int], ...] | None = None
    """net.ipv4.ip_local_reserved_ports: spans that the kernel does not choose from; an explicit bind() may."""
    ephemeral: tuple[int, int] | None = None
    """net.ipv4.ip_local_port_range: what the kernel chooses from, both ends included."""
    v6only: bool | None = None
    """net.ipv6.bindv6only: what IPV6_V6ONLY is for a socket that does not set it."""


class BindOption(StrEnum):
    """What is set on a socket before bind() is tried."""

    PLAIN = "plain"
    REUSEADDR = "SO_REUSEADDR"
    REUSEPORT = "SO_REUSEPORT"


class BindTry(msgspec.Struct, frozen=True, gc=False):
    """One bind() that was tried; the socket was closed at once."""

    netid: str
    """tcp or udp."""
    address: str
    option: BindOption
    v6only: bool | None = None
    """IPV6_V6ONLY; None for an IPv4 socket."""
    errno: int = 0
    """0 if bind() worked."""
    skipped: str = ""
    """Why it was not tried; empty if it was."""

    @property
    def refused(self) -> bool:
        """The kernel said no."""
        return bool(self.errno)

    @property
    def worked(self) -> bool:
        """The kernel said yes."""
        return not self.errno and not self.skipped


class Elsewhere(msgspec.Struct, frozen=True, gc=False):
    """The sockets on the port in another network namespace, which hinder nobody here."""

    inode: int
    """Of the namespace, as in `net:[4026531840]`; 0 if it may not be read."""
    pid: int
    """A process that lives there."""
    entries: tuple[SocketEntry, ...]


class Namespaces(msgspec.Struct, frozen=True, gc=False):
    """The other network namespaces that processes of this machine live in."""

    total: int = 0
    unreadable: int = 0
    found: tuple[Elsewhere, ...] = ()
    """Those that use the port."""


class PortFacts(msgspec.Struct, frozen=True, gc=False):
    """All that was found out about a port."""

    port: int
    rules: PortRules
    entries: tuple[SocketEntry, ...]
    """Sockets of this network namespace whose local port it is, those too that are bound and do nothing."""
    tries: tuple[BindTry, ...]
    namespaces: Namespaces = Namespaces()
    to_see_more: str = ""
    """The command that would show processes which this user may not see."""


class PortReason(StrEnum):
    """Why a port cannot be bound, or that it can."""

    FREE = "free"
    HELD = "held"
    """A socket listens, or receives datagrams, there."""
    BOUND = "bound"
    """A socket is bound there and neither listens nor is connected."""
    CONNECTED = "connected"
    """Connections have it as their local port."""
    TIME_WAIT = "time-wait"
    UNLISTED = "unlisted"
    """The kernel says it is in use and lists no socket that uses it."""
    PRIVILEGED = "privileged"
    POLICY = "policy"
    """A security module, a cgroup's program or a sandbox forbids it."""
    NO_ADDRESS = "no-address"
    """The address is none of this machine's."""
    OTHER = "other"


class PortVerdict(msgspec.Struct, frozen=True, gc=False):
    """What follows for one transport."""

    netid: str
    free: bool
    """Every plain bind() that was tried worked."""
    reason: PortReason
    sentence: str
    """Without a full stop."""
    cure: str = ""
    """A command or a step; empty where nothing has to be done or can be."""


class PortReport(msgspec.Struct, frozen=True, gc=False):
    """The judgement."""

    conclusion: str
    verdicts: tuple[PortVerdict, ...]
    notes: tuple[str, ...]
    """What else a person who wants the port should know."""
