"""The bridge asks off the event loop, never builds a backlog, and tells errors as sentences."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from functools import partial

from textual.message import Message

from engine.model.errors import EngineError
from engine.model.snapshot import Snapshot
from tests.tui.fake_monitor import FakeMonitor
from tests.tui.fakes import snapshot
from tui.bridge import QUESTIONS_MAX, Asker, Bridge
from tui.messages import BridgeBroke, Done, EngineFailed, Moment, Prepared, SnapshotFetched

LIMIT_S = 5.0


class Ear:
    """Takes messages as a widget would; `open` is whether it still runs."""

    def __init__(self) -> None:
        self.heard: list[Message] = []
        self.open = True

    def post_message(self, message: Message) -> bool:
        self.heard.append(message)
        return self.open


def wait_until(condition: Callable[[], object]) -> None:
    deadline = time.monotonic() + LIMIT_S
    while not condition():
        assert time.monotonic() < deadline, "it did not come to that"
        time.sleep(0.001)


def sentences(ear: Ear) -> list[str]:
    return [message.sentence for message in ear.heard if isinstance(message, Done)]


def test_a_question_asked_again_before_its_turn_is_asked_once_in_its_newest_form() -> None:
    app, pane = Ear(), Ear()
    asker = Asker("test", app)
    begun, go_on = threading.Event(), threading.Event()

    def slow() -> Message:
        begun.set()
        go_on.wait(LIMIT_S)
        return Done("slow")

    asker.start()
    asker.ask("first", slow, pane)
    assert begun.wait(LIMIT_S)
    for number in range(100):
        asker.ask("window", partial(Done, f"window {number}"), pane)
    go_on.set()
    wait_until(lambda: len(pane.heard) == 2)
    asker.stop()
    assert sentences(pane) == ["slow", "window 99"]


def test_slots_are_answered_in_the_order_they_were_filled() -> None:
    app, pane = Ear(), Ear()
    asker = Asker("test", app)
    for name in ("a", "b", "c"):
        asker.ask(name, partial(Done, name), pane)
    asker.start()
    wait_until(lambda: len(pane.heard) == 3)
    asker.stop()
    assert sentences(pane) == ["a", "b", "c"]


def test_an_error_of_the_engine_comes_back_as_its_sentence() -> None:
    app, pane = Ear(), Ear()
    asker = Asker("test", app)
    asker.start()

    def fail() -> Message:
        raise EngineError("bind to 127.0.0.1:80", 13, "ports below 1024 need a right")

    asker.ask("command", fail, pane)
    wait_until(lambda: pane.heard)
    asker.stop()
    (message,) = pane.heard
    assert isinstance(message, EngineFailed)
    assert message.sentence == "bind to 127.0.0.1:80: Permission denied (ports below 1024 need a right)"
    assert message.slot == "command"


def test_a_mistake_of_our_own_goes_to_the_app_whoever_asked() -> None:
    app, pane = Ear(), Ear()
    asker = Asker("test", app)
    asker.start()

    def mistake() -> Message:
        raise KeyError("x")

    asker.ask("window", mistake, pane)
    wait_until(lambda: app.heard)
    asker.stop()
    assert not pane.heard
    assert isinstance(app.heard[0], BridgeBroke)


def test_a_full_thread_refuses_instead_of_queueing() -> None:
    app, pane = Ear(), Ear()
    asker = Asker("test", app)
    for number in range(QUESTIONS_MAX + 1):
        asker.ask(f"slot {number}", Done, pane)
    (message,) = pane.heard
    assert isinstance(message, EngineFailed)


def test_the_thread_ends_when_the_app_takes_no_more() -> None:
    app = Ear()
    bridge = Bridge(FakeMonitor(), app)
    bridge.start()
    app.open = False
    bridge.refresh(lambda given: Prepared(Moment(given)))
    wait_until(lambda: not bridge._refresh._thread.is_alive())
    bridge.stop()


def test_a_widget_that_is_gone_does_not_end_the_thread() -> None:
    app, gone, pane = Ear(), Ear(), Ear()
    gone.open = False
    asker = Asker("test", app)
    asker.start()
    asker.ask("a", Done, gone)
    asker.ask("b", Done, pane)
    wait_until(lambda: pane.heard)
    asker.stop()


def test_a_refresh_is_prepared_in_the_thread() -> None:
    app = Ear()
    moment = snapshot()
    bridge = Bridge(FakeMonitor(moment), app)
    bridge.start()
    threads: list[str] = []

    def prepare(given: Snapshot) -> Prepared:
        threads.append(threading.current_thread().name)
        return Prepared(Moment(given), app, "work")

    bridge.refresh(prepare)
    wait_until(lambda: app.heard)
    bridge.stop()
    (message,) = app.heard
    assert isinstance(message, SnapshotFetched)
    assert message.prepared.moment.snapshot is moment
    assert message.prepared.work == "work"
    assert threads == ["sockmon-refresh"]
