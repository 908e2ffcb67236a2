"""The lines of a ladder (engine.export.ladder_text) as a LineTable draws them. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from engine.export.ladder_text import LadderLine, LadderLook, Role, ladder_header
from engine.model.flows import FlowSummary, LadderFold, LadderGap, LadderItem
from tui.widgets.columns import Ink

INKS: Final[Mapping[Role, Ink]] = {
    Role.TIME: Ink.MUTED,
    Role.NUMBER: Ink.MUTED,
    Role.STREAM: Ink.ACCENT,
    Role.NAME: Ink.STRONG,
    Role.STATE: Ink.STRONG,
    Role.LIFELINE: Ink.MUTED,
    Role.DATA: Ink.ACCENT,
    Role.HANDSHAKE: Ink.STRONG,
    Role.RESET: Ink.BAD,
    Role.FOUND: Ink.WARN,
    Role.AGAIN: Ink.WARN,
    Role.LOST: Ink.BAD,
    Role.FOLD: Ink.MUTED,
    Role.GAP: Ink.WARN,
    Role.NOTE: Ink.BAD,
    Role.ASIDE: Ink.GOOD,
}
"""How each role looks; what is not here is plain."""


def line_spans(line: LadderLine) -> list[tuple[str, Ink]]:
    """The pieces of a line with their colours."""
    return [(piece.text, INKS.get(piece.role, Ink.PLAIN)) for piece in line.pieces]


def head_text(flows: Sequence[FlowSummary], look: LadderLook) -> str:
    """What stands above the two lifelines."""
    lines = ladder_header(flows, look)
    if not lines:
        return ""
    return lines[-1].text if len(look.streams) > 1 else lines[0].text


def named_flows(flows: Sequence[FlowSummary], look: LadderLook) -> list[str]:
    """Of several conversations on one ladder each with its tag; none for one."""
    if len(look.streams) < 2:
        return []
    return [line.text for line in ladder_header(flows, look)[:-1]]


def item_key(item: LadderItem) -> int:
    """What names an item, upwards in the order of the ladder: its frame, a gap just before it."""
    if isinstance(item, LadderFold):
        return 2 * item.first_number + 1
    return 2 * item.number + (not isinstance(item, LadderGap))


def fold_key(first_number: int) -> int:
    """The key of the item that stands where a fold of this name does, folded or not."""
    return 2 * first_number + 1
