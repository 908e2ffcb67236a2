"""The actor that the lab's form describes: its kind, its knobs, what each means as it stands. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Final

import msgspec

from engine.lab.advice import Limits, advice
from engine.lab.as_command import as_typed
from engine.lab.catalogue import KINDS, ActorKind
from engine.lab.errors import ERRORS, error_recipe
from engine.lab.host_facts import HostFacts, host_hint
from engine.lab.knobs import KNOBS, Knob, Sort, check_knob, parse_knob
from engine.lab.options import OPTIONS, SOCKET_KNOBS
from engine.lab.templates import TEMPLATES, Template, template_knobs
from engine.model.errors import BadInput
from engine.model.lab import ActorSpec, Knobs, OptionReading
from engine.model.snapshot import ActorView
from tui.widgets.columns import Ink

KNOBS_OF_OPTIONS: Final[Mapping[str, str]] = {option.name: option.knob for option in OPTIONS} | {"backlog": "backlog"}
"""Option readings go by the option's name."""

FIRST: Final = ("host", "port")


@dataclass(frozen=True)
class KnobRow:
    """A line of the form."""

    name: str
    value: str
    changed: bool
    """Differs from the kind's default."""
    kernel: str = ""
    """What the kernel made of it, in the actor that the form was filled from."""
    says: str = ""
    ink: Ink = Ink.MUTED
    choosable: bool = False
    """Left and right go through its values."""


@dataclass(frozen=True)
class Draft:
    """The form as it stands."""

    kind: str
    knobs: Knobs
    template: str = ""
    actor: int = 0
    """The actor it was filled from; 0 for a new one."""
    readings: tuple[OptionReading, ...] = field(default=())

    @property
    def of(self) -> ActorKind:
        return KINDS[self.kind]

    def spec(self) -> ActorSpec:
        """What to start."""
        return ActorSpec(self.kind, self.knobs)

    def typed(self, name: str, text: str) -> Draft:
        """With what a person typed for a knob. Raises BadInput."""
        return self._with(name, parse_knob(name, text))

    def reset(self, name: str) -> Draft:
        """With the kind's default for a knob."""
        return self._with(name, getattr(self.of.default_knobs(), name))

    def stepped(self, name: str, step: int) -> Draft:
        """With the next of a knob's few values; unchanged if it has more than a few. A value that is none of them, such
        as an error by its other name, stands between the last and the first."""
        values = choices(KNOBS[name])
        if not values:
            return self
        now = getattr(self.knobs, name)
        place = values.index(now) if now in values else min(-step, 0)
        return self._with(name, values[(place + step) % len(values)])

    def text(self, name: str) -> str:
        """A knob's value as it is typed."""
        return as_typed(getattr(self.knobs, name))

    def _with(self, name: str, value: object) -> Draft:
        check_knob(name, value)
        return replace(self, knobs=msgspec.structs.replace(self.knobs, **{name: value}), readings=())

    def templates(self, saved: Mapping[str, Template]) -> tuple[str, ...]:
        """The templates that say something of this kind; the empty one for the kind's defaults first."""
        both = {**TEMPLATES, **saved}
        return ("", *(name for name, template in both.items() if self.kind in template.settings))

    def with_template(self, name: str, saved: Mapping[str, Template]) -> Draft:
        """The kind's defaults and a template, host and port as they stand unless the template has them."""
        defaults = self.of.default_knobs()
        kept = {knob: getattr(self.knobs, knob) for knob in FIRST if knob in self.of.knobs}
        knobs = msgspec.structs.replace(defaults, **kept)
        if name:
            knobs = template_knobs(name, self.kind, knobs, saved)
        return replace(self, knobs=knobs, template=name, readings=())


def new_draft(kind: str, beside: Draft | None = None) -> Draft:
    """A new actor of a kind. `beside` is what stood in the form before: its host and port are kept between TCP's server
    and client, so that a client meets the server just described. A host that only its kind has, such as a multicast
    group, is kept for none."""
    knobs = KINDS[kind].default_knobs()
    if beside is not None:
        usual = Knobs()
        its_own = beside.of.default_knobs().host if beside.of.default_knobs().host != usual.host else None
        kept = {
            name: getattr(beside.knobs, name)
            for name in FIRST
            if name in KINDS[kind].knobs and getattr(knobs, name) == getattr(usual, name)
        }
        if kept.get("host") == its_own:
            kept.pop("host", None)
        knobs = msgspec.structs.replace(knobs, **kept)
    return Draft(kind, knobs)


def draft_of(actor: ActorView) -> Draft:
    """An actor's own knobs, with what the kernel made of them."""
    return Draft(actor.spec.kind, actor.spec.knobs, actor=actor.number, readings=actor.report.options)


def choices(knob: Knob) -> tuple[object, ...]:
    """The values of a knob that has few: a word's choices, on and off, and the errors, which nobody knows by heart."""
    if knob.name == "error":
        return tuple(ERRORS)
    if knob.sort is Sort.CHOICE:
        return knob.choices
    if knob.sort is Sort.FLAG:
        return (None, True, False) if knob.optional else (True, False)
    return ()


def knob_rows(draft: Draft, limits: Limits, facts: HostFacts | None) -> list[KnobRow]:
    """The lines of the form. `facts` counts if it speaks of the host and the family that stand in the form."""
    kind = draft.of
    defaults = kind.default_knobs()
    warnings = advice(kind, draft.knobs, limits)
    kernel = {
        KNOBS_OF_OPTIONS[reading.name]: reading.got for reading in draft.readings if reading.name in KNOBS_OF_OPTIONS
    }
    rows = []
    for name in kind.in_order:
        says, ink = KNOBS[name].line, Ink.MUTED
        if name in warnings:
            says, ink = warnings[name], Ink.OPENING
        if (
            name == "host"
            and facts is not None
            and (facts.host, facts.family) == (draft.knobs.host, draft.knobs.family)
        ):
            says, warns = host_hint(kind, draft.knobs, facts)
            ink = Ink.OPENING if warns else Ink.GOOD
        value = getattr(draft.knobs, name)
        rows.append(
            KnobRow(
                name,
                shown_value(name, value),
                value != getattr(defaults, name),
                f"→ {_grouped(kernel[name])}" if name in kernel else "",
                says,
                ink,
                bool(choices(KNOBS[name])),
            )
        )
    return rows


def shown_value(name: str, value: object) -> str:
    """A value as the form shows it."""
    if value is None:
        return "kernel's" if name in SOCKET_KNOBS else "-"
    if value == "":
        return "-"
    if isinstance(value, int) and not isinstance(value, bool) and name not in ("port", "bind_port"):
        return f"{value:,}"
    return as_typed(value)


def _grouped(figure: str) -> str:
    return f"{int(figure):,}" if figure.isdecimal() else figure


def problem(name: str, text: str) -> str:
    """Why a knob may not have what was typed; empty if it may."""
    try:
        parse_knob(name, text)
        if name == "error":
            error_recipe(text)
    except BadInput as error:
        return str(error)
    return ""


def asks_remote(spec: ActorSpec) -> bool:
    """Whether traffic of this actor may leave the machine, which is to be confirmed."""
    return spec.knobs.allow_remote and "allow_remote" in KINDS[spec.kind].knobs
