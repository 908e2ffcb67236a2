"""The ladder beside a lesson: the newest of its conversations, or another of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from engine.model.snapshot import Snapshot
from tui.conversations import Conversation, Joined, Subject
from tui.widgets.flow_words import why_no_segments
from tui.widgets.ladder_pane import LadderPane

Talks = tuple[tuple[int, Subject], ...]
"""Streams and the conversations behind them."""

NO_TALK: Final = "No segment of this lesson yet."

ELSEWHERE = frozenset({"add", "stream", "export"})
"""What a ladder can do on the screen of flows only."""


class LessonLadderPane(LadderPane):
    """Conversations in, one of them shown."""

    def __init__(self, *, dom_id: str | None = None) -> None:
        super().__init__(dom_id=dom_id)
        self._talks: Talks = ()
        self._chosen = 0
        """How many back from the newest."""
        self._shown: Conversation | None = None

    @property
    def subject(self) -> Subject | None:
        """The conversation that is shown; None before there is one."""
        return self._talks[-1 - self._chosen][1] if self._talks else None

    def forget(self) -> None:
        """Another lesson begins: nothing is shown."""
        self._talks, self._chosen, self._shown = (), 0, None
        self._conversation, self._streams = None, ()
        self._window.forget()
        self._table.show(())
        self._retitle()

    def show_talks(self, talks: Talks, names: Mapping[tuple[str, int], str], snapshot: Snapshot) -> None:
        """Show the newest of these, or the one that was chosen as long as there is none newer. `names` is what the
        lesson calls who has an address."""
        if len(talks) != len(self._talks):
            self._chosen = 0
        self._talks = talks
        subject = self.subject
        if subject is None:
            self._table.empty = why_no_segments(snapshot) if snapshot.capture is None else NO_TALK
            self._table.refresh()
            return
        known = self._shown
        if known is None or known.subject.stream != subject.stream:
            known = Conversation(subject)
        self._shown = known.at(snapshot)
        self.show(called(self._shown, names), (subject.stream,), snapshot)

    def choose_next(self) -> int:
        """Go to the conversation before, from the first to the newest; how many there are."""
        if self._talks:
            self._chosen = (self._chosen + 1) % len(self._talks)
        return len(self._talks)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        return action not in ELSEWHERE and super().check_action(action, parameters)


def called(shown: Conversation, names: Mapping[tuple[str, int], str]) -> Conversation:
    """The conversation with its ends called as the lesson calls them."""
    address, port, peer_address, peer_port = shown.subject.ends
    first, second = shown.joined.first, shown.joined.second
    return replace(
        shown,
        joined=Joined(
            replace(first, name=names.get((address, port), first.name)),
            replace(second, name=names.get((peer_address, peer_port), second.name)),
        ),
    )
