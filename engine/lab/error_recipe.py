"""What is known of an error that can be made, and of one that was."""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from engine.lab.bench import Bench
from engine.model.lab import Call, HeardFrame


class Recipe(msgspec.Struct, frozen=True):
    """One error and how it is made."""

    name: str
    error_class: str
    """The Python exception."""
    errno: int
    """The number expected; negative for getaddrinfo, 0 where there is none."""
    make: Callable[[Bench], None]
    meaning: str
    other_side: str
    """What the peer's program, its kernel or who else was asked sees of it."""
    cure: str
    own_network: bool = False
    """Made in a network namespace of its own."""


class MadeError(msgspec.Struct, frozen=True):
    """An error that was made: as it showed itself, and the calls that led to it."""

    name: str
    shown: str
    """`ConnectionRefusedError ECONNREFUSED (111)`."""
    errno: int
    sentence: str
    """What the exception says."""
    meaning: str
    other_side: str
    cure: str
    calls: tuple[Call, ...]
    frames: tuple[HeardFrame, ...] = ()
    """Where it was made in a network of its own."""
