"""What an expectation turns into: passed, failed when its time is over, held for a while, or not checkable and why."""

from __future__ import annotations

import errno
from typing import Any

import msgspec
import pytest

from engine.lessons.cast import Cast, Rows
from engine.lessons.judging import Judge
from engine.lessons.readers import Facts
from engine.lessons.results import Mark, Sight
from engine.lessons.wire import Wire
from engine.model.flows import FlowEnd, FlowSummary, LadderStep, StreamPiece
from engine.model.lab import ActorState, Call, OptionReading
from engine.model.sockets import SkMem, SocketEntry, Timer
from engine.model.tcp import SocketState, TcpFlags
from engine.model.verdicts import Certainty, Severity, Subject, SubjectKind, Verdict
from tests.lessons_rig import (
    ACCEPTED_KEY,
    CLIENT_KEY,
    CLIENT_PORT,
    LISTENER_KEY,
    SERVER_PORT,
    both_ends,
    call,
    row,
    step,
)
from tests.tui.fake_monitor import FakeMonitor
from tests.tui.fakes import NOON_NS, entry, owner, snapshot, tcp_info

ENTRIES = [
    entry(LISTENER_KEY, state=SocketState.LISTEN, recv_q=1, send_q=128, local_port=SERVER_PORT, peer_port=0,
          owners=owner("s", 71)),
    entry(ACCEPTED_KEY, recv_q=5, local_port=SERVER_PORT, peer_port=CLIENT_PORT, owners=owner("s", 71),
          skmem=SkMem(0, 131_072, 0, 0, 0, 0, 0, 0, 7)),
    entry(CLIENT_KEY, send_q=0, local_port=CLIENT_PORT, peer_port=SERVER_PORT, owners=owner("c", 72),
          tcp_info=tcp_info(probes=2), timer=Timer("persist", 200, 1)),
]  # fmt: skip


def cast_with(**changes: Any) -> Cast:
    """Both ends, the client's report changed."""
    cast = both_ends()
    client = cast.members["client"]
    client.learn(msgspec.structs.replace(client.report, **changes))
    return cast


def judged(
    *lines: str,
    cast: Cast | None = None,
    entries: list[SocketEntry] | None = None,
    monitor: FakeMonitor | None = None,
    wire: bool = True,
    at_s: tuple[float, ...] = (0.0,),
) -> list[Sight]:
    """The expectations after looks at these moments."""
    cast = cast or both_ends()
    monitor = monitor or FakeMonitor(packets=[row(1, TcpFlags.SYN)])
    rows = Rows(snapshot(entries=ENTRIES if entries is None else entries))
    judge = Judge(step(*lines), cast, 0, "" if wire else "packets need a right")
    seen_wire = Wire(monitor, 0) if wire else None
    sights: list[Sight] = []
    for now_s in at_s:
        if seen_wire is not None:
            seen_wire.fetch([SERVER_PORT])
        sights = judge.judge(Facts(cast, rows, {"TcpExtListenDrops": 3}), seen_wire, monitor, now_s)
    return sights


@pytest.mark.parametrize(
    "line",
    [
        "state server == ESTABLISHED",
        "state server.listener == LISTEN",
        "recvq server == 5",
        "recvq server.listener == 1",
        "sendq server.listener == 128",
        "timer client == persist",
        "timer server.1 == -",
        "owner client == client",
        "owners server == 1",
        "info client probes == 2",
        "memory server.1 drops == 7",
        "sockets server == 2",
        "sockets server LISTEN == 1",
        "local server.1 == local server.listener",
        "peer server.1 == local client",
        "counter TcpExtListenDrops == 3",
        "actor client == running",
        "pid client == 72",
        'local client contains "127.0.0.1"',
        "packet [SYN] from client",
        "packets [SYN] from client == 1",
    ],
)
def test_facts_are_read_off_kernel_program_and_wire(line: str) -> None:
    assert judged(line)[0].mark is Mark.PASSED


