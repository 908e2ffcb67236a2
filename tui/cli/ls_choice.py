"""What `sockmon ls` was asked to show and how: its flags and words read into one value."""

from __future__ import annotations

import socket
from collections.abc import Callable, Mapping, Sequence
from typing import Final

import msgspec

from engine.model.errors import BadInput, FilterError
from engine.model.messages import ClosedSocket, SocketsOptions
from engine.model.sockets import SocketEntry, SocketFigures
from engine.model.tcp import SocketState
from engine.query.sockets import SocketFilter, compile_sockets
from engine.text.cells import AcceptQueue, Look
from engine.text.columns import Column, column, columns
from engine.text.presets import preset
from tui.cli.names import ask_hosts, host_name
from tui.cli.socket_details import extended_details, memory_details, tcp_details, timer_details
from tui.local_names import interface_name, user_name

Flags = Mapping[str, str | bool | tuple[str, ...]]

DEFAULT_FAMILIES: Final = ("tcp", "udp")
DEFAULT_PRESET: Final = "ss"

FAMILY_FLAGS: Final[Mapping[str, tuple[str, ...]]] = {
    "tcp": ("tcp",),
    "udp": ("udp", "udpl"),
    "unix": ("unix",),
    "raw": ("raw", "icmp"),
    "packet": ("packet",),
}
"""Flag to the families of SocketsOptions."""

NETID_FAMILIES: Final = {
    "tcp": "tcp", "udp": "udp", "udpl": "udpl", "raw": "raw", "icmp": "icmp", "u_str": "unix", "u_dgr": "unix",
    "u_seq": "unix", "p_raw": "packet", "p_dgr": "packet", "nl": "netlink",
}  # fmt: skip
"""Netid to the family that is read for it."""

Details = Callable[[SocketEntry], list[str]]

DETAILS: Final[Mapping[str, Details]] = {
    "timers": timer_details,
    "extended": extended_details,
    "memory": memory_details,
    "info": tcp_details,
}
"""Flag to what it adds below a row, in ss's order."""

_OWNER_COLUMNS: Final = frozenset(("process", "pid", "fd", "command", "cmdline"))
_PLAIN_COLUMNS: Final = _OWNER_COLUMNS | {
    "netid", "state", "recv_q", "send_q", "local", "peer", "user", "timer", "inode", "cookie", "interface", "service",
    "reach", "accept", "backlog", "family", "age", "proto", "local_address", "local_port", "peer_address", "peer_port",
    "type", "node", "name", "known", "closed",
}  # fmt: skip
"""Columns that need nothing of tcp_info, memory, congestion control or TOS."""

_PLAIN_FIELDS: Final = frozenset(
    ("netid", "family", "state", "recvq", "sendq", "accept", "backlog", "local", "peer", "addr", "port", "sport",
     "dport", "tcp.port", "udp.port", "process", "cmdline", "pid", "fd", "ours", "owner", "user", "uid", "inode",
     "cookie", "interface", "timer", "expires", "reach", "age"),
)  # fmt: skip
"""Fields of a filter that need as little."""

_WATCHED_COLUMNS: Final = frozenset(("age", "in_rate", "out_rate"))


class Choice(msgspec.Struct, frozen=True):
    """What to show and how."""

    options: SocketsOptions
    chosen: SocketFilter
    ip_versions: frozenset[int]
    """Address families to show; empty for all."""
    listening: bool
    columns: tuple[Column, ...]
    sort: Column | None
    descending: bool
    details: tuple[Details, ...]
    look: Look

    def at(
        self, now_ns: int, figures: Mapping[int, SocketFigures], closed: Mapping[int, ClosedSocket] | None = None
    ) -> Choice:
        """The same choice at another time."""
        look = msgspec.structs.replace(self.look, now_ns=now_ns, figures=figures, closed=closed or {})
        return msgspec.structs.replace(self, look=look)

    def rows(self, entries: Sequence[SocketEntry]) -> list[SocketEntry]:
        """Those that are asked for, in order."""
        rows = [entry for entry in entries if self.shows(entry)]
        if self.look.host_name is not None:
            ask_hosts(address for entry in rows for address in (entry.local_address, entry.peer_address) if address)
        if self.sort is not None:
            key, look = self.sort.sort_key, self.look
            rows.sort(key=lambda entry: key(entry, look), reverse=self.descending)
        return rows

    def shows(self, entry: SocketEntry) -> bool:
        """Whether a row is asked for."""
        if self.ip_versions and entry.family not in self.ip_versions:
            return False
        if self.listening and not listens(entry):
            return False
        return self.chosen.matches(entry, self.look)


