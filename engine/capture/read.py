"""Reads capture files through decoder and flow table: every frame with what is known about it, in batches.

Nothing here formats; engine.capture.read_json and engine.capture.read_text do.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

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


class Row(msgspec.Struct, array_like=True, gc=False):
    """One frame of a file and what is known about it."""

    number: int
    """1-based, over all files."""
    wire_length: int
    captured: int
    """Bytes of it in the file."""
    segment: Segment | None
    placed: Placed | None
    other: OtherFrame | None
    """Instead of `segment` and `placed`."""


class Batch(msgspec.Struct, gc=False):
    """The frames of one piece of a file, and a row for each."""

    frames: list[Frame]
    rows: list[Row]


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

    def _rows(self, frames: list[Frame]) -> list[Row]:
        if not self._frames:
            self.first_ns = frames[0].ts_ns
        number = self._frames
        feed, reassembly = self.flows.feed, self._reassembly
        rows: list[Row] = []
        append = rows.append
        segments = 0
        for frame in frames:
            number += 1
            data = frame.data
            wire_length = frame.wire_length
            content = decode_frame(frame.link_type, data, wire_length, frame.ts_ns, frame.interface, reassembly)
            if isinstance(content, Segment):
                segments += 1
                append(Row(number, wire_length, len(data), content, feed(content, number), None))
            else:
                self._undecodable += content.undecodable
                append(Row(number, wire_length, len(data), None, None, content))
        self._frames = number
        self.segments += segments
        return rows
