"""The descriptors by which the sockets worker knows the process of a short-lived connection: as good as may be had."""

from __future__ import annotations

import os
from types import TracebackType

from engine.model.health import Degradation
from engine.process.front import LauncherLine
from engine.sockets.tiers import SYN, TRACE, without


class WitnessDescriptors:
    """What the launcher could open for a sockets worker, until the block ends: the tracepoint, and a packet socket in
    case its rings cannot be mapped. `degradations` say what could not be had."""

    def __init__(self, line: LauncherLine, cure: str) -> None:
        """Raises ChannelError if the launcher is gone. `cure` is the command that starts sockmon with every right."""
        traces, why_no_trace = line.open_state_trace()
        tap, errno = line.open_packet_socket()
        self.descriptors = [*traces, *([tap] if tap >= 0 else [])]
        self.carries = (TRACE,) * len(traces) + (SYN,) * (tap >= 0)
        self.degradations: tuple[Degradation, ...] = ()
        if not traces:
            told = without(TRACE, why_no_trace, cure) if tap >= 0 else without(SYN, os.strerror(errno), cure)
            self.degradations = (told,)

    def __enter__(self) -> WitnessDescriptors:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, traceback: TracebackType | None
    ) -> None:
        for descriptor in self.descriptors:
            os.close(descriptor)
