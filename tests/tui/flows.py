"""Builders of conversations for the tests of the flow screen, and the verdict on one."""

from __future__ import annotations

from typing import Any

import msgspec

from engine.model.flows import FlowEnd, FlowSummary, LadderFold, LadderItem, LadderStep
from engine.model.tcp import SocketState, TcpFlags
from engine.model.verdicts import Certainty, Figure, Severity, Subject, SubjectKind, Verdict
from tests.tui.fakes import ACCEPTED_KEY, NOON_NS

FIN, SYN, RST, PSH, ACK = TcpFlags.FIN, TcpFlags.SYN, TcpFlags.RST, TcpFlags.PSH, TcpFlags.ACK
S = SocketState

MS = 1_000_000


def flow(stream: int = 0, **changes: Any) -> FlowSummary:
    """The flood of the fakes' sockets: the client 53225 to the sink 65432, stalled."""
    made = FlowSummary(
        stream=stream,
        first=FlowEnd("127.0.0.1", 53_225, S.ESTABLISHED, 14, 408_300, 0, 65_536, 23_000, 408_301, 1),
        second=FlowEnd("127.0.0.1", 65_432, S.ESTABLISHED, 12, 0, 0, 0, 0, 1, 408_301),
        opener_seen=True,
        first_frame=1,
        last_frame=400,
        first_ns=NOON_NS,
        last_ns=NOON_NS + 900 * MS,
        syn_ns=NOON_NS,
        established_ns=NOON_NS + 49_000,
        first_data_ns=NOON_NS + 1 * MS,
        irtt_ns=49_000,
        completeness=15,
        findings=2,
    )
    return msgspec.structs.replace(made, **changes)


def step(number: int, ts_ms: float, forward: bool, flags: int, **changes: Any) -> LadderStep:
    """A segment at `ts_ms` after noon."""
    source, destination = ("53225", "65432") if forward else ("65432", "53225")
    names = ", ".join(one.name or "" for one in (FIN, SYN, RST, PSH, ACK) if flags & one)
    made = LadderStep(
        number=number,
        ts_ns=NOON_NS + round(ts_ms * MS),
        stream=0,
        forward=forward,
        flags=int(flags),
        seq=1,
        ack=1 if flags & ACK else None,
        window=65_536,
        length=0,
        first_state=S.ESTABLISHED,
        second_state=S.ESTABLISHED,
        first_moved="first_state" in changes,
        second_moved="second_state" in changes,
        info=f"{source} → {destination} [{names}] Seq=1",
    )
    return msgspec.structs.replace(made, **changes)


def handshake() -> list[LadderItem]:
    return [
        step(1, 0, True, SYN, seq=0, window=65_495, options="MSS=65495 WS=128", first_state=S.SYN_SENT,
             second_state=S.LISTEN),
        step(2, 0.031, False, SYN | ACK, seq=0, window=65_483, options="MSS=65495 WS=128", first_state=S.ESTABLISHED,
             second_state=S.SYN_RECEIVED),
        step(3, 0.049, True, ACK, second_state=S.ESTABLISHED),
    ]  # fmt: skip


def stalled() -> list[LadderItem]:
    """A handshake, data that is folded, a window that closes, a probe."""
    return [
        *handshake(),
        step(4, 1, True, PSH | ACK, length=1024),
        step(5, 1.1, False, ACK, ack=1025),
        LadderFold(6, 380, NOON_NS + 2 * MS, NOON_NS + 20 * MS, 0, 300, 75, 407_276, 0),
        step(381, 21, False, ACK, ack=408_301, window=0, findings=("zero_window",)),
        step(400, 230, True, ACK, seq=408_300, findings=("keep_alive",)),
    ]


def closed_by_first() -> list[LadderItem]:
    """A handshake and a graceful close from the first end."""
    return [
        *handshake(),
        step(4, 2, True, FIN | ACK, seq=1, first_state=S.FIN_WAIT_1, second_state=S.CLOSE_WAIT),
        step(5, 2.1, False, ACK, ack=2, first_state=S.FIN_WAIT_2, second_state=S.CLOSE_WAIT),
        step(6, 3, False, FIN | ACK, seq=1, ack=2, first_state=S.TIME_WAIT, second_state=S.LAST_ACK),
        step(7, 3.1, True, ACK, seq=2, ack=2, first_state=S.TIME_WAIT, second_state=S.CLOSED),
    ]


STALLED = Verdict(
    "receiver-stalled", Severity.PROBLEM, Certainty.CERTAIN,
    Subject(SubjectKind.SOCKET, "sink (41210) 127.0.0.1:65432", ACCEPTED_KEY, 0),
    "sink (41210) does not read: 408,300 B have stood in its Recv-Q for 12.0 s.",
    "See why sink does not call recv().",
    (Figure("Recv-Q", 408_300, "B"), Figure("peer's window", 0, "B")),
    "a busy reader, whose Recv-Q moves", "sink calls recv()", NOON_NS - 12_000_000_000, True,
)  # fmt: skip
