"""The packets of a lesson: those of one step are found in order, counts and absences on their own."""

from __future__ import annotations

import pytest

from engine.lessons.expectations import read_expectation
from engine.lessons.lesson import PacketSought, Spot
from engine.lessons.wire import Wire
from engine.model.tcp import TcpFlags
from tests.lessons_rig import ACTORS, CLIENT_PORT, SERVER_PORT, both_ends, row
from tests.tui.fake_monitor import FakeMonitor
from tests.tui.fakes import NOON_NS, packet

SYN, ACK, FIN, PSH = TcpFlags.SYN, TcpFlags.ACK, TcpFlags.FIN, TcpFlags.PSH

TALK = [
    row(1, SYN),
    row(2, SYN | ACK, client=False),
    row(3, ACK),
    row(4, PSH | ACK, payload_length=5, findings=("retransmission",), window=0),
    row(5, ACK, client=False),
    packet(6, protocol="ICMP", stream=-1, flags=0, sport=0, dport=0, info="Destination unreachable (Port unreachable)"),
    packet(7, protocol="UDP", stream=-1, flags=0, sport=CLIENT_PORT, dport=SERVER_PORT, payload_length=12),
]


def wire() -> Wire:
    made = Wire(FakeMonitor(packets=TALK), 0)
    made.fetch([SERVER_PORT])
    return made


def found(*lines: str, since_ns: int = 0) -> list[list[int]]:
    """The frame numbers found for each of these expectations."""
    sought = [read_expectation(line, Spot(), ACTORS).what for line in lines]
    packets = [one for one in sought if isinstance(one, PacketSought)]
    return [[row.number for row in rows] for rows in wire().search(packets, both_ends(), since_ns)]


@pytest.mark.parametrize(
    ("line", "frames"),
    [
        ("packet [SYN] from client", [1]),
        ("packet [SYN, ACK] from server to client", [2]),
        ("packet [SYN] from server", []),
        ("packet [PSH, ACK] from client len == 5", [4]),
        ("packet from client len > 5", [7]),
        ("packet from client win == 0", [4]),
        ("packet udp to server", [7]),
        ('packet icmp "port UNREACHABLE"', [6]),
        ("packets tcp from client >= 1", [1, 3, 4]),
        ("packets [ACK] >= 1", [3, 5]),
        ("no packet [FIN] for 1s", []),
        ("finding retransmission", [4]),
        ("finding zero_window", []),
        ("packet tcp", [1]),
    ],
)
def test_a_packet_is_found_by_what_it_is(line: str, frames: list[int]) -> None:
    assert found(line) == [frames]


def test_single_packets_of_a_step_are_found_in_the_order_in_which_they_are_written() -> None:
    assert found("packet [SYN]", "packet [SYN, ACK]", "packet [ACK]", "packet [ACK]") == [[1], [2], [3], [5]]
    assert found("packet [ACK]", "packet [SYN]") == [[3], []]
    assert found("packet [ACK]", "packet [SYN] ever", "packets [SYN] >= 1") == [[3], [1], [1]]


def test_what_came_before_the_step_is_not_of_it() -> None:
    since_ns = NOON_NS + 3 * 31_000
    assert found("packet [SYN]", "packet [ACK]", "packet [SYN] ever", since_ns=since_ns) == [[], [3], [1]]


def test_packets_are_fetched_once_and_by_port() -> None:
    monitor = FakeMonitor(packets=TALK[:3])
    made = Wire(monitor, 0)
    made.fetch([SERVER_PORT, CLIENT_PORT])
    monitor.all_packets = TALK
    made.fetch([SERVER_PORT])
    assert [row.number for row in made.rows] == [1, 2, 3, 4, 5, 6, 7]
    assert monitor.told("new_packets")[0] == (
        0,
        1_000,
        f"icmp or icmpv6 or port == {SERVER_PORT} or port == {CLIENT_PORT}",
        False,
    )


def test_the_last_payload_is_the_newest_packet_with_bytes() -> None:
    newest = wire().last_payload("client", both_ends(), 0)
    assert newest is not None
    assert newest.number == 7
    assert wire().last_payload("server", both_ends(), 0) is None


def test_a_stranger_s_packet_from_the_same_port_is_not_the_actor_s() -> None:
    made = wire()
    made.rows = [row(1, SYN, dport=9), row(2, SYN, source="127.0.0.2"), row(3, SYN)]
    sought = read_expectation("packet [SYN] from client", Spot(), ACTORS).what
    assert isinstance(sought, PacketSought)
    assert [[row.number for row in rows] for rows in made.search([sought], both_ends(), 0)] == [[3]]


def test_the_conversations_of_a_lesson_are_those_of_its_actors() -> None:
    made = wire()
    made.rows = [row(1, SYN, dport=9, stream=4), row(2, SYN, stream=7), row(3, ACK, client=False, stream=7)]
    assert made.conversations(both_ends()) == {7: ("127.0.0.1", CLIENT_PORT, "127.0.0.1", SERVER_PORT)}
