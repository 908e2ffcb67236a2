"""How tests drive the screen of lessons: a shelf of their own, and the handshake with its sockets and its ladder."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from textual.pilot import Pilot

from engine.lessons.lesson import Lesson
from engine.lessons.run import Phase
from engine.model.flows import FlowEnd, LadderItem
from engine.model.lab import ActorReport, ActorSocket, ActorSpec, ActorState, Call
from engine.model.tcp import SocketState, TcpFlags
from tests.lessons_rig import CLIENT, CLIENT_KEY, CLIENT_PORT, LISTENER_KEY, SERVER, SERVER_PORT, Lab, lab
from tests.tui.driving import until
from tests.tui.fakes import NOON_NS, entry, owner, packet, snapshot, status
from tests.tui.flows import flow
from tests.tui.flows import step as ladder_step
from tui.screens.lessons import LessonsScreen
from tui.widgets.lesson_ladder import LessonLadderPane
from tui.widgets.lesson_list import LessonsPane
from tui.widgets.lesson_page import LessonPane

SYN, ACK = TcpFlags.SYN, TcpFlags.ACK
S = SocketState

LATER_NS = 4 * 10**18
"""After any step of a test began: year 2096."""


def shelf(lessons: tuple[Lesson, ...], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tui.answers.lessons.all_lessons", lambda: lessons)
    monkeypatch.setattr("tui.answers.lessons.LOOK_EVERY_S", 0.005)


async def opened(pilot: Pilot[None]) -> LessonPane:
    """Screen 6, its list there."""
    await pilot.press("6")
    await until(pilot, lambda: isinstance(pilot.app.screen, LessonsScreen) and len(list_of(pilot)._lessons))
    return pilot.app.screen.query_one(LessonPane)


def list_of(pilot: Pilot[None]) -> LessonsPane:
    return pilot.app.screen.query_one(LessonsPane)


def phase(page: LessonPane, step: int, *phases: Phase) -> Callable[[], bool]:
    return lambda: page.view is not None and page.view.step == step and page.view.phase in phases


READY, DONE = Phase.READY, Phase.DONE

LISTENING = entry(
    LISTENER_KEY, state=S.LISTEN, recv_q=0, send_q=128, local_port=SERVER_PORT, peer_address="0.0.0.0", peer_port=0,
    owners=owner("server-by-hand", 41_210, "server-by-hand"),
)  # fmt: skip
CONNECTED = entry(
    CLIENT_KEY, local_port=CLIENT_PORT, peer_port=SERVER_PORT,
    owners=owner("client-by-hand", 41_233, "client-by-hand"),
)  # fmt: skip


def handshake_lab() -> Lab:
    """A lab in which a client's handshake was captured."""
    monitor = lab(snapshot(entries=[LISTENING, CONNECTED], capture=status(last_number=0)))
    monitor.on_start = on_start
    ports = {"sport": CLIENT_PORT, "dport": SERVER_PORT}
    back = {"sport": SERVER_PORT, "dport": CLIENT_PORT}
    monitor.all_packets = [
        packet(1, flags=SYN, ts_ns=LATER_NS, info=f"{CLIENT_PORT} → {SERVER_PORT} [SYN] Seq=0", **ports),
        packet(2, flags=SYN | ACK, ts_ns=LATER_NS, info=f"{SERVER_PORT} → {CLIENT_PORT} [SYN, ACK] Seq=0", **back),
        packet(3, flags=ACK, ts_ns=LATER_NS, info=f"{CLIENT_PORT} → {SERVER_PORT} [ACK] Seq=1", **ports),
    ]
    ends = FlowEnd("127.0.0.1", CLIENT_PORT, S.ESTABLISHED), FlowEnd("127.0.0.1", SERVER_PORT, S.ESTABLISHED)
    monitor.all_flows = [flow(first=ends[0], second=ends[1], first_ns=NOON_NS)]
    items: list[LadderItem] = [
        ladder_step(1, 0.0, True, SYN, first_state=S.SYN_SENT, second_state=S.LISTEN),
        ladder_step(2, 0.031, False, SYN | ACK, first_state=S.ESTABLISHED, second_state=S.SYN_RECEIVED),
        ladder_step(3, 0.049, True, ACK, first_state=S.ESTABLISHED, second_state=S.ESTABLISHED),
    ]
    monitor.all_items = items
    return monitor


def on_start(spec: ActorSpec) -> ActorReport:
    if spec.kind == "server-by-hand":
        listener = ActorSocket(3, LISTENER_KEY, SERVER, "")
        return ActorReport(kind=spec.kind, pid=41_210, state=ActorState.RUNNING, local=SERVER, sockets=(listener,))
    connected = ActorSocket(3, CLIENT_KEY, CLIENT, SERVER)
    calls = (Call(1, NOON_NS, "connect", SERVER, "None", fd=3, cookie=CLIENT_KEY, duration_ns=41_000),)
    return ActorReport(
        kind=spec.kind, pid=41_233, state=ActorState.RUNNING, local=CLIENT, sockets=(connected,), calls=calls,
        calls_total=1,
    )  # fmt: skip


async def shaken(pilot: Pilot[None]) -> None:
    """The second step of the handshake is behind it."""
    page = await opened(pilot)
    await pilot.press("enter")
    await until(pilot, phase(page, 0, READY))
    await pilot.press("space")
    await until(pilot, phase(page, 1, READY))
    ladder = pilot.app.screen.query_one(LessonLadderPane)
    await until(pilot, lambda: len(ladder._window.rows) == 3)
    await pilot.pause()
