"""A frame source for tests: hands out batches that were put into it, and takes note of its filters."""

from __future__ import annotations

import os
import socket
from collections import deque

from engine.capture.bpf_code import Program
from engine.capture.packet_socket import InterfaceState, Losses
from engine.capture.selection import Selection
from engine.capture.source import Frame


class FakeSource:
    """See FrameSource. Has a pipe instead of frames to wait for."""

    name = "fake"

    def __init__(self, sock: socket.socket, selection: Selection, program: Program) -> None:
        self.sock = sock
        self.selection = selection
        self.programs = [program]
        self.batches: deque[list[Frame]] = deque()
        self.total = Losses()
        self.interface_states = dict.fromkeys(selection.names, InterfaceState.UP)
        self.came_back = False
        self.closed = False
        self._reads, self._writes = os.pipe()

    def fileno(self) -> int:
        return self._reads

    def read(self) -> list[Frame]:
        return self.batches.popleft() if self.batches else []

    def losses(self) -> Losses:
        return self.total

    def set_filter(self, program: Program) -> None:
        self.programs.append(program)

    def states(self) -> dict[str, InterfaceState]:
        return dict(self.interface_states)

    def renew(self) -> bool:
        came_back, self.came_back = self.came_back, False
        return came_back

    def close(self) -> None:
        self.closed = True
        self.sock.close()
        os.close(self._reads)
        os.close(self._writes)
