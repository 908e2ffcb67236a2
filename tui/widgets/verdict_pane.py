"""What holds a conversation now: the verdicts of engine.insight, each with its evidence and what to do."""

from __future__ import annotations

from collections.abc import Sequence

from textual.message import Message

from engine.model.snapshot import Snapshot
from engine.model.verdicts import Verdict
from engine.text.explain.case import Case
from tui.conversations import Conversation
from tui.flow_messages import VerdictsFetched
from tui.widgets.flow_words import conversation_title
from tui.widgets.sheet import Lines
from tui.widgets.sheet_pane import SheetPane
from tui.widgets.verdict_lines import cases_of, no_finding_lines, verdict_lines


class VerdictPane(SheetPane):
    """Questions out by Asked, verdicts in by VerdictsFetched."""

    NAME = "Verdict"
    HELP = """
    ## Verdict
    What holds this connection now, in one sentence with the figures that it rests on, what to do about it, the healthy
    case that looks alike, and when it ends. **No finding** says that none of the rules applies, not that all is well.
    """
    BINDING_GROUP_TITLE = "Verdict"

    class Asked(Message):
        """The pane needs the verdicts on this socket, or where there is none on this conversation."""

        def __init__(self, pane: VerdictPane, key: int, stream: int) -> None:
            super().__init__()
            self.pane = pane
            self.key = key
            self.stream = stream

    def __init__(self, *, dom_id: str | None = None) -> None:
        super().__init__(dom_id=dom_id)
        self._verdicts: Sequence[Verdict] | None = None
        self._now_ns = 0

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
        self.draw()

    def on_verdicts_fetched(self, event: VerdictsFetched) -> None:
        event.stop()
        self._failure = ""
        self._verdicts = event.verdicts
        self.draw()

    def draw(self) -> None:
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
        self.set_totals(self.failure_words())

    def cases(self) -> Sequence[Case]:
        return cases_of(self._verdicts or ())
