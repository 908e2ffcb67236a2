"""What the readers of capture files hand out, and what they share."""

from __future__ import annotations

from typing import Protocol

import msgspec

MAX_CAPTURED = 262_144
"""The longest frame that tools write to a file (libpcap's MAXIMUM_SNAPLEN). A length beyond it is damage."""


class Frame(msgspec.Struct, gc=False):
    """One frame of a file. Nobody changes it; it is not frozen only because that would make it slower to build."""

    link_type: int
    """LINKTYPE_ number."""
    data: bytes
    wire_length: int
    ts_ns: int
    """Nanoseconds since the epoch; 0 where the file has none."""
    interface: int = 0
    """Counted from 0 over all sections of the file."""
    comment: str = ""


class Interface(msgspec.Struct, frozen=True, gc=False):
    """An interface of a capture file."""

    link_type: int
    name: str = ""
    snap_length: int = 0
    """0 for no limit."""
    digits: int = 6
    """Decimals of a second that its clock gives: 6 for microseconds, 9 for nanoseconds."""


class Pieces:
    """Collects pieces of a file until there are as many bytes as are wanted, without copying them for each piece."""

    __slots__ = ("_held", "_pieces", "wanted")

    def __init__(self) -> None:
        self.wanted = 0
        self._pieces: list[bytes] = []
        self._held = 0

    def add(self, piece: bytes) -> bytes | None:
        """All bytes held, if they are as many as wanted."""
        self._pieces.append(piece)
        self._held += len(piece)
        return self.take() if self._held >= self.wanted else None

    def take(self) -> bytes:
        """All bytes held, which are held no more."""
        held = self._pieces[0] if len(self._pieces) == 1 else b"".join(self._pieces)
        self._pieces.clear()
        self._held = 0
        return held

    def __len__(self) -> int:
        return self._held


class FrameReader(Protocol):
    """Reads one format. It never raises: what is damaged ends the reading and is told by `damage`."""

    interfaces: list[Interface]
    dropped: int
    """Frames that the capturing program said it lost."""
    damage: str
    """One sentence, empty as long as all is well; nothing after it is read."""

    def feed(self, piece: bytes) -> list[Frame]:
        """The frames that are complete with this piece of the file."""
        ...

    def end(self) -> str:
        """The file ends here: the sentence about what is missing, or an empty text."""
        ...
