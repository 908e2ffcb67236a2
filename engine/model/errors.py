"""The errors that sockmon raises itself; each is one sentence a person can act on, with what was tried and on what."""

from __future__ import annotations

import os


class EngineError(Exception):
    """Something that sockmon tried did not work.

    `tried` says what and on what (`bind a packet socket to nope0`), `errno` is the kernel's number where there is one,
    `hint` what a person can do about it.
    """

    def __init__(self, tried: str, errno: int | None = None, hint: str = "") -> None:
        super().__init__(tried, errno, hint)
        self.tried = tried
        self.errno = errno
        self.hint = hint

    def __str__(self) -> str:
        reason = f": {os.strerror(self.errno)}" if self.errno else ""
        hint = f" ({self.hint})" if self.hint else ""
        return f"{self.tried}{reason}{hint}"


class BadInput(EngineError):
    """What the user asked for cannot be done as asked: a bad port, an unknown interface, an unusable terminal."""


class CaptureError(EngineError):
    """Frames cannot be had: the interface, the right or the filter is missing."""


class MissingRight(CaptureError):
    """Frames cannot be had because this user may not open a packet socket; everything else works without."""


class NetlinkError(EngineError):
    """The kernel's socket table cannot be read, or the kernel answered with an error."""


class MalformedMessage(EngineError):
    """Bytes from the kernel, a file or the wire that are not what their own header says. `offset` is where it shows."""

    def __init__(self, tried: str, offset: int = 0) -> None:
        super().__init__(f"{tried} at byte {offset}")
        self.offset = offset


class FilterError(BadInput):
    """A filter that does not parse. `position` is the 0-based character where it stops making sense."""

    def __init__(self, tried: str, position: int = 0, hint: str = "") -> None:
        super().__init__(tried, hint=hint)
        self.position = position


class LabError(EngineError):
    """An actor of the lab could not do what its form or command asked."""


class ChannelError(EngineError):
    """The other end of a channel between two processes is gone, or sent what the channel does not carry."""
