"""A log of made frames, and what its conversations are asked for."""

from __future__ import annotations

from engine.capture.conversations import Conversations
from engine.capture.packet_log import PacketLog
from engine.capture.source import Frame
from engine.capture.store import BYTES_MIN
from engine.model.flows import StreamPiece
from engine.model.messages import AskStream
from tests.unit.capture_frames import captured


def always() -> bool:
    """There is time for more, as a reading asks now and then."""
    return True


def told_by(*frames: bytes | Frame, store_bytes: int = 4 * BYTES_MIN) -> Conversations:
    """The conversations in these frames, one millisecond apart where they have no time of their own."""
    log = PacketLog(store_bytes)
    for at, frame in enumerate(frames, 1):
        log.take([captured(frame, ts_ns=1_000_000 * at) if isinstance(frame, bytes) else frame])
    return Conversations(log)


def stream(told: Conversations, number: int = 0) -> list[StreamPiece]:
    """All pieces of a conversation's bytes, asked for a few at a time."""
    pieces: list[StreamPiece] = []
    after = 0
    while True:
        read, _ = told.stream(AskStream(number, after, 100), always)
        pieces += read.pieces
        if not read.more:
            return pieces
        after = read.last
