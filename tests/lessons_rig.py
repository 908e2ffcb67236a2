"""Builders for tests of lessons: an actor's report, a lesson's cast, packets, one step's expectations."""

from __future__ import annotations

from typing import Any

import msgspec

from engine.lab.catalogue import KINDS
from engine.lessons.cast import Cast, Member
from engine.lessons.expectations import read_expectation
from engine.lessons.lesson import Lesson, Spot, Step
from engine.lessons.reading import read_text
from engine.model.lab import ActorReport, ActorSocket, ActorSpec, ActorState, Call
from engine.model.packets import PacketRow
from engine.model.snapshot import Snapshot
from engine.model.tcp import TcpFlags
from tests.tui.fake_monitor import FakeMonitor
from tests.tui.fakes import NO_CAPTURE, packet, snapshot

SERVER_PORT, CLIENT_PORT = 8080, 40_003
SERVER, CLIENT = f"127.0.0.1:{SERVER_PORT}", f"127.0.0.1:{CLIENT_PORT}"

LISTENER_KEY, ACCEPTED_KEY, CLIENT_KEY = 1, 2, 3

TWO_STEPS = """
title = "Both ends"
text = "Of one connection."
[[step]]
say = "The server listens."
do = "start server server-by-hand"
expect = "actor server == running"
[[step]]
say = "The client connects."
do = ["start client client-by-hand to=server", 'send client "Hello"']
expect = ["actor client == running within 0.1s", "packet [SYN] from client within 0.1s"]
"""


def report(kind: str, pid: int, *sockets: ActorSocket, **changes: Any) -> ActorReport:
    """A running actor with these sockets."""
    made = ActorReport(kind=kind, pid=pid, state=ActorState.RUNNING, local=sockets[0].local, sockets=sockets)
    return msgspec.structs.replace(made, **changes)


def call(number: int, name: str, result: str = "None", **changes: Any) -> Call:
    """A call that returned at once."""
    return msgspec.structs.replace(Call(number, 0, name, "", result), **changes)


def member(name: str, number: int, made: ActorReport, port: int = 0) -> Member:
    """An actor that goes to `port`, if it goes anywhere."""
    knobs = msgspec.structs.replace(KINDS[made.kind].default_knobs(), port=port)
    return Member(name, number, ActorSpec(made.kind, knobs), made)


def both_ends() -> Cast:
    """A server with its listener and a connection, and the client at the other end."""
    cast = Cast()
    listener = ActorSocket(3, LISTENER_KEY, SERVER, "")
    accepted = ActorSocket(4, ACCEPTED_KEY, SERVER, CLIENT)
    connected = ActorSocket(3, CLIENT_KEY, CLIENT, SERVER)
    cast.members["server"] = member("server", 1, report("server-by-hand", 71, listener, accepted))
    cast.members["client"] = member("client", 2, report("client-by-hand", 72, connected), SERVER_PORT)
    return cast


def row(number: int, flags: TcpFlags, *, client: bool = True, **changes: Any) -> PacketRow:
    """A segment of that connection."""
    ports = {"sport": CLIENT_PORT, "dport": SERVER_PORT} if client else {"sport": SERVER_PORT, "dport": CLIENT_PORT}
    return packet(number, flags=flags, **{**ports, **changes})


ACTORS = {"server": "server-by-hand", "client": "client-by-hand"}


def step(*lines: str) -> Step:
    """A step that does nothing and expects these."""
    expect = tuple(read_expectation(line, Spot(n, 1), ACTORS) for n, line in enumerate(lines, 1))
    return Step("Look.", Spot(1, 1), expect=expect)


def two_steps() -> Lesson:
    """A lesson of two steps."""
    return read_text(TWO_STEPS, "both-ends", "both-ends.toml")


class Lab(FakeMonitor):
    """A lab whose actors obey at once: each command is a message handled."""

    def command_actor(self, number: int, command: Any, text: str = "") -> ActorReport:
        self.asked.append(("command_actor", (number, command, text)))
        view = self.held[number]
        done = msgspec.structs.replace(view.report, messages=view.report.messages + 1)
        self.held[number] = msgspec.structs.replace(view, report=done)
        return done

    def kill_actor(self, number: int) -> None:
        self.asked.append(("kill_actor", number))
        view = self.held[number]
        dead = msgspec.structs.replace(view.report, state=ActorState.FAILED, error="killed by SIGKILL")
        self.held[number] = msgspec.structs.replace(view, report=dead)


def actor(spec: ActorSpec) -> ActorReport:
    """Servers listen on one port, clients come from another."""
    port = SERVER_PORT if spec.kind.startswith("server") else CLIENT_PORT
    return ActorReport(kind=spec.kind, pid=71, state=ActorState.RUNNING, local=f"127.0.0.1:{port}")


def lab(moment: Snapshot | None = None) -> Lab:
    made = Lab(moment or snapshot(capture=None, degradations=(NO_CAPTURE,)))
    made.on_start = actor
    return made
