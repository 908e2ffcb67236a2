"""The bridge from Monitor, whose every call blocks, to the screen, which may never wait.

Theory of operation. An `Asker` is a plain daemon thread with a few named slots. The screen puts a question into a
slot; a second question in the same slot replaces one that has not been asked yet, so a slow answer never builds a
backlog. The answer comes back as one message, or as EngineFailed. Three of them run: the refresh, which must not wait
for anything; the views (rows in view, dissections), so that scrolling does not wait for a refresh; and the commands
(start, stop, restart), which may take seconds. The screen asks at its own pace: a terminal that is slow to draw asks
less often, and a paused pane does not ask.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Final, Protocol

from textual.message import Message

from engine.model.errors import EngineError
from engine.model.snapshot import MonitorView, Snapshot
from tui.messages import BridgeBroke, EngineFailed, Prepared, SnapshotFetched

QUESTIONS_MAX: Final = 32
"""Slots that may wait in one thread. A person cannot fill them by keys before the first is answered, unless a worker
hangs; then saying so is better than queueing."""

STOP_LIMIT_S: Final = 0.5
"""How long to wait for a thread when the screen ends: it may be in the middle of a call. The threads are daemons."""


class Receiver(Protocol):
    """What takes a message from any thread: a widget, a screen, the app."""

    def post_message(self, message: Message) -> bool: ...


Question = Callable[[], Message]
"""Asks Monitor and makes the message of the answer; runs in the thread."""


class Asker:
    """One thread that asks Monitor, slot by slot, in the order the slots were filled."""

    def __init__(self, name: str, app: Receiver) -> None:
        self._app = app
        self._waiting: dict[str, tuple[Question, Receiver]] = {}
        self._changed = threading.Condition()
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, name=f"sockmon-{name}", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def ask(self, slot: str, question: Question, to: Receiver) -> None:
        """Ask soon and post the answer to `to`. A question that still waits in the slot is replaced."""
        with self._changed:
            if slot not in self._waiting and len(self._waiting) >= QUESTIONS_MAX:
                to.post_message(EngineFailed(slot, "sockmon's workers do not answer; W restarts a dead one"))
                return
            self._waiting[slot] = (question, to)
            self._changed.notify()

    def stop(self) -> None:
        """Ask nothing more; waits a moment for the call in progress."""
        with self._changed:
            self._ended.set()
            self._waiting.clear()
            self._changed.notify()
        if self._thread.is_alive():
            self._thread.join(STOP_LIMIT_S)

    def _run(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._ended.is_set() or self._waiting)
                if self._ended.is_set():
                    return
                slot = next(iter(self._waiting))
                question, to = self._waiting.pop(slot)
            message = self._answer(slot, question)
            accepted = (self._app if isinstance(message, BridgeBroke) else to).post_message(message)
            if self._ended.is_set() or (not accepted and to is self._app):
                return

    @staticmethod
    def _answer(slot: str, question: Question) -> Message:
        try:
            return question()
        except EngineError as error:
            return EngineFailed(slot, str(error))
        except Exception as error:
            return BridgeBroke(error)


class Bridge:
    """The three threads between one app and its Monitor."""

    def __init__(self, monitor: MonitorView, app: Receiver) -> None:
        self.monitor = monitor
        self._app = app
        self._refresh = Asker("refresh", app)
        self._views = Asker("views", app)
        self._commands = Asker("commands", app)
        self._command_number = 0

    def start(self) -> None:
        for asker in (self._refresh, self._views, self._commands):
            asker.start()

    def stop(self) -> None:
        for asker in (self._refresh, self._views, self._commands):
            asker.stop()

    def refresh(self, prepare: Callable[[Snapshot], Prepared]) -> None:
        """Ask for a snapshot; asking twice before it is begun is asking once. `prepare` runs in the thread, so that
        filtering and sorting 20,000 rows does not hold up a key."""

        def question() -> Message:
            return SnapshotFetched(prepare(self.monitor.refresh()))

        self._refresh.ask("refresh", question, self._app)

    def view(self, slot: str, question: Question, to: Receiver) -> None:
        """Ask for something to show; only the newest question of a slot counts."""
        self._views.ask(slot, question, to)

    def command(self, question: Question, to: Receiver) -> None:
        """Have something done; every command is carried out, in order."""
        self._command_number += 1
        self._commands.ask(f"command {self._command_number}", question, to)
