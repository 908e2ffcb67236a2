"""What the screen asks of Monitor about conversations: each runs in the bridge's thread and answers with a message."""

from __future__ import annotations

from typing import Final

from engine.model.flows import LadderGap
from engine.model.snapshot import MonitorView
from tui.conversations import Subject
from tui.flow_messages import (
    FlowFound,
    FlowsFetched,
    Followed,
    LadderFetched,
    LadderQuestion,
    StreamFetched,
    VerdictsFetched,
    WalkFetched,
)

WALK_ITEMS: Final = 200
"""Items looked at from either end of a ladder for the states: a handshake takes 3, a close 4, a fold is one."""


def find_flow(monitor: MonitorView, subject: Subject) -> FlowFound:
    answer = monitor.find_flow(*subject.ends)
    return FlowFound(subject, answer.flows[-1] if answer.flows else None)


def flows(monitor: MonitorView, first: int, count: int) -> FlowsFetched:
    return FlowsFetched(monitor.flows(first, count))


def ladder(monitor: MonitorView, question: LadderQuestion) -> LadderFetched:
    answer = monitor.ladder(question.streams, question.first, question.count, question.unfolded, folded=question.folded)
    return LadderFetched(question, answer)


def steps_of_states(monitor: MonitorView, stream: int) -> WalkFetched:
    """What tells the path through the states: the first and the last items of the folded ladder."""
    head = monitor.ladder((stream,), 0, WALK_ITEMS)
    flow = head.flows[0] if head.flows else None
    shown = len(head.items)
    if head.total <= shown:
        return WalkFetched(stream, flow, head.items)
    tail = monitor.ladder((stream,), max(shown, head.total - WALK_ITEMS), WALK_ITEMS)
    middle = [LadderGap(0, 0, 0)] if tail.first > shown else []
    return WalkFetched(stream, tail.flows[0] if tail.flows else flow, [*head.items, *middle, *tail.items])


def follow_stream(monitor: MonitorView, number: int) -> Followed:
    monitor.follow_stream(number)
    return Followed()


def verdicts(monitor: MonitorView, key: int, number: int) -> VerdictsFetched:
    return VerdictsFetched(monitor.verdicts(key, number))


def stream(monitor: MonitorView, number: int, after: int) -> StreamFetched:
    return StreamFetched(number, after, monitor.stream(number, after))
