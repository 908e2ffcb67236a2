"""The messages between the screen and an actor."""

from __future__ import annotations

from typing import Final

import msgspec

from engine.model.lab import ActorCommand, ActorReport, ActorSpec, ActorState
from engine.model.messages.failed import Failed


class RunActor(msgspec.Struct, frozen=True, tag=True, gc=False):
    """The first message to an actor's process: what it is."""

    spec: ActorSpec
    carries: tuple[str, ...] = ()
    """What each descriptor beside the message is, for an actor that may not open it itself: `packet`, an AF_PACKET
    socket of protocol 0; `icmp`, `icmp6`, raw sockets that let only echo replies in."""


STATE_WAIT_S: Final = 0.25
"""An actor that holds its answer back does not see meanwhile that its channel has ended, and nobody else can ask it."""


class AskActor(msgspec.Struct, frozen=True, tag=True, gc=False):
    """How the actor stands, with the calls numbered above `calls_after`; answered once it is in none of the states
    `unlike`, or after STATE_WAIT_S."""

    calls_after: int = 0
    unlike: tuple[ActorState, ...] = ()


class CommandActor(msgspec.Struct, frozen=True, tag=True, gc=False):
    command: ActorCommand
    text: str = ""


class ActorAnswer(msgspec.Struct, frozen=True, tag=True, gc=False):
    report: ActorReport


ActorRequest = RunActor | AskActor | CommandActor
ActorReply = ActorAnswer | Failed
