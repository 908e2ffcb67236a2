"""engine.lab.catalogue: every kind can be made, and what there is not is refused."""

from __future__ import annotations

import sys
from importlib import import_module
from subprocess import run

import pytest

from engine.lab.actor import Actor
from engine.lab.catalogue import KINDS, make_actor
from engine.lab.knobs import KNOBS
from engine.model.errors import BadInput
from engine.model.lab import ActorCommand, ActorSpec, ActorState, Knobs

ALL = pytest.mark.parametrize("kind", KINDS)


@ALL
def test_every_kind_is_made_with_its_defaults_and_has_not_begun(kind: str) -> None:
    actor = make_actor(ActorSpec(kind, KINDS[kind].default_knobs()))

    assert actor.report().state is ActorState.STARTING
    assert actor.report().kind == kind


@ALL
def test_every_kind_reads_knobs_that_there_are_each_once(kind: str) -> None:
    names = KINDS[kind].knobs

    assert set(names) <= set(KNOBS)
    assert len(names) == len(set(names))
    assert set(KINDS[kind].defaults) <= set(names)


@ALL
def test_the_commands_in_the_list_are_those_of_the_class(kind: str) -> None:
    module, _, name = KINDS[kind].where.partition(":")
    actor_class: type[Actor] = getattr(import_module(module), name)

    assert set(KINDS[kind].commands) == set(actor_class.commands)


@ALL
def test_every_kind_has_a_title_and_one_line(kind: str) -> None:
    assert KINDS[kind].title
    assert "\n" not in KINDS[kind].line
    assert len(f"{kind} {KINDS[kind].line}") < 110


def test_an_unknown_kind_is_refused_with_those_that_are_like_it() -> None:
    with pytest.raises(BadInput, match=r"there is no actor 'echo' .did you mean echo-server, .*echo-client"):
        make_actor(ActorSpec("echo", Knobs()))


def test_a_port_that_there_is_not_is_refused_before_anything_starts() -> None:
    with pytest.raises(BadInput, match="port 70000 is outside 0 to 65535"):
        make_actor(ActorSpec("echo-server", Knobs(port=70_000)))


def test_a_command_that_an_actor_does_not_know_is_refused() -> None:
    actor = make_actor(ActorSpec("echo-server", Knobs()))

    with pytest.raises(Exception, match="echo-server does not know the command 'drain'"):
        actor.command(ActorCommand.DRAIN)


def test_the_list_loads_no_actor_and_nothing_heavy() -> None:
    program = (
        "import sys, engine.lab.catalogue\n"
        "print(sorted(set(sys.modules) & {'asyncio', 'ssl', 'socketserver', 'engine.lab.clients.echo',"
        " 'engine.lab.servers.sink'}))"
    )
    result = run([sys.executable, "-c", program], capture_output=True, text=True, check=True)

    assert result.stdout == "[]\n"
