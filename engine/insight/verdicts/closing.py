"""Rules on connections that end: who has not closed."""

from __future__ import annotations

from typing import Final

from engine.insight.naming import peer_end, program
from engine.insight.verdicts.flow_control import NOT_ACCEPTED
from engine.insight.verdicts.rule import NS_PER_S, Case, Detector, Finding, figures, keys_of
from engine.model.tcp import SocketState
from engine.model.verdicts import Certainty, Severity
from engine.text.units import byte_size, duration_ms, duration_ns

LEAK_NS: Final = 5 * NS_PER_S
"""A program that sends its last data or cleans up is done with it sooner."""

LEAK_PROBLEM_NS: Final = 60 * NS_PER_S
"""CLOSE-WAIT of a minute: as long as the peer's FIN-WAIT-2 lives without a program (net.ipv4.tcp_fin_timeout)."""


def _state_age_ns(case: Case) -> tuple[int, bool]:
    """How long the state has stood, and whether that is exact.

    It began with a segment of the peer's that carried an ACK, so the last ACK received is no older than the state.
    """
    seen_ns = case.now_ns - case.track.state_ns
    if case.track.state_exact:
        return seen_ns, True
    return max(seen_ns, case.after_reading_ms(case.last.last_ack_recv) or 0), False


def _close_wait_leak(case: Case) -> Finding | None:
    entry, last = case.entry, case.last
    age_ns, exact = _state_age_ns(case)
    if (
        min(case.still_ns(), age_ns) < LEAK_NS
        or last.send_q
        or (not entry.owners and entry.owner_unknown == NOT_ACCEPTED)
    ):
        return None
    unread = f" with {byte_size(last.recv_q)} unread" if last.recv_q else ""
    at_least = "" if exact else "at least "
    return Finding(
        Severity.PROBLEM if age_ns >= LEAK_PROBLEM_NS else Severity.WARNING,
        Certainty.LIKELY,
        f"{program(entry)} has not closed its connection with {peer_end(entry)}{unread}: the peer closed "
        f"{at_least}{duration_ns(age_ns)} ago, the socket is in CLOSE-WAIT.",
        "The program must call close() when recv() returns b''; until then the descriptor is lost. Nothing else frees "
        "it but the program's end.",
        figures(
            ("in CLOSE-WAIT for", round(age_ns / NS_PER_S, 1), "s"),
            ("PID", entry.owners[0].pid if entry.owners else None, ""),
            ("descriptor", entry.owners[0].fd if entry.owners else None, ""),
            ("Recv-Q", last.recv_q, "B"),
        ),
        case.now_ns - age_ns,
        exact,
        keys_of(case.peer),
    )


def _fin_wait_2(case: Case) -> Finding | None:
    entry, peer, timer = case.entry, case.peer, case.entry.timer
    age_ns, exact = _state_age_ns(case)
    if age_ns < LEAK_NS or (entry.inode and case.still_ns() < LEAK_NS):
        return None
    theirs = program(peer.entry) if peer is not None else peer_end(entry)
    own = f"{program(entry)} has shut down its side" if entry.inode else "This side is closed"
    ends = (
        f" The kernel forgets it in {duration_ms(timer.expires_ms)}." if timer is not None and not entry.inode else ""
    )
    return Finding(
        Severity.NOTE,
        Certainty.CERTAIN,
        f"{own} and {theirs} has not closed for {duration_ns(age_ns)}: FIN-WAIT-2 waits for their FIN.{ends}",
        "What is left to do is the peer's. After a half-close that is meant to be so: the answer still comes.",
        figures(
            ("in FIN-WAIT-2 for", round(age_ns / NS_PER_S, 1), "s"),
            ("peer's state", peer.entry.state.value if peer is not None else None, ""),
            ("peer's PID", peer.entry.owners[0].pid if peer is not None and peer.entry.owners else None, ""),
            ("forgotten in", timer.expires_ms if timer is not None and not entry.inode else None, "ms"),
        ),
        case.now_ns - age_ns,
        exact,
        keys_of(peer),
    )


DETECTORS: Final = (
    Detector("close-wait-leak", frozenset((SocketState.CLOSE_WAIT,)), _close_wait_leak),
    Detector("fin-wait-2", frozenset((SocketState.FIN_WAIT_2,)), _fin_wait_2),
)
