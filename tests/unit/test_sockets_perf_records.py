"""Records of the perf ring, and what they tell of connections."""

from __future__ import annotations

import socket
import struct
from typing import Any

import pytest

from engine.model.errors import MalformedMessage
from engine.model.sockets import Owner
from engine.sockets.perf_records import (
    FORMAT,
    Forked,
    Lost,
    Named,
    Record,
    StateChange,
    matches_format,
    records,
)
from engine.sockets.traced import UNKNOWN_FD, Traced

CLIENT = ("127.0.0.1", 53225)
SERVER = ("127.0.0.1", 65432)


def framed(kind: int, body: bytes) -> bytes:
    return struct.pack("=IHH", kind, 0, 8 + len(body)) + body


def sample(
    pid: int = 41233,
    sock: int = 0xFFFF_8880_0000_1000,
    old: int = 7,
    new: int = 2,
    local: tuple[str, int] = CLIENT,
    peer: tuple[str, int] = SERVER,
    time_ns: int = 5,
) -> bytes:
    family = socket.AF_INET6 if ":" in local[0] else socket.AF_INET
    packed = [socket.inet_pton(family, address).ljust(16, b"\0") for address, _ in (local, peer)]
    four = [raw[:4] if family == socket.AF_INET else bytes(4) for raw in packed]
    raw = struct.pack("=8xQiiHHH2x", sock, old, new, local[1], peer[1], family) + b"".join(four + packed) + bytes(4)
    return framed(9, struct.pack("=IIQI", pid, pid, time_ns, len(raw)) + raw)


def change(**given: Any) -> StateChange:
    (found,) = records(sample(**given))
    assert isinstance(found, StateChange)
    return found


def format_text(fields: dict[str, tuple[int, int]]) -> str:
    lines = ["name: inet_sock_set_state", "format:"]
    lines += [f"\tfield:__u8 {name}[4];\toffset:{offset};\tsize:{size};" for name, (offset, size) in fields.items()]
    return "\n".join(lines)


def test_a_state_change_names_process_socket_and_ends() -> None:
    assert change(time_ns=9) == StateChange(9, 41233, 0xFFFF_8880_0000_1000, 7, 2, CLIENT, SERVER)


def test_ipv6_ends_are_read_from_their_own_fields() -> None:
    found = change(local=("::1", 1), peer=("::ffff:127.0.0.1", 2))
    assert (found.local, found.peer) == (("::1", 1), ("::ffff:127.0.0.1", 2))


def test_names_forks_and_losses_are_read() -> None:
    data = (
        framed(3, struct.pack("=II", 7, 7) + b"\x1bfl\0\0\0\0\0")
        + framed(7, struct.pack("=IIIIQ", 8, 7, 8, 7, 0))
        + framed(2, struct.pack("=QQ", 1, 33))
        + framed(99, b"unknown!")
    )
    assert list(records(data)) == [Named(7, "\\x1bfl"), Forked(8, 7), Lost(33)]


