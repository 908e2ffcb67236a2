"""What holds a conversation now: the verdicts of engine.insight, each with its evidence and what to do."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.message import Message

from engine.model.snapshot import Snapshot
from engine.model.verdicts import Verdict
from engine.text.explain.case import Case
from tui.conversations import Conversation
from tui.flow_messages import VerdictsFetched
from tui.messages import EngineFailed
from tui.widgets.flow_words import conversation_title
from tui.widgets.pane import COPY_KEY, EXPLAIN_KEY, Pane
from tui.widgets.sheet import Lines, Sheet
from tui.widgets.verdict_lines import cases_of, no_finding_lines, verdict_lines


class VerdictPane(Pane):
    """Questions out by Asked, verdicts in by VerdictsFetched."""

    NAME = "Verdict"
    HELP = """
    ## Verdict
    What holds this connection now, in one sentence with the figures that it rests on, what to do about it, the healthy
    case that looks alike, and when it ends. **No finding** says that none of the rules applies, not that all is well.
    """
    BINDING_GROUP_TITLE = "Verdict"
    BINDINGS: ClassVar[list[BindingType]] = [EXPLAIN_KEY, COPY_KEY]

    class Asked(Message):
        """The pane needs the verdicts on this socket, or where there is none on this conversation."""

        def __init__(self, pane: VerdictPane, key: int, stream: int) -> None:
            super().__init__()
            self.pane = pane
            self.key = key
            self.stream = stream

    def __init__(self, *, dom_id: str | None = None) -> None:
        super().__init__(dom_id=dom_id)
        self.paused = False
        self._conversation: Conversation | None = None
        self._verdicts: Sequence[Verdict] | None = None
        self._failure = ""
        self._now_ns = 0
        self._sheet = Sheet(dom_id="verdict-sheet")

    def compose(self) -> ComposeResult:
        yield self._sheet

    def focus_inside(self) -> None:
        self.screen.set_focus(self._sheet, scroll_visible=False)

    def show(self, conversation: Conversation, snapshot: Snapshot) -> None:
        """Ask for the verdicts on this conversation."""
        if self.paused:
            return
        known = self._conversation
        if known is None or known.subject.ends not in (conversation.subject.ends, conversation.subject.turned):
            self._verdicts, self._failure = None, ""
        self._conversation = conversation
        self._now_ns = snapshot.ts_ns
        live = conversation.joined.first.live or conversation.joined.second.live
        self.post_message(self.Asked(self, live.key if live is not None else 0, conversation.subject.stream))
        self._draw_verdicts()

    def pause(self, paused: bool) -> None:
        """Stand still, or go on."""
        self.paused = paused

    def on_verdicts_fetched(self, event: VerdictsFetched) -> None:
        event.stop()
        self._failure = ""
        self._verdicts = event.verdicts
        self._draw_verdicts()

    def on_engine_failed(self, event: EngineFailed) -> None:
        event.stop()
        self._failure = event.sentence
        self._draw_verdicts()

    def on_resize(self) -> None:
        self._draw_verdicts()

    def _draw_verdicts(self) -> None:
        shown = self._conversation
        if shown is None or not self._sheet.is_attached:
            return
        lines: Lines = []
        for verdict in self._verdicts or ():
            lines += [*verdict_lines(verdict, self._sheet.room, self._now_ns), []]
        if self._verdicts is not None and not lines:
            lines = no_finding_lines(self._sheet.room)
        self._sheet.draw(lines)
        found = len(self._verdicts or ())
        self.set_title(conversation_title(shown, self._now_ns), short=f"Verdict {found}" if found else "Verdict")
        self.set_totals([(self._failure, "$text-error")] if self._failure else [])

    def copied(self) -> Sequence[str]:
        return self._sheet.texts

    def cases(self) -> Sequence[Case]:
        return cases_of(self._verdicts or ())
