"""engine.process.judging: the judge behind a lock, and what the capture is asked for it."""

from __future__ import annotations

import msgspec

from engine.model.errors import EngineError
from engine.model.flows import FlowEnd, FlowSummary, LadderGap, LadderItem, LadderStep
from engine.model.health import Role, Trust, WorkerState
from engine.model.messages import FlowsAnswer, LadderAnswer
from engine.model.packets import CaptureStatus
from engine.model.snapshot import Snapshot
from engine.model.sockets import Timer
from engine.model.tcp import SocketState, TcpFlags
from engine.process.judging import WIRE_STEPS, Judging
from tests.unit.socket_entries import entry

NOON_NS = 1_763_726_671_000_000_000
STATUS = CaptureStatus(True, "lo", "ring", "", Trust())
FLOW = FlowSummary(4, FlowEnd("127.0.0.1", 65432), FlowEnd("127.0.0.1", 53225), True, 1, 2, 0, 0)
REFUSED: list[LadderItem] = [
    LadderStep(1, NOON_NS, 4, True, int(TcpFlags.SYN), 0, None, 9, 0, SocketState.SYN_SENT, SocketState.CLOSED),
    LadderGap(2, NOON_NS, 0),
    LadderStep(3, NOON_NS, 4, False, int(TcpFlags.RST), 0, 1, 0, 0, SocketState.CLOSED, SocketState.CLOSED),
]


class Capture:
    """Knows one conversation, or has ended."""

    def __init__(self, alive: bool = True) -> None:
        self.alive = alive
        self.asked: list[tuple[object, ...]] = []

    def find_flow(self, address: str, port: int, peer_address: str, peer_port: int) -> FlowsAnswer:
        self.asked.append((address, port, peer_address, peer_port))
        if not self.alive:
            raise EngineError("the capture worker is not running")
        return FlowsAnswer(0, 1, [FLOW], STATUS)

    def ladder(
        self, streams: tuple[int, ...], first: int, count: int, unfolded: tuple[int, ...] = (), folded: bool = True
    ) -> LadderAnswer:
        self.asked.append((streams, first, count, folded))
        return LadderAnswer(0, 3, list(REFUSED), [FLOW], STATUS)


def connected() -> Snapshot:
    return Snapshot(NOON_NS, [entry(timer=Timer("keepalive", 900, 3))])


def test_a_snapshot_comes_back_with_what_holds() -> None:
    judged = Judging(Capture()).judged(connected(), whole=True)
    assert [one.rule for one in judged.verdicts] == ["keepalive-failing"]


def test_of_rows_that_stand_still_nothing_is_said() -> None:
    dead = msgspec.structs.replace(connected(), workers=(WorkerState(Role.SOCKETS, 7, alive=False),))
    assert Judging(Capture()).judged(dead, whole=True).verdicts == ()


def test_the_capture_is_asked_for_the_last_segments_of_the_sockets_conversation() -> None:
    capture = Capture()
    judging = Judging(capture)
    judging.judged(connected(), whole=True)
    said = judging.about(1, -1, captured=True)
    assert capture.asked == [("127.0.0.1", 65432, "127.0.0.1", 53225), ((4,), -1, WIRE_STEPS, False)]
    assert [one.rule for one in said] == ["keepalive-failing", "refused"]


def test_a_stream_is_asked_for_without_a_socket() -> None:
    capture = Capture()
    assert [one.rule for one in Judging(capture).about(0, 4, captured=True)] == ["refused"]
    assert capture.asked == [((4,), -1, WIRE_STEPS, False)]


def test_without_a_capture_the_sockets_alone_speak() -> None:
    for capture, captured in ((Capture(), False), (Capture(alive=False), True)):
        judging = Judging(capture)
        judging.judged(connected(), whole=True)
        assert [one.rule for one in judging.about(1, -1, captured)] == ["keepalive-failing"]
