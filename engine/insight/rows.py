"""The socket table on this side of the channel: rows kept by key, and what happened to each in the last refresh."""

from __future__ import annotations

from engine.model.messages import SocketsAnswer
from engine.model.snapshot import RowChange
from engine.model.sockets import SocketEntry


class Rows:
    """The rows as of one generation. A row that did not change is the same object as before, so a table that draws it
    need not format it again."""

    def __init__(self) -> None:
        self.generation = 0
        self._live: dict[int, SocketEntry] = {}

    def apply(self, answer: SocketsAnswer) -> tuple[list[SocketEntry], dict[int, RowChange]]:
        """Take in an answer; the rows to show now, and those of them that are new, changed their state or have closed.

        Closed rows are shown for this one refresh. The first answer, and one that was read otherwise than those before,
        mark nothing as new or closed: everything would be.
        """
        comparable = answer.comparable and self.generation > 0
        before = self._live
        live = {} if answer.full else dict(before)
        changes: dict[int, RowChange] = {}
        for entry in answer.changed:
            known = before.get(entry.key)
            if known is None:
                if comparable:
                    changes[entry.key] = RowChange.NEW
            elif known.state is not entry.state:
                changes[entry.key] = RowChange.CHANGED
            live[entry.key] = known if known == entry else entry
        for key in answer.gone:
            live.pop(key, None)
        closed = [entry for key, entry in before.items() if key not in live] if comparable else []
        changes.update({entry.key: RowChange.CLOSED for entry in closed})
        self.generation = answer.generation
        self._live = live
        return [*live.values(), *closed], changes

    def current(self) -> list[SocketEntry]:
        """The rows of the last answer that still lived."""
        return list(self._live.values())

    def forget(self) -> None:
        """Start anew, as after the worker that knew the generations has died."""
        self.generation = 0
