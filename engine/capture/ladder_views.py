"""One conversation's ladder, kept up with the frames of a capture: finds its frames, feeds them, shows its rungs."""

from __future__ import annotations

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

_IPV4_PLAIN: Final = b"\x08\x00\x45"
_IPV6: Final = b"\x86\xdd"
_TCP: Final = 6
_ETHERNET: Final = 1


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
        self._over = False
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
            for found in log.belonging(number, last, self._wanted):
                self._take(found)
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
        number = ladder.number(entry)
        kept = log.entry(number)
        if kept is None:
            return None
        if kept.kind == LOST:
            return LadderGap(number, kept.ts_ns, kept.wire_length)
        decoded = log.decoded(kept)
        if not isinstance(decoded, Segment):
            return LadderNote(number, kept.ts_ns, self.stream, decoded.info)
        lost = number in ladder.lost
        return step_of(decoded, kept.placed, ladder.forward(entry), swapped, ladder.moved(entry), lost)

    def _take(self, number: int) -> None:
        ts_ns, _, link_type, kind, flags, _, seq, ack, window, findings, _, states, head = self._log.glance(number)
        if kind != TCP:
            if kind != LOST or (len(self.ladder) and not self._over):
                self.ladder.note(number, ts_ns)
            return
        length, ends = _measured(head) if link_type == _ETHERNET else (-1, b"")
        if length < 0:
            length, ends = self._decoded(number)
        if not self._ends:
            self._ends = ends
        self.ladder.feed(number, ts_ns, ends == self._ends, flags, seq, ack, window, length, findings, states)
        self._over = over(states >> 4, states & 15)

    def _decoded(self, number: int) -> tuple[int, bytes]:
        """Payload length and ends of a segment whose headers are not the usual ones."""
        kept = self._log.kept(number)
        decoded = self._log.decoded(kept) if kept else None
        if not isinstance(decoded, Segment):
            return 0, b""
        return decoded.len, packed_ends(decoded.src, decoded.sport, decoded.dst, decoded.dport)


def _measured(head: bytes) -> tuple[int, bytes]:
    """Payload length and ends of a segment in plain IPv4 or IPv6, from the beginning of its frame; length -1 for
    others. A decoded frame is worth three of these, and a ladder has to look at all of them."""
    if head[12:15] == _IPV4_PLAIN and len(head) >= 54:
        if head[23] == _TCP and not (head[20] & 0x3F or head[21]):
            return (head[16] << 8 | head[17]) - 20 - (head[46] >> 4 << 2), head[26:38]
    elif head[12:14] == _IPV6 and len(head) >= 74 and head[20] == _TCP:
        return (head[18] << 8 | head[19]) - (head[66] >> 4 << 2), head[22:58]
    return -1, b""
