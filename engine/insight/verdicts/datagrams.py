"""The rule on datagrams that nobody read in time."""

from __future__ import annotations

from typing import Final

from engine.insight.naming import local_end, program
from engine.insight.verdicts.rule import DATAGRAM, NS_PER_S, Case, Detector, Finding, figures
from engine.model.tcp import SocketState
from engine.model.verdicts import Certainty, Severity
from engine.text.units import byte_size, count, duration_ns

DROPS_NS: Final = 10 * NS_PER_S
"""Drops are told while they are no older than this: the kernel's count stands for ever."""


def _udp_overflow(case: Case) -> Finding | None:
    track, last, entry = case.track, case.last, case.entry
    if not track.drops_ns or case.now_ns - track.drops_ns > DROPS_NS or last.drops is None:
        return None
    before, span_ns = track.over(DROPS_NS, case.now_ns)
    dropped = last.drops - (before.drops or 0)
    room = entry.skmem.rcvbuf if entry.skmem is not None else None
    return Finding(
        Severity.PROBLEM,
        Certainty.CERTAIN,
        f"{program(entry)} on {local_end(entry)} lost {count(dropped)} datagrams in {duration_ns(span_ns)}: its "
        f"receive buffer of {byte_size(room)} was full.",
        "The datagrams are gone. Read faster, or have a larger SO_RCVBUF (net.core.rmem_max bounds it).",
        figures(
            ("dropped", dropped, "datagrams"),
            ("dropped in all", last.drops, "datagrams"),
            ("Recv-Q", last.recv_q, "B"),
            ("receive buffer", room, "B"),
            ("on all sockets since the last reading", case.scene.moved.get("UdpRcvbufErrors"), "datagrams"),
        ),
        case.now_ns - span_ns,
    )


DETECTORS: Final = (
    Detector("udp-overflow", frozenset((SocketState.UNCONN, SocketState.ESTABLISHED)), _udp_overflow, DATAGRAM),
)