def choice_of(flags: Flags, names: str, preset_name: str, *, machine: bool, watched: bool, whole: bool) -> Choice:
    """The choice that flags and words make. Raises BadInput.

    `machine` asks for all that JSON prints, `watched` says that the table is read again and again, `whole` that rows
    which do not pass must be known too (they have not closed).
    """
    words = flags["words"]
    chosen = filter_of(" ".join(words) if isinstance(words, tuple) else "")
    form = preset(preset_name or DEFAULT_PRESET)
    shown = columns(names) if names else form.columns
    if flags["numeric"] and not flags["processes"] and not names and not preset_name:
        # Who types -n wants numbers at once; looking through every process takes longer than all else.
        shown = tuple(one for one in shown if one.name not in _OWNER_COLUMNS)
    sort = str(flags["sort"])
    sorting = column(sort.lstrip("-+")) if sort else None
    looked_at = {one.name for one in (*shown, *((sorting,) if sorting else ()))}
    if not watched and (chosen.needs_figures or (sorting is not None and sorting.name in _WATCHED_COLUMNS)):
        raise BadInput("age and rates are known only while watching", hint="add --watch 1")
    details = tuple(detail for flag, detail in DETAILS.items() if flags[flag])
    return Choice(
        options=SocketsOptions(
            source=str(flags["source"]),
            families=_families(flags, chosen),
            owners=machine or chosen.needs_owners or bool(looked_at & _OWNER_COLUMNS),
            filter="" if whole else chosen.text,
            details=machine or watched or bool(details) or not (looked_at <= _PLAIN_COLUMNS)
            or not (chosen.names <= _PLAIN_FIELDS),
        ),
        chosen=chosen,
        ip_versions=frozenset(
            family for flag, family in (("ipv4", socket.AF_INET), ("ipv6", socket.AF_INET6)) if flags[flag]
        ),
        listening=bool(flags["listening"]),
        columns=shown,
        sort=sorting,
        descending=sort.startswith("-"),
        details=details,
        look=Look(
            separators=False,
            accept_queue=AcceptQueue.SS if names else form.accept_queue,
            services=bool(flags["resolve"]),
            user_name=user_name,
            interface_name=interface_name,
            host_name=host_name if flags["resolve"] else None,
        ),
    )  # fmt: skip


def filter_of(text: str) -> SocketFilter:
    """The filter that the words make. Raises FilterError that names the character."""
    try:
        return compile_sockets(text)
    except FilterError as error:
        tried = f"the filter, at character {error.position + 1}: {error.tried}"
        raise FilterError(tried, error.position, error.hint) from None


def _families(flags: Flags, chosen: SocketFilter) -> tuple[str, ...]:
    """Those of the flags; else TCP and UDP, unless the filter asks for others alone."""
    flagged = tuple(family for flag, families in FAMILY_FLAGS.items() if flags[flag] for family in families)
    if flagged:
        return flagged
    if chosen.kernel.netids is None:
        return DEFAULT_FAMILIES
    named = dict.fromkeys(family for netid, family in NETID_FAMILIES.items() if netid in chosen.kernel.netids)
    return DEFAULT_FAMILIES if not named or named.keys() & set(DEFAULT_FAMILIES) else tuple(named)


def listens(entry: SocketEntry) -> bool:
    """LISTEN, or a datagram socket without a peer: what ss -l shows."""
    return entry.state in (SocketState.LISTEN, SocketState.UNCONN)
