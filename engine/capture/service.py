"""The capture worker's subject: captures what it is told, keeps it within memory, answers with what is asked for."""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Final

import msgspec

from engine.capture.bpf_words import Conversation
from engine.capture.conversations import Conversations
from engine.capture.live import LiveCapture, effective, filter_text
from engine.capture.packet_log import PacketLog, Passes
from engine.capture.ssh_session import find_session
from engine.model.errors import CaptureError
from engine.model.messages import (
    AskFlows,
    AskFrame,
    AskLadder,
    AskNewFrames,
    AskNewPackets,
    AskPackets,
    AskStatus,
    AskStream,
    CaptureReply,
    CaptureRequest,
    FindFlow,
    FlowsAnswer,
    FollowStream,
    FrameAnswer,
    FramesAnswer,
    LadderAnswer,
    PacketsAnswer,
    StartCapture,
    StatusAnswer,
    StopCapture,
    StreamAnswer,
)
from engine.model.packets import CaptureOptions, CaptureStatus, PacketRow
from engine.query.packets import compile_packets

TICK_S: Final = 1.0
"""Between two looks at the interfaces, and over which the rate is taken."""
BATCH_S: Final = 0.01
"""A batch ends with the block after this, so that a request waits no longer behind a flood."""
LOOK_S: Final = 0.03
"""A display filter may look at frames for so long while the screen waits for its answer."""
LADDER_S: Final = 0.05
"""The same for a ladder: enough for 50,000 segments. What was found by then is shown, and the rest asked for anew."""
STREAM_S: Final = 0.2
"""The same for a stream; the ring holds the frames of a second meanwhile."""
LOOK_ASIDE_S: Final = 0.005
"""The same when nobody waits, between two batches."""

FRAMES_BYTES_MAX: Final = 16 * 1024 * 1024
"""In one answer, whoever asks: it is put together while frames wait in the ring, which takes some 10 ms a megabyte."""
FRAME_COST: Final = 64
"""What a frame counts beside its bytes, so that many small ones end an answer too."""
ROW_COST: Final = 2048
"""The same for its line, by the time that it takes."""


