"""Rules on connections that are being made, and on who may make them."""

from __future__ import annotations

from typing import Final

from engine.insight.naming import local_end, peer_end, program
from engine.insight.verdicts.rule import DATAGRAM, NS_PER_S, TCP, Case, Detector, Finding, figures, keys_of
from engine.insight.watch import is_full
from engine.model.tcp import SocketState
from engine.model.verdicts import Certainty, Severity
from engine.text.socket_values import reach
from engine.text.units import count, duration_ns

BURST_NS: Final = NS_PER_S // 2
"""A queue that is still full after so long is no burst that the server is just taking in."""

SYN_LINEAR: Final = 4
SYN_DOUBLED_MAX: Final = 12
"""No SYN is repeated more often by doubling: over an hour."""

OVERFLOWS: Final = ("TcpExtListenOverflows", "TcpExtTCPReqQFullDrop")


def _accept_queue_full(case: Case) -> Finding | None:
    entry, track = case.entry, case.track
    overflowed = sum(case.scene.moved.get(name, 0) for name in OVERFLOWS)
    held_ns = case.now_ns - track.full_ns if track.full_ns else 0
    if not is_full(entry) or (held_ns < BURST_NS and not overflowed):
        return None
    waiting, limit = entry.recv_q or 0, entry.send_q or 0
    how_long = f" for {duration_ns(held_ns)}" if held_ns >= BURST_NS else ""
    return Finding(
        Severity.PROBLEM,
        Certainty.CERTAIN,
        f"The accept queue of {program(entry)} on {local_end(entry)} has been full{how_long}: {count(waiting)} "
        f"connections wait for accept(), {count(limit)} are allowed, and new clients get no answer.",
        "The server must call accept() faster: look where it hangs. A larger backlog (listen(), net.core.somaxconn) "
        "only helps against bursts.",
        figures(
            ("accept queue", waiting, "connections"),
            ("limit", limit, "connections"),
            ("dropped since the last reading, on all listeners", overflowed or None, "connections"),
        ),
        track.full_ns,
    )


def _syn_unanswered(case: Case) -> Finding | None:
    entry, track, timer = case.entry, case.track, case.entry.timer
    if timer is None or timer.retransmits < 1:
        return None
    here = case.scene.is_here(entry.peer_address)
    listener = case.scene.listener(entry.peer_address, entry.peer_port) if here else None
    waited_ns = max(case.now_ns - track.first_ns, _least_wait_s(timer.retransmits) * NS_PER_S)
    tail = f"{count(timer.retransmits + 1)} SYNs in {'' if track.opened else 'at least '}{duration_ns(waited_ns)}"
    if listener is not None and is_full(listener.entry):
        queued, limit = listener.entry.recv_q, listener.entry.send_q
        sentence = (
            f"{peer_end(entry)} does not answer: {tail}. Its listener's accept queue is full "
            f"({count(queued)} wait, {count(limit)} are allowed)"
        )
        advice, certainty = f"{program(listener.entry)} must call accept().", Certainty.CERTAIN
    else:
        sentence = f"{peer_end(entry)} answers nothing at all: {tail}"
        advice = "The host is down, the address is wrong, or a firewall drops the SYN; a closed port would say RST."
        certainty = Certainty.CERTAIN
    return Finding(
        Severity.PROBLEM,
        certainty,
        f"{sentence}.",
        advice,
        figures(
            ("SYNs sent", timer.retransmits + 1, "segments"),
            ("next in", timer.expires_ms, "ms"),
            ("waited", round(waited_ns / NS_PER_S, 1), "s"),
            ("accept queue of the listener", listener.entry.recv_q if listener is not None else None, "connections"),
            ("its limit", listener.entry.send_q if listener is not None else None, "connections"),
        ),
        case.now_ns - waited_ns,
        track.opened,
        keys_of(listener),
    )


def _least_wait_s(repeats: int) -> int:
    """How long so many repeats of a SYN take at the least: 1 s each at first, then doubling (RFC 6298 section 5.5).
    Since Linux 6.5 the doubling begins after four (net.ipv4.tcp_syn_linear_timeouts), before that at once."""
    linear = min(repeats, SYN_LINEAR)
    return linear + (1 << min(repeats - linear, SYN_DOUBLED_MAX)) - 1


def _open_listener(case: Case) -> Finding | None:
    entry = case.entry
    low, high = case.scene.ephemeral or (0, -1)
    # A UDP socket on a port that the kernel chose is a client's, which waits for its answer.
    if reach(entry) != "everyone" or (entry.netid in DATAGRAM and low <= entry.local_port <= high):
        return None
    what = "listens" if entry.state is SocketState.LISTEN else "receives datagrams"
    return Finding(
        Severity.NOTE,
        Certainty.POSSIBLE,
        f"{program(entry)} {what} on {local_end(entry)}: everyone who reaches this machine reaches it.",
        "Meant for this machine only? Bind it to 127.0.0.1 or ::1. A firewall may stand before it; none was looked at.",
        figures(("bound to", local_end(entry), ""), ("netid", entry.netid, "")),
        case.track.first_ns,
        case.track.opened,
    )


DETECTORS: Final = (
    Detector("accept-queue-full", frozenset((SocketState.LISTEN,)), _accept_queue_full),
    Detector("syn-unanswered", frozenset((SocketState.SYN_SENT,)), _syn_unanswered),
    Detector(
        "open-listener",
        frozenset((SocketState.LISTEN, SocketState.UNCONN)),
        _open_listener,
        TCP | DATAGRAM,
        idle=True,
    ),
)
