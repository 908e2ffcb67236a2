"""The bytes that a conversation carried, read out of the kept frames piece by piece."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import msgspec

from engine.capture.flow_summary import turned
from engine.capture.packet_log import PacketLog
from engine.capture.payload import tcp_payload
from engine.capture.store import TCP
from engine.flow.flow import Direction, Flow
from engine.flow.opening import HEADER_BYTES
from engine.flow.reassembly import Piece, Reassembly
from engine.flow.table import packed_ends
from engine.model.flows import StreamPiece
from engine.model.packets import Segment

LOOK_STEP: Final = 512
"""Frames between two looks at the clock: about a millisecond where all are of the conversation."""
READERS_MAX: Final = 4
"""Streams read at a time; one given up is read anew from its beginning."""
BYTES_MAX: Final = 8 * 1024 * 1024
"""In one answer, whoever asks."""
PIECE_COST: Final = 64
"""What a piece counts beside its bytes, so that many small ones end an answer too."""

_SYN: Final = 0x002
_ACK: Final = 0x010
_WRAP: Final = 0xFFFFFFFF
_FIRST_BYTE: Final = 1  # relative to the initial sequence number, which is the SYN's


class StreamRead(msgspec.Struct, frozen=True):
    """Pieces up to frame `last`; `more` if there are frames behind it that were not looked at."""

    pieces: list[StreamPiece]
    last: int
    more: bool


class StreamReader:
    """Reads one stream of a log once, from its beginning to what is newest."""

    def __init__(self, log: PacketLog, stream: int) -> None:
        self.stream = stream
        self.answered = 0
        """The `last` of its latest answer."""
        self._log = log
        self._wanted = frozenset((stream,))
        flow = self._flow
        self._ends = packed_ends(flow.src, flow.sport, flow.dst, flow.dport) if flow else b""
        self._swapped = False
        self._last = flow.first_frame - 1 if flow else 0
        self._begun_before = flow is None or flow.first_frame < log.oldest or not flow.opener
        self._sides: dict[bool, Reassembly] = {}
        self._acked: dict[bool, int] = {}  # what the other side last acknowledged of each

    @property
    def _flow(self) -> Flow | None:
        return self._log.flows.flows.get(self.stream)

    def read(self, after: int, bytes_max: int, go_on: Callable[[], bool]) -> StreamRead:
        """Pieces that frames above `after` complete, until about `bytes_max` are reached or `go_on` says no more."""
        flow = self._flow
        if flow is not None:
            self._swapped = turned(flow)
        pieces: list[StreamPiece] = []
        room = min(bytes_max, BYTES_MAX)
        log = self._log
        number = max(self._last + 1, log.oldest)
        while number <= log.newest and room > 0 and go_on():
            until = min(number + LOOK_STEP - 1, log.newest)
            for found in log.belonging(number, until, self._wanted):
                for piece in self._take(found):
                    if found > after:
                        pieces.append(piece)
                        room -= len(piece.data) + PIECE_COST
                if room <= 0:
                    until = found
                    break
            number = until + 1
        self._last = number - 1
        more = number <= log.newest
        if not more and self._last >= after:
            pieces += self._rest(flow)
        self.answered = max(self._last, after)
        return StreamRead(pieces, self.answered, more)

    def _take(self, number: int) -> list[StreamPiece]:
        kept = self._log.kept(number)
        if kept is None or kept.kind != TCP:
            return []
        segment = self._log.decoded(kept)
        if not isinstance(segment, Segment):
            return []
        ends = packed_ends(segment.src, segment.sport, segment.dst, segment.dport)
        self._ends = self._ends or ends
        forward = ends == self._ends
        pieces: list[StreamPiece] = []
        if segment.flags & _ACK:
            self._acked[not forward] = kept.placed.ack
            other = self._sides.get(not forward)
            if other is not None:
                pieces += self._shown(not forward, other.acknowledged(kept.placed.ack))
        if segment.len > 0 and segment.header_length >= HEADER_BYTES:
            seq = kept.placed.seq + (1 if segment.flags & _SYN else 0) & _WRAP
            me = self._sides.get(forward) or self._begin(forward, seq)
            data = tcp_payload(kept.link_type, kept.data, kept.wire_length, segment)
            pieces += self._shown(forward, me.add(seq, segment.len, data, number, kept.ts_ns))
            if forward in self._acked:  # of a segment that was captured late
                pieces += self._shown(forward, me.acknowledged(self._acked[forward]))
        return pieces

    def _begin(self, forward: bool, seq: int) -> Reassembly:
        """A side's first bytes. Where the beginning was not seen or is no longer kept, it starts with what there is."""
        late = self._begun_before and seq  # 0 is a keep-alive's, whose byte is none of the stream
        side = Reassembly(seq, seq - _FIRST_BYTE) if late else Reassembly(_FIRST_BYTE)
        self._sides[forward] = side
        return side

    def _rest(self, flow: Flow | None) -> list[StreamPiece]:
        """At the end of what is kept: what was cut off last; if nothing more is expected, what waits behind holes, and
        how much of the end was not captured."""
        pieces: list[StreamPiece] = []
        for forward, side in self._sides.items():
            if flow is None:
                pieces += self._shown(forward, side.finish())
            elif flow.over:
                sender = flow.forward if forward else flow.backward
                pieces += self._shown(forward, side.finish(_end_of_data(sender, self._acked.get(forward))))
            pieces += self._shown(forward, side.cut_off())
        return pieces

    def _shown(self, forward: bool, pieces: list[Piece]) -> list[StreamPiece]:
        shown = forward is not self._swapped
        return [StreamPiece(piece.number, piece.ts_ns, shown, piece.data, piece.missing, piece.cut) for piece in pieces]


def _end_of_data(sender: Direction, acked: int | None) -> int | None:
    """What the other side has acknowledged last, without the FIN's own number."""
    if acked is not None and sender.fin_seen and acked == (sender.fin_end - sender.base & _WRAP):
        return acked - 1 & _WRAP
    return acked


class Streams:
    """The readers of one log that were used lately."""

    def __init__(self, log: PacketLog) -> None:
        self._log = log
        self._readers: list[StreamReader] = []

    def read(self, stream: int, after: int, bytes_max: int, go_on: Callable[[], bool]) -> StreamRead:
        """What follows the answer that ended with frame `after`, 0 for the beginning."""
        known = (reader for reader in self._readers if reader.stream == stream and reader.answered == after)
        reader = next(known, None) if after else None
        if reader is None:
            reader = StreamReader(self._log, stream)
        else:
            self._readers.remove(reader)
        self._readers.append(reader)
        del self._readers[:-READERS_MAX]
        return reader.read(after, bytes_max, go_on)
