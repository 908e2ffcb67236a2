"""The window in which `e` explains what is under the cursor: what a word means, here too, and where it is written."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.content import Content
from textual.widgets import Static

from engine.text.explain.case import Case
from engine.text.explain.entry import Explanation
from engine.text.sanitize import printable
from tui.screens.details import DetailScreen

NOTHING: Final = "Nothing here has an explanation. Move the cursor to a row, and press e again."


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


class ExplainScreen(DetailScreen):
    """Sentences, scrolled by the arrow keys."""

    DEFAULT_CSS = """
    ExplainScreen DetailPane { max-width: 100; height: auto; max-height: 86%; }
    ExplainScreen VerticalScroll { height: auto; max-height: 100%; scrollbar-size-vertical: 1; padding: 1 2; }
    ExplainScreen Static { height: auto; }
    ExplainScreen.-narrow DetailPane { height: auto; max-height: 100%; }
    """

    def __init__(self, cases: Sequence[Case]) -> None:
        super().__init__()
        self._cases = cases

    def compose_inside(self) -> ComposeResult:
        with VerticalScroll():
            yield Static(explanation(self._cases))

    def on_mount(self) -> None:
        names = dict.fromkeys(case.explanation.name for case in self._cases)
        self.title_window("Explained", [", ".join(names)])
        self.query_one(VerticalScroll).focus()
