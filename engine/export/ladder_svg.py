"""A ladder as a picture (SVG 1.1), for slides and pages: no script, no font and no file of others. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from html import escape
from typing import Final

from engine.export.ladder_text import Role, role_of, seconds
from engine.export.ladder_words import item_ns, item_stream, item_words, names_of
from engine.model.flows import FlowSummary, LadderItem, LadderStep
from engine.model.tcp import SocketState

WIDTH: Final = 1000
_LEFT: Final = 250
_RIGHT: Final = 820
"""The lifelines' distances from the left edge."""
_ROW: Final = 34
_TOP: Final = 16
_TIME_RIGHT: Final = 110
_HEAD: Final = 9
"""An arrow's head."""
_ROOM: Final = 68
"""Cells of a message between the lifelines."""
_LOST_AT: Final = 0.8
"""How much of its way an arrow that did not arrive is drawn."""
_TIME_CELLS: Final = 10

_COLOURS: Final[Mapping[Role, str]] = {
    Role.ARROW: "#57606a", Role.DATA: "#0550ae", Role.HANDSHAKE: "#116329", Role.RESET: "#cf222e",
    Role.FOUND: "#9a6700", Role.AGAIN: "#bc4c00", Role.LOST: "#cf222e", Role.FOLD: "#57606a", Role.GAP: "#cf222e",
    Role.NOTE: "#8250df",
}  # fmt: skip
"""Dark enough to be read on white (4.5:1, WCAG 2.1 section 1.4.3); what they tell is also said in words."""

_STYLE: Final = (
    "text{font:13px ui-monospace,'DejaVu Sans Mono',Menlo,Consolas,monospace;fill:#1f2328}"
    ".name{font-weight:bold;font-size:14px}.time{fill:#57606a}.life{stroke:#8c959f;stroke-width:1.5}"
    ".state{fill:#24292f;font-size:12px}.line{stroke-width:1.5;fill:none}.data{stroke-width:3}"
    ".box{fill:#f6f8fa;stroke:#d0d7de}.broken{stroke-dasharray:3 4}"
)


def svg_lines(
    flows: Sequence[FlowSummary],
    items: Sequence[LadderItem],
    first_ns: int,
    names: Mapping[int, tuple[str, str]] | None = None,
) -> Iterator[str]:
    """The picture, line by line; `names` as in LadderLook."""
    called = names or {}
    several = len(flows) > 1
    initial = not several and bool(flows) and flows[0].opener_seen and flows[0].syn_ns > 0
    heads = len(flows) if several else 0
    top = _TOP + 20 * heads + 34
    height = top + _ROW * (len(items) + initial) + 24
    yield (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" width="{WIDTH}" height="{height}" '
        'role="img">'
    )
    yield f"<title>{_text(_title(flows, called))}</title>"
    yield f"<style>{_STYLE}</style>"
    yield f'<rect width="{WIDTH}" height="{height}" fill="#ffffff"/>'
    for at, flow in enumerate(flows if several else ()):
        both = " ⇄ ".join(names_of(flow, called))
        yield _words(f"#{flow.stream} {both}", 20, _TOP + 8 + 20 * at, "name")
    first, second = names_of(flows[0], called) if len(flows) == 1 else ("opened it", "was asked")
    yield _words(first, _LEFT, top - 14, "name", "middle")
    yield _words(second, _RIGHT, top - 14, "name", "middle")
    for x in (_LEFT, _RIGHT):
        yield f'<line class="life" x1="{x}" y1="{top - 6}" x2="{x}" y2="{height - 12}"/>'
    y = top + _ROW // 2
    if initial:
        yield from _states(SocketState.CLOSED, SocketState.LISTEN, y)
        y += _ROW
    for item in items:
        yield from _rung(item, y, first_ns, several)
        y += _ROW
    yield "</svg>"


def _rung(item: LadderItem, y: int, first_ns: int, several: bool) -> Iterator[str]:
    yield _words(seconds(item_ns(item) - first_ns, _TIME_CELLS), _TIME_RIGHT, y + 4, "time", "end")
    stream = item_stream(item)
    if several and stream is not None:
        yield _words(f"#{stream}", 12, y + 4, "time")
    colour = _COLOURS[role_of(item)]
    words = item_words(item, _ROOM)
    middle = (_LEFT + _RIGHT) // 2
    if isinstance(item, LadderStep):
        if item.lost:  # over the part that is drawn
            unseen = round((_RIGHT - _LEFT) * (1 - _LOST_AT) / 2)
            middle += -unseen if item.forward else unseen
        yield from _arrow(item, y, colour)
        yield _words(words, middle, y - 5, "", "middle", colour)
        yield from _states(
            item.first_state if item.first_moved else None, item.second_state if item.second_moved else None, y
        )
        return
    yield f'<rect class="box" x="{_LEFT + 30}" y="{y - 12}" width="{_RIGHT - _LEFT - 60}" height="22" rx="4"/>'
    yield _words(words, middle, y + 4, "", "middle", colour)


def _arrow(step: LadderStep, y: int, colour: str) -> Iterator[str]:
    start, end = (_LEFT, _RIGHT) if step.forward else (_RIGHT, _LEFT)
    towards = 1 if step.forward else -1
    kind = "line data" if step.length else "line"
    if step.lost:
        stop = round(start + (end - start) * _LOST_AT)
        yield f'<path class="{kind} broken" stroke="{colour}" d="M{start} {y}H{stop}"/>'
        size = _HEAD - 3
        yield (
            f'<path class="line data" stroke="{colour}" d="M{stop - size} {y - size}l{2 * size} {2 * size}'
            f'm0 {-2 * size}l{-2 * size} {2 * size}"/>'
        )
        return
    tip = end - 2 * towards
    yield f'<path class="{kind}" stroke="{colour}" d="M{start} {y}H{tip - _HEAD * towards}"/>'
    yield f'<path fill="{colour}" d="M{tip} {y}l{-_HEAD * towards} -5v10z"/>'


def _states(first: SocketState | None, second: SocketState | None, y: int) -> Iterator[str]:
    if first is not None:
        yield _words(first.value, _LEFT - 12, y + 4, "state", "end")
    if second is not None:
        yield _words(second.value, _RIGHT + 12, y + 4, "state")


def _words(text: str, x: int, y: int, kind: str, anchor: str = "start", colour: str = "") -> str:
    shown = f' class="{kind}"' if kind else ""
    shown += f' style="fill:{colour}"' if colour else ""
    return f'<text x="{x}" y="{y}" text-anchor="{anchor}"{shown}>{_text(text)}</text>'


def _text(text: str) -> str:
    """Text for XML: names have passed the sanitizer, so no control character is left that XML forbids."""
    return escape(text, quote=False)


def _title(flows: Sequence[FlowSummary], names: Mapping[int, tuple[str, str]]) -> str:
    return "; ".join(" to ".join(names_of(flow, names)) for flow in flows) or "No conversation"
