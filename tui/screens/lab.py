"""Screen 5: the programs that make traffic, the form of one, its calls, and the look-up panel."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical

from engine.lab.advice import read_limits
from engine.model.snapshot import ActorView
from tui.messages import Moment
from tui.screens.base import MonitorScreen
from tui.screens.lab_kinds import KindScreen
from tui.widgets.lab import LabPane
from tui.widgets.lab_actors import ActorsPane
from tui.widgets.lab_calls import LabCallsPane
from tui.widgets.lab_draft import Draft, draft_of, new_draft
from tui.widgets.lab_fields import DEFAULT_TEMPLATE
from tui.widgets.lab_form_pane import LabFormPane
from tui.widgets.lab_lookup import LookupPane
from tui.widgets.lab_rows import SWITCHES, LabRow

if TYPE_CHECKING:
    from tui.app import SockmonApp


class LabScreen(MonitorScreen):
    """Actors and their calls at the left, the form and the look-up panel at the right."""

    TITLE = "Lab"

    app: SockmonApp

    def __init__(self) -> None:
        super().__init__()
        self._shown_row: object = None
        self._started: set[int] = set()
        """Actors whose knobs the form takes in, with the kernel's answers, although it has the focus."""
        self._moment: Moment | None = None

    def compose_body(self) -> ComposeResult:
        with Horizontal(id="lab-body"):
            with Vertical(id="lab-left"):
                yield ActorsPane(dom_id="actors")
                yield LabCallsPane(dom_id="calls")
            with Vertical(id="lab-right"):
                yield LabFormPane(dom_id="form")
                yield LookupPane(dom_id="lookup")

    def on_mount(self) -> None:
        self.query_one(LabFormPane).limit(read_limits())

    def show(self, moment: Moment, work: object) -> None:
        super().show(moment, work)
        self._moment = moment
        self.query_one(ActorsPane).show(moment.snapshot)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """While a value is typed Tab goes on to the next."""
        if action == "pane" and self.query("EditLine:focus-within"):
            return False
        return super().check_action(action, parameters)

    # --- the list leads, form and calls follow ----------------------------------------------------------------------

    def on_actors_pane_highlighted(self, event: ActorsPane.Highlighted) -> None:
        pane = self.query_one(ActorsPane)
        actor = event.actor
        entries = self._moment.snapshot.entries if self._moment is not None else ()
        number = actor.number if actor is not None else 0
        self.query_one(LabCallsPane).show_actor(actor, pane.rates.of(number), pane.balance, entries)
        form = self.query_one(LabFormPane)
        chosen = (event.row.key if event.row is not None else None, number)
        if not form.edited and (number in self._started or not form.has_focus_within):
            self._started -= {number}
            draft = draft_for(event.row, actor)
            if draft is not None and (chosen != self._shown_row or draft.actor) and draft != form.draft:
                form.fill(draft)
        self._shown_row = chosen

    def expect(self, actors: Sequence[ActorView]) -> None:
        """These were started: the cursor goes to them."""
        self._started = {actor.number for actor in actors}
        self.query_one(ActorsPane).expect(actors)

    def action_choose_kind(self) -> None:
        self.app.push_screen(KindScreen(self.describe))

    def describe(self, kind: str) -> None:
        """Describe a new actor of this kind in the form."""
        form = self.query_one(LabFormPane)
        form.choose_kind(kind)
        form.edited = True
        self.activate(form)

    def on_lab_form_pane_submitted(self, event: LabFormPane.Submitted) -> None:
        event.stop()
        self.post_message(LabPane.StartWanted((event.spec,), event.ended))

    def action_back(self) -> None:
        """From the form, the calls and the look-up panel back to the list; then as on every screen."""
        actors = self.query_one(ActorsPane)
        if self.query("HelpPanel") or self.active_pane is actors:
            super().action_back()
        else:
            self.query_one(LabFormPane).edited = False
            self.activate(actors)


def draft_for(row: LabRow | None, actor: ActorView | None) -> Draft | None:
    """What the form shows for a line of the list: its actor, else what its switch would start last."""
    if actor is not None:
        return draft_of(actor)
    if row is None or not row.switch:
        return None
    draft = new_draft(SWITCHES[row.switch][-1])
    return draft.with_template(DEFAULT_TEMPLATE, {}) if DEFAULT_TEMPLATE in draft.templates({}) else draft
