"""How the process of a short-lived connection is known, from guess to certainty, and what is lost without each way."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from engine.model.health import Degradation

POLLED: Final = "polled"
LISTENER: Final = "listener"
LOOKED_UP: Final = "lookup"
TRACED: Final = "traced"
"""ClosedSocket.tier."""

TRACE: Final = "trace"
SYN: Final = "syn"
"""What a descriptor given to the sockets worker is (AskSockets.carries)."""

LOSSES: Final[Mapping[str, tuple[str, str]]] = {
    TRACE: ("NO_STATE_TRACE", "connections too short for a refresh are looked up by their SYN, which may miss some"),
    SYN: ("NO_SYN_TAP", "connections too short for a refresh show their listener's process or none"),
}
"""Code and sentence of what follows where a kind of descriptor cannot be had."""


def without(kind: str, why: str, cure: str = "") -> Degradation:
    """That there is no descriptor of this kind, or that it is of no use."""
    code, sentence = LOSSES[kind]
    return Degradation(code, f"{sentence}: {why}", cure)
