"""What tests of more than one source file share: a capture service over fake sources, and a judge's day."""

from __future__ import annotations

import socket
from collections.abc import Iterator

import pytest

from engine.capture import live
from engine.capture.bpf_code import Program
from engine.capture.selection import Selection
from tests.unit.capture_fake_source import FakeSource
from tests.unit.capture_rig import CaptureRig
from tests.unit.judges_day import Day


@pytest.fixture
def rig(monkeypatch: pytest.MonkeyPatch) -> Iterator[CaptureRig]:
    made = CaptureRig()

    def opener(sock: socket.socket, selection: Selection, program: Program) -> FakeSource:
        made.sources.append(FakeSource(sock, selection, program))
        return made.sources[-1]

    monkeypatch.setitem(live.SOURCES, "fake", opener)
    yield made
    made.service.close()


@pytest.fixture
def day() -> Day:
    return Day()