@pytest.mark.parametrize(
    "line",
    [
        "call client recv == \"b'Hi'\"",
        "asked client recv == 1024",
        "calls client recv == 2",
        "took client recv >= 0.2s",
        "errno client == EAGAIN",
        'error client contains "BlockingIOError"',
        "waits client == recv",
        'reply client == "Hi"',
        'note client contains "second"',
        "option client SO_RCVBUF == 131072",
        "children client == 1",
        "received client == 2",
    ],
)
def test_facts_are_read_off_a_report(line: str) -> None:
    cast = cast_with(
        calls=(
            call(1, "send", "BlockingIOError EAGAIN (11)", errno=errno.EAGAIN, raised=True),
            call(2, "recv", "b'Ho'"),
            call(3, "recv", "b'Hi'", arguments="1024", duration_ns=250_000_000),
        ),
        waiting=(Call(0, 0, "recv", "1024", ""),),
        reply="Hi",
        notes=("first", "the second"),
        options=(OptionReading("SO_RCVBUF", "65536", "131072"),),
        children=(75,),
        received=2,
    )
    assert judged(line, cast=cast)[0].mark is Mark.PASSED


def test_a_socket_without_a_row_is_closed_and_one_that_never_was_is_unknown() -> None:
    closed, unknown = judged("state client == CLOSED", "state server.2 == CLOSED", entries=[])
    assert (closed.mark, closed.seen) == (Mark.PASSED, "CLOSED")
    assert (unknown.mark, unknown.seen) == (Mark.WAITING, "-")


def test_what_does_not_hold_waits_and_fails_when_its_time_is_over() -> None:
    line = "recvq server == 7 within 2s"
    assert judged(line, at_s=(0, 1.9))[0].mark is Mark.WAITING
    failed = judged(line, at_s=(0, 2.0))[0]
    assert (failed.mark, failed.seen, failed.waited_s) == (Mark.FAILED, "5", 2.0)


def test_what_is_to_hold_for_a_while_is_watched_for_so_long() -> None:
    line = "recvq server == 5 for 0.5s"
    assert judged(line, at_s=(0, 0.4))[0].mark is Mark.WAITING
    assert judged(line, at_s=(0, 0.5))[0].mark is Mark.PASSED


def test_what_is_not_to_come_fails_at_once_when_it_does_and_passes_late() -> None:
    assert judged("no packet [SYN] for 0.3s")[0].mark is Mark.FAILED
    assert judged("no packet [FIN] for 0.3s", at_s=(0, 0.35))[0].mark is Mark.WAITING
    assert judged("no packet [FIN] for 0.3s", at_s=(0, 0.41))[0].mark is Mark.PASSED


def test_as_long_as_frames_were_not_looked_at_nothing_is_missing() -> None:
    wire = Wire(FakeMonitor(), 0)
    wire.behind = True
    judge = Judge(step("packet [FIN]", "no packet [FIN] for 0.1s", "recvq server == 7"), both_ends(), 0, "")
    facts = Facts(both_ends(), Rows(snapshot(entries=ENTRIES)), {})
    judge.judge(facts, wire, FakeMonitor(), 0.0)
    sights = judge.judge(facts, wire, FakeMonitor(), 20.0)
    assert [sight.mark for sight in sights] == [Mark.WAITING, Mark.WAITING, Mark.FAILED]
    wire.behind = False
    sights = judge.judge(facts, wire, FakeMonitor(), 20.1)
    assert [sight.mark for sight in sights] == [Mark.FAILED, Mark.PASSED, Mark.FAILED]


def test_a_packet_that_was_seen_is_told_with_its_frame() -> None:
    sight = judged("packet [SYN] from client")[0]
    assert sight.frame == 1
    assert sight.seen.startswith("frame 1: 53225 → 65432")
    missing = judged("packet [RST] from client")[0]
    assert missing.seen.startswith("none; the last frame was 1")


