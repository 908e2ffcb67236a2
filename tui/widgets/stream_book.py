"""What a conversation carried, cut into lines of text or of a hex dump: grows while it is read, formats what is seen.

Bytes of one direction that follow each other are one block; a line never crosses a block. A line is known by its number
and never changes, but the last one of the newest block, which may grow. Pure.
"""

from __future__ import annotations

from array import array
from bisect import bisect_right
from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from engine.model.flows import StreamPiece
from engine.text.sanitize import printable_bytes_within

STREAM_BYTES_MAX: Final = 16 * 1024 * 1024
"""Bytes held for the screen. A file gets all that is kept."""

HEX_BYTES: Final = 16
"""Bytes a line of a dump with text; without it twice as many where there is room."""
HEX_CELLS: Final = 10
"""The offset before them."""
TEXT_CELLS_LEAST: Final = 20


class StreamMode(StrEnum):
    """How bytes are written, in the order of the key."""

    TEXT = "text"
    HEX = "hex"
    BOTH = "hex and text"


@dataclass(frozen=True)
class StreamLine:
    """One line: bytes `start` to `end` of a block, or what is missing before them."""

    number: int
    forward: bool
    text: str
    start: int = 0
    end: int = 0
    block: int = 0
    notice: bool = False
    """It tells of bytes that are not here."""


@dataclass
class _Block:
    forward: bool
    missing: int
    cut: int
    data: bytearray
    frame: int


