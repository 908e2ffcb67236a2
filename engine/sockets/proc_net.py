"""The text tables of /proc/net (proc_pid_net(5)): lines as entries. Pure.

Addresses are 32-bit words in the machine's byte order, ports are numbers. On LISTEN the kernel prints the length of the
accept queue as rx_queue and 0 as tx_queue: the limit of the queue is not there, so it is None here.
"""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Iterable
from typing import Final

from engine.model.errors import MalformedMessage
from engine.model.sockets import SocketEntry, Timer
from engine.model.tcp import SocketState
from engine.sockets.addresses import address_text
from engine.sockets.sock_diag import AF_INET, AF_INET6, DATAGRAM_STATES, TCP_STATES, TIMER_NAMES

NO_COOKIE_BIT: Final = 1 << 63
"""Set in the key of a row whose source knows no cookie."""

INET_FILES: Final[dict[str, tuple[tuple[str, int], ...]]] = {
    "tcp": (("tcp", AF_INET), ("tcp6", AF_INET6)),
    "udp": (("udp", AF_INET), ("udp6", AF_INET6)),
    "udpl": (("udplite", AF_INET), ("udplite6", AF_INET6)),
    "raw": (("raw", AF_INET), ("raw6", AF_INET6)),
    "icmp": (("icmp", AF_INET), ("icmp6", AF_INET6)),
}
"""netid to the files of /proc/net and the family of their rows."""

_FIELDS_LEAST: Final = 10
_NATIVE: Final = {AF_INET: struct.Struct("=I"), AF_INET6: struct.Struct("=4I")}
_NETWORK: Final = {AF_INET: 4, AF_INET6: 16}


def made_key(*parts: object) -> int:
    """A key out of what identifies a row: the same parts give the same key in every process."""
    digest = hashlib.blake2b("\0".join(map(str, parts)).encode("utf-8", "backslashreplace"), digest_size=8).digest()
    return int.from_bytes(digest, "big") | NO_COOKIE_BIT


def keyed(entries: Iterable[SocketEntry]) -> dict[int, SocketEntry]:
    """Entries by key. Of two rows with one key the later replaces the earlier: the table moved while it was read."""
    return {entry.key: entry for entry in entries}


def parse_inet(text: str, netid: str, family: int, ticks_per_s: int) -> tuple[list[SocketEntry], int]:
    """The rows of one of `INET_FILES`, and how many lines did not parse. `ticks_per_s` is sysconf(SC_CLK_TCK)."""
    entries: list[SocketEntry] = []
    malformed = 0
    for line in text.splitlines()[1:]:
        try:
            entries.append(inet_row(line, netid, family, ticks_per_s))
        except MalformedMessage:
            malformed += 1
    return entries, malformed


def inet_row(line: str, netid: str, family: int, ticks_per_s: int) -> SocketEntry:
    """One line of /proc/net/tcp and its kin. Raises MalformedMessage."""
    # sl local_address rem_address st tx_queue:rx_queue tr:tm->when retrnsmt uid timeout inode …
    fields = line.split()
    if len(fields) < _FIELDS_LEAST:
        raise MalformedMessage(f"read a line of /proc/net with {len(fields)} fields")
    try:
        local, local_port = _address(fields[1], family)
        peer, peer_port = _address(fields[2], family)
        number = int(fields[3], 16)
        send_q, recv_q = (int(part, 16) for part in fields[4].split(":"))
        timer, when = (int(part, 16) for part in fields[5].split(":"))
        retransmits, uid, inode = int(fields[6], 16), int(fields[7]), int(fields[9])
        state = (TCP_STATES if netid == "tcp" else DATAGRAM_STATES)[number]
    except (ValueError, IndexError, struct.error) as error:
        raise MalformedMessage(f"read a line of /proc/net ({error})") from error
    return SocketEntry(
        key=made_key(netid, family, fields[1], fields[2], inode),
        netid=netid,
        family=family,
        state=state,
        recv_q=recv_q,
        send_q=None if state is SocketState.LISTEN else send_q,
        local_address=local,
        local_port=local_port,
        peer_address=peer,
        peer_port=peer_port,
        uid=uid,
        inode=inode,
        timer=_timer(timer, when, retransmits, ticks_per_s),
    )


def _address(field: str, family: int) -> tuple[str, int]:
    words, port = field.split(":")
    raw = bytes.fromhex(words)
    if len(raw) != _NETWORK[family]:
        raise ValueError(f"an address of {len(raw)} bytes")
    numbers = struct.unpack(f">{len(raw) // 4}I", raw)
    return address_text(family, _NATIVE[family].pack(*numbers), v6only=False), int(port, 16)


def _timer(number: int, ticks: int, retransmits: int, ticks_per_s: int) -> Timer | None:
    if not number:
        return None
    name = TIMER_NAMES[number] if number < len(TIMER_NAMES) else "unknown"
    return Timer(name, ticks * 1000 // ticks_per_s, retransmits)
