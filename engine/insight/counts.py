"""One socket's byte counts without SYN and FIN, out of one reading of its row.

The kernel counts sequence numbers (RFC 9293 section 3.4). A SYN counts one in the opener's tcpi_bytes_acked; a FIN
counts one in both sides' tcpi_bytes_acked and tcpi_bytes_received, in Send-Q and tcpi_notsent_bytes until it is sent
and acknowledged, and in Recv-Q until it is read. tcpi_bytes_sent counts payload alone (include/uapi/linux/tcp.h).

All of tcp_info is filled under the socket's lock, so its figures belong to one moment. Recv-Q and Send-Q stand in the
same message but are read just before, without the lock (net/ipv4/tcp_diag.c).
"""

from __future__ import annotations

from typing import Final

import msgspec

from engine.insight.ledger import FIN_QUEUED, FIN_RECEIVED, SYN_QUEUED
from engine.model.sockets import SocketEntry
from engine.model.tcp import SocketState
from engine.model.tcp_info import tcp_info_field

FIN_ACKED: Final = frozenset((SocketState.FIN_WAIT_2, SocketState.TIME_WAIT))
"""States in which our FIN is acknowledged."""


class SenderCounts(msgspec.Struct, frozen=True, gc=False):
    """What one end has taken from its program, in data bytes; None is unknown."""

    accepted: int | None = None
    """notsent_bytes + bytes_sent - bytes_retrans of one tcp_info: exact in motion."""
    not_sent: int | None = None
    in_flight: int | None = None
    """Sent and not acknowledged."""
    acked: int | None = None
    split_exact: bool = False
    """It is known who opened the connection, so `in_flight` and `acked` are exact; else each may be one byte off."""
    send_q: int | None = None
    window: int | None = None
    """What the peer last offered (tcpi_snd_wnd)."""


class ReceiverCounts(msgspec.Struct, frozen=True, gc=False):
    """What one end has received for its program, in data bytes; None is unknown."""

    received: int | None = None
    recv_q: int | None = None
    read: int | None = None
    """received - Recv-Q: what recv() has returned, by the kernel's counts."""
    room: int | None = None
    """Bytes at which the receive buffer is full, bookkeeping included (SO_RCVBUF as the kernel keeps it)."""


def sender_counts(entry: SocketEntry, opened: bool | None = None) -> SenderCounts:
    """`opened` says whether this end sent the first SYN, if that is known."""
    info = entry.tcp_info
    fin = entry.state in FIN_QUEUED
    send_q = None if entry.send_q is None else max(entry.send_q - fin - (entry.state in SYN_QUEUED), 0)
    window = tcp_info_field(info, "snd_wnd")
    notsent = tcp_info_field(info, "notsent_bytes")
    sent, again = tcp_info_field(info, "bytes_sent"), tcp_info_field(info, "bytes_retrans")
    acked_raw, unacked = tcp_info_field(info, "bytes_acked"), tcp_info_field(info, "unacked")
    if notsent is None or sent is None or again is None or acked_raw is None:
        return SenderCounts(send_q=send_q, window=window)
    once = sent - again
    # The FIN is last: if anything is not sent, it is not.
    not_sent = max(notsent - (fin and notsent > 0) - (entry.state in SYN_QUEUED and notsent > 0), 0)
    if entry.state in SYN_QUEUED:
        return SenderCounts(not_sent + once, not_sent, once, 0, True, send_q, window)
    acked = acked_raw - (entry.state in FIN_ACKED)
    if opened is None:
        opened = _opened(acked - once, unacked, None if send_q is None else send_q - not_sent)
    exact = opened is not None
    acked = min(max(acked - bool(opened), 0), once)
    return SenderCounts(not_sent + once, not_sent, once - acked, acked, exact, send_q, window)


def _opened(ahead: int, unacked: int | None, queued: int | None) -> bool | None:
    """Whether this end sent the first SYN, by its counts: `ahead` is what bytes_acked has over the bytes sent, `queued`
    what Send-Q has over those not sent."""
    if unacked == 0:
        return ahead > 0
    if queued is not None and queued + ahead in (0, 1):
        return queued + ahead == 1
    return None


def receiver_counts(entry: SocketEntry) -> ReceiverCounts:
    """What the row tells of the other direction."""
    fin = entry.state in FIN_RECEIVED
    recv_q = None if entry.recv_q is None else max(entry.recv_q - fin, 0)
    received = tcp_info_field(entry.tcp_info, "bytes_received")
    room = entry.skmem.rcvbuf if entry.skmem is not None else None
    if received is None:
        return ReceiverCounts(recv_q=recv_q, room=room)
    received = max(received - (fin and received > 0), 0)
    read = None if recv_q is None else max(received - recv_q, 0)
    return ReceiverCounts(received, recv_q, read, room)
