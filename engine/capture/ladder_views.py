"""One conversation's ladder, kept up with the frames of a capture: finds its frames, feeds them, shows its rungs."""

from __future__ import annotations

import struct
from collections.abc import Callable
from typing import Final

from engine.capture.flow_summary import turned
from engine.capture.ladder_items import fold_of, step_of
from engine.capture.packet_log import PacketLog
from engine.capture.store import LOST, TCP
from engine.flow.flow import Flow
from engine.flow.ladder import Entry, Ladder, Run
from engine.flow.states import over
from engine.flow.table import packed_ends
from engine.model.flows import LadderGap, LadderItem, LadderNote
from engine.model.packets import Segment

LOOK_STEP: Final = 2_048
"""Frames between two looks at the clock: about a millisecond where none is of the conversation, three where all are."""

_ETHERNET: Final = 1
_TCP: Final = 6
_IPV4_ENDS: Final = 12
_IPV4_PLAIN: Final = b"\x08\x00\x45"
_IPV6: Final = b"\x86\xdd"
_FRAGMENT_BITS: Final = 0x3FFF  # more fragments, and the offset

# ethertype and version, total length, fragment, protocol, ends | TCP's header length
_IPV4_HEAD: Final = struct.Struct("!12x3sxH2xHxB2x12s8xB")
# ethertype, payload length, next header, ends | TCP's header length
_IPV6_HEAD: Final = struct.Struct("!12x2s4xHBx36s8xB")


class LadderView:
    """The ladder of one stream of a log."""

    def __init__(self, log: PacketLog, stream: int) -> None:
        self.stream = stream
        self.ladder = Ladder()
        self._log = log
        self._wanted = frozenset((stream,))
        self._next = 1
        flow = self.flow
        self._ends = packed_ends(flow.src, flow.sport, flow.dst, flow.dport) if flow else b""
        if flow:
            self._next = flow.first_frame
        self._swapped = False

    @property
    def flow(self) -> Flow | None:
        """The conversation, as long as the table knows it."""
        return self._log.flows.flows.get(self.stream)

    @property
    def pending(self) -> int:
        """Frames not looked at yet."""
        return max(0, self._log.newest + 1 - max(self._next, self._log.oldest))

    def look(self, go_on: Callable[[], bool]) -> None:
        """Take in what came since, for as long as `go_on` says so."""
        log = self._log
        self.ladder.forget_before(log.oldest)
        number = max(self._next, log.oldest)
        while number <= log.newest and go_on():
            last = min(number + LOOK_STEP - 1, log.newest)
            self._take(log.belonging(number, last, self._wanted))
            number = last + 1
        self._next = number

    def item(self, entry: Entry) -> LadderItem | None:
        """A rung or a fold as the screen gets it; None for a frame that has gone meanwhile."""
        flow = self.flow
        if flow is not None:
            self._swapped = turned(flow)
        swapped = self._swapped
        if isinstance(entry, Run):
            return fold_of(entry, self.ladder, self.stream, swapped)
        ladder, log = self.ladder, self._log
        number = ladder.rungs.number(entry)
        kept = log.entry(number)
        if kept is None:
            return None
        if kept.kind == LOST:
            return LadderGap(number, kept.ts_ns, kept.wire_length)
        decoded = log.decoded(kept)
        if not isinstance(decoded, Segment):
            return LadderNote(number, kept.ts_ns, self.stream, decoded.info)
        return step_of(decoded, kept.placed, ladder, entry, swapped)

    def _take(self, numbers: list[int]) -> None:
        """Feed frames that are of this stream, or the places of losses.

        The usual headers are read from where they lie: to decode a frame takes five times as long, and a ladder has to
        look at all of them.
        """
        feed, ends, ipv6 = self.ladder.feed, self._ends, len(self._ends) > _IPV4_ENDS
        for number, fields, head in self._log.glances(numbers, _IPV6_HEAD if ipv6 else _IPV4_HEAD):
            ts_ns, _, link_type, kind, flags, _, seq, _, window, findings, _, states = fields
            if kind != TCP:
                if kind != LOST or self._lasts:
                    self.ladder.note(number, ts_ns)
                continue
            length = -1
            if head and link_type == _ETHERNET:
                if ipv6:
                    below, total, protocol, sender, control = head
                    if below == _IPV6 and protocol == _TCP:
                        length = total - (control >> 4 << 2)
                else:
                    below, total, fragment, protocol, sender, control = head
                    if below == _IPV4_PLAIN and protocol == _TCP and not fragment & _FRAGMENT_BITS:
                        length = total - 20 - (control >> 4 << 2)
            if length < 0:
                length, sender = self._decoded(number)
            if not ends:
                ends = self._ends = sender
            feed(number, ts_ns, sender == ends, flags, seq, window, length, findings, states)

    @property
    def _lasts(self) -> bool:
        """The conversation has begun and is not over."""
        states = self.ladder.rungs.states
        return states >= 0 and not over(states >> 4, states & 15)

    def _decoded(self, number: int) -> tuple[int, bytes]:
        """Payload length and ends of a segment whose headers are not the usual ones."""
        kept = self._log.kept(number)
        decoded = self._log.decoded(kept) if kept else None
        if not isinstance(decoded, Segment):
            return 0, b""
        return decoded.len, packed_ends(decoded.src, decoded.sport, decoded.dst, decoded.dport)
