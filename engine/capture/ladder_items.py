"""A segment, or a run of folded ones, as it crosses to the screen."""

from __future__ import annotations

from engine.flow.findings import finding_names
from engine.flow.info import info_line
from engine.flow.ladder import Ladder, Run
from engine.flow.placed import UNCERTAIN, Placed
from engine.flow.states import pair_names
from engine.model.flows import LadderFold, LadderStep
from engine.model.packets import Segment

_ACK = 0x010


def step_of(segment: Segment, placed: Placed, ladder: Ladder, position: int, swapped: bool) -> LadderStep:
    """The step of a segment at a position of its ladder; `swapped` if the sender of the conversation's first frame did
    not open it."""
    flags = segment.flags
    info = info_line(segment, placed)
    first, second = pair_names(ladder.states(position))
    moved = ladder.moved(position)
    if swapped:
        first, second = second, first
        moved = moved[1], moved[0]
    return LadderStep(
        number=placed.number,
        ts_ns=segment.ts_ns,
        stream=placed.stream,
        forward=ladder.forward(position) is not swapped,
        flags=flags,
        seq=placed.seq,
        ack=placed.ack if flags & _ACK else None,
        window=placed.window,
        length=max(segment.len, 0),
        first_state=first,
        second_state=second,
        findings=finding_names(placed.findings),
        uncertain=bool(placed.marks & UNCERTAIN),
        options=_options(info, segment.len),
        info=info,
        first_moved=moved[0],
        second_moved=moved[1],
        lost=placed.number in ladder.lost,
    )


def fold_of(run: Run, ladder: Ladder, stream: int, swapped: bool) -> LadderFold:
    """A folded run of a ladder; `swapped` as for a step."""
    there, back = run.forward_bytes, run.backward_bytes
    if swapped:
        there, back = back, there
    last = run.stop - 1
    rungs = ladder.rungs
    return LadderFold(
        run.first_number, rungs.number(last), run.first_ns, rungs.time_ns(last), stream, run.segments, run.acks, there,
        back, ladder.stalls(run),
    )  # fmt: skip


def _options(info: str, length: int) -> str:
    """The part of the Info line behind the length, which is where its options stand."""
    return info.partition(f" Len={length}")[2].strip()
