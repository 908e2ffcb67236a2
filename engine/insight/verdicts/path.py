"""Rules on the way between the two ends: loss, silence, keep-alive, and two timers that wait for each other."""

from __future__ import annotations

from typing import Final

from engine.insight.naming import local_end, peer_end, program
from engine.insight.verdicts.flow_control import SENDING
from engine.insight.verdicts.rule import NS_PER_MS, NS_PER_S, Case, Detector, Finding, figures, keys_of
from engine.model.tcp import SocketState
from engine.model.verdicts import Certainty, Severity
from engine.text.units import byte_size, count, duration_ms, duration_ns, duration_us

LOSS_SPAN_NS: Final = 10 * NS_PER_S
"""Loss is told while it is no older than this."""

LOSS_LEAST: Final = 2
"""One segment alone may be a tail loss probe (RFC 8985 section 7): sent when an acknowledgment is late, lost or not."""

LOSS_SHARE_MUCH: Final = 0.01
"""One segment in a hundred sent again: congestion control begins to hold a connection back well below its path."""

LOSS_RECOVERY: Final = 4
"""tcpi_ca_state TCP_CA_Loss (include/uapi/linux/tcp.h): a retransmission timeout, not just a gap."""

SILENT_TIMEOUTS: Final = 3
"""Timeouts in a row without any acknowledgment: 200 ms, 400 ms, 800 ms at the least. One is usual on a lossy path."""

UNANSWERED_PROBES: Final = 2
"""Keep-alive probes in a row; one alone may be on its way."""

ABSENT_NS: Final = 2 * NS_PER_S
"""A connection that is just being made or closed may lack its other end in one reading."""

AWAY_ADVICE: Final = "Look for congestion, a full queue, a bad link or a filter that drops; the capture shows which."
HERE_ADVICE: Final = "This machine loses nothing by itself: look at packet filters, tc netem, or too small a buffer."

NAGLE_SPAN_NS: Final = 3 * NS_PER_S
NAGLE_LEAST_NS: Final = NS_PER_S // 2
NAGLE_SEGMENTS: Final = 4
"""Small segments in the span; fewer are no pattern."""
NAGLE_BUSY_SHARE: Final = 0.3
"""Share of the time in which something small was in flight or waited."""
DELAYED_ACK_RTT_US: Final = 15_000
"""Linux delays an acknowledgment by 40 ms at first (TCP_DELACK_MIN); the smoothed RTT of a connection that suffers from
it lies well above this, its least RTT well below a quarter of it."""


def _path_loss(case: Case) -> Finding | None:
    last, track, entry = case.last, case.track, case.entry
    before, span_ns = track.over(LOSS_SPAN_NS, case.now_ns)
    if last.total_retrans is None or before.total_retrans is None:
        return None
    again = last.total_retrans - before.total_retrans
    segments = (last.data_segs_out or 0) - (before.data_segs_out or 0)
    # Where nothing at all is acknowledged it is not the path that loses some, but the peer that is gone.
    if again < LOSS_LEAST or last.bytes_acked == before.bytes_acked:
        return None
    share = again / max(segments, again)
    needless = (last.dsack_dups or 0) - (before.dsack_dups or 0)
    here = case.scene.is_here(entry.peer_address)
    timeout = last.ca_state == LOSS_RECOVERY
    much = share >= LOSS_SHARE_MUCH or timeout or here
    sentence = (
        f"The path to {peer_end(entry)} loses packets: {count(again)} of {count(max(segments, again))} segments "
        f"({share:.1%}) were sent again in {duration_ns(span_ns)}"
    )
    if needless * 2 >= again:
        sentence = (
            f"{count(again)} segments to {peer_end(entry)} were sent again in {duration_ns(span_ns)}, "
            f"{count(needless)} of them needlessly: the peer had them already (they came late or in another order)"
        )
    return Finding(
        Severity.WARNING if much else Severity.NOTE,
        Certainty.LIKELY,
        f"{sentence}.",
        HERE_ADVICE if here else AWAY_ADVICE,
        figures(
            ("sent again", again, "segments"),
            ("data segments", segments, "segments"),
            ("needlessly", needless, "segments"),
            ("held for lost now", last.lost, "segments"),
            ("congestion window", last.snd_cwnd, "segments"),
            ("sent again in all", last.total_retrans, "segments"),
            ("RTT", None if last.rtt is None else round(last.rtt / 1000, 3), "ms"),
        ),
        case.now_ns - span_ns,
        False,
        keys_of(case.peer),
    )


