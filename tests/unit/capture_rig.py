"""A capture service over fake sources, and what a test asks of it."""

from __future__ import annotations

import socket

from engine.capture.bpf_words import Conversation
from engine.capture.service import CaptureService
from engine.capture.store import BYTES_MIN
from engine.model.messages import (
    AskPackets,
    AskStatus,
    PacketsAnswer,
    StartCapture,
    StatusAnswer,
)
from engine.model.packets import CaptureOptions, CaptureStatus
from tests.unit.capture_fake_source import FakeSource
from tests.unit.capture_frames import captured

SSH = Conversation(b"\x0a\0\0\x09", 50000, b"\x0a\0\0\x01", 22)


class CaptureRig:
    """A service whose sources are fakes. Any socket will do to find interfaces with."""

    def __init__(self) -> None:
        self.service = CaptureService(SSH)
        self.sources: list[FakeSource] = []

    @property
    def source(self) -> FakeSource:
        return self.sources[-1]

    def start(self, **options: object) -> CaptureStatus:
        sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        wanted = CaptureOptions(**{"source": "fake", "store_bytes": BYTES_MIN} | options)  # type: ignore[arg-type]
        answer = self.service.answer(StartCapture(wanted), [sock.detach()])
        assert isinstance(answer, StatusAnswer)
        return answer.status

    def deliver(self, *frames: bytes) -> None:
        self.source.batches.append([captured(data) for data in frames])
        self.service.readable(self.source.fileno())

    def status(self) -> CaptureStatus:
        answer = self.service.answer(AskStatus(), [])
        assert isinstance(answer, StatusAnswer)
        return answer.status

    def packets(self, first: int = 0, count: int = 100, text: str = "", handshakes: bool = False) -> PacketsAnswer:
        answer = self.service.answer(AskPackets(first, count, text, handshakes), [])
        assert isinstance(answer, PacketsAnswer)
        return answer
