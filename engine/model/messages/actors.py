"""The messages between the screen and an actor."""

from __future__ import annotations

import msgspec

from engine.model.lab import ActorCommand, ActorReport, ActorSpec
from engine.model.messages.failed import Failed


class RunActor(msgspec.Struct, frozen=True, tag=True, gc=False):
    """The first message to an actor's process: what it is."""

    spec: ActorSpec
    carries: tuple[str, ...] = ()
    """What each descriptor beside the message is, for an actor that may not open it itself: `packet`, an AF_PACKET
    socket of protocol 0; `icmp`, `icmp6`, raw sockets that let only echo replies in."""


class AskActor(msgspec.Struct, frozen=True, tag=True, gc=False):
    """How the actor stands, with the calls numbered above `calls_after`."""

    calls_after: int = 0


class CommandActor(msgspec.Struct, frozen=True, tag=True, gc=False):
    command: ActorCommand
    text: str = ""


class ActorAnswer(msgspec.Struct, frozen=True, tag=True, gc=False):
    report: ActorReport


ActorRequest = RunActor | AskActor | CommandActor
ActorReply = ActorAnswer | Failed
