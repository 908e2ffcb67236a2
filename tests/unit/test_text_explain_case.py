"""An explanation on the screen carries the figures of the row it was asked for."""

from __future__ import annotations

from engine.model.packets import PacketRow
from engine.model.sockets import SocketFigures, Timer
from engine.model.tcp import SocketState, TcpFlags
from engine.text.cells import Look
from engine.text.explain.case import of_error, of_packet, of_socket
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
