"""What can be asked about in the byte view: what stands out of it, and each box of both directions. Pure."""

from __future__ import annotations

from typing import Final

from engine.model.pipeline import Direction, Pipeline
from engine.text.explain.case import Case
from engine.text.explain.entry import Kind
from engine.text.explain.table import explained
from engine.text.units import count
from tui.widgets.topics import Topic, Topics

COLUMNS_AMONG: Final = frozenset(("Recv-Q",))
"""Boxes that have the name of a column; all others are places."""


def topics_of(made: Pipeline) -> Topics:
    """The queues that hold something and windows of 0 first, then every box and window, the forward ones first."""
    ways = (made.forward, made.backward)
    whole = Topic("this view", "", tuple(case for way in ways for case in standing_out(way)))
    return (*((whole,) if whole.cases else ()), *(topic for way in ways for topic in _boxes(way)))


def standing_out(direction: Direction) -> tuple[Case, ...]:
    """Send-Q and Recv-Q explained with what stands in them, and a window of 0."""
    queued = sum(direction.box(name).value or 0 for name in ("not sent", "in flight"))
    unread = direction.box("Recv-Q").value
    told = []
    if queued:
        here = f"Here {count(queued)} B of {direction.sender}: {count(direction.box('not sent').value)} B not sent, "
        here += f"{count(direction.box('in flight').value)} B in flight."
        told += [Case(one, here) for one in explained("send_q", Kind.COLUMN)]
    if unread:
        here = f"Here {count(unread)} B wait for {direction.receiver} to call recv()."
        told += [Case(one, here) for one in explained("recv_q", Kind.COLUMN)]
    if direction.window == 0:
        here = f"Here {direction.receiver} offers {direction.sender} no room."
        told += [Case(one, here) for one in explained("zero_window", Kind.FINDING)]
    return tuple(told)


def _boxes(direction: Direction) -> Topics:
    way = f"{direction.sender} ▶ {direction.receiver}"
    figures = [(box.name, box.value, box.source) for box in direction.boxes]
    topics = []
    for name, value, source in (*figures, ("window", direction.window, "snd_wnd")):
        kind = Kind.COLUMN if name in COLUMNS_AMONG else Kind.TERM
        made_of = f" ({source})" if source and value is not None else ""
        here = f"Here {count(value)} B{made_of}, {way}." if value is not None else f"Here it is not known, {way}."
        topics.append(Topic(name, count(value), tuple(Case(one, here) for one in explained(name, kind))))
    return tuple(topics)