def test_pieces_cut_anywhere_are_whole_records_and_then_malformed() -> None:
    whole = sample() + sample(new=1, old=2)
    for cut in range(1, len(whole)):
        found: list[Record] = []
        if cut % (len(whole) // 2):
            with pytest.raises(MalformedMessage):
                found.extend(records(whole[:cut]))
        assert len(found) <= 1


@pytest.mark.parametrize("size", [0, 7, 0xFFFF])
def test_a_length_that_cannot_be_is_malformed(size: int) -> None:
    with pytest.raises(MalformedMessage):
        list(records(struct.pack("=IHH", 9, 0, size)))


def test_the_kernels_format_is_compared_field_by_field() -> None:
    assert matches_format(format_text(FORMAT))
    assert not matches_format(format_text(FORMAT | {"newstate": (24, 4)}))
    assert not matches_format(format_text({name: place for name, place in FORMAT.items() if name != "daddr"}))
    assert not matches_format("nonsense; ; ;\nfield:")


def traced(*taken: Record, look_up: Owner | None = None) -> Traced:
    made = Traced(lambda pid: look_up)
    made.take(taken)
    return made


def pids(made: Traced, local: tuple[str, int] = CLIENT, peer: tuple[str, int] = SERVER) -> list[int]:
    return [owner.pid for owner in made.owners(local, peer)]


def test_an_opener_is_remembered_until_its_port_is_known() -> None:
    made = traced(
        change(pid=5, local=("127.0.0.1", 0), time_ns=1),
        change(pid=99, old=2, new=1, time_ns=2),  # the answer arrived while another program ran
    )
    assert pids(made) == [5]


def test_a_refused_connect_is_its_openers() -> None:
    made = traced(change(pid=5, local=("127.0.0.1", 0), time_ns=1), change(pid=0, old=2, new=7, time_ns=2))
    assert pids(made) == [5]


def test_rings_of_several_processors_are_put_in_order() -> None:
    made = traced(change(pid=0, old=2, new=1, time_ns=2), change(pid=5, local=("127.0.0.1", 0), time_ns=1))
    assert pids(made) == [5]


def test_an_end_that_was_read_before_its_beginning_finds_it() -> None:
    made = traced(change(pid=0, old=2, new=1, time_ns=2))
    made.take([change(pid=5, local=("127.0.0.1", 0), time_ns=1)])
    assert pids(made) == [5]


def test_a_socket_used_again_does_not_take_an_earlier_end() -> None:
    made = traced(change(pid=0, old=2, new=1, time_ns=2))
    made.take([change(pid=5, local=("127.0.0.1", 0), time_ns=3)])
    assert pids(made) == []


@pytest.mark.parametrize(("old", "new"), [(1, 4), (8, 9)])
def test_who_closes_a_connection_held_it(old: int, new: int) -> None:
    made = traced(change(pid=6, old=old, new=new, local=SERVER, peer=CLIENT))
    assert pids(made, SERVER, CLIENT) == [6]


def test_opener_and_closer_are_both_told() -> None:
    made = traced(
        change(pid=5, local=("127.0.0.1", 0), time_ns=1),
        change(pid=5, old=2, new=1, time_ns=2),
        change(pid=6, old=1, new=4, time_ns=3),
    )
    assert pids(made) == [5, 6]


def test_what_the_network_changes_tells_nothing() -> None:
    assert pids(traced(change(pid=6, old=1, new=8), change(pid=0, old=1, new=4))) == []


def test_a_mapped_connection_is_found_by_its_address_on_the_wire() -> None:
    made = traced(change(pid=6, old=1, new=4, local=("::ffff:127.0.0.1", 53225), peer=("::ffff:127.0.0.1", 65432)))
    assert pids(made) == [6]


def test_names_come_from_records_and_from_the_living() -> None:
    living = Owner(5, UNKNOWN_FD, "python3", 77, "python3 flood.py")
    assert traced(change(pid=5, old=1, new=4), look_up=living).owners(CLIENT, SERVER) == (living,)
    ended = traced(Named(5, "flood"), Forked(6, 5), change(pid=6, old=1, new=4))
    assert [owner.name for owner in ended.owners(CLIENT, SERVER)] == ["flood"]
    assert [owner.name for owner in traced(change(pid=7, old=1, new=4)).owners(CLIENT, SERVER)] == [""]


def test_a_process_in_another_namespace_holds_none_of_our_connections() -> None:
    """Its connections may have the very ends of ours."""
    made = Traced(lambda pid: None, lambda pid: pid == 7)
    opening = change(pid=7, local=("127.0.0.1", 0), time_ns=1), change(pid=0, old=2, new=1, time_ns=2)
    made.take([*opening, Named(7, "nginx"), Forked(8, 7), change(pid=8, old=1, new=4, time_ns=3)])
    assert pids(made) == []
    made.take([Forked(8, 5), change(pid=8, old=1, new=4, time_ns=4)])  # the PID was given to another process
    assert pids(made) == [8]
