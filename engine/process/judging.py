"""The judge for several threads: shown each snapshot, asked about one socket, told what the wire carried."""

from __future__ import annotations

import threading
from typing import Final, Protocol

from msgspec.structs import replace

from engine.insight.judge import Judge
from engine.insight.ledger import ends_of
from engine.insight.verdicts.rule import Wire
from engine.model.errors import EngineError
from engine.model.flows import LadderStep
from engine.model.health import Role
from engine.model.messages import FlowsAnswer, LadderAnswer
from engine.model.snapshot import Snapshot
from engine.model.verdicts import Verdict

WIRE_STEPS: Final = 300
"""Segments of a conversation that rules look at: a few seconds of most, and 50 KB over the channel."""


class Conversations(Protocol):
    """Who can be asked what the capture knows (engine.model.snapshot.MonitorView)."""

    def find_flow(self, address: str, port: int, peer_address: str, peer_port: int) -> FlowsAnswer:
        """The latest conversation between two endpoints."""
        ...

    def ladder(
        self, streams: tuple[int, ...], first: int, count: int, unfolded: tuple[int, ...] = (), folded: bool = True
    ) -> LadderAnswer:
        """A window of its segments."""
        ...


class Judging:
    """One judge and its lock."""

    def __init__(self, conversations: Conversations) -> None:
        self._conversations = conversations
        self._judge = Judge()
        self._lock = threading.Lock()

    def judged(self, snapshot: Snapshot, whole: bool) -> Snapshot:
        """The snapshot with what holds now. `whole`: the table is not filtered. Of rows that stand still because their
        worker has ended nothing is said."""
        if any(worker.role is Role.SOCKETS and not worker.alive for worker in snapshot.workers):
            return snapshot
        with self._lock:
            return replace(snapshot, verdicts=self._judge.take(snapshot, whole))

    def about(self, key: int, stream: int, captured: bool) -> tuple[Verdict, ...]:
        """All that holds one socket or conversation; `captured`: there is a capture to ask."""
        wire = self._wire(key, stream) if captured else None
        with self._lock:
            return self._judge.about(key, wire)

    def _wire(self, key: int, stream: int) -> Wire | None:
        with self._lock:
            entry = self._judge.entry(key)
        try:
            if stream < 0 and entry is not None and entry.peer_port:
                found = self._conversations.find_flow(*ends_of(entry)).flows
                stream = found[-1].stream if found else -1
            if stream < 0:
                return None
            answer = self._conversations.ladder((stream,), -1, WIRE_STEPS, folded=False)
        except EngineError:
            return None  # the capture ended or forgot the conversation: what the sockets say stands without it
        steps = [item for item in answer.items if isinstance(item, LadderStep)]
        return Wire(answer.flows[0], steps) if answer.flows else None
