"""Messages about the lab: what its panes want besides starting and stopping actors, and what came back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from textual.message import Message

from engine.lab.host_facts import HostFacts
from engine.lab.templates import Template
from engine.model.lab import ActorCommand, ActorSpec
from engine.model.snapshot import ActorView
from tui.bridge import Receiver
from tui.messages import Done


class CommandsWanted(Message):
    """The user wants to ask something of this actor."""

    def __init__(self, actor: ActorView) -> None:
        super().__init__()
        self.actor = actor


class CommandGiven(Message):
    """Ask this of an actor, with a text that goes with it."""

    def __init__(self, number: int, command: ActorCommand, text: str = "") -> None:
        super().__init__()
        self.number = number
        self.command = command
        self.text = text


class KillWanted(Message):
    """Kill the processes of these actors."""

    def __init__(self, numbers: Sequence[int]) -> None:
        super().__init__()
        self.numbers = tuple(numbers)


class ProgramWanted(Message):
    """The user wants this actor as a command and as a Python program."""

    def __init__(self, spec: ActorSpec) -> None:
        super().__init__()
        self.spec = spec


class HostFactsWanted(Message):
    """Somebody typed a host."""

    def __init__(self, host: str, family: str, to: Receiver) -> None:
        super().__init__()
        self.host = host
        self.family = family
        self.to = to


class HostFactsFound(Message):
    """What the look-up of a host told."""

    def __init__(self, facts: HostFacts) -> None:
        super().__init__()
        self.facts = facts


class TemplatesWanted(Message):
    """The form wants the saved templates."""

    def __init__(self, to: Receiver) -> None:
        super().__init__()
        self.to = to


class TemplatesRead(Message):
    """The saved templates by name, why there are none if the file is not in order, the name just saved or deleted."""

    def __init__(self, saved: Mapping[str, Template], failure: str = "", named: str = "", deleted: str = "") -> None:
        super().__init__()
        self.saved = saved
        self.failure = failure
        self.named = named
        self.deleted = deleted


class TemplateNamed(Message):
    """Save what this actor is told under this name."""

    def __init__(self, name: str, spec: ActorSpec, to: Receiver) -> None:
        super().__init__()
        self.name = name
        self.spec = spec
        self.to = to


class TemplateUnwanted(Message):
    """Delete this saved template, once that was confirmed."""

    def __init__(self, template: Template, to: Receiver) -> None:
        super().__init__()
        self.template = template
        self.to = to


class LookupWanted(Message):
    """The user wants to know what this text means: a name, an address, a port, a service, a number."""

    def __init__(self, text: str, to: Receiver) -> None:
        super().__init__()
        self.text = text
        self.to = to


class LookedUp(Message):
    """What it means: paragraphs of a title and of labels with texts; or why it means nothing."""

    def __init__(
        self, text: str, paragraphs: Sequence[tuple[str, Sequence[tuple[str, str]]]], failure: str = ""
    ) -> None:
        super().__init__()
        self.text = text
        self.paragraphs = tuple(paragraphs)
        self.failure = failure


class ActorsStarted(Done):
    """These actors run."""

    def __init__(self, actors: Sequence[ActorView], sentence: str = "", warns: bool = False) -> None:
        super().__init__(sentence, warns)
        self.actors = tuple(actors)
