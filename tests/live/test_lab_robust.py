"""What goes wrong with actors in processes of their own: a clear event each, and nothing left: descriptors, tasks."""

from __future__ import annotations

import os
import socket
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

import pytest

from engine.lab.catalogue import KINDS
from engine.lab.kinds.kind import Group
from engine.lab.knobs import set_knobs
from engine.model.errors import LabError
from engine.model.lab import ActorReport, ActorSpec, ActorState
from engine.model.snapshot import ActorView
from engine.monitor import Monitor
from engine.process.roles import ACTOR_NICENESS
from tests.lab_rig import LIMIT_S, open_descriptors, until

pytestmark = pytest.mark.linux

HOST = "127.0.0.1"
MEGABYTE = 1024 * 1024
FRAMINGS = ("fixed", "delimiter", "length-prefix", "ascii-length", "close")

DESCRIPTORS = 64
"""What `ulimit -n 64` leaves an actor."""


def start(monitor: Monitor, kind: str, **knobs: object) -> ActorView:
    return monitor.start_actor(ActorSpec(kind, set_knobs(KINDS[kind].default_knobs(), knobs)))


def report(monitor: Monitor, actor: ActorView) -> ActorReport:
    return next(view.report for view in monitor.actors() if view.number == actor.number)


def port_of(actor: ActorView) -> int:
    return int(actor.report.local.rpartition(":")[2])


def holds(actor: ActorView) -> tuple[int, int]:
    """Descriptors and tasks of the actor's process."""
    return len(list(Path(f"/proc/{actor.report.pid}/fd").iterdir())), len(tasks(actor))


def tasks(actor: ActorView) -> list[Path]:
    """A folder a thread of the actor's process."""
    return list(Path(f"/proc/{actor.report.pid}/task").iterdir())


def no_more(now: tuple[int, int], before: tuple[int, int]) -> bool:
    """Fewer is no leak: a thread may still have been at its end when it was counted before."""
    return now[0] <= before[0] and now[1] <= before[1]


def served(monitor: Monitor, server: ActorView, connections: int) -> bool:
    """Whether so many connections came in all and none is left."""
    told = report(monitor, server)
    return told.connections_total >= connections and told.connections == 0


def alive(pid: int) -> bool:
    return Path(f"/proc/{pid}").exists()


@contextmanager
def connected(port: int) -> Iterator[socket.socket]:
    with socket.create_connection((HOST, port), timeout=LIMIT_S) as client:
        yield client


@contextmanager
def stalled_flood(monitor: Monitor) -> Iterator[tuple[ActorView, ActorView]]:
    """A sink and a flood whose send() is refused; nothing of them is left afterwards."""
    before = open_descriptors()
    sink = start(monitor, "sink", port=0, rcvbuf=4_096)
    flood = start(monitor, "flood-client", port=port_of(sink), sndbuf=4_096, retry_s=0.02)
    until(lambda: report(monitor, flood).state is ActorState.STALLED)
    yield sink, flood
    for actor in (flood, sink):
        monitor.stop_actor(actor.number)
    until(lambda: not alive(sink.report.pid) and not alive(flood.report.pid))
    assert open_descriptors() == before


def test_an_actors_program_yields_to_others_and_what_answers_for_it_does_not(monitor: Monitor) -> None:
    server = start(monitor, "echo-server", port=0)
    own = os.getpriority(os.PRIO_PROCESS, 0)

    nices = {int(task.name): os.getpriority(os.PRIO_PROCESS, int(task.name)) for task in tasks(server)}

    assert nices.pop(server.report.pid) == min(own + ACTOR_NICENESS, 19)
    assert set(nices.values()) == {own}


def test_killing_the_reader_in_mid_flood_is_told_by_both(monitor: Monitor) -> None:
    with stalled_flood(monitor) as (sink, flood):
        monitor.kill_actor(sink.number)
        until(lambda: report(monitor, sink).state is ActorState.FAILED)
        until(lambda: report(monitor, flood).state is ActorState.FAILED)

        assert report(monitor, sink).error == "killed by SIGKILL"
        assert report(monitor, sink).sockets == ()
        assert "Connection reset by peer" in report(monitor, flood).error
        with pytest.raises(LabError, match="has ended"):
            monitor.kill_actor(sink.number)


def test_killing_the_flood_in_mid_flood_leaves_its_reader_at_work(monitor: Monitor) -> None:
    with stalled_flood(monitor) as (sink, flood):
        monitor.kill_actor(flood.number)
        until(lambda: report(monitor, flood).error == "killed by SIGKILL")
        monitor.command_actor(sink.number, next(iter(KINDS["sink"].commands)))  # DRAIN: what was sent can still be read
        until(lambda: report(monitor, sink).connections == 0)

        assert report(monitor, sink).state is ActorState.RUNNING
        assert report(monitor, sink).received > 0


