"""Reads capture files for their conversations: sums of each, or the ladder of some.

A ladder wants a segment again after the ones behind it have told whether it is folded or lost. What is certain not to
be shown is let go on the way, so a conversation of millions of segments costs no more than its ladder.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from operator import itemgetter
from typing import Final

from engine.capture.decode import decode_frame
from engine.capture.files.source import CaptureFile
from engine.capture.flow_summary import flow_summary, turned
from engine.capture.ip_reassembly import Reassembly
from engine.capture.ladder_items import fold_of, step_of
from engine.capture.packet_rows import other_row, segment_row
from engine.capture.read import FLOW_BYTES_OF_FILES
from engine.flow.flow import Flow
from engine.flow.ladder import Ladder, Run
from engine.flow.placed import Placed
from engine.flow.table import FlowTable
from engine.model.errors import BadInput
from engine.model.flows import FlowSummary, LadderItem, LadderNote
from engine.model.health import Trust
from engine.model.packets import OtherFrame, PacketRow, Segment

RUNGS_MAX: Final = 250_000
"""Rungs of one ladder out of a file, some 700 bytes each: 175 MB, and more lines than anybody reads."""

_TIDY_STEP: Final = 8_192
"""Segments gather until there are so many, or twice as many as were wanted the last time; then others are let go."""

_LATEST_NS: Final = (1 << 63) - 1

Passes = Callable[[PacketRow], bool]


class ConversationReading:
    """One pass over one or several capture files, one after the other as if they were one."""

    def __init__(self, paths: Sequence[str], max_flow_bytes: int = FLOW_BYTES_OF_FILES) -> None:
        self.flows = FlowTable(max_flow_bytes)
        self.notes: list[str] = []
        """A sentence for each file that could not be read to its end."""
        self.first_ns = 0
        """Time of the first frame."""
        self._paths = paths
        self._frames = self._undecodable = self._lost_before = 0

    @property
    def trust(self) -> Trust:
        """What became of every frame so far."""
        return Trust(
            received=self._frames,
            kept=self._frames - self._undecodable,
            dropped_by_kernel=self._lost_before,
            undecodable=self._undecodable,
        )

    def summaries(self, passes: Passes | None = None) -> list[FlowSummary]:
        """Every conversation that is still known at the end, of those that have a frame which passes. BadInput if a
        file cannot be opened or is no capture."""
        wanted: set[int] = set()
        for number, wire_length, content, placed in self._contents():
            if passes is None:
                continue
            if isinstance(content, Segment):
                stream = placed.stream if placed is not None else -1
            else:
                stream = self._quoted(content)
            if stream < 0 or stream in wanted:
                continue
            if isinstance(content, Segment):
                if placed is not None and passes(segment_row(content, placed, wire_length)):
                    wanted.add(stream)
            elif passes(other_row(number, content, wire_length, stream)):
                wanted.add(stream)
        known = self.flows.flows
        return [flow_summary(flow) for stream, flow in known.items() if passes is None or stream in wanted]

    def ladder(self, streams: Sequence[int], folded: bool = True) -> tuple[list[FlowSummary], list[LadderItem]]:
        """The conversations of these numbers as far as there are any, and their rungs in the order of the frames.

        BadInput if a file cannot be opened or is no capture, or if there are more than RUNGS_MAX rungs.
        """
        drawn = {stream: _Drawn(folded) for stream in streams}
        for number, _, content, placed in self._contents():
            if isinstance(content, Segment):
                view = drawn.get(placed.stream) if placed is not None else None
                if view is not None and placed is not None:
                    view.take(content, placed)
            elif content.quoted:
                view = drawn.get(self._quoted(content))
                if view is not None:
                    view.note(number, content)
        known = self.flows.flows
        found = [flow_summary(known[stream]) for stream in drawn if stream in known]
        numbered: list[tuple[int, LadderItem]] = []
        for stream, view in drawn.items():
            numbered += view.items(known.get(stream), stream)
        numbered.sort(key=itemgetter(0))
        return found, [item for _, item in numbered]

    def _contents(self) -> Iterator[tuple[int, int, Segment | OtherFrame, Placed | None]]:
        """Each frame: its number, its bytes on the wire, what it holds, and where a segment belongs."""
        reassembly = Reassembly()
        feed = self.flows.feed
        for path in self._paths:
            with CaptureFile(path) as file:
                for frames in file.batches():
                    if not self._frames:
                        self.first_ns = frames[0].ts_ns
                    for frame in frames:
                        self._frames = number = self._frames + 1
                        wire_length = frame.wire_length
                        content = decode_frame(
                            frame.link_type, frame.data, wire_length, frame.ts_ns, frame.interface, reassembly
                        )
                        if isinstance(content, Segment):
                            yield number, wire_length, content, feed(content, number)
                        else:
                            self._undecodable += content.undecodable
                            yield number, wire_length, content, None
                self._lost_before += file.dropped
                if file.note:
                    self.notes.append(f"{path}: {file.note}")

    def _quoted(self, content: Segment | OtherFrame) -> int:
        """The conversation of the segment that an ICMP error quotes, or -1."""
        if isinstance(content, Segment) or not content.quoted:
            return -1
        src, dst, sport, dport = content.quoted
        flow = self.flows.find(src, sport, dst, dport, content.interface)
        return flow.stream if flow else -1


class _Drawn:
    """One conversation that is drawn."""

    def __init__(self, folded: bool) -> None:
        self.ladder = Ladder()
        self._folded = folded
        self._kept: dict[int, tuple[Segment, Placed] | OtherFrame] = {}
        self._room = _TIDY_STEP
        self._first: tuple[bytes, int] | None = None

    def take(self, segment: Segment, placed: Placed) -> None:
        number = placed.number
        sender = segment.src, segment.sport
        self._first = self._first or sender
        forward = sender == self._first
        self.ladder.feed(
            number, _in_64_bits(segment.ts_ns), forward, segment.flags, placed.seq, placed.window, segment.len,
            placed.findings, placed.states,
        )  # fmt: skip
        self._keep(number, (segment, placed))

    def note(self, number: int, frame: OtherFrame) -> None:
        self.ladder.note(number, _in_64_bits(frame.ts_ns))
        self._keep(number, frame)

    def items(self, flow: Flow | None, stream: int) -> Iterator[tuple[int, LadderItem]]:
        """Each rung, with the number of its first frame."""
        swapped = flow is not None and turned(flow)
        ladder = self.ladder
        for entry in ladder.entries(folded=self._folded):
            number = ladder.first_of(entry)
            if isinstance(entry, Run):
                yield number, fold_of(entry, ladder, stream, swapped)
                continue
            kept = self._kept[number]
            if isinstance(kept, OtherFrame):
                yield number, LadderNote(number, kept.ts_ns, stream, kept.info)
            else:
                segment, placed = kept
                yield number, step_of(segment, placed, ladder, entry, swapped)

    def _keep(self, number: int, what: tuple[Segment, Placed] | OtherFrame) -> None:
        kept = self._kept
        kept[number] = what
        if len(kept) < self._room:
            return
        if self._folded:
            self._kept = {number: kept[number] for number in sorted(self.ladder.wanted().intersection(kept))}
        if len(self._kept) > RUNGS_MAX:
            raise BadInput(
                f"draw a ladder of more than {RUNGS_MAX:,} rungs", hint="leave out --all, or draw fewer conversations"
            )
        self._room = max(_TIDY_STEP, 2 * len(self._kept))


def _in_64_bits(ts_ns: int) -> int:
    """A time as the ladder keeps it; a file can name others, in 64 bits of any unit, millennia away."""
    return max(-_LATEST_NS, min(ts_ns, _LATEST_NS))