def _half_open(case: Case) -> Finding | None:
    last, track, entry = case.last, case.track, case.entry
    timer = entry.timer
    silent = last.send_q and timer is not None and timer.name == "on" and timer.retransmits >= SILENT_TIMEOUTS
    gone = (
        track.alone_ns > 0
        and case.now_ns - track.alone_ns >= ABSENT_NS
        and case.scene.whole
        and entry.state is SocketState.ESTABLISHED
        and case.scene.is_here(entry.peer_address)
        # Where nobody saw the other end go, it may stand elsewhere (DNAT): then the connection carries data.
        and (track.widowed or case.still_ns() >= ABSENT_NS)
    )
    if not silent and not gone:
        return None
    heard_ns = case.after_reading_ms(last.last_ack_recv)
    waits = f"{byte_size(last.send_q)} wait unacknowledged" if last.send_q else "nothing is on its way"
    if gone and track.widowed:
        sentence = (
            f"{program(entry)} holds {local_end(entry)} open to {peer_end(entry)}, which no longer exists: {waits}"
        )
    elif gone:
        sentence = (
            f"{program(entry)} holds {local_end(entry)} open to {peer_end(entry)}, which is no socket here: {waits}"
        )
    else:
        sentence = f"{peer_end(entry)} no longer answers: {waits}"
    if silent and timer is not None:
        sentence += f", sent {count(timer.retransmits + 1)} times without an acknowledgment"
    return Finding(
        Severity.PROBLEM if silent else Severity.WARNING,
        Certainty.CERTAIN if gone and track.widowed else Certainty.LIKELY if silent else Certainty.POSSIBLE,
        f"{sentence}.",
        "The peer crashed, was cut off, or a filter forgot the connection. It ends by itself with ETIMEDOUT after "
        "about 15 minutes of retries (TCP_USER_TIMEOUT shortens that); an idle one only by keep-alive or a write.",
        figures(
            ("Send-Q", last.send_q, "B"),
            ("timeouts in a row", timer.retransmits if timer is not None and silent else None, ""),
            ("next try in", timer.expires_ms if timer is not None and silent else None, "ms"),
            ("nothing heard for", None if heard_ns is None else round(heard_ns / NS_PER_S, 1), "s"),
            ("other end in the table", "no" if gone else None, ""),
        ),
        track.acked_ns if silent else track.alone_ns,
    )


def _keepalive_failing(case: Case) -> Finding | None:
    timer, last = case.entry.timer, case.last
    if timer is None or timer.name != "keepalive" or timer.retransmits < UNANSWERED_PROBES:
        return None
    heard_ns = case.after_reading_ms(last.last_ack_recv)
    heard = f" since {duration_ns(heard_ns)}" if heard_ns is not None else ""
    return Finding(
        Severity.PROBLEM,
        Certainty.CERTAIN,
        f"{peer_end(case.entry)} answers no keep-alive probe{heard}: {count(timer.retransmits)} were sent, the next "
        f"follows in {duration_ms(timer.expires_ms)}.",
        "The peer is gone or cut off. After the last probe (TCP_KEEPCNT, 9 by default) the kernel ends the connection "
        "with ETIMEDOUT.",
        figures(
            ("unanswered probes", timer.retransmits, "probes"),
            ("next probe in", timer.expires_ms, "ms"),
            ("nothing heard for", None if heard_ns is None else round(heard_ns / NS_PER_S, 1), "s"),
        ),
        0 if heard_ns is None else case.now_ns - heard_ns,
        True,
    )


def _nagle_delayed_ack(case: Case) -> Finding | None:
    last, track = case.last, case.track
    before, span_ns = track.over(NAGLE_SPAN_NS, case.now_ns)
    if last.data_segs_out is None or before.data_segs_out is None or last.busy_time is None or before.busy_time is None:
        return None
    if last.rtt is None or last.min_rtt is None or last.bytes_sent is None or before.bytes_sent is None:
        return None
    segments = last.data_segs_out - before.data_segs_out
    if span_ns < NAGLE_LEAST_NS or segments < NAGLE_SEGMENTS:
        return None
    size = (last.bytes_sent - before.bytes_sent) / segments
    busy = (last.busy_time - before.busy_time) * 1000 / span_ns
    retried = last.total_retrans != before.total_retrans
    small = size < (last.snd_mss or 0) / 2
    delayed = last.rtt >= DELAYED_ACK_RTT_US and last.min_rtt * 4 <= last.rtt
    waited = any(one.notsent_bytes for one in track.readings or () if one.ts_ns >= case.now_ns - NAGLE_SPAN_NS)
    if not small or not delayed or not waited or busy < NAGLE_BUSY_SHARE or retried or _reads_late(case):
        return None
    step_ms = span_ns / segments / NS_PER_MS
    return Finding(
        Severity.WARNING,
        Certainty.LIKELY,
        f"{program(case.entry)} sends {count(round(size))} B at a time and waits about {duration_us(last.rtt)} for "
        f"each ACK, though the way there and back takes {duration_us(last.min_rtt)}: Nagle's rule waits for the ACK, "
        f"and the peer delays it.",
        "Write each message with one send(), or set TCP_NODELAY on the sender.",
        figures(
            ("bytes a segment", round(size), "B"),
            ("segments", segments, "segments"),
            ("one every", round(step_ms, 1), "ms"),
            ("RTT", round(last.rtt / 1000, 1), "ms"),
            ("least RTT", round(last.min_rtt / 1000, 3), "ms"),
            ("time with data in flight", round(min(busy, 1.0) * 100), "%"),
            ("not sent", last.notsent_bytes, "B"),
        ),
        case.now_ns - span_ns,
        False,
        keys_of(case.peer),
    )


def _reads_late(case: Case) -> bool:
    """The peer's program is on this machine and leaves data in its queue: then its pace delays the ACKs."""
    peer = case.peer
    return peer is not None and any(one.recv_q for one in peer.readings or (peer.last,))


DETECTORS: Final = (
    Detector("path-loss", SENDING | {SocketState.FIN_WAIT_2}, _path_loss, idle=True),
    Detector("half-open", SENDING, _half_open, idle=True),
    Detector(
        "keepalive-failing",
        frozenset((SocketState.ESTABLISHED, SocketState.CLOSE_WAIT, SocketState.FIN_WAIT_2)),
        _keepalive_failing,
    ),
    Detector(
        "nagle-delayed-ack",
        frozenset((SocketState.ESTABLISHED, SocketState.CLOSE_WAIT)),
        _nagle_delayed_ack,
        idle=True,
    ),
)
