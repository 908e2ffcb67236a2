"""The dissector worker's subject: takes frames apart, one a request."""

from __future__ import annotations

import os
from collections.abc import Sequence

from engine.capture.dissect import Dissector
from engine.model.messages import DissectAnswer, DissectorReply, DissectorRequest


class DissectorService:
    """Serves DissectorRequest (engine.model.service.Service). scapy is loaded when it is made, so before the process
    gives up the right to read files."""

    def __init__(self) -> None:
        """Raises EngineError if scapy cannot be loaded."""
        self._dissector = Dissector()

    def watch(self) -> Sequence[int]:
        return ()

    def readable(self, fd: int) -> None:
        """Never called: nothing is watched."""

    def pause_s(self) -> float | None:
        return None

    def idle(self) -> None:
        """Never due."""

    def answer(self, request: DissectorRequest, descriptors: Sequence[int]) -> DissectorReply:
        for unasked in descriptors:
            os.close(unasked)
        return DissectAnswer(self._dissector.dissect(request.frame))

    def close(self) -> None:
        """Holds nothing."""
