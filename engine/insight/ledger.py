"""Where the bytes of a flood are: what send() accepted against what both kernels' queues hold and the reader has read.

At rest `sent = Send-Q + Recv-Q + read`, exactly. In motion it is not so: an acknowledgment on its way leaves bytes in
both queues, so the three sum up only at rest: two reads are equal and no byte is counted twice. (Two equal reads alone
do not do: a receiver may hold its acknowledgment back for 40 to 200 ms, RFC 1122 section 4.2.3.2.) What a kernel
accepted in motion is in one tcp_info of the sender: `accepted = notsent_bytes + bytes_sent - bytes_retrans`
(include/uapi/linux/tcp.h).

SYN and FIN each take a sequence number (RFC 9293 section 3.4) and the kernel's queues count sequence numbers: a SYN
without an answer and a FIN without acknowledgment add one to Send-Q, a FIN that the reader has not come to adds one to
Recv-Q. Here they are taken off again: all figures are bytes of data.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

import msgspec

from engine.model.lab import ActorReport, ActorSocket
from engine.model.sockets import SocketEntry
from engine.model.tcp import SocketState
from engine.model.tcp_info import tcp_info_field

Ends = tuple[str, int, str, int]

SYN_QUEUED: Final = frozenset((SocketState.SYN_SENT, SocketState.SYN_RECEIVED))
"""States in which our SYN waits for its acknowledgment."""

FIN_QUEUED: Final = frozenset((SocketState.FIN_WAIT_1, SocketState.CLOSING, SocketState.LAST_ACK))
"""States in which our FIN waits for its acknowledgment."""

FIN_RECEIVED: Final = frozenset(
    (SocketState.CLOSE_WAIT, SocketState.CLOSING, SocketState.LAST_ACK, SocketState.TIME_WAIT)
)
"""States in which the peer's FIN has come."""

_MAPPED: Final = "::ffff:"


class FloodBalance(msgspec.Struct, frozen=True, kw_only=True):
    """The sum of a flood at one moment, bytes, over all its connections. `None` is unknown, never 0."""

    sent: int
    """Accepted by send(), by the sender's own count."""
    send_q: int | None = None
    recv_q: int | None = None
    read: int | None = None
    """Returned by recv() to the reader."""
    accepted: int | None = None
    """Accepted by the kernel, by one tcp_info of each sending socket: exact in motion too."""
    difference: int | None = None
    """sent - (send_q + recv_q + read). Below 0 while an acknowledgment is on its way, since Send-Q keeps what it
    concerns; above 0 only if somebody else reads or the counts are wrong."""
    at_rest: bool = False
    """This read and the one before are equal and no acknowledgment is owed, so nothing was on its way."""
    exact: bool = False
    """At rest and the difference is 0."""


def folded(address: str) -> str:
    """An IPv4-mapped IPv6 address as IPv4, any other as it is: the two ends of one connection may show either."""
    if ":" not in address:
        return address
    tail = address[len(_MAPPED) :]
    return tail if address.lower().startswith(_MAPPED) and "." in tail else address


def ends_of(entry: SocketEntry) -> Ends:
    """The connection's 4-tuple as this socket sees it."""
    return folded(entry.local_address), entry.local_port, folded(entry.peer_address), entry.peer_port


def _split(shown: str) -> tuple[str, int]:
    """`127.0.0.1:80` or `[::1]:80` as address and port; a path has port 0."""
    host, _, port = shown.rpartition(":")
    if not port.isdecimal():
        return shown, 0
    return folded(host.removeprefix("[").removesuffix("]")), int(port)


def _is_tcp(entry: SocketEntry) -> bool:
    return entry.netid == "tcp" and entry.state is not SocketState.LISTEN


class EntryIndex:
    """TCP rows by cookie and by 4-tuple, to find an actor's socket and the other end of its connection."""

    def __init__(self, entries: Iterable[SocketEntry]) -> None:
        rows = [entry for entry in entries if _is_tcp(entry)]
        self._by_cookie = {entry.cookie: entry for entry in rows if entry.cookie}
        self._by_ends = {ends_of(entry): entry for entry in rows}

    def of_socket(self, sock: ActorSocket) -> SocketEntry | None:
        """The row of a socket that an actor holds: by its cookie, and where the source has none by its names."""
        found = self._by_cookie.get(sock.cookie) if sock.cookie else None
        return found or self._by_ends.get((*_split(sock.local), *_split(sock.peer)))

    def other_end(self, entry: SocketEntry) -> SocketEntry | None:
        """The row of the other end, if it is on this machine."""
        local_address, local_port, peer_address, peer_port = ends_of(entry)
        return self._by_ends.get((peer_address, peer_port, local_address, local_port))


