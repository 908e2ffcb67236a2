"""The form of an actor on the lab's screen: a line a knob, checked as it is typed, with what the kernel made of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import ClassVar, Final

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.message import Message
from textual.timer import Timer
from textual.widgets import Static

from engine.lab.advice import Limits, advice
from engine.lab.host_facts import HostFacts, host_hint
from engine.lab.knobs import KNOBS
from engine.lab.saved import check_name
from engine.lab.templates import TEMPLATES, Template
from engine.model.errors import BadInput
from engine.model.lab import ActorSpec
from engine.text.sanitize import printable
from tui.lab_messages import (
    HostFactsFound,
    HostFactsWanted,
    ProgramWanted,
    TemplateNamed,
    TemplatesRead,
    TemplatesWanted,
    TemplateUnwanted,
)
from tui.messages import EngineFailed
from tui.widgets.columns import Ink
from tui.widgets.edit_line import EditLine, Judgement
from tui.widgets.lab import LabPane
from tui.widgets.lab_draft import Draft, KnobRow, knob_rows, new_draft, problem
from tui.widgets.lab_form_columns import form_columns
from tui.widgets.line_table import LineTable
from tui.widgets.pane import Pane

TYPING_S: Final = 0.3
"""Who has not typed for so long may have typed the whole name: it is looked up then, not at each key."""

FIRST_KIND: Final = "echo-server"

LOOKING: Final = "is being looked up …"


class LabFormPane(Pane):
    """A draft in by `fill`, wishes out: Submitted to start it, ProgramWanted, TemplateNamed, Left."""

    NAME = "Form"
    HELP = """
    ## Form
    Everything that an actor of this kind can be told, with its default. **Enter** edits the line under the cursor,
    **←** and **→** go through the values of those that have few, **Backspace** brings the default back. What it means,
    or why it cannot be, is said as you type. **→** in the middle is what the kernel made of it.

    **Space** starts one more actor; **r** starts the one that the form was filled from anew, with what stands here.
    **t** goes through the templates, **w** saves the form as one, **x** deletes the saved one that is shown.
    **y** shows the same as a command and as a Python program.
    """
    BINDING_GROUP_TITLE = "Form"
    BINDINGS: ClassVar[list[BindingType]] = [
        # Priority has it carried out before the next key is looked at, so that what is typed ahead reaches the field.
        Binding("enter", "edit", "edit", priority=True, id="lab_form.edit"),
        Binding("space", "start", "start it", id="lab_form.start"),
        Binding("r", "restart", "restart it so", id="lab_form.restart"),
        Binding("x", "delete", "delete template", id="lab_form.delete"),
        Binding("n", "kind", "kind", id="lab_form.kind"),
        Binding("right", "step(1)", "next value", show=False, id="lab_form.next"),
        Binding("left", "step(-1)", "Value before", show=False, id="lab_form.before"),
        Binding("backspace", "reset", "default", id="lab_form.reset"),
        Binding("t", "template", "template", id="lab_form.template"),
        Binding("w", "save", "save as", id="lab_form.save"),
        Binding("y", "program", "copy", id="lab_form.program"),
    ]

    class Submitted(Message):
        """The user wants this actor, in place of those of `ended`."""

        def __init__(self, spec: ActorSpec, ended: tuple[int, ...] = ()) -> None:
            super().__init__()
            self.spec = spec
            self.ended = ended

    DEFAULT_CSS = """
    LabFormPane > #knob-says { height: 2; padding: 0 1; color: $foreground 75%; }
    LabFormPane > #knob-says.-warn { color: $text-warning; }
    LabFormPane > EditLine.-open { height: 2; }
    """

    def __init__(self, *, dom_id: str | None = None) -> None:
        super().__init__(dom_id=dom_id)
        self.draft = new_draft(FIRST_KIND)
        self._origin = 0
        """The actor that the form was filled from; 0 for a new one."""
        self.edited = False
        """Something was typed that no actor has yet."""
        self._limits = Limits()
        self.saved: Mapping[str, Template] = {}
        """The templates that were saved, once they are read."""
        self._facts: HostFacts | None = None
        self._timer: Timer | None = None
        self._editing = ""
        """The knob in the edit line, or `save` for a template's name."""
        self._table: LineTable[KnobRow] = LineTable(form_columns(kernel=False), lambda row: row.name)
        self._kernel = False
        """The kernel's answers have a column."""
        self._line = EditLine()

    def compose(self) -> ComposeResult:
        yield self._table
        yield Static(id="knob-says")
        yield self._line

    def on_mount(self) -> None:
        self._show()
        self.post_message(TemplatesWanted(self))
        self._look_up()

    def focus_inside(self) -> None:
        self.screen.set_focus(self._table, scroll_visible=False)

    def limit(self, limits: Limits) -> None:
        """What this machine allows."""
        self._limits = limits
        self._show()

    # --- draft in ---------------------------------------------------------------------------------------------------

    def fill(self, draft: Draft) -> None:
        """Show this draft; what was typed before is gone."""
        if self._line.is_open:
            self._line.close()
        self.edited = False
        self._origin = draft.actor
        other = draft.kind != self.draft.kind
        self._set(draft)
        if other:
            self._table.move_to(0)

    def choose_kind(self, kind: str) -> None:
        """Describe a new actor of this kind, on the host and port of the one before."""
        self.fill(new_draft(kind, self.draft))

    def _set(self, draft: Draft) -> None:
        host = (draft.knobs.host, draft.knobs.family) != (self.draft.knobs.host, self.draft.knobs.family)
        self.draft = draft
        self._show()
        if host:
            self._look_up()

    def _edit(self, draft: Draft) -> None:
        if draft != self.draft:
            self.edited = True
            self._set(replace(draft, actor=0))

    def _show(self) -> None:
        if self._kernel is not bool(self.draft.readings):
            self._kernel = bool(self.draft.readings)
            self._table.set_columns(form_columns(kernel=self._kernel))
        self._table.show(knob_rows(self.draft, self._limits, self._facts))
        self._say()
        kind = self.draft.of
        origin = f"of actor {self._origin}" if self._origin else "new"
        if self._origin and not self.draft.actor:
            origin += ", changed"
        template = (f"template {self.draft.template}", "$text-primary") if self.draft.template else ""
        self.set_title([(kind.kind, "bold"), origin, template, (kind.title, "$foreground 60%")], short="Form")

    def _say(self) -> None:
        """The whole sentence of the line under the cursor, which the column may cut."""
        row = self._table.cursor_row
        says = self.query_one("#knob-says", Static)
        says.display = not self._line.is_open
        says.set_class(row is not None and row.ink is Ink.OPENING, "-warn")
        says.update(Content(printable(row.says if row is not None else "")))

    # --- host names -------------------------------------------------------------------------------------------------

    def _look_up(self, host: str | None = None) -> None:
        """Ask what the host means, once nobody has typed for a moment."""
        if self._timer is not None:
            self._timer.stop()
        if host is not None:
            self._timer = self.set_timer(TYPING_S, lambda: self._ask(host))
        elif "host" in self.draft.of.knobs:
            # Who fills the form may be the screen, and a message does not go on above the one that had it sent.
            self.call_next(self._ask, self.draft.knobs.host)

    def _ask(self, host: str) -> None:
        self.post_message(HostFactsWanted(host, self.draft.knobs.family, self))

    def on_host_facts_found(self, event: HostFactsFound) -> None:
        event.stop()
        self._facts = event.facts
        self._show()
        if self._line.is_open:
            self._line.judge()

    def on_templates_read(self, event: TemplatesRead) -> None:
        event.stop()
        self.saved = event.saved
        if event.failure:
            self.post_message(LabPane.Refused(event.failure))
        if event.named:
            self.draft = replace(self.draft, template=event.named)
        elif event.deleted and event.deleted == self.draft.template:
            self.draft = replace(self.draft, template="")
        self._show()
        self.refresh_bindings()

    def on_engine_failed(self, event: EngineFailed) -> None:
        """A template that could not be saved."""
        event.stop()
        self.post_message(LabPane.Refused(event.sentence))

    # --- keys -------------------------------------------------------------------------------------------------------

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """While a value is typed letters are letters."""
        if action == "restart" and not self._origin:
            return False
        if action == "delete" and self.draft.template not in self.saved:
            return False
        own = ("edit", "start", "restart", "kind", "step", "reset", "template", "save", "delete", "program")
        return not (action in own and self._line.is_open)

    def action_start(self) -> None:
        self.edited = False
        self.post_message(self.Submitted(self.draft.spec()))

    def action_restart(self) -> None:
        """Stop the actor that the form was filled from, and start it anew with what stands here."""
        self.edited = False
        self.post_message(self.Submitted(self.draft.spec(), (self._origin,)))

    async def action_kind(self) -> None:
        await self.run_action("screen.choose_kind")

    def action_program(self) -> None:
        self.post_message(ProgramWanted(self.draft.spec()))

    def action_step(self, step: int) -> None:
        row = self._table.cursor_row
        if row is not None:
            self._edit(self.draft.stepped(row.name, step))

    def action_reset(self) -> None:
        row = self._table.cursor_row
        if row is not None:
            self._edit(self.draft.reset(row.name))

    def action_template(self) -> None:
        names = self.draft.templates(self.saved)
        now = names.index(self.draft.template) if self.draft.template in names else 0
        self.edited = True
        self._set(replace(self.draft.with_template(names[(now + 1) % len(names)], self.saved), actor=0))
        self.refresh_bindings()

    def action_save(self) -> None:
        name = "" if self.draft.template in TEMPLATES else self.draft.template
        self._editing = "save"
        self._line.open("save as", name, judge_name, self._save, self._after_edit)
        self._opened()

    def action_delete(self) -> None:
        self.post_message(TemplateUnwanted(self.saved[self.draft.template], self))

    def action_edit(self) -> None:
        row = self._table.cursor_row
        if row is not None:
            self._open(row.name)

    def on_line_table_row_selected(self, event: LineTable.RowSelected) -> None:
        """By a double click; Enter is this pane's own."""
        event.stop()
        self.action_edit()

    def on_line_table_row_highlighted(self, event: LineTable.RowHighlighted) -> None:
        event.stop()
        self._say()

    def _open(self, name: str) -> None:
        self._editing = name
        self._line.open(name, self.draft.text(name), self._judge, self._accept, self._after_edit)
        self._opened()

    def _opened(self) -> None:
        """The edit line came or went: other keys work, and its sentence takes the place of the cursor's."""
        self._say()
        self.refresh_bindings()

    def _judge(self, text: str) -> Judgement:
        """What a typed value means for the knob that is edited."""
        name = self._editing
        why = problem(name, text)
        if why:
            return why, False, False
        typed = self.draft.typed(name, text)
        if name == "host":
            if self._facts is not None and (self._facts.host, self._facts.family) == (text, typed.knobs.family):
                sentence, warns = host_hint(typed.of, typed.knobs, self._facts)
                return sentence, True, warns
            return f"{text or 'every address'} {LOOKING}", True, False
        warned = advice(typed.of, typed.knobs, self._limits).get(name, "")
        return warned or KNOBS[name].line, True, bool(warned)

    def on_edit_line_changed(self, event: EditLine.Changed) -> None:
        event.stop()
        if self._editing == "host":
            self._look_up(event.text)

    def _accept(self, text: str, step: int) -> None:
        self._edit(self.draft.typed(self._editing, text))
        if step:
            self._table.move_to(self._table.cursor + step)
        row = self._table.cursor_row
        if step and row is not None and row.name != self._editing:
            self._open(row.name)
        else:
            self._after_edit()

    def _save(self, name: str, _step: int) -> None:
        self._after_edit()
        self.post_message(TemplateNamed(name, self.draft.spec(), self))

    def _after_edit(self) -> None:
        """The edit line is hidden again."""
        if self._line.has_focus_within:
            self.focus_inside()
        self._opened()


def judge_name(text: str) -> Judgement:
    """Whether a template can be called so."""
    try:
        check_name(text)
    except BadInput as error:
        return str(error), False, False
    if text in TEMPLATES:
        return f"{text} is one of sockmon's own", False, False
    return "what differs from the defaults is saved; `--template` on the command line knows it too", True, False
