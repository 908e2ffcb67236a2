"""Sets of columns that look like the tools people know: ss, netstat, TCPView, lsof.

Where such a tool writes a value in its own way, the preset has a column of its own for it.
"""

from __future__ import annotations

from typing import Final

import msgspec

from engine.model.errors import BadInput
from engine.model.sockets import SocketEntry
from engine.model.tcp import SocketState
from engine.text import cells, socket_values
from engine.text.cells import AcceptQueue, Look
from engine.text.columns import COLUMNS, Align, Cell, Column
from engine.text.sanitize import printable_within
from engine.text.socket_values import AF_INET, AF_INET6
from engine.text.units import UNKNOWN


class Preset(msgspec.Struct, frozen=True):
    """Columns under a name, and how a LISTEN socket's queues are written in them."""

    name: str
    columns: tuple[Column, ...]
    accept_queue: AcceptQueue = AcceptQueue.GAUGE


def _titled(name: str, title: str) -> Column:
    """A shared column under another tool's title, and as wide as that."""
    column = COLUMNS[name]
    return msgspec.structs.replace(column, title=title, width=max(column.width, len(title)))


def _netstat_protocol(entry: SocketEntry, look: Look) -> str:
    """`tcp4`, `udp6`, and `tcp46` for a socket that takes both."""
    if entry.family == AF_INET:
        return entry.netid + "4"
    if entry.family == AF_INET6:
        return entry.netid + ("46" if entry.local_address == "*" else "6")
    return entry.netid


def _dotted(entry: SocketEntry, address: str, port: int, look: Look) -> str:
    """Address and port with a dot between, `*.*` for a wildcard, as BSD's netstat writes."""
    if entry.family not in (AF_INET, AF_INET6):
        return cells.endpoint(entry, address, port, look)
    host = "*" if socket_values.parsed_address(address) is None or _is_any(address) else address
    return f"{host}.{cells.port(entry, port, look) or '*'}"


def _is_any(address: str) -> bool:
    parsed = socket_values.parsed_address(address)
    return parsed is not None and parsed.is_unspecified


_ARROW: Final = "->"


def _lsof_name(entry: SocketEntry, look: Look) -> str:
    """`127.0.0.1:8080->127.0.0.1:41022 (ESTABLISHED)`, `*:22 (LISTEN)`."""
    if entry.family not in (AF_INET, AF_INET6):
        return cells.local(entry, look)
    local = cells.endpoint(entry, "*" if _is_any(entry.local_address) else entry.local_address, entry.local_port, look)
    peer = f"{_ARROW}{cells.peer(entry, look)}" if entry.peer_port else ""
    state = f" ({entry.state})" if entry.netid == "tcp" else ""
    return f"{local}{peer}{state}"


_LSOF_NODE: Final = {"tcp": "TCP", "udp": "UDP", "udpl": "UDPLITE", "icmp": "ICMP"}


def _netstat_state(entry: SocketEntry, look: Look) -> str:
    """Empty for what has none; with underscores, as netstat spells them."""
    return "" if entry.state is SocketState.UNCONN else entry.state.value.replace("-", "_")


def _left(name: str, title: str, width: int, cell: Cell, priority: int = 0) -> Column:
    return Column(name, title, width, cell, cell, Align.LEFT, priority)


_PRESETS: Final = (
    Preset(
        "ss",
        tuple(COLUMNS[name] for name in ("netid", "state", "recv_q", "send_q", "local", "peer", "process")),
        AcceptQueue.SS,
    ),
    Preset(
        "netstat",
        (
            _left("proto", "Proto", 5, _netstat_protocol),
            COLUMNS["recv_q"],
            COLUMNS["send_q"],
            Column(
                "local", "Local Address", 22,
                lambda entry, look: _dotted(entry, entry.local_address, entry.local_port, look),
                COLUMNS["local"].sort_key, priority=0,
            ),
            Column(
                "peer", "Foreign Address", 22,
                lambda entry, look: _dotted(entry, entry.peer_address, entry.peer_port, look),
                COLUMNS["peer"].sort_key, priority=0,
            ),
            Column("state", "(state)", 12, _netstat_state, COLUMNS["state"].sort_key, priority=0),
        ),
        AcceptQueue.NETSTAT,
    ),
    Preset(
        "tcpview",
        (
            _titled("command", "Process Name"),
            COLUMNS["pid"],
            _titled("netid", "Protocol"),
            COLUMNS["state"],
            Column(
                "local_address", "Local Address", 16,
                lambda entry, look: cells.host(entry, entry.local_address, look, scoped=True) or "*",
                COLUMNS["local"].sort_key, priority=0,
            ),
            Column(
                "local_port", "Local Port", 10,
                lambda entry, look: str(cells.port(entry, entry.local_port, look) or UNKNOWN),
                lambda entry, look: entry.local_port, Align.RIGHT, 0,
            ),
            Column(
                "peer_address", "Remote Address", 16,
                lambda entry, look: cells.host(entry, entry.peer_address, look, scoped=False) or "*",
                COLUMNS["peer"].sort_key, priority=0,
            ),
            Column(
                "peer_port", "Remote Port", 11,
                lambda entry, look: str(cells.port(entry, entry.peer_port, look) or UNKNOWN),
                lambda entry, look: entry.peer_port, Align.RIGHT, 0,
            ),
            COLUMNS["age"],
            _titled("out_packets", "Sent Packets"),
            _titled("out_bytes", "Sent Bytes"),
            _titled("in_packets", "Rcvd Packets"),
            _titled("in_bytes", "Rcvd Bytes"),
        ),
    ),
    Preset(
        "lsof",
        (
            _titled("command", "COMMAND"),
            COLUMNS["pid"],
            _titled("user", "USER"),
            Column(
                "fd", "FD", 5,
                lambda entry, look: cells.first([f"{owner.fd}u" for owner in entry.owners]),
                COLUMNS["fd"].sort_key, Align.RIGHT,
            ),
            _left("type", "TYPE", 4, COLUMNS["family"].cell, 6),
            _titled("inode", "DEVICE"),
            _left("node", "NODE", 4, lambda entry, look: _LSOF_NODE.get(entry.netid, entry.netid), 7),
            _left("name", "NAME", 44, _lsof_name),
        ),
    ),
)  # fmt: skip

PRESETS: Final[dict[str, Preset]] = {preset.name: preset for preset in _PRESETS}


def preset(name: str) -> Preset:
    """The preset of that name. Raises BadInput with the names there are."""
    known = PRESETS.get(name.strip().lower())
    if known is None:
        raise BadInput(f"no preset is called {printable_within(name, 40)!r}", hint="presets: " + ", ".join(PRESETS))
    return known
