"""`sockmon lab`: one command for each kind of actor, made from the catalogue, and the flood that starts two of them."""

from __future__ import annotations

import click

from engine.lab.as_command import as_typed
from engine.lab.catalogue import KINDS, ActorKind
from engine.lab.knobs import KNOBS, parse_knob
from engine.lab.saved import template_knobs_from, templates_path
from engine.lab.templates import TEMPLATES
from engine.model.lab import ActorSpec, Knobs
from tui.cli.actor_run import INTERACTIVE, run_actor
from tui.cli.flood import flood_command
from tui.cli.lab_error import error_command
from tui.cli.output import json_line
from tui.cli.session import session_of


@click.group("lab")
def lab_command() -> None:
    """Make traffic: start a server, a client or a flood, each in a process of its own."""


@lab_command.command("list")
@click.option("--json", "as_json", is_flag=True, help="JSON Lines.")
def list_command(as_json: bool) -> None:
    """List the actors."""
    for kind in KINDS.values():
        if as_json:
            fields = {"kind": kind.kind, "group": kind.group.value, "title": kind.title, "does": kind.line}
            click.echo(json_line({**fields, "knobs": list(kind.knobs)}))
        else:
            click.echo(f"{kind.kind:<20} {kind.group.value:<9} {kind.line}")


def actor_command(kind: ActorKind) -> click.Command:
    """The command that runs an actor of this kind until it is done or stopped."""

    def run(*, template: str | None, calls: bool, as_json: bool, **typed: str | None) -> None:
        knobs = typed_knobs(kind, template, typed)
        session = session_of(click.get_current_context())
        run_actor(session, ActorSpec(kind.kind, knobs, calls), show_calls=calls, as_json=as_json)

    defaults = kind.default_knobs()
    options: list[click.Parameter] = [
        click.Option(
            ["--template"], metavar="NAME", help=f"A named set of knobs: {', '.join(TEMPLATES)}, or a saved one."
        ),
        click.Option(["--calls/--no-calls"], default=False, help="Print every socket call as it is made."),
        click.Option(["--json", "as_json"], is_flag=True, help="JSON Lines."),
    ]
    options += [knob_option(name, defaults) for name in kind.in_order]
    return click.Command(kind.kind, callback=run, params=options, help=help_of(kind))


def help_of(kind: ActorKind) -> str:
    """What it does, and what can be typed while it runs."""
    does = f"{kind.title}: {kind.line}."
    if kind.kind == INTERACTIVE:
        return f"{does}\n\nWhat is typed is sent, line by line; at the end of input the connection is half-closed."
    if kind.commands:
        return f"{does}\n\nWhile it runs, lines typed are asked of it: {', '.join(c.value for c in kind.commands)}."
    return does


def knob_option(name: str, defaults: Knobs) -> click.Option:
    """A knob as an option; what is typed is read by the lab's own rules, as in a form."""
    knob = KNOBS[name]
    default = getattr(defaults, name)
    shown = "the kernel's or none" if default is None else as_typed(default) or "none"
    line = knob.line if knob.line.partition(" ")[0].endswith("():") else knob.line[0].upper() + knob.line[1:]
    metavar = "|".join(choice for choice in knob.choices if choice) if knob.choices else knob.sort.value.upper()
    return click.Option(
        [f"--{name.replace('_', '-')}", name],
        metavar=metavar,
        help=f"{line}.  [{shown}]",
    )


def typed_knobs(kind: ActorKind, template: str | None, typed: dict[str, str | None]) -> Knobs:
    """The knobs of an actor: its kind's defaults, then the template, then what was typed. Raises BadInput."""
    import msgspec

    knobs = kind.default_knobs()
    if template is not None:
        knobs = template_knobs_from(templates_path(), template, kind.kind, knobs)
    values = {name: parse_knob(name, text) for name, text in typed.items() if text is not None}
    return msgspec.structs.replace(knobs, **values)


for _kind in KINDS.values():
    lab_command.add_command(actor_command(_kind))
lab_command.add_command(flood_command)
lab_command.add_command(error_command)