@pytest.mark.parametrize("kind", ["echo-server", "echo-threads", "echo-asyncio", "http-server", "message-server"])
def test_a_server_at_the_end_of_its_descriptors_says_so_and_serves_again(monitor: Monitor, kind: str) -> None:
    server = start(monitor, kind, port=0, descriptors=DESCRIPTORS, backlog=128)
    with connected(port_of(server)):
        until(lambda: report(monitor, server).connections == 1)
    until(lambda: served(monitor, server, 1))
    before = holds(server)
    with ExitStack() as crowd:
        for _ in range(2 * DESCRIPTORS):
            crowd.enter_context(connected(port_of(server)))
        until(lambda: any("Too many open files" in note for note in report(monitor, server).notes))
        assert report(monitor, server).state is ActorState.RUNNING
    until(lambda: report(monitor, server).connections == 0)
    until(lambda: no_more(holds(server), before))
    with connected(port_of(server)):
        until(lambda: report(monitor, server).connections == 1)


def test_of_several_that_want_one_port_at_once_one_gets_it_and_the_others_say_why(monitor: Monitor) -> None:
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        port = probe.getsockname()[1]
    rivals: list[ActorView] = []
    threads = [
        threading.Thread(target=lambda: rivals.append(start(monitor, "echo-server", port=port))) for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    states = sorted(rival.report.state for rival in rivals)
    assert states == [ActorState.FAILED] * 3 + [ActorState.RUNNING]
    for rival in rivals:
        if rival.report.state is ActorState.FAILED:
            assert f"{HOST}:{port}: Address already in use" in rival.report.error
            assert "`sockmon ls" in rival.report.error
            assert rival.report.errno == 98


def test_a_port_taken_between_check_and_bind_is_one_sentence(monitor: Monitor) -> None:
    with socket.socket() as check:
        check.bind((HOST, 0))  # it was free
        port = check.getsockname()[1]
        check.listen()  # and is not any more
        server = start(monitor, "echo-server", port=port)

        assert server.report.state is ActorState.FAILED
        assert "Address already in use" in server.report.error
        until(lambda: not alive(server.report.pid))


SERVERS = [
    kind.kind
    for kind in KINDS.values()
    if kind.group is Group.SERVER and "backlog" in kind.knobs and "path" not in kind.knobs
]
"""Every TCP server."""

KEEP_THEIR_CLIENTS = ("accept-late", "never-close", "eof-ignorer")
"""That is what they are for."""


@pytest.mark.parametrize("kind", [kind for kind in SERVERS if kind not in KEEP_THEIR_CLIENTS])
def test_clients_that_vanish_leave_no_descriptor_and_no_task(monitor: Monitor, kind: str) -> None:
    server = start(monitor, kind, port=0)
    with connected(port_of(server)) as client:
        client.sendall(b"first")
    until(lambda: kind == "forked-server" or served(monitor, server, 1))
    before = holds(server)
    for _ in range(20):
        with connected(port_of(server)) as client, suppress(OSError):
            client.sendall(b"here and gone")
            client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
    until(lambda: kind == "forked-server" or served(monitor, server, 21))
    until(lambda: no_more(holds(server), before))

    assert report(monitor, server).state is ActorState.RUNNING


@pytest.mark.parametrize("framing", FRAMINGS)
def test_a_megabyte_of_garbage_leaves_nothing_in_a_message_server(monitor: Monitor, framing: str) -> None:
    server = start(monitor, "message-server", port=0, framing=framing)
    with connected(port_of(server)) as client:
        client.sendall(b"x")
    until(lambda: served(monitor, server, 1))
    before = holds(server)
    for _ in range(3):
        with connected(port_of(server)) as client, suppress(OSError):
            writer = threading.Thread(target=_send_all, args=(client, os.urandom(MEGABYTE)))
            writer.start()
            while client.recv(65_536):
                pass
            writer.join()
    until(lambda: served(monitor, server, 4))
    until(lambda: no_more(holds(server), before))

    assert report(monitor, server).state is ActorState.RUNNING
    if framing in ("length-prefix", "ascii-length"):
        assert any(f"broke the {framing} framing" in note for note in report(monitor, server).notes)


def _send_all(client: socket.socket, data: bytes) -> None:
    with suppress(OSError):
        client.sendall(data)
        client.shutdown(socket.SHUT_WR)
