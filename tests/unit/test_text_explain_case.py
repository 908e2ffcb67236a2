"""An explanation on the screen carries the figures of the row it was asked for."""

from __future__ import annotations

from engine.model.flows import LadderStep
from engine.model.lab import Call
from engine.model.packets import PacketRow
from engine.model.sockets import SocketFigures, Timer
from engine.model.tcp import SocketState, TcpFlags
from engine.model.verdicts import Certainty, Severity, Subject, SubjectKind, Verdict
from engine.text.cells import Look
from engine.text.explain.case import explain_case, of_call, of_error, of_packet, of_socket, of_step, of_verdict
from tests.unit.socket_entries import entry, listener, owner, tcp_info

LOOK = Look(now_ns=13_000_000_000, figures={1: SocketFigures(600_000_000)})


def test_a_state_says_who_holds_the_socket_what_waits_and_for_how_long() -> None:
    row = entry(state=SocketState.CLOSE_WAIT, recv_q=408_300, owners=(owner(),), timer=Timer("keepalive", 7_000_000, 0))
    [case] = of_socket(row, "state", LOOK)
    assert case.explanation.name == "CLOSE-WAIT"
    assert case.here == (
        "Here 127.0.0.1:65432 with 127.0.0.1:53225: held by sink 41210; Recv-Q 408,300 B, Send-Q 0 B; "
        "timer keepalive 1 h 56 min; seen for 12.4 s."
    )


def test_a_listener_says_how_full_its_accept_queue_is() -> None:
    column, state = of_socket(listener(owner_unknown="other user", local_address="*"), "recv_q", Look())
    assert column.here == "Here 3 of 128 places of the accept queue are taken."
    assert state.here == (
        "Here *:65432: no process is known (other user); 3 of 128 places of the accept queue are taken; "
        "reachable by everyone."
    )


def test_a_column_has_its_value() -> None:
    case, _ = of_socket(entry(tcp_info=tcp_info(rtt=23)), "rtt", Look())
    assert case.here == "Here RTT ms is 0.023."
    case, _ = of_socket(entry(), "rtt", Look())
    assert case.here == "Here RTT ms is -."


def test_a_packet_has_its_findings_before_its_flags() -> None:
    row = PacketRow(
        41, 0, "127.0.0.1", "127.0.0.1", "TCP", 66, "", 7, int(TcpFlags.ACK | TcpFlags.PSH), ("retransmission",),
        53225, 65432, 1448, True, 1, 1, 65_536,
    )  # fmt: skip
    cases = of_packet(row)
    assert [case.explanation.name for case in cases] == ["retransmission", "PSH", "ACK"]
    assert cases[0].here == (
        "Here frame 41: 53225 → 65432, Seq 1, Ack 1, Win 65,536, Len 1,448. "
        "The capture lost packets before it, so this is uncertain."
    )


def test_an_error_says_where_it_came_from() -> None:
    [case] = of_error("ECONNREFUSED", "connect() to 127.0.0.1:1")
    assert (case.explanation.name, case.here) == ("ECONNREFUSED", "connect() to 127.0.0.1:1")
    assert of_error("nothing") == ()


STALLED = Verdict(
    "receiver-stalled", Severity.PROBLEM, Certainty.CERTAIN, Subject(SubjectKind.SOCKET, "sink (41210)", 2),
    "sink (41210) has not read for 12.0 s: Recv-Q stands at 399 KiB.", "It must call recv().",
)  # fmt: skip

STEP = LadderStep(
    41, 0, 7, True, int(TcpFlags.ACK | TcpFlags.FIN), 500, 1, 65_536, 0, SocketState.FIN_WAIT_1, SocketState.CLOSE_WAIT,
    ("retransmission",), True,
)  # fmt: skip


def test_a_verdict_says_its_own_sentence() -> None:
    [case] = of_verdict(STALLED)
    assert case.explanation.name == "receiver-stalled"
    assert case.here == f"Here: {STALLED.sentence}"


def test_a_segment_of_the_ladder_has_findings_flags_and_the_states_that_it_left() -> None:
    cases = of_step(STEP)
    assert [case.explanation.name for case in cases] == ["retransmission", "FIN", "ACK", "FIN-WAIT-1", "CLOSE-WAIT"]
    assert cases[0].here == (
        "Here frame 41 of the opener: Seq 500, Ack 1, Win 65,536, Len 0. The capture lost packets before it, so this "
        "is uncertain."
    )
    assert cases[-1].here == "Here frame 41 left the opener in FIN-WAIT-1 and the other end in CLOSE-WAIT."


def test_a_call_has_its_error_first() -> None:
    refused = Call(
        1, 0, "connect", "127.0.0.1:9", "ConnectionRefusedError ECONNREFUSED (111)", 111, 41_000, raised=True
    )
    cases = of_call(refused)
    assert [case.explanation.name for case in cases] == ["ECONNREFUSED", "connect"]
    assert cases[0].here == (
        "Here connect(127.0.0.1:9) raised ConnectionRefusedError ECONNREFUSED (111) after 41.0 µs."
    )
    [waiting] = of_call(Call(1, 0, "recv", "1024", ""))
    assert waiting.here == "Here recv(1024) has not returned."


def test_a_term_is_explained_with_the_figures_of_what_it_was_asked_of() -> None:
    row = entry(state=SocketState.CLOSE_WAIT, recv_q=408_300, owners=(owner(),))
    assert explain_case("Recv-Q", row)[0].here == "Here Recv-Q is 408,300."
    assert "held by sink 41210" in explain_case("CLOSE-WAIT", row)[0].here
    assert explain_case("FIN", STEP)[0].here.startswith("Here frame 41")
    assert explain_case("receiver-stalled", STALLED)[0].here == f"Here: {STALLED.sentence}"
    [elsewhere] = explain_case("ECONNREFUSED", row)
    assert elsewhere.here == ""
    assert explain_case("half-open")[0].here == ""
    assert explain_case("no such word", row) == ()
