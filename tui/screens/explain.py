"""The window in which `e` explains what is under the cursor: what a word means, here too, and where it is written.

Where a row has parts (the columns of a table, the fields of a frame) they are listed beside the text, to be walked.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, Final

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Container, VerticalScroll
from textual.content import Content
from textual.widgets import Static

from engine.text.explain.case import Case
from engine.text.explain.entry import Explanation
from engine.text.sanitize import printable
from tui.screens.details import DetailScreen
from tui.widgets.columns import Column, Ink
from tui.widgets.line_table import LineTable
from tui.widgets.pane import Words
from tui.widgets.topics import Topic

NOTHING: Final = "Nothing here has an explanation. Move the cursor to a row, and press e again."

Listed = tuple[int, Topic]
"""A topic and its place in the list: two fields may have one name."""


def merged(cases: Sequence[Case]) -> dict[Explanation, list[str]]:
    """Each meaning once, with all that it says here."""
    found: dict[Explanation, list[str]] = {}
    for case in cases:
        here = found.setdefault(case.explanation, [])
        if case.here and case.here not in here:
            here.append(case.here)
    return found


def explanation(cases: Sequence[Case]) -> Content:
    """One paragraph a meaning: its name, its sentences, the figures of this case, the source."""
    if not cases:
        return Content(NOTHING)
    paragraphs = []
    for one, here in merged(cases).items():
        lines = [
            Content.assemble((one.name, "bold $text-primary"), (f"  {one.kind}", "$foreground 60%")),
            Content(printable(one.text)),
        ]
        lines += [Content.styled(printable(sentence), "bold") for sentence in here]
        lines.append(Content.styled(f"See {one.source}.", "$foreground 60%"))
        paragraphs.append(Content("\n").join(lines))
    return Content("\n\n").join(paragraphs)


class TopicTable(LineTable[Listed]):
    """What can be asked about; the text is that of the line under the cursor."""

    BINDING_GROUP_TITLE = "Explanations"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("down,j,right", "cursor_down", "next", id="explain.next"),
        Binding("up,k,left", "cursor_up", "before", id="explain.before"),
        Binding("enter", "app.focus_next", "to the text", id="explain.text"),
    ]

    def __init__(self) -> None:
        columns: tuple[Column[Listed], ...] = (
            Column("topic", "Explain", 14, lambda one: one[1].name, lambda _one: Ink.ACCENT, ideal=22),
            Column("value", "Here", 12, lambda one: one[1].value, flexible=True),
        )
        super().__init__(columns, lambda one: one[0])


class ExplainScreen(DetailScreen):
    """Sentences, scrolled by the arrow keys; beside them what else the row has to ask about."""

    DEFAULT_CSS = """
    ExplainScreen DetailPane { max-width: 100; height: auto; max-height: 86%; }
    ExplainScreen VerticalScroll { height: auto; max-height: 100%; scrollbar-size-vertical: 1; padding: 1 2; }
    ExplainScreen Static { height: auto; }
    ExplainScreen Container { height: auto; }
    ExplainScreen.-narrow DetailPane { height: auto; max-height: 100%; }
    ExplainScreen.-listed DetailPane { max-width: 140; height: 80%; }
    ExplainScreen.-listed Container { layout: horizontal; height: 1fr; }
    ExplainScreen.-listed TopicTable { width: 48; height: 100%; margin-right: 1; }
    ExplainScreen.-listed VerticalScroll { width: 1fr; height: 100%; }
    ExplainScreen.-listed.-narrow DetailPane { height: 1fr; }
    ExplainScreen.-listed.-narrow Container { layout: vertical; }
    ExplainScreen.-listed.-narrow TopicTable { width: 1fr; height: 2fr; margin-right: 0; }
    ExplainScreen.-listed.-narrow VerticalScroll { height: 3fr; padding: 1 1 0 1; }
    """

    def __init__(self, topics: Sequence[Topic], first: int = 0) -> None:
        """`first` is the topic that is shown when the window opens."""
        super().__init__()
        self._topics = tuple(topics)
        self._first = first
        self._table = TopicTable()
        self._text = Static()

    def compose_inside(self) -> ComposeResult:
        with Container():
            if len(self._topics) > 1:
                yield self._table
            with VerticalScroll():
                yield self._text

    def on_mount(self) -> None:
        if len(self._topics) > 1:
            self.add_class("-listed")
            self._table.show(tuple(enumerate(self._topics)))
            self._table.focus()
            self._table.move_to(self._first)
        else:
            self.query_one(VerticalScroll).focus()
        self._explain(self._topics[self._first] if self._topics else None)

    def _explain(self, topic: Topic | None) -> None:
        cases = topic.cases if topic is not None else ()
        names: list[Words | str] = [", ".join(dict.fromkeys(case.explanation.name for case in cases))]
        self.title_window("Explained", names)
        self._text.update(explanation(cases))
        self.query_one(VerticalScroll).scroll_home(animate=False)

    def on_line_table_row_highlighted(self, event: LineTable.RowHighlighted) -> None:
        event.stop()
        listed: Listed | None = event.row
        if listed is not None:
            self._explain(listed[1])
