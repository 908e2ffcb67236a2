"""Socket rows from psutil: the portable source. It has no queues and no inodes; where there is a /proc/net, they are
joined to its rows by the pair of addresses."""

from __future__ import annotations

import errno
import functools
import socket
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any, Final, NamedTuple

import msgspec
import psutil

from engine.model.sockets import Owner, SocketEntry
from engine.model.tcp import SPELLINGS, SocketState
from engine.sockets.proc_net import keyed, made_key
from engine.sockets.proc_source import PROC_NET, ProcSource
from engine.sockets.sock_diag import AF_INET, AF_INET6
from engine.sockets.source import NoSuchTable, Rows, SourceError
from engine.text.sanitize import printable

KINDS: Final[dict[str, str]] = {"tcp": "tcp", "udp": "udp"}
"""netid to psutil's `kind`."""

Pair = tuple[str, str, int, str, int]
"""netid, local address and port, peer address and port."""


class PsutilRow(NamedTuple):
    """The part of psutil's `sconn` that is used, with the families' numbers of Linux."""

    family: int
    laddr: Any
    raddr: Any
    status: str
    pid: int | None
    fd: int


class PsutilSource:
    """psutil's connections; `connections` and `name_of` stand for psutil in tests."""

    name = "psutil"

    def __init__(
        self,
        net: Path = PROC_NET,
        connections: Callable[[str], Iterable[Any]] | None = None,
        name_of: Callable[[int], str] | None = None,
    ) -> None:
        self._proc = ProcSource(net) if (net / "tcp").exists() else None
        self._connections = connections or psutil.net_connections
        self._name_of = name_of or process_name

    def read(self, family: str, previous: Mapping[int, SocketEntry], between: Callable[[], None]) -> Rows:
        """All sockets of one family that psutil may see."""
        if family not in KINDS:
            raise NoSuchTable(f"read {family} sockets by psutil")
        try:
            found = [
                PsutilRow(
                    AF_INET6 if row.family == socket.AF_INET6 else AF_INET,
                    row.laddr,
                    row.raddr,
                    row.status,
                    row.pid,
                    row.fd,
                )
                for row in self._connections(KINDS[family])
            ]
        except psutil.AccessDenied as error:
            raise SourceError(f"read {family} sockets by psutil", errno.EACCES, "run sockmon with sudo") from error
        except (psutil.Error, OSError) as error:
            raise SourceError(f"read {family} sockets by psutil ({error})") from error
        between()
        kernel = self._proc.read(family, previous, between) if self._proc else Rows({}, [])
        entries = keyed(join(family, found, kernel.entries.values(), self._name_of))
        return Rows(entries, list(entries), malformed=kernel.malformed)

    def close(self) -> None:
        """Nothing is held open."""


def process_name(pid: int) -> str:
    """The name of a process, empty once it is gone."""
    try:
        return str(psutil.Process(pid).name())
    except psutil.Error:
        return ""


def join(
    netid: str,
    rows: Iterable[PsutilRow],
    kernel: Iterable[SocketEntry],
    name_of: Callable[[int], str],
) -> list[SocketEntry]:
    """psutil's rows, one a socket, with what `kernel` (rows of /proc/net) knows of the same address pair.

    psutil repeats a socket for each process that holds it. Where several sockets share a pair (SO_REUSEPORT), it does
    not say which is whose: then the kernel's rows stand, and the holders are left to the owner look-up by inode.
    """
    by_pair: dict[Pair, list[SocketEntry]] = defaultdict(list)
    for entry in kernel:
        by_pair[_pair_of(entry)].append(entry)
    name = functools.cache(lambda pid: printable(name_of(pid)))
    grouped: dict[Pair, list[PsutilRow]] = defaultdict(list)
    for row in rows:
        grouped[_pair(netid, row)].append(row)
    entries: list[SocketEntry] = []
    for pair, group in grouped.items():
        holders = sorted({(pid, fd) for _, _, _, _, pid, fd in group if pid is not None})
        owners = tuple(Owner(pid, fd, name(pid)) for pid, fd in holders)
        known = by_pair.get(pair, [])
        if not known:
            entries.append(_entry(pair, group[0], owners))
        elif len(known) == 1 and owners:
            entries.append(msgspec.structs.replace(known[0], owners=owners))
        else:
            entries += known
    return entries


def _pair_of(entry: SocketEntry) -> Pair:
    return entry.netid, entry.local_address, entry.local_port, entry.peer_address, entry.peer_port


def _pair(netid: str, row: PsutilRow) -> Pair:
    any_address = "*" if row.family == AF_INET6 else "0.0.0.0"
    local = (row.laddr.ip, row.laddr.port) if row.laddr else (any_address, 0)
    peer = (row.raddr.ip, row.raddr.port) if row.raddr else (any_address, 0)
    if row.family == AF_INET6:
        local = ("*" if local[0] == "::" else local[0], local[1])
    return netid, *local, *peer


def _entry(pair: Pair, row: PsutilRow, owners: tuple[Owner, ...]) -> SocketEntry:
    netid, local, local_port, peer, peer_port = pair
    return SocketEntry(
        key=made_key(row.family, *pair),
        netid=netid,
        family=row.family,
        state=SPELLINGS.get(row.status, SocketState.UNKNOWN) if netid == "tcp" else _datagram_state(peer_port),
        recv_q=None,
        send_q=None,
        local_address=local,
        local_port=local_port,
        peer_address=peer,
        peer_port=peer_port,
        owners=owners,
    )


def _datagram_state(peer_port: int) -> SocketState:
    return SocketState.ESTABLISHED if peer_port else SocketState.UNCONN