class CaptureService:
    """Serves CaptureRequest (engine.model.service.Service). Needs no right: its sockets come with StartCapture."""

    def __init__(self, ssh: Conversation | None = None) -> None:
        """`ssh` is the session that sockmon is used over; without it the service looks for one itself."""
        self._ssh = ssh or find_session(os.environ, os.getpid())
        self._options = CaptureOptions()
        self._log = PacketLog(self._options.store_bytes)
        self._live: LiveCapture | None = None
        self._dropped_before = 0
        self._freezes_before = 0
        self._next_tick = 0.0
        self._rate_since = 0.0
        self._rate_from = 0
        self._per_s = 0.0
        self._looking = False
        self._conversations = Conversations(self._log)

    def watch(self) -> Sequence[int]:
        return [self._live.fileno()] if self._live else []

    def readable(self, fd: int) -> None:
        live, take = self._live, self._log.take
        if live is None:
            return
        until = time.monotonic() + BATCH_S
        frames = live.read()
        if not frames:  # woken by an error instead: an interface went
            self._next_tick = 0.0
        while frames:
            take(frames)
            if time.monotonic() > until:
                break
            frames = live.read()
        self._tick()

    def pause_s(self) -> float | None:
        if self._looking:
            return 0.0
        return max(0.0, self._next_tick - time.monotonic()) if self._live else None

    def idle(self) -> None:
        self._tick()
        if self._looking:
            listed = self._log.look(_for(LOOK_ASIDE_S))
            drawn = self._told().look(_for(LOOK_ASIDE_S))
            self._looking = listed or drawn

    def answer(self, request: CaptureRequest, descriptors: Sequence[int]) -> CaptureReply:
        """Raises CaptureError, FilterError or BadInput; a capture that runs goes on as it was."""
        if isinstance(request, StartCapture):
            return self._start(request.options, _packet_socket(descriptors, request.errno))
        for descriptor in descriptors:
            os.close(descriptor)
        match request:
            case StopCapture():
                self._stop()
            case AskPackets():
                return self._packets(request)
            case AskNewPackets():
                return self._new_packets(request)
            case AskFrame(number):
                return self._frame(number)
            case AskNewFrames():
                return self._new_frames(request)
            case FollowStream(stream):
                self._follow(stream)
            case AskFlows():
                first, flows = self._told().flows(request.first, request.count)
                return FlowsAnswer(first, len(self._log.flows.flows), flows, self._status())
            case FindFlow():
                found = self._told().find(request)
                return FlowsAnswer(0, len(found), found, self._status())
            case AskLadder():
                return self._ladder(request)
            case AskStream():
                return self._stream(request)
            case AskStatus():
                pass
        return StatusAnswer(self._status())

    def close(self) -> None:
        if self._live:
            self._live.close()
            self._live = None

    def _start(self, options: CaptureOptions, sock: socket.socket) -> StatusAnswer:
        if self._live and _swappable(self._live.options, options):
            sock.close()
            self._live.adopt(options)
        else:
            started = LiveCapture(sock, options, self._ssh)
            try:
                log = self._log_for(options, started)
            except BaseException:
                started.close()
                raise
            self._stop()
            self._live, self._log = started, log
            self._next_tick = 0.0
        self._options = self._live.options
        self._log.in_parts = self._live.in_parts
        self._tick()
        return StatusAnswer(self._status())

    def _log_for(self, options: CaptureOptions, started: LiveCapture) -> PacketLog:
        """The log to go on with: the same for the same interfaces, with a hole in it; else a new one."""
        if (options.interface, options.store_bytes) == (self._options.interface, self._options.store_bytes):
            if self._log.newest:
                self._log.take_loss(0)
            return self._log
        self._dropped_before = self._freezes_before = 0
        return PacketLog(options.store_bytes, started.by_interface)

    def _stop(self) -> None:
        if self._live is None:
            return
        self.readable(self._live.fileno())
        losses = self._live.losses()
        self._dropped_before += losses.dropped
        self._freezes_before += losses.freezes
        self._live.close()
        self._live = None
        self._per_s = 0.0

    def _tick(self) -> None:
        now = time.monotonic()
        if now < self._next_tick or self._live is None:
            return
        self._next_tick = now + TICK_S
        self._live.tick()
        newest = self._log.newest
        if self._rate_since:
            self._per_s = max(0, newest - self._rate_from) / (now - self._rate_since)
        self._rate_since, self._rate_from = now, newest

    def _follow(self, stream: int) -> None:
        if self._live is None:
            raise CaptureError(f"follow stream {stream} while nothing is captured")
        if stream < 0:
            self._live.follow(None)
        else:
            flow = self._log.flows.flows.get(stream)
            if flow is None:
                raise CaptureError(f"follow stream {stream}", None, "it is not known, or no longer")
            self._live.follow(Conversation(flow.src, flow.sport, flow.dst, flow.dport))

    def _packets(self, asked: AskPackets) -> PacketsAnswer:
        text = asked.display_filter.strip()
        window = self._log.window(asked.first, asked.count, asked.handshakes, text, _passes(text), _for(LOOK_S))
        self._looking = window.pending > 0
        return PacketsAnswer(window.first, window.total, window.rows, self._status(), window.pending)

    def _new_packets(self, asked: AskNewPackets) -> PacketsAnswer:
        passes = _passes(asked.display_filter.strip())
        window = self._log.new_rows(asked.after, asked.count, asked.handshakes, passes, _for(LOOK_S))
        return PacketsAnswer(window.first, window.total, window.rows, self._status(), window.pending)

    def _told(self) -> Conversations:
        """The conversations of the log that is kept now."""
        if self._conversations.log is not self._log:
            self._conversations = Conversations(self._log)
        return self._conversations

    def _ladder(self, asked: AskLadder) -> LadderAnswer:
        window = self._told().ladder(asked, _for(LADDER_S))
        self._looking = self._looking or window.pending > 0
        return LadderAnswer(
            window.first, window.total, window.items, window.flows, self._status(), window.pending, window.evicted
        )

    def _stream(self, asked: AskStream) -> StreamAnswer:
        read, flows = self._told().stream(asked, _for(STREAM_S))
        return StreamAnswer(read.pieces, read.last, flows, self._status(), read.more)

    def _frame(self, number: int) -> FrameAnswer:
        kept = self._log.kept(number)
        if kept is None:
            return FrameAnswer(number, 0, -1, 0, b"")
        return FrameAnswer(number, kept.ts_ns, kept.link_type, kept.wire_length, kept.data, kept.interface)

    def _new_frames(self, asked: AskNewFrames) -> FramesAnswer:
        first = number = max(asked.after + 1, self._log.oldest)
        room = min(asked.bytes_max, FRAMES_BYTES_MAX)
        frames: list[FrameAnswer] = []
        rows: list[PacketRow] = []
        while number <= self._log.newest and room > 0:
            frame = self._frame(number)
            if frame.link_type >= 0:
                frames.append(frame)
                room -= len(frame.data) + FRAME_COST
                row = self._log.row(number) if asked.with_rows else None
                if row is not None:
                    rows.append(row)
                    room -= ROW_COST
            number += 1
        return FramesAnswer(first, number - 1, frames, self._status(), rows)

    def _status(self) -> CaptureStatus:
        live, log, options = self._live, self._log, self._options
        trust = log.trust()
        dropped, freezes = self._dropped_before, self._freezes_before
        if live:
            losses = live.losses()
            dropped, freezes = dropped + losses.dropped, freezes + losses.freezes
        return CaptureStatus(
            running=live is not None,
            interface=options.interface,
            source=options.source,
            capture_filter=filter_text(options),
            trust=msgspec.structs.replace(trust, dropped_by_kernel=dropped, freezes=freezes),
            packets_per_s=self._per_s,
            first_number=log.oldest,
            last_number=log.newest,
            degradations=live.degradations() if live else (),
            first_ts_ns=log.first_ts_ns,
            flows=len(log.flows.flows),
            flows_evicted=log.flows.evicted,
        )


def _packet_socket(descriptors: Sequence[int], number: int) -> socket.socket:
    """The socket that came with a request, or where none came and nothing refused it (`number`), one of our own."""
    for unused in descriptors[1:]:
        os.close(unused)
    if descriptors:
        return socket.socket(fileno=descriptors[0])
    try:
        if number:
            raise OSError(number, os.strerror(number))
        return socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
    except OSError as error:
        raise CaptureError("open a packet socket", error.errno) from error


def _swappable(running: CaptureOptions, wanted: CaptureOptions) -> bool:
    """Whether the one can become the other by another filter alone."""
    return running == msgspec.structs.replace(
        effective(wanted),
        capture_filter=running.capture_filter,
        handshakes_only=running.handshakes_only,
        snap_length=running.snap_length,
    )


@lru_cache(4)
def _passes(text: str) -> Passes:
    """What a display filter says of a row. Raises FilterError."""
    return compile_packets(text).matches


def _for(seconds: float) -> Callable[[], bool]:
    """True for so long."""
    until = time.monotonic() + seconds
    return lambda: time.monotonic() < until
