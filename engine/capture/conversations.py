"""Answers about conversations out of what a capture keeps: which there are, their ladders, their bytes."""

from __future__ import annotations

import ipaddress
from collections.abc import Callable, Iterable
from itertools import islice
from typing import Final

import msgspec

from engine.capture.flow_summary import flow_summary
from engine.capture.ladder_views import LadderView
from engine.capture.packet_log import PacketLog
from engine.capture.streams import StreamRead, Streams
from engine.flow.flow import Flow
from engine.flow.ladder import Entry
from engine.model.errors import BadInput
from engine.model.flows import FlowSummary, LadderItem
from engine.model.messages import AskLadder, AskStream, FindFlow

FLOWS_MAX: Final = 1_000
"""Conversations in one answer: some 200 KB."""
ITEMS_MAX: Final = 1_000
"""Rungs in one answer: more than any screen has, and a message of a few hundred kilobytes."""
STREAMS_MAX: Final = 16
"""Conversations on one ladder, and ladders kept up at a time: more than a reader can tell apart."""


class LadderWindow(msgspec.Struct, frozen=True):
    """Items from index `first` of the `total`; `pending` and `evicted` as in LadderAnswer."""

    first: int
    total: int
    items: list[LadderItem]
    flows: list[FlowSummary]
    pending: int
    evicted: int


_Placed = tuple[int, LadderView, Entry]


class Conversations:
    """What a log's frames tell of its conversations. Holds only what was asked for lately."""

    def __init__(self, log: PacketLog) -> None:
        self.log = log
        self._views: dict[int, LadderView] = {}
        self._asked: list[LadderView] = []
        self._merged: list[_Placed] = []
        self._merged_key: object = None
        self._streams = Streams(log)

    def flows(self, first: int, count: int) -> tuple[int, list[FlowSummary]]:
        """`count` conversations from index `first`, -1 for the last ones; and the index of the first of them."""
        known = self.log.flows.flows
        count = min(max(count, 0), FLOWS_MAX)
        first = max(0, len(known) - count) if first < 0 else min(first, len(known))
        return first, [flow_summary(flow) for flow in islice(known.values(), first, first + count)]

    def find(self, asked: FindFlow) -> list[FlowSummary]:
        """The latest conversation between two endpoints. BadInput for what is no address."""
        one = packed_address(asked.address), asked.port
        other = packed_address(asked.peer_address), asked.peer_port
        for flow in reversed(self.log.flows.flows.values()):
            ends = (flow.src, flow.sport), (flow.dst, flow.dport)
            if ends in ((one, other), (other, one)):
                return [flow_summary(flow)]
        return []

    def ladder(self, asked: AskLadder, go_on: Callable[[], bool]) -> LadderWindow:
        """A window of a ladder; frames not looked at yet are looked at for as long as `go_on` says so. BadInput for
        too many conversations."""
        streams = tuple(dict.fromkeys(asked.streams))
        if len(streams) > STREAMS_MAX:
            raise BadInput(f"draw {len(streams)} conversations on one ladder", hint=f"at most {STREAMS_MAX}")
        views = self._asked = [self._view(stream) for stream in streams]
        for view in self._views.values():
            view.ladder.forget_before(self.log.oldest)
        for view in views:
            view.look(go_on)
        entries = self._entries(views, frozenset(asked.unfolded), asked.folded)
        total = len(entries)
        count = min(max(asked.count, 0), ITEMS_MAX)
        first = max(0, total - count) if asked.first < 0 else min(asked.first, total)
        shown = entries[first : first + count]
        if len(views) == 1:
            items = [views[0].item(entry) for entry in shown if not isinstance(entry, tuple)]
        else:
            items = [entry[1].item(entry[2]) for entry in shown if isinstance(entry, tuple)]
        known = [flow for view in views if (flow := view.flow) is not None]
        return LadderWindow(
            first,
            total,
            [item for item in items if item is not None],
            [flow_summary(flow) for flow in known],
            max((view.pending for view in views), default=0),
            self._evicted(known, len(views)),
        )

    def stream(self, asked: AskStream, go_on: Callable[[], bool]) -> tuple[StreamRead, list[FlowSummary]]:
        """The bytes of a conversation that follow those of the answer before, and the conversation if it is known."""
        read = self._streams.read(asked.stream, asked.after, asked.bytes_max, go_on)
        flow = self.log.flows.flows.get(asked.stream)
        return read, [flow_summary(flow)] if flow is not None else []

    def look(self, go_on: Callable[[], bool]) -> bool:
        """Go on with frames that the ladder asked for last has not looked at; False when it has seen all."""
        for view in self._asked:
            view.look(go_on)
        return any(view.pending for view in self._asked)

    def _view(self, stream: int) -> LadderView:
        view = self._views.pop(stream, None) or LadderView(self.log, stream)
        self._views[stream] = view  # the latest asked for is the last one
        while len(self._views) > STREAMS_MAX:
            del self._views[next(iter(self._views))]
        return view

    def _entries(
        self, views: list[LadderView], unfolded: frozenset[int], folded: bool
    ) -> list[Entry] | range | list[_Placed]:
        if len(views) == 1:
            return views[0].ladder.entries(unfolded, folded)
        key = [(view.stream, id(view), view.ladder.version) for view in views], unfolded, folded
        if key != self._merged_key:
            self._merged, self._merged_key = _merge(views, unfolded, folded), key
        return self._merged

    def _evicted(self, known: Iterable[Flow], asked: int) -> int:
        """Frames that went before what is shown, if a conversation had begun among them or is forgotten itself."""
        oldest, flows = self.log.oldest, list(known)
        whole = len(flows) == asked and all(flow.first_frame >= oldest for flow in flows)
        return 0 if whole else oldest - 1


def _merge(views: list[LadderView], unfolded: frozenset[int], folded: bool) -> list[_Placed]:
    """The rungs of several ladders in the order of their first frames; a loss, which each has, once."""
    by_number: dict[int, _Placed] = {}
    for view in views:
        ladder = view.ladder
        for entry in ladder.entries(unfolded, folded):
            number = ladder.first_of(entry)
            by_number[number] = number, view, entry
    return [by_number[number] for number in sorted(by_number)]


def packed_address(text: str) -> bytes:
    """A numeric address as frames hold it: without a scope, an IPv4-mapped one as IPv4. BadInput for others."""
    try:
        address = ipaddress.ip_address(text.partition("%")[0])
    except ValueError as error:
        raise BadInput(f"find a conversation of {text!r}", hint="name it by its numeric address") from error
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return (mapped or address).packed
