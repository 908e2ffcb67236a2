"""Rules on who waits for whom while a connection stands: reader, window, writer, or everybody."""

from __future__ import annotations

from typing import Final

from engine.insight.naming import peer_end, program
from engine.insight.verdicts.rule import NS_PER_S, Case, Detector, Finding, figures, keys_of
from engine.model.sockets import SocketEntry
from engine.model.tcp import SocketState
from engine.model.verdicts import Certainty, Severity
from engine.text.units import byte_rate, byte_size, duration_ns

STALL_NS: Final = NS_PER_S
"""A Recv-Q that nobody touched for a second: a program at work comes back within milliseconds."""

SHUT_NS: Final = 300_000_000
"""A window that stays at 0 for longer than a delayed acknowledgment takes (at most 200 ms)."""

SILENT_NS: Final = 2 * NS_PER_S
"""Nothing in any queue and nothing on the wire for so long is no pause between two messages of a busy pair."""

PACE_NS: Final = 3 * NS_PER_S
"""Span over which a sender's own pace is told."""

READING: Final = frozenset(
    (SocketState.ESTABLISHED, SocketState.FIN_WAIT_1, SocketState.FIN_WAIT_2, SocketState.CLOSE_WAIT)
)
SENDING: Final = frozenset(
    (SocketState.ESTABLISHED, SocketState.CLOSE_WAIT, SocketState.FIN_WAIT_1, SocketState.CLOSING, SocketState.LAST_ACK)
)

NOT_ACCEPTED: Final = "not yet accepted"
"""engine.sockets.attribution says so of a connection that no accept() has returned."""

RECEIVING_CALLS: Final = frozenset(("recv", "recvfrom", "recv_into", "recvmsg"))


def _receiver_stalled(case: Case) -> Finding | None:
    last, track, entry = case.last, case.track, case.entry
    still_ns = case.now_ns - track.read_ns
    if not last.recv_q or still_ns < STALL_NS:
        return None
    peer = case.peer
    waiting = (peer.last.send_q or 0) if peer is not None else 0
    shut = last.rcv_wnd == 0 or (peer is not None and peer.last.snd_wnd == 0)
    who, size = program(entry), byte_size(last.recv_q)
    if not entry.owners and entry.owner_unknown == NOT_ACCEPTED:
        sentence = f"No program has accepted the connection from {peer_end(entry)} for {duration_ns(still_ns)}"
        sentence += f": {size} of it wait in Recv-Q"
        advice = "Let the server call accept(); see who holds the listener."
    else:
        sentence = f"{who} has not read for {duration_ns(still_ns)}: Recv-Q stands at {size}"
        advice = "Look where the program is: it must call recv(). A stack of it says what it waits for (py-spy, gdb)."
    if shut:
        sentence += ", its window is closed"
    if waiting:
        sentence += f", and {byte_size(waiting)} of the sender wait in Send-Q"
    return Finding(
        Severity.PROBLEM if shut or waiting else Severity.WARNING,
        Certainty.CERTAIN,
        f"{sentence}.",
        advice,
        figures(
            ("Recv-Q", last.recv_q, "B"),
            ("not read for", round(still_ns / NS_PER_S, 1), "s"),
            ("own window", last.rcv_wnd, "B"),
            ("receive buffer", entry.skmem.rcvbuf if entry.skmem else None, "B"),
            ("peer's Send-Q", waiting if peer is not None else None, "B"),
        ),
        track.read_ns,
        False,
        keys_of(peer),
    )


