"""The sockets of a lesson's actors: which is which, what is left of them, who holds them."""

from __future__ import annotations

import pytest

from engine.lessons.cast import Cast, Rows, address_of
from engine.lessons.lesson import Part
from engine.model.lab import ActorSocket, ActorState
from engine.model.snapshot import RowChange
from engine.model.sockets import SocketEntry
from engine.model.tcp import SocketState
from tests.lessons_rig import (
    ACCEPTED_KEY,
    CLIENT,
    CLIENT_KEY,
    CLIENT_PORT,
    LISTENER_KEY,
    SERVER,
    SERVER_PORT,
    both_ends,
    call,
    member,
    report,
)
from tests.tui.fakes import entry, owner, snapshot


def rows_of(*entries: SocketEntry) -> Rows:
    return Rows(snapshot(entries=list(entries)))


LISTENER = entry(LISTENER_KEY, state=SocketState.LISTEN, local_port=SERVER_PORT, peer_port=0, owners=owner("s", 71))
ACCEPTED = entry(ACCEPTED_KEY, local_port=SERVER_PORT, peer_port=CLIENT_PORT, owners=owner("s", 71))
CONNECTED = entry(CLIENT_KEY, local_port=CLIENT_PORT, peer_port=SERVER_PORT, owners=owner("c", 72))
TIME_WAIT = entry(99, cookie=99, inode=0, state=SocketState.TIME_WAIT, local_port=CLIENT_PORT, peer_port=SERVER_PORT)


@pytest.mark.parametrize(
    ("part", "key"),
    [
        (Part("server"), ACCEPTED_KEY),
        (Part("server", "listener"), LISTENER_KEY),
        (Part("server", "1"), ACCEPTED_KEY),
        (Part("client"), CLIENT_KEY),
    ],
)
def test_a_part_means_one_socket(part: Part, key: int) -> None:
    seen = both_ends().socket(part)
    assert seen is not None
    found = rows_of(LISTENER, ACCEPTED, CONNECTED).of(seen)
    assert found is not None
    assert found.key == key


def test_a_part_that_there_is_not_yet_means_nothing() -> None:
    cast = both_ends()
    assert cast.socket(Part("server", "2")) is None
    assert cast.socket(Part("client", "listener")) is None
    assert cast.socket(Part("nobody")) is None


def test_what_is_left_of_a_closed_connection_is_found_by_its_addresses() -> None:
    cast = both_ends()
    cast.members["client"].learn(report("client-by-hand", 72, ActorSocket(3, 0, CLIENT, ""), sockets=()))
    seen = cast.socket(Part("client"))
    assert seen is not None
    assert rows_of(LISTENER, TIME_WAIT).of(seen) is TIME_WAIT
    assert rows_of(LISTENER).of(seen) is None


def test_a_row_that_has_closed_is_gone() -> None:
    rows = Rows(snapshot(entries=[CONNECTED], changes={CLIENT_KEY: RowChange.CLOSED}))
    assert rows.all == []


def test_connections_that_came_and_went_between_two_looks_are_known_by_the_calls() -> None:
    cast = Cast()
    listener = ActorSocket(3, LISTENER_KEY, SERVER, "")
    accepted = call(1, "accept", f"fd 4 from {CLIENT}")
    cast.members["server"] = member("server", 1, report("echo-server", 71, listener, calls=(accepted,)))
    connected = call(1, "connect", arguments=SERVER)
    done = report("echo-client", 72, ActorSocket(3, 0, CLIENT, ""), sockets=(), calls=(connected,))
    cast.members["client"] = member("client", 2, done, SERVER_PORT)
    server, client = cast.socket(Part("server")), cast.socket(Part("client"))
    assert server is not None
    assert client is not None
    assert (server.local, server.peer) == (SERVER, CLIENT)
    assert (client.local, client.peer) == (CLIENT, SERVER)


def test_an_address_that_only_the_kernel_tells_is_learned_from_its_row() -> None:
    cast = Cast()
    connecting = ActorSocket(3, CLIENT_KEY, "0.0.0.0:0", "")
    cast.members["client"] = member("client", 1, report("client-by-hand", 72, connecting), SERVER_PORT)
    cast.learn_rows(rows_of(CONNECTED))
    cast.learn([(1, report("client-by-hand", 72, connecting))])
    assert cast.ports == [SERVER_PORT, CLIENT_PORT]


def test_the_rows_of_an_actor_are_its_own_those_it_left_and_those_at_its_listener() -> None:
    cast = both_ends()
    rows = rows_of(LISTENER, ACCEPTED, CONNECTED, entry(50, owners=owner("x", 5), peer_port=9))
    assert {entry.key for entry in cast.rows(cast.members["server"], rows)} == {LISTENER_KEY, ACCEPTED_KEY}
    assert [entry.key for entry in cast.rows(cast.members["client"], rows)] == [CLIENT_KEY]
    waits = entry(51, local_port=SERVER_PORT, peer_port=7, inode=0)
    assert waits in cast.rows(cast.members["server"], rows_of(LISTENER, waits))
    left = entry(52, state=SocketState.FIN_WAIT_2, local_port=40_004, peer_port=SERVER_PORT, inode=0)
    assert left in cast.rows(cast.members["client"], rows_of(left))
    channel = entry(53, netid="u_str", family=1, owners=owner("s", 71))
    assert channel not in cast.rows(cast.members["server"], rows_of(channel))


def test_every_socket_has_the_name_of_the_lesson_but_a_client_s_that_goes_nowhere_yet() -> None:
    cast = both_ends()
    cast.members["client"].learn(report("client-by-hand", 72, ActorSocket(9, 90, "0.0.0.0:0", "")))
    assert [str(part) for part, _ in cast.parts] == ["server.listener", "server.1", "client.1"]


def test_processes_have_the_names_of_the_lesson() -> None:
    cast = both_ends()
    cast.members["server"].learn(report("server-by-hand", 71, ActorSocket(3, 1, SERVER, ""), children=(75,)))
    assert [cast.name_of(pid) for pid in (71, 72, 75, 4711)] == ["server", "client", "server.child", "PID 4711"]


def test_what_failed_is_told_in_a_line() -> None:
    cast = both_ends()
    assert cast.troubles == ""
    failed = report("server-by-hand", 71, ActorSocket(3, 1, SERVER, ""), state=ActorState.FAILED, error="no port")
    cast.learn([(1, failed)])
    assert cast.troubles == "server failed: no port"


@pytest.mark.parametrize(
    ("shown", "address"),
    [
        ("127.0.0.1:80", ("127.0.0.1", 80)),
        ("[::1]:80", ("::1", 80)),
        ("[::ffff:127.0.0.1]:80", ("127.0.0.1", 80)),
        ("@name", ("@name", 0)),
        ("", ("", 0)),
    ],
)
def test_addresses_are_taken_apart(shown: str, address: tuple[str, int]) -> None:
    assert address_of(shown) == address