class StreamBook:
    """The lines of a stream at one width in one mode; `sides` are those shown: forward True, False."""

    def __init__(
        self, mode: StreamMode = StreamMode.TEXT, width: int = 80, sides: frozenset[bool] | None = None
    ) -> None:
        self._blocks: list[_Block] = []
        self._line_blocks = array("L")
        self._line_starts = array("L")
        self._notices: set[int] = set()
        self.bytes = [0, 0]
        """Held of the first end's bytes and of the second's."""
        self.left_out = 0
        """Bytes beyond STREAM_BYTES_MAX."""
        self.arrange(mode, width, sides or frozenset((True, False)))

    def arrange(self, mode: StreamMode, width: int, sides: frozenset[bool]) -> None:
        """Cut the lines anew."""
        self.mode, self.sides = mode, sides
        self.room = max(TEXT_CELLS_LEAST, width)
        fits = self.room >= HEX_CELLS + 2 * HEX_BYTES * 3 + 3
        self.bytes_a_line = 2 * HEX_BYTES if mode is StreamMode.HEX and fits else HEX_BYTES
        del self._line_blocks[:], self._line_starts[:]
        self._notices.clear()
        for number in range(len(self._blocks)):
            self._cut(number, 0)

    def add(self, pieces: Iterable[StreamPiece]) -> None:
        """More bytes, in order."""
        for piece in pieces:
            if sum(self.bytes) + len(piece.data) > STREAM_BYTES_MAX:
                self.left_out += len(piece.data)
                continue
            self.bytes[not piece.forward] += len(piece.data)
            last = self._blocks[-1] if self._blocks else None
            if last is not None and last.forward is piece.forward and not piece.missing:
                self._grow(last, piece.data)
            elif piece.data or piece.missing:
                self._blocks.append(
                    _Block(piece.forward, piece.missing, piece.cut, bytearray(piece.data), piece.number)
                )
                self._cut(len(self._blocks) - 1, 0)

    def _grow(self, block: _Block, data: bytes) -> None:
        """Cut the last line of the newest block anew."""
        start = len(block.data)
        number = len(self._blocks) - 1
        if self._line_blocks and self._line_blocks[-1] == number and len(self._line_blocks) - 1 not in self._notices:
            start = self._line_starts[-1]
            del self._line_blocks[-1:], self._line_starts[-1:]
        block.data += data
        self._cut(number, start)

    def _cut(self, number: int, start: int) -> None:
        block = self._blocks[number]
        if block.forward not in self.sides:
            return
        if start == 0 and block.missing:
            self._notices.add(len(self._line_blocks))
            self._append(number, 0)
        data, end = block.data, len(block.data)
        step = self.room if self.mode is StreamMode.TEXT else self.bytes_a_line
        while start < end:
            self._append(number, start)
            following = start + step
            if self.mode is StreamMode.TEXT:
                newline = data.find(b"\n", start, following)
                following = newline + 1 if newline >= 0 else following
            start = following

    def _append(self, block: int, start: int) -> None:
        self._line_blocks.append(block)
        self._line_starts.append(start)

    # --- as the rows of a table -------------------------------------------------------------------------------------

    def __len__(self) -> int:
        return len(self._line_blocks)

    def key(self, index: int) -> Hashable | None:
        return index

    def index(self, key: Hashable) -> int | None:
        return key if isinstance(key, int) and 0 <= key < len(self) else None

    @property
    def here(self) -> range:
        return range(len(self))

    def row(self, index: int) -> StreamLine:
        number = self._line_blocks[index]
        block, start = self._blocks[number], self._line_starts[index]
        if index in self._notices:
            why = (
                "cut by the snap length; what comes now is kept whole" if block.cut >= block.missing else "not captured"
            )
            return StreamLine(index, block.forward, f"… {block.missing:,} bytes {why}", block=number, notice=True)
        after = index + 1
        same = after < len(self) and self._line_blocks[after] == number
        end = self._line_starts[after] if same else len(block.data)
        data = bytes(block.data[start:end])
        text = text_line(data, self.room) if self.mode is StreamMode.TEXT else self._dumped(data, start)
        return StreamLine(index, block.forward, text, start, end, number)

    def _dumped(self, data: bytes, start: int) -> str:
        halves = [data[at : at + 8].hex(" ") for at in range(0, len(data), 8)]
        dump = f"{start:08x}  {'  '.join(halves)}"
        if self.mode is StreamMode.HEX:
            return dump
        return f"{dump:<{HEX_CELLS + HEX_BYTES * 3 + 1}} {''.join(map(letter, data))}"

    # --- looking for something --------------------------------------------------------------------------------------

    def find(self, wanted: bytes, after: int, step: int) -> int | None:
        """The next line (`step` 1) or the one before (-1) where `wanted` begins, in any case of its letters; round
        the ends."""
        wanted = wanted.lower()
        lines = self._lines_of(wanted) if wanted else []
        if not lines:
            return None
        if step > 0:
            return next((line for line in lines if line > after), lines[0])
        return next((line for line in reversed(lines) if line < after), lines[-1])

    def _lines_of(self, wanted: bytes) -> Sequence[int]:
        """The numbers of the lines where `wanted` begins, each once."""
        found: dict[int, None] = {}
        firsts = self._first_lines()
        for number, block in enumerate(self._blocks):
            if number not in firsts:
                continue
            first, last = firsts[number]
            lowered = bytes(block.data).lower()
            at = lowered.find(wanted)
            while at >= 0:
                line = bisect_right(self._line_starts, at, first, last + 1) - 1
                found[line] = None
                following = self._line_starts[line + 1] if line < last else len(lowered)
                at = lowered.find(wanted, max(following, at + 1))
        return list(found)

    def _first_lines(self) -> dict[int, tuple[int, int]]:
        """The first and the last line of each block that is shown."""
        spans: dict[int, tuple[int, int]] = {}
        for line, block in enumerate(self._line_blocks):
            spans[block] = (spans[block][0] if block in spans else line, line)
        return spans


def text_line(data: bytes, room: int) -> str:
    """A line of text without its end; what is not text is escaped."""
    return printable_bytes_within(data.removesuffix(b"\n").removesuffix(b"\r").replace(b"\t", b"    "), 4 * room)


def letter(byte: int) -> str:
    """A byte as ASCII, a dot for what is not printable."""
    return chr(byte) if 0x20 <= byte < 0x7F else "."


def wanted_bytes(text: str) -> bytes:
    """What a typed word looks for: `0x0d0a` the bytes, anything else the text in UTF-8."""
    if text.startswith("0x") and len(text) % 2 == 0:
        try:
            return bytes.fromhex(text[2:])
        except ValueError:
            return text.encode()
    return text.encode()
