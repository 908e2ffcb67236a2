"""Sockets for programs: JSON objects with stable keys, and CSV that no spreadsheet runs.

Keys are there whether a value is known or not; unknown is null. Numbers have no separators, states are RFC 9293's,
addresses have no brackets.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import msgspec

from engine.model.sockets import Owner, SocketEntry
from engine.model.tcp import SocketState
from engine.sockets.tcp_info import TcpInfo, decode
from engine.text.cells import Look
from engine.text.columns import Column
from engine.text.sanitize import printable

AF_UNIX = 1

FORMULA_SIGNS = ("=", "+", "-", "@", "\t", "\r")
"""What makes a spreadsheet take a cell for a formula, when it stands first."""


def socket_object(entry: SocketEntry, user_name: Callable[[int], str]) -> dict[str, Any]:
    """A socket as `sockmon ls --json` prints it; on LISTEN `accept_queue` and `backlog` say what the queues mean."""
    found: dict[str, Any] = {
        "netid": entry.netid,
        "state": entry.state.value,
        "recv_q": entry.recv_q,
        "send_q": entry.send_q,
        "local_address": printable(entry.local_address),
        "local_port": entry.local_port,
        "peer_address": printable(entry.peer_address),
        "peer_port": entry.peer_port,
        "interface": entry.interface or None,
        "uid": entry.uid,
        "user": None if entry.uid is None else printable(user_name(entry.uid)),
        "inode": entry.inode or None,
        "cookie": entry.cookie,
        "processes": _processes(entry.owners),
        "process_unknown": printable(entry.owner_unknown) or None,
        "timer": None if entry.timer is None else msgspec.structs.asdict(entry.timer),
        "congestion": printable(entry.congestion) or None,
        "mark": entry.mark,
        "cgroup": entry.cgroup,
        "v6only": entry.v6only,
        "shutdown": entry.shutdown,
        "tcp_info": _known(decode(entry.tcp_info)) if entry.tcp_info else None,
        "skmem": None if entry.skmem is None else msgspec.structs.asdict(entry.skmem),
    }
    if entry.family == AF_UNIX:
        found |= {"peer_inode": entry.peer_inode or None, "peer_processes": _processes(entry.peer_owners)}
    if entry.state is SocketState.LISTEN:
        found |= {"accept_queue": entry.recv_q, "backlog": entry.send_q}
    return found


CHUNK_ROWS = 1000
"""Rows encoded at a time: a pipe sees the first ones at once, and memory holds no more than these."""


def json_lines(
    rows: Sequence[SocketEntry], user_name: Callable[[int], str], more: Mapping[str, Any] | None = None
) -> Iterator[bytes]:
    """JSON Lines, one object a socket, in chunks of lines; `more` stands before the keys of each."""
    head = dict(more or {})
    encoder = msgspec.json.Encoder()
    for start in range(0, len(rows), CHUNK_ROWS):
        chunk = rows[start : start + CHUNK_ROWS]
        yield encoder.encode_lines([head | socket_object(entry, user_name) for entry in chunk])


def csv_lines(rows: Sequence[SocketEntry], columns: Sequence[Column], look: Look, header: bool = True) -> str:
    """A header and a line a socket; cells that would be formulas get an apostrophe in front."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    if header:
        writer.writerow([column.name for column in columns])
    writer.writerows([[_plain(column.cell(entry, look)) for column in columns] for entry in rows])
    return out.getvalue()


def _plain(cell: str) -> str:
    """`-` alone, or before a digit, is no formula: it is what unknown and negative numbers look like."""
    if cell.startswith(FORMULA_SIGNS) and cell != "-" and not cell[1:].isdigit():
        return f"'{cell}"
    return cell


def _processes(owners: Sequence[Owner]) -> list[dict[str, Any]]:
    return [
        {
            "pid": owner.pid,
            "fd": owner.fd,
            "name": printable(owner.name),
            "cmdline": printable(owner.cmdline),
            "unit": printable(owner.unit) or None,
        }
        for owner in owners
    ]


_TCP_INFO_NAMES = TcpInfo.__struct_fields__


def _known(info: TcpInfo) -> dict[str, Any]:
    """The fields that this kernel sends."""
    values = zip(_TCP_INFO_NAMES, msgspec.structs.astuple(info), strict=True)
    return {name: value for name, value in values if value is not None}
