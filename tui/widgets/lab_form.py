"""The lab's form: kind, template, host, port and text, checked at every key."""

from __future__ import annotations

from typing import ClassVar, Final

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.message import Message
from textual.widgets import Input, Static

from engine.text.sanitize import printable
from tui.widgets.choice import Choice
from tui.widgets.field import Field
from tui.widgets.lab_fields import KIND_NAMES, TEMPLATE_NAMES, LabFields

HOST_CHARACTERS_MAX: Final = 253
"""A DNS name's limit (RFC 1035 section 2.3.4), which every address is below."""
PORT_CHARACTERS_MAX: Final = 6
TEXT_CHARACTERS_MAX: Final = 4_096


class FormField(Field):
    """A field of the form; Enter is Input's own, named for the footer."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "submit", "start it", id="form.start_from_field"),
    ]


class LabForm(Vertical):
    """Asks for what the next actor gets: Submitted to start it, Left to go back to the list."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "submit", "start it", id="form.start"),
        Binding("escape", "leave", "back to the list", id="form.back"),
        Binding("tab", "step(1)", "next field", id="form.next"),
        Binding("shift+tab", "step(-1)", "Field before", show=False, id="form.previous"),
    ]
    DEFAULT_CSS = """
    LabForm { height: 5; padding: 0 1; }
    LabForm > .heading { height: 1; color: $line; }
    LabForm > Horizontal { height: 1; }
    LabForm .label { width: auto; color: $foreground 60%; padding: 0 1 0 0; }
    LabForm .first { width: 6; }
    LabForm .gap { padding: 0 1 0 2; }
    LabForm Input.-textual-compact { height: 1; padding: 0 1; background: $field; width: 1fr; }
    LabForm Input.-textual-compact:focus { background: $primary 38%; text-style: bold; }
    LabForm Input.-wrong { color: $text-error; }
    LabForm Input:nocolor { text-style: underline; }
    LabForm Input#lab-port { width: 9; }
    LabForm #lab-says { height: 1; color: $text-success; }
    LabForm #lab-says.-warn { color: $text-warning; }
    LabForm #lab-says.-wrong { color: $text-error; text-style: bold; }
    """

    class Submitted(Message):
        """The user wants an actor of the chosen kind."""

        def __init__(self, fields: LabFields) -> None:
            super().__init__()
            self.fields = fields

    class Left(Message):
        """The user went back to the list."""

    def compose(self) -> ComposeResult:
        start = LabFields()
        yield Static(id="lab-heading", classes="heading")
        with Horizontal():
            yield Static("new", classes="label first")
            yield Choice(KIND_NAMES, start.kind, cells=13, dom_id="lab-kind")
            yield Static("template", classes="label gap")
            yield Choice(TEMPLATE_NAMES, start.template, cells=8, dom_id="lab-template")
        with Horizontal():
            yield Static("host", classes="label first")
            yield self._input(start.host, "lab-host", HOST_CHARACTERS_MAX)
            yield Static("port", classes="label gap")
            yield self._input(start.port, "lab-port", PORT_CHARACTERS_MAX)
        with Horizontal():
            yield Static("text", classes="label first")
            yield self._input(start.text, "lab-text", TEXT_CHARACTERS_MAX)
        yield Static(id="lab-says")

    @staticmethod
    def _input(value: str, dom_id: str, limit: int) -> Input:
        return FormField(value, dom_id=dom_id, characters_max=limit)

    def on_mount(self) -> None:
        self._check()

    def on_resize(self) -> None:
        self.query_one("#lab-heading", Static).update(Content("─" * self.size.width))

    @property
    def fields(self) -> LabFields:
        """What stands in the form."""
        return LabFields(
            kind=self.query_one("#lab-kind", Choice).value,
            host=self.query_one("#lab-host", Input).value,
            port=self.query_one("#lab-port", Input).value,
            text=self.query_one("#lab-text", Input).value,
            template=self.query_one("#lab-template", Choice).value,
        )

    def focus_first(self) -> None:
        self.screen.set_focus(self.query_one("#lab-kind", Choice))

    def action_step(self, step: int) -> None:
        """To the next field, or the one before, and round again."""
        fields = list(self.query("Choice, Input").results())
        focused = self.screen.focused
        place = fields.index(focused) if focused in fields else -1
        self.screen.set_focus(fields[(place + step) % len(fields)])

    def action_submit(self) -> None:
        if self._check():
            self.post_message(self.Submitted(self.fields))

    def action_leave(self) -> None:
        self.post_message(self.Left())

    def on_input_changed(self, event: Input.Changed) -> None:
        event.stop()
        self._check()

    def on_input_submitted(self, event: Input.Submitted) -> None:
        event.stop()
        self.action_submit()

    def on_choice_changed(self, event: Choice.Changed) -> None:
        event.stop()
        self._check()

    def _check(self) -> bool:
        """Say what is wrong or what it means; whether it can be started so."""
        fields = self.fields
        wrong, why = fields.problem()
        for name in ("host", "port", "text"):
            self.query_one(f"#lab-{name}").set_class(name == wrong, "-wrong")
        says, warns = (f"✕ {why}", False) if wrong else fields.hint()
        line = self.query_one("#lab-says", Static)
        line.set_class(bool(wrong), "-wrong")
        line.set_class(warns, "-warn")
        line.update(Content(printable(says)))
        return not wrong
