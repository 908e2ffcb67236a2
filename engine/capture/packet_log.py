"""Takes captured frames in, decoded and analysed, and shows them again as rows.

What a frame's line says is decided when it comes in, since the analysis of its flow depends on all before it; the text
is made only when somebody looks, out of the kept bytes and what the store has of the analysis.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from struct import Struct
from typing import Any, Final

import msgspec

from engine.capture.bpf_words import FIN_SYN_RST
from engine.capture.decode import decode_frame
from engine.capture.ip_reassembly import Reassembly
from engine.capture.packet_rows import lost_row, other_row, segment_row
from engine.capture.source import Frame
from engine.capture.store import LOST, OTHER, UNDECODABLE, Glance, Kept, PacketStore
from engine.capture.views import LOOK_STEP, FilterView, NumberList
from engine.flow.placed import UNCERTAIN
from engine.flow.table import FlowTable
from engine.model.health import Trust
from engine.model.packets import OtherFrame, PacketRow, Segment

WHOLE_MAX: Final = 4096
"""Frames whose line needs more than their own bytes (the last fragment of a datagram), remembered at a time."""

ROWS_MAX: Final = 1000
"""Rows in one window: more than any screen has, and a message of a few hundred kilobytes."""

_FRAGMENTS_APART = Reassembly(max_bytes=0)
"""For a second look at a fragment: it holds nothing, so the frame is read as it was when it came first."""

Passes = Callable[[PacketRow], bool]
"""What a display filter says of a row."""


class Window(msgspec.Struct, frozen=True):
    """Rows from index `first` of the `total` that pass, with frames `pending` that nobody has looked at yet."""

    first: int
    total: int
    pending: int
    rows: list[PacketRow]


class PacketLog:
    """All that is known of one capture's frames, in bounded memory."""

    def __init__(self, store_bytes: int, by_interface: bool = False) -> None:
        """`by_interface` keeps apart the copies of a segment that a capture on several interfaces sees. Raises BadInput
        for a store size out of bounds."""
        self.flows = FlowTable(by_interface=by_interface)
        self.first_ts_ns = 0
        """Time of frame 1, 0 before there is one."""
        self.in_parts = False
        """The capture filter hands over only some segments of a conversation: whatever is found is uncertain."""
        self._store = PacketStore(store_bytes)
        self._last_ts_ns = 0
        self._undecodable = 0
        self._reassembly = Reassembly()
        self._held_fragments = 0
        self._handshakes = NumberList()
        self._lost = NumberList()
        self._lost_ever = 0
        self._whole: dict[int, Segment | OtherFrame] = {}
        self._view_key: tuple[str, bool] = ("", False)
        self._view: FilterView | None = None

    @property
    def oldest(self) -> int:
        """Number of the oldest frame kept."""
        return self._store.oldest

    @property
    def newest(self) -> int:
        """Number of the newest frame; below `oldest` when there is none."""
        return self._store.newest

    def take(self, frames: Sequence[Frame]) -> None:
        """Take a batch in, in the order of capture."""
        store, reassembly = self._store, self._reassembly
        feed, add_segment, add_handshake = self.flows.feed, store.add_segment, self._handshakes.add
        in_parts = self.in_parts
        number = store.newest
        ts_ns = self._last_ts_ns
        for frame in frames:
            number += 1
            ts_ns, wire_length, data, interface, kind, link_type = frame
            if kind < 0:
                self.take_loss(wire_length)
                continue
            decoded = decode_frame(link_type, data, wire_length, ts_ns, interface, reassembly)
            if isinstance(decoded, Segment):
                flags = decoded.flags
                placed = feed(decoded, number)
                if in_parts and placed.findings:
                    placed.marks |= UNCERTAIN
                add_segment(ts_ns, wire_length, data, interface, link_type, flags, placed)
                if flags & FIN_SYN_RST:
                    add_handshake(number)
                if decoded.fragmented:
                    self._remember(number, decoded)
                    self._held_fragments = reassembly.held_bytes
            else:
                self._take_other(number, decoded, frame)
            self._last_ts_ns = ts_ns
        if not self.first_ts_ns:
            self.first_ts_ns = next((frame[0] for frame in frames if frame[4] >= 0), 0)

    def take_loss(self, frames: int) -> None:
        """The capture missed `frames` at this place; 0 if it was off and nobody knows how many."""
        self._store.add_other(self._last_ts_ns, frames, b"", 0, 0, LOST)
        self._handshakes.add(self._store.newest)
        self._lost.add(self._store.newest)
        self._lost_ever += 1
        self.flows.note_loss(frames)

    def _take_other(self, number: int, decoded: OtherFrame, frame: Frame) -> None:
        ts_ns, wire_length, data, interface, _, link_type = frame
        stream = -1
        if decoded.quoted:
            src, dst, sport, dport = decoded.quoted
            flow = self.flows.find(src, sport, dst, dport, interface)
            stream = flow.stream if flow else -1
        if decoded.undecodable:
            self._undecodable += 1
        held = self._reassembly.held_bytes
        if held < self._held_fragments:  # fragments were put together with this one
            self._remember(number, decoded)
        self._held_fragments = held
        kind = UNDECODABLE if decoded.undecodable else OTHER
        self._store.add_other(ts_ns, wire_length, data, interface, link_type, kind, stream)

    def _remember(self, number: int, decoded: Segment | OtherFrame) -> None:
        whole = self._whole
        whole[number] = decoded
        while len(whole) > WHOLE_MAX or next(iter(whole)) < self._store.oldest:
            del whole[next(iter(whole))]

    def trust(self) -> Trust:
        """What became of every frame; what the kernel dropped is the source's to say."""
        self._lost.forget_before(self._store.oldest)
        received = self._store.newest - self._lost_ever
        kept = len(self._store) - len(self._lost)
        return Trust(received=received, kept=kept, undecodable=self._undecodable, evicted=received - kept)

    def kept(self, number: int) -> Kept | None:
        """A frame's bytes and record; None if it is no longer, or not yet, there, or is the place of a loss."""
        kept = self._store.kept(number)
        return None if kept is None or kept.kind == LOST else kept

    def decoded(self, kept: Kept) -> Segment | OtherFrame:
        """What a frame holds, as when it came in."""
        return self._whole.get(kept.number) or decode_frame(
            kept.link_type, kept.data, kept.wire_length, kept.ts_ns, kept.interface, _FRAGMENTS_APART
        )

    def entry(self, number: int) -> Kept | None:
        """As `kept`, but the place of a loss too."""
        return self._store.kept(number)

    def belonging(self, first: int, last: int, streams: frozenset[int]) -> list[int]:
        """Which of the kept entries from `first` to `last` are of one of these streams or the place of a loss."""
        return self._store.belonging(max(first, self.oldest), min(last, self.newest), streams)

    def glances(self, numbers: Iterable[int], head: Struct) -> Iterator[tuple[int, Glance, tuple[Any, ...]]]:
        """What PacketStore.glances says of entries that must be there."""
        return self._store.glances(numbers, head)

    def row(self, number: int) -> PacketRow | None:
        """A frame's line; None if it was evicted."""
        kept = self._store.kept(number)
        if kept is None:
            return None
        if kept.kind == LOST:
            return lost_row(number, kept.ts_ns, kept.wire_length)
        decoded = self.decoded(kept)
        if isinstance(decoded, Segment):
            return segment_row(decoded, kept.placed, kept.wire_length)
        return other_row(number, decoded, kept.wire_length, kept.placed.stream)

    def window(
        self, first: int, count: int, handshakes: bool, text: str, passes: Passes, go_on: Callable[[], bool]
    ) -> Window:
        """`count` rows from index `first` on, -1 for the newest, of those that `passes` and, with `handshakes`, carry
        SYN, FIN or RST (and the places of losses).

        `text` names the filter: while it stays the same nothing is looked at twice. An empty one lets all pass. Frames
        not looked at yet are looked at for as long as `go_on` says so.
        """
        count = min(max(count, 0), ROWS_MAX)
        oldest, newest = self._store.oldest, self._store.newest
        numbers: NumberList | range
        pending = 0
        if text:
            view = self._filter_view(text, handshakes, passes)
            view.look(oldest, newest, go_on)
            numbers, pending = view.numbers, view.pending(newest)
        elif handshakes:
            numbers = self._handshakes
            numbers.forget_before(oldest)
        else:
            numbers = range(oldest, newest + 1)
        total = len(numbers)
        first = max(0, total - count) if first < 0 else min(first, total)
        shown = numbers.window(first, count) if isinstance(numbers, NumberList) else numbers[first : first + count]
        rows = [row for number in shown if (row := self.row(number)) is not None]
        return Window(first, total, pending, rows)

    def new_rows(self, after: int, count: int, handshakes: bool, passes: Passes, go_on: Callable[[], bool]) -> Window:
        """At most `count` rows numbered above `after`, oldest first, of those that pass as in `window`.

        `first` is the number of the first entry above `after` that is kept, `total` the rows given, `pending` how many
        entries behind them were not looked at.
        """
        count = min(max(count, 0), ROWS_MAX)
        first = number = max(after + 1, self._store.oldest)
        newest = self._store.newest
        rows: list[PacketRow] = []
        while number <= newest and len(rows) < count and (number % LOOK_STEP or go_on()):
            if not handshakes or self._store.turning(number):
                row = self.row(number)
                if row is not None and passes(row):
                    rows.append(row)
            number += 1
        return Window(first, len(rows), max(0, newest + 1 - number), rows)

    def look(self, go_on: Callable[[], bool]) -> bool:
        """Go on with frames that the latest filter has not looked at; False when it has seen all."""
        if self._view is None:
            return False
        self._view.look(self._store.oldest, self._store.newest, go_on)
        return self._view.pending(self._store.newest) > 0

    def _filter_view(self, text: str, handshakes: bool, passes: Passes) -> FilterView:
        if self._view is None or self._view_key != (text, handshakes):
            store = self._store

            def shows(number: int) -> bool:
                if handshakes and not store.turning(number):
                    return False
                row = self.row(number)
                return row is not None and passes(row)

            self._view, self._view_key = FilterView(shows, store.oldest), (text, handshakes)
        return self._view
