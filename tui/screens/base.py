"""What every screen of sockmon has: the header line, the line of alarms, the footer, and the way snapshots reach it."""

from __future__ import annotations

from typing import ClassVar, Final

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.geometry import Size
from textual.message import Message
from textual.screen import Screen
from textual.widget import Widget

from tui.messages import Moment
from tui.widgets.footer import KeyBar
from tui.widgets.header import AlertLine, StatusLine, alert_words
from tui.widgets.pane import Pane
from tui.widgets.pane_tabs import PaneTabs

PANES_FROM: Final = Size(100, 20)
"""On a smaller terminal there is room for one pane: they become tabs."""


class MonitorScreen(Screen[None], inherit_bindings=False):
    """A screen of panes over live snapshots."""

    BINDING_GROUP_TITLE = "Screen"
    BINDINGS: ClassVar[list[BindingType]] = [
        # Priority has these carried out before the next key is looked at, so that keys typed ahead reach the new pane.
        Binding("tab", "pane(1)", "Next pane", show=False, priority=True, id="screen.next_pane"),
        Binding("shift+tab", "pane(-1)", "Pane before", show=False, priority=True, id="screen.previous_pane"),
        Binding("z", "zoom", "zoom", id="screen.zoom"),
        Binding("escape", "back", "Back", show=False, id="screen.back"),
    ]
    ALLOW_SELECT = False

    def compose(self) -> ComposeResult:
        yield StatusLine()
        yield AlertLine()
        yield PaneTabs()
        yield from self.compose_body()
        yield KeyBar()

    def compose_body(self) -> ComposeResult:
        """The panes."""
        yield from ()

    class Shown(Message):
        """The screen came into view and wants the moment of now."""

    def prepare(self, moment: Moment) -> object:
        """The work of showing a moment that needs no widget; runs in the bridge's thread."""
        return None

    def show(self, moment: Moment, work: object) -> None:
        """Show this moment. `work` is what `prepare` made of it, None if that was not done."""
        header = self.query_one(StatusLine)
        header.opened_per_s = moment.watched.opened_per_s
        header.snapshot = moment.snapshot
        self.query_one(AlertLine).words = alert_words(moment.failure, moment.snapshot.workers)

    def pause(self, paused: bool) -> None:
        """Stand still, or go on."""
        self.query_one(StatusLine).paused = paused

    # --- panes ------------------------------------------------------------------------------------------------------

    @property
    def panes(self) -> list[Pane]:
        return list(self.query(Pane))

    @property
    def active_pane(self) -> Pane:
        return self.query_one("Pane.-active", Pane)

    def on_mount(self) -> None:
        first = self.first_pane()
        self._mark_active(first)
        first.focus_inside()

    def first_pane(self) -> Pane:
        """The pane that is active at first."""
        return self.panes[0]

    def on_screen_resume(self) -> None:
        self.app.post_message(self.Shown())

    def on_resize(self) -> None:
        self._fold()

    def _fold(self) -> None:
        """One pane at a time where it is zoomed or there is no room for more."""
        small = self.size.width < PANES_FROM.width or self.size.height < PANES_FROM.height
        self.set_class(small or self.has_class("-zoomed"), "-single")

    def _mark_active(self, active: Pane) -> None:
        for pane in self.panes:
            pane.set_class(pane is active, "-active")
            if isinstance(pane.parent, Widget) and pane.parent is not self:
                pane.parent.set_class(
                    any(child.has_class("-active") for child in pane.parent.children), "-holds-active"
                )
        self.query_one(PaneTabs).show_panes(self.panes)

    def on_pane_activated(self, event: Pane.Activated) -> None:
        """Unless the focus has gone on since: keys are carried out as they come, messages arrive later."""
        if event.pane.has_focus_within:
            self._mark_active(event.pane)

    def on_pane_retitled(self) -> None:
        self.query_one(PaneTabs).show_panes(self.panes)

    def on_pane_tabs_chosen(self, event: PaneTabs.Chosen) -> None:
        self.activate(event.pane)

    def activate(self, pane: Pane) -> None:
        """Make this pane the active one: the one that keys go to, and the only one where there is room for one."""
        self._mark_active(pane)
        pane.focus_inside()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Inside a form Tab goes through its fields."""
        return not (action == "pane" and self.query("LabForm:focus-within"))

    def action_pane(self, step: int) -> None:
        panes = self.panes
        if self.active_pane.focus_step(step):
            return
        self.activate(panes[(panes.index(self.active_pane) + step) % len(panes)])

    def action_zoom(self) -> None:
        self.toggle_class("-zoomed")
        self._fold()

    def action_back(self) -> None:
        """One level back: out of the help, out of the zoom."""
        if self.query("HelpPanel"):
            self.app.action_hide_help_panel()
        elif self.has_class("-zoomed"):
            self.action_zoom()