def _zero_window(case: Case) -> Finding | None:
    last, track, entry = case.last, case.track, case.entry
    if not last.send_q:
        return None
    probing = entry.timer is not None and entry.timer.name == "persist"
    probes = entry.timer.retransmits if entry.timer is not None and probing else 0
    # A window that is smaller than the next segment holds a sender back as well (RFC 9293 section 3.8.6.2.1).
    small = bool(probes) and last.snd_wnd is not None and 0 < last.snd_wnd < (last.snd_mss or 0)
    if last.snd_wnd != 0 and not small and not (last.snd_wnd is None and probing):
        return None
    held_ns = case.now_ns - (track.window_ns or case.now_ns)
    if held_ns < SHUT_NS and not probes:
        return None
    peer = case.peer
    who = program(peer.entry) if peer is not None else peer_end(entry)
    at_least = "" if track.window_exact else "at least "
    how_long = f" for {at_least}{duration_ns(held_ns)}" if held_ns >= SHUT_NS else ""
    size = f"is {byte_size(last.snd_wnd)}, too little for the next segment" if small else f"has been 0{how_long}"
    return Finding(
        Severity.PROBLEM,
        Certainty.CERTAIN,
        f"The window of {who} {size}: {byte_size(last.send_q)} wait in Send-Q and only probes may be sent.",
        "Look at the peer: its program does not read (its Recv-Q says how much waits). Nothing is wrong on this side.",
        figures(
            ("peer's window", last.snd_wnd, "B"),
            ("Send-Q", last.send_q, "B"),
            ("probes", probes or None, "probes"),
            ("next probe in", entry.timer.expires_ms if entry.timer is not None and probing else None, "ms"),
            ("peer's Recv-Q", peer.last.recv_q if peer is not None else None, "B"),
            ("held back by the window in all", None if last.rwnd_limited is None else last.rwnd_limited // 1000, "ms"),
        ),
        track.window_ns,
        track.window_exact,
        keys_of(peer),
    )


def _app_limited(case: Case) -> Finding | None:
    last, track = case.last, case.track
    if not case.asked:
        return None
    before, span_ns = track.over(PACE_NS, case.now_ns)
    if last.bytes_sent is None or before.bytes_sent is None or before.rwnd_limited is None or span_ns < STALL_NS:
        return None
    sent = last.bytes_sent - before.bytes_sent
    waited = [one.notsent_bytes for one in track.readings or () if one.ts_ns >= case.now_ns - PACE_NS]
    if sent <= 0 or last.notsent_bytes or any(waited) or last.rwnd_limited != before.rwnd_limited:
        return None
    rate = sent * NS_PER_S / span_ns
    return Finding(
        Severity.NOTE,
        Certainty.LIKELY,
        f"{program(case.entry)} sends {byte_rate(rate)} and has given the kernel nothing more to send: its own pace "
        f"is the limit.",
        "Look at the sending program, or at what it waits for; the connection would carry more.",
        figures(
            ("sent", round(rate), "B/s"),
            ("not sent", last.notsent_bytes, "B"),
            ("Send-Q", last.send_q, "B"),
            ("peer's window", last.snd_wnd, "B"),
            ("congestion window", last.snd_cwnd, "segments"),
        ),
        case.now_ns - span_ns,
        False,
        keys_of(case.peer),
    )


def _queues_empty(case: Case) -> Finding | None:
    last, peer = case.last, case.peer
    if not case.asked or last.recv_q or last.send_q or last.recv_q is None or last.send_q is None:
        return None
    if peer is not None and (
        peer.entry.state is not SocketState.ESTABLISHED or peer.last.recv_q or peer.last.send_q
    ):  # fmt: skip
        return None
    silent_ns = case.still_ns()
    if silent_ns < SILENT_NS:
        return None
    both = _both_wait(case, peer.entry if peer is not None else None)
    said = "both programs wait in recv() for the other" if both else (
        "what a program has to say is still in its own buffer, or both sides wait in recv(), or nobody has anything to "
        "say"
    )  # fmt: skip
    return Finding(
        Severity.PROBLEM if both else Severity.NOTE,
        Certainty.CERTAIN if both else Certainty.POSSIBLE,
        f"All queues are empty and nothing has moved for {duration_ns(silent_ns)}: {said}.",
        "One of them must send first: look at the protocol." if both else (
            "If an answer is overdue: flush the sender's file object, or see in which call each program waits."
        ),
        figures(
            ("Recv-Q", last.recv_q, "B"),
            ("Send-Q", last.send_q, "B"),
            ("peer's Recv-Q", peer.last.recv_q if peer is not None else None, "B"),
            ("peer's Send-Q", peer.last.send_q if peer is not None else None, "B"),
            ("silent for", round(silent_ns / NS_PER_S, 1), "s"),
            ("this program waits in", case.waits_in() or None, ""),
        ),
        case.now_ns - silent_ns,
        False,
        keys_of(peer),
    )  # fmt: skip


def _both_wait(case: Case, other: SocketEntry | None) -> bool:
    if other is None or not other.cookie:
        return False
    there = case.scene.waiting.get(other.cookie, ())
    return case.waits_in() in RECEIVING_CALLS and any(call.name in RECEIVING_CALLS for call in there)


DETECTORS: Final = (
    Detector("receiver-stalled", READING, _receiver_stalled),
    Detector("zero-window", SENDING, _zero_window),
    Detector("app-limited", frozenset((SocketState.ESTABLISHED, SocketState.CLOSE_WAIT)), _app_limited, idle=True),
    Detector("queues-empty", frozenset((SocketState.ESTABLISHED,)), _queues_empty, idle=True),
)
