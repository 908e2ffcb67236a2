"""Reads capture files through decoder and flow table: every frame with what is known about it, in batches.

Nothing here formats; engine.capture.read_json and engine.capture.read_text do.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TypeVar

import msgspec

from engine.capture.decode import decode_frame
from engine.capture.files.frames import Frame, Interface
from engine.capture.files.source import CaptureFile
from engine.capture.ip_reassembly import Reassembly
from engine.flow.placed import Placed
from engine.flow.table import FlowTable
from engine.model.health import Trust
from engine.model.packets import OtherFrame, Segment

FLOW_BYTES_OF_FILES = 96 * 1024 * 1024
"""Flows kept while reading files: three times what a live capture keeps, since nothing else needs the memory, and a
flow given up would be taken for a new one."""


_Part = TypeVar("_Part")

Row = tuple[int, int, int, Segment | None, Placed | None, OtherFrame | None]
"""One frame and what is known about it: number, bytes on the wire, bytes in the file, then a segment and where it
belongs, or instead of both what else the frame is."""


class Rows(msgspec.Struct, array_like=True, gc=False):
    """Frames of a file and what is known about them: a list for each part of a `Row`, all of one length.

    Lists of parts take half the time of a list of objects to build and to hand to another process.
    """

    numbers: list[int]
    """1-based, over all files."""
    wire_lengths: list[int]
    captured: list[int]
    """Bytes of each frame in the file."""
    segments: list[Segment | None]
    placed: list[Placed | None]
    others: list[OtherFrame | None]

    def __len__(self) -> int:
        return len(self.numbers)

    def each(self) -> Iterator[Row]:
        """The rows one after the other."""
        return zip(self.numbers, self.wire_lengths, self.captured, self.segments, self.placed, self.others, strict=True)

    def chosen(self, places: Sequence[int]) -> Rows:
        """The rows at these places."""
        return Rows(
            _picked(self.numbers, places),
            _picked(self.wire_lengths, places),
            _picked(self.captured, places),
            _picked(self.segments, places),
            _picked(self.placed, places),
            _picked(self.others, places),
        )


def _picked(column: list[_Part], places: Sequence[int]) -> list[_Part]:
    return [column[place] for place in places]


class Batch(msgspec.Struct, gc=False):
    """The frames of one piece of a file, and a row for each."""

    frames: list[Frame]
    rows: Rows


class Reading:
    """One pass over one or several capture files, one after the other as if they were one."""

    def __init__(self, paths: Sequence[str], follow: bool = False, max_flow_bytes: int = FLOW_BYTES_OF_FILES) -> None:
        self.flows = FlowTable(max_flow_bytes)
        self.notes: list[str] = []
        """A sentence for each file that could not be read to its end."""
        self.first_ns = 0
        """Time of the first frame."""
        self.digits = 6
        """Decimals of a second in the file being read."""
        self.segments = 0
        """TCP segments among the frames."""
        self.interfaces: list[Interface] = []
        """Of the file being read; a frame names its own by number."""
        self._paths = paths
        self._follow = follow
        self._reassembly = Reassembly()
        self._frames = 0
        self._undecodable = 0
        self._lost_before = 0

    @property
    def trust(self) -> Trust:
        """What became of every frame so far."""
        return Trust(
            received=self._frames,
            kept=self._frames - self._undecodable,
            dropped_by_kernel=self._lost_before,
            undecodable=self._undecodable,
        )

    @property
    def fragments_given_up(self) -> int:
        """Fragmented datagrams that were not put together: incomplete for too long, or too many."""
        return self._reassembly.given_up

    def batches(self) -> Iterator[Batch]:
        """All frames. BadInput if a file cannot be opened or is no capture."""
        for path in self._paths:
            with CaptureFile(path, self._follow) as file:
                self.interfaces = file.interfaces
                for frames in file.batches():
                    self.digits = max(interface.digits for interface in file.interfaces)
                    yield Batch(frames, self._rows(frames))
                self._lost_before += file.dropped
                if file.note:
                    self.notes.append(f"{path}: {file.note}")

    def _rows(self, frames: list[Frame]) -> Rows:
        if not self._frames:
            self.first_ns = frames[0].ts_ns
        first = self._frames + 1
        feed, reassembly = self.flows.feed, self._reassembly
        contents = [
            decode_frame(frame.link_type, frame.data, frame.wire_length, frame.ts_ns, frame.interface, reassembly)
            for frame in frames
        ]
        segments: list[Segment | None] = []
        placed: list[Placed | None] = []
        others: list[OtherFrame | None] = []
        for number, content in enumerate(contents, first):
            if isinstance(content, Segment):
                segments.append(content)
                placed.append(feed(content, number))
                others.append(None)
            else:
                if content.quoted is not None:
                    content.stream = self._stream_of(*content.quoted)
                segments.append(None)
                placed.append(None)
                others.append(content)
        self._frames += len(frames)
        numbers = list(range(first, self._frames + 1))
        others_alone = list(filter(None, others))
        self.segments += len(frames) - len(others_alone)
        self._undecodable += sum(other.undecodable for other in others_alone)
        return Rows(
            numbers, [frame.wire_length for frame in frames], [len(frame.data) for frame in frames], segments, placed,
            others,
        )  # fmt: skip

    def _stream_of(self, src: bytes, dst: bytes, sport: int, dport: int) -> int:
        """The flow that a quoted segment belongs to, -1 if it is none of the file's."""
        flow = self.flows.find(src, sport, dst, dport)
        return flow.stream if flow else -1