def test_without_a_wire_packets_cannot_be_checked_and_the_rest_can() -> None:
    sights = judged("packet [SYN]", "passed client SYN-SENT", "bytes client == 00", "recvq server == 5", wire=False)
    assert [sight.mark for sight in sights] == [Mark.UNCHECKED] * 3 + [Mark.PASSED]
    assert sights[0].why == "packets need a right"


def test_what_an_actor_may_not_do_cannot_be_checked() -> None:
    cast = cast_with(state=ActorState.FAILED, errno=errno.EPERM, error="open an ICMP socket: not permitted")
    own, other = judged("messages client == 3", "recvq server == 6", cast=cast)
    assert (own.mark, own.why) == (Mark.UNCHECKED, "client: open an ICMP socket: not permitted")
    assert other.mark is Mark.WAITING
    assert judged("recvq server == 6", cast=cast, at_s=(0, 1.1))[0].mark is Mark.UNCHECKED
    assert judged("errno client == EPERM", cast=cast)[0].mark is Mark.PASSED


def test_bytes_are_those_of_the_newest_packet() -> None:
    monitor = FakeMonitor(packets=[row(4, TcpFlags.PSH | TcpFlags.ACK, payload_length=2)])
    monitor.all_pieces = [StreamPiece(2, NOON_NS, True, b"no"), StreamPiece(4, NOON_NS, True, b"\x12\x34")]
    assert judged('bytes client == "12 34"', monitor=monitor)[0].mark is Mark.PASSED
    assert judged('bytes client == "34 12"', monitor=monitor)[0].seen == "12 34"


def test_bytes_of_a_datagram_are_the_end_of_its_frame() -> None:
    datagram = row(1, TcpFlags(0), protocol="UDP", stream=-1, payload_length=2)
    assert judged('bytes client == "00 00"', monitor=FakeMonitor(packets=[datagram]))[0].mark is Mark.PASSED


def test_a_verdict_is_one_of_those_that_sockmon_finds() -> None:
    monitor = FakeMonitor()
    lines = ("verdict client == zero-window", "verdict client != reset", "verdict server.2 == zero-window")
    assert judged(*lines, monitor=monitor)[0].seen == "no-finding"
    about = Subject(SubjectKind.SOCKET, "client", CLIENT_KEY)
    monitor.all_verdicts = [
        Verdict(rule, Severity.PROBLEM, Certainty.CERTAIN, about, "", "") for rule in ("app-limited", "zero-window")
    ]
    sights = judged(*lines, monitor=monitor)
    assert [sight.mark for sight in sights] == [Mark.PASSED, Mark.PASSED, Mark.WAITING]
    assert sights[0].seen == "app-limited, zero-window"


def test_states_that_were_passed_are_told_by_the_segments() -> None:
    monitor = FakeMonitor(packets=[row(1, TcpFlags.SYN)])
    ends = FlowEnd("127.0.0.1", CLIENT_PORT), FlowEnd("127.0.0.1", SERVER_PORT)
    monitor.all_flows = [FlowSummary(0, *ends, True, 1, 3, NOON_NS, NOON_NS)]
    sent, received, stands = SocketState.SYN_SENT, SocketState.SYN_RECEIVED, SocketState.ESTABLISHED
    monitor.all_items = [
        LadderStep(number, NOON_NS, 0, True, 2, 0, 0, 0, 0, first, second)
        for number, (first, second) in enumerate([(sent, SocketState.LISTEN), (sent, received), (stands, stands)])
    ]
    lines = ("passed client SYN-SENT ESTABLISHED", "passed server SYN-RECEIVED ESTABLISHED", "passed client LISTEN")
    sights = judged(*lines, monitor=monitor)
    assert [sight.mark for sight in sights] == [Mark.PASSED, Mark.PASSED, Mark.WAITING]
    assert sights[1].seen == "LISTEN → SYN-RECEIVED → ESTABLISHED"
