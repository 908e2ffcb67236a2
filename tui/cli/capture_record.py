"""`sockmon capture -w`: frames into a file as they come, each with what is known of its sockets as a comment."""

from __future__ import annotations

import socket
import time
from functools import lru_cache

from engine.capture.files.frames import Frame, Interface
from engine.capture.files.writer import CaptureWriter
from engine.export.packet_comments import SocketSamples, packet_comment
from engine.model.messages import FrameAnswer, FramesAnswer
from engine.model.packets import FULL_SNAP_LENGTH, PacketRow
from engine.query.packets import compile_packets
from tui.cli.capture_notices import Notices
from tui.cli.session import Session

POLL_S = 0.05
"""Between two questions for frames."""

SAMPLE_S = 0.25
"""Between two readings of the socket table, at least. Frames wait for the next one, so that a connection which was
opened since the last finds its owner."""

SAMPLES_SHARE = 10
"""One part of the time in so many may go into reading a large table."""

WAITING_MAX = 4_000
"""Frames that wait for a reading; more are written with what is known."""

BEHIND_MAX = 10_000
"""With so many frames still to fetch, the next are written without a comment, which costs ten times as much: to lose
none is worth more."""


class Recording:
    """Writes the frames of the running capture, at most `limit` of those that pass the display filter."""

    def __init__(
        self,
        session: Session,
        writer: CaptureWriter,
        notices: Notices,
        display_filter: str,
        limit: int | None,
        commented: bool,
    ) -> None:
        self._session = session
        self._monitor = session.monitor()
        self._writer = writer
        self._notices = notices
        self._passes = compile_packets(display_filter).matches if display_filter else None
        self._limit = limit
        self._commented = commented
        self._samples = SocketSamples()
        self._waiting: list[tuple[FrameAnswer, PacketRow | None]] = []
        self._next_sample = 0.0
        self._behind = False
        self._after = 0
        self.missed = 0
        """Frames that were gone before they could be written."""
        self.uncommented = 0
        """Frames written without a comment to keep up."""

    def run(self, seconds: float | None) -> None:
        """Record until the limit, the end of the time or Ctrl-C."""
        deadline = None if seconds is None else time.monotonic() + seconds
        going = True
        while going:
            over = deadline is not None and time.monotonic() >= deadline
            going = self._fetch() or not over
            if self._full():
                break
            if not going or time.monotonic() >= self._next_sample or len(self._waiting) > WAITING_MAX:
                self._write()
            if going and not self._behind:
                try:
                    self._session.pause(POLL_S)
                except KeyboardInterrupt:
                    going = False
        self._write()

    def _full(self) -> bool:
        return self._limit is not None and self._writer.written + len(self._waiting) >= self._limit

    def _fetch(self) -> bool:
        """Ask for the next frames; whether there were any."""
        wants_rows = self._passes is not None or (self._commented and not self._behind)
        answer = self._monitor.new_frames(self._after, wants_rows)
        self._notices.tell(answer.status)
        self._behind = answer.status.last_number - answer.last > BEHIND_MAX
        self.missed += max(0, answer.first - self._after - 1) if answer.frames else 0
        self._after = max(self._after, answer.last)
        if self._commented and not answer.rows:
            self.uncommented += len(answer.frames)
        self._waiting += self._chosen(answer)
        return bool(answer.frames)

    def _chosen(self, answer: FramesAnswer) -> list[tuple[FrameAnswer, PacketRow | None]]:
        rows: list[PacketRow | None] = [*answer.rows] if answer.rows else [None] * len(answer.frames)
        passes = self._passes
        return [
            (frame, row)
            for frame, row in zip(answer.frames, rows, strict=True)
            if passes is None or (row is not None and passes(row))
        ]

    def prepare(self) -> None:
        """Read the socket table before the first packet comes; this reading alone waits for its worker to start."""
        self._sample()
        self._next_sample = time.monotonic() + SAMPLE_S

    def _sample(self) -> None:
        began = time.monotonic()
        if self._commented:
            snapshot = self._monitor.refresh()
            self._samples.take(snapshot.entries, [closed.entry for closed in snapshot.closed], snapshot.table_ns)
        now = time.monotonic()
        self._next_sample = now + max(SAMPLE_S, (now - began) * SAMPLES_SHARE)

    def _write(self) -> None:
        """Look at the sockets once more, and write what waits."""
        self._sample()
        waiting = self._waiting if self._limit is None else self._waiting[: self._limit - self._writer.written]
        for frame, row in waiting:
            comment = packet_comment(row, self._samples) if self._commented and row is not None else ""
            self._writer.write(
                Frame(frame.link_type, frame.data, frame.wire_length, frame.ts_ns, 0, comment),
                Interface(frame.link_type, interface_name(frame.interface), FULL_SNAP_LENGTH, 9),
            )
        self._waiting = []
        self._writer.flush()


@lru_cache(maxsize=64)
def interface_name(index: int) -> str:
    """The name of an interface now; empty for one that is gone."""
    try:
        return socket.if_indextoname(index)
    except OSError:
        return ""
