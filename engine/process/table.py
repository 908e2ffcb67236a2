"""The socket table as the front holds it: the rows, the last answer, and what a new worker is given to begin with."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from engine.insight.rows import Rows
from engine.model.errors import ChannelError
from engine.model.health import Degradation
from engine.model.messages import AskSockets, ClosedSocket, SocketsAnswer, SocketsOptions
from engine.model.snapshot import RowChange
from engine.model.sockets import SocketEntry
from engine.process.front import LauncherLine, Worker
from engine.process.witnesses import WitnessDescriptors


class FrontTable:
    """What is known from the sockets worker, whichever process that is at the moment."""

    def __init__(self, line: LauncherLine, cure: str) -> None:
        """`cure` is the command that starts sockmon with every right."""
        self.options = SocketsOptions()
        self.answer: SocketsAnswer | None = None
        self._line = line
        self._cure = cure
        self._rows = Rows()
        self._witnesses_due = True
        self._without: tuple[Degradation, ...] = ()

    def begin(self) -> None:
        """A new worker has started: it knows nothing and holds nothing."""
        self._rows.forget()
        self._witnesses_due = True

    def ask(
        self, worker: Worker[Any, Any], labels: dict[int, str]
    ) -> tuple[Sequence[SocketEntry], dict[int, RowChange], Sequence[ClosedSocket]]:
        """The rows now, what happened to them, and what closed. Raises ChannelError, and EngineError if the table
        cannot be read so."""
        reply = self._reply(worker, AskSockets(self._rows.generation, self.options, labels))
        if not isinstance(reply, SocketsAnswer):
            raise ChannelError(f"the sockets worker answered with {type(reply).__name__}")
        self.answer = reply
        entries, changes = self._rows.apply(reply)
        return entries, changes, reply.closed

    def rows(self) -> Sequence[SocketEntry]:
        """The rows of the last answer that still lived."""
        return self._rows.current()

    def is_whole(self) -> bool:
        """All TCP sockets are asked for, so that one which is not there does not exist."""
        return not self.options.filter and "tcp" in self.options.families

    def degradations(self) -> list[Degradation]:
        """What the worker may not do, and what could not be opened for it."""
        return [*(self.answer.degradations if self.answer else ()), *self._without]

    def _reply(self, worker: Worker[Any, Any], request: AskSockets) -> object:
        if not self._witnesses_due:
            return worker.ask(request)
        with WitnessDescriptors(self._line, self._cure) as witnesses:
            self._witnesses_due = False
            self._without = witnesses.degradations
            given = AskSockets(request.since, request.options, request.labels, witnesses.carries)
            return worker.ask(given, witnesses.descriptors)