def queued_data(entry: SocketEntry) -> int | None:
    """Bytes of data in Send-Q: what the peer has not acknowledged, without SYN and FIN."""
    if entry.send_q is None:
        return None
    signs = (entry.state in SYN_QUEUED) + (entry.state in FIN_QUEUED)
    return max(entry.send_q - signs, 0)


def unread_data(entry: SocketEntry) -> int | None:
    """Bytes of data in Recv-Q: what recv() has not returned, without the FIN.

    The FIN is last, so as long as anything waits it waits too.
    """
    if entry.recv_q is None:
        return None
    return max(entry.recv_q - (entry.state in FIN_RECEIVED), 0)


def accepted_bytes(raw: bytes) -> int | None:
    """Bytes that one socket's kernel has taken from send() in all, from its tcp_info; None on a kernel before 4.19."""
    notsent = tcp_info_field(raw, "notsent_bytes")
    sent = tcp_info_field(raw, "bytes_sent")
    again = tcp_info_field(raw, "bytes_retrans")
    if notsent is None or sent is None or again is None:
        return None
    return notsent + sent - again


def _total(values: Iterable[int | None]) -> int | None:
    """The sum, or None as soon as one is unknown (or there is none at all)."""
    known = list(values)
    numbers = [value for value in known if value is not None]
    return sum(numbers) if numbers and len(numbers) == len(known) else None


def _read_by(index: EntryIndex, reader: ActorReport | None, ends: Sequence[SocketEntry]) -> int | None:
    """What the reader has read from these sockets: by its own count, else by the kernel's (bytes_received - Recv-Q)."""
    counts: list[int | None] = []
    own = {entry.key: sock for sock in (reader.sockets if reader else ()) if (entry := index.of_socket(sock))}
    for entry in ends:
        if entry.key in own:
            counts.append(own[entry.key].received)
            continue
        received = tcp_info_field(entry.tcp_info, "bytes_received")
        # Both count the FIN while it waits; once it was read only bytes_received does.
        if received is None or entry.recv_q is None:
            counts.append(None)
        else:
            fin_read = entry.state in FIN_RECEIVED and entry.recv_q == 0
            counts.append(received - entry.recv_q - fin_read)
    return _total(counts)


def flood_balance(
    sender: ActorReport,
    entries: Iterable[SocketEntry],
    reader: ActorReport | None = None,
    before: FloodBalance | None = None,
) -> FloodBalance:
    """Add up a flood.

    `entries` is the socket table, with both ends if they are on this machine; `reader` the report of the actor at the
    other end, if it is one of ours; `before` the balance of the read before this one. The sum concerns the connections
    that the sender holds now: what went over connections that are closed is no longer in any queue.
    """
    index = EntryIndex(entries)
    rows = [row for sock in sender.sockets if sock.peer and (row := index.of_socket(sock))]
    others = [other for row in rows if (other := index.other_end(row))]
    complete = len(others) == len(rows) == sum(1 for sock in sender.sockets if sock.peer)
    sent = sum(sock.sent for sock in sender.sockets if sock.peer)
    send_q = _total(queued_data(row) for row in rows)
    recv_q = _total(unread_data(other) for other in others) if complete else None
    read = _read_by(index, reader, others) if complete else None
    difference = None if send_q is None or recv_q is None or read is None else sent - (send_q + recv_q + read)
    same = before is not None and (before.sent, before.send_q, before.recv_q, before.read) == (
        sent,
        send_q,
        recv_q,
        read,
    )
    return FloodBalance(
        sent=sent,
        send_q=send_q,
        recv_q=recv_q,
        read=read,
        accepted=_total(accepted_bytes(row.tcp_info) for row in rows),
        difference=difference,
        at_rest=same and difference is not None and difference >= 0,
        exact=same and difference == 0,
    )
