"""A ladder as a Mermaid sequence diagram, for slides and for pages that draw Markdown. Pure.

Each endpoint is a participant, so that conversations with the same server share its lifeline. Text is escaped by
Mermaid's entity codes (`#35;` for a hash): names and notes come from others, and a bare semicolon ends a statement.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final

from engine.export.ladder_words import item_words, names_of
from engine.model.flows import FlowSummary, LadderFold, LadderItem, LadderStep
from engine.model.tcp import SocketState

ROOM: Final = 100
"""Cells of a message; longer ones make the diagram too wide for a slide."""

_SPECIAL: Final = re.compile(r'[#;<>"%{}`\\]|\bend\b', re.IGNORECASE)
"""What Mermaid reads as more than text: entities, statement ends, tags, comments, directives, and the word that closes
a block."""


def mermaid_lines(
    flows: Sequence[FlowSummary], items: Iterable[LadderItem], names: Mapping[int, tuple[str, str]] | None = None
) -> Iterator[str]:
    """The diagram, line by line; `names` as in LadderLook."""
    yield "sequenceDiagram"
    participants: dict[tuple[str, int], str] = {}
    ends: dict[int, tuple[str, str]] = {}
    for flow in flows:
        both = []
        for end, name in zip((flow.first, flow.second), names_of(flow, names or {}), strict=True):
            place = end.address, end.port
            if place not in participants:
                participants[place] = f"P{len(participants)}"
                yield f"    participant {participants[place]} as {escaped(name)}"
            both.append(participants[place])
        ends[flow.stream] = both[0], both[1]
    if len(flows) == 1 and flows[0].opener_seen and flows[0].syn_ns:
        yield from _states(*ends[flows[0].stream], SocketState.CLOSED, SocketState.LISTEN)
    shown = sorted(participants.values(), key=_place)
    everyone = f"{shown[0]},{shown[-1]}" if len(shown) > 1 else "".join(shown)
    for item in items:
        if isinstance(item, LadderStep):
            if item.stream in ends:
                yield from _step(item, *ends[item.stream])
        elif everyone:
            stream = item.stream if isinstance(item, LadderFold) else -1
            first, second = ends.get(stream, ("", ""))
            over = f"{first},{second}" if first != second else everyone
            yield f"    Note over {over}: {escaped(item_words(item, ROOM))}"


def escaped(text: str) -> str:
    """Text that Mermaid shows as it is."""
    return _SPECIAL.sub(_entity, text) or "#32;"


def _entity(found: re.Match[str]) -> str:
    text = found.group()
    return f"#{ord(text[0])};{text[1:]}"


def _place(participant: str) -> int:
    return int(participant[1:])


def _step(step: LadderStep, first: str, second: str) -> Iterator[str]:
    sender, receiver = (first, second) if step.forward else (second, first)
    line = "-" if step.length else "--"
    head = "x" if step.lost else ">>"
    yield f"    {sender}{line}{head}{receiver}: {escaped(item_words(step, ROOM))}"
    yield from _states(
        first, second, step.first_state if step.first_moved else None, step.second_state if step.second_moved else None
    )


def _states(first: str, second: str, one: SocketState | None, other: SocketState | None) -> Iterator[str]:
    """The states that both ends came into, at the outer sides of their lifelines."""
    one_is_left = _place(first) <= _place(second)
    for participant, state, left in ((first, one, one_is_left), (second, other, not one_is_left)):
        if state is not None:
            yield f"    Note {'left' if left else 'right'} of {participant}: {state.value}"
