"""Whatever the segments, a ladder loses none of them; whatever their order, a stream is put together as it was sent."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from engine.export.ladder_text import LadderLook, ladder_header, ladder_line
from engine.export.ladder_words import item_words
from engine.flow.findings import FINDINGS, finding_names
from engine.flow.ladder import FOLDED_MIN, HEAD, PAUSE_NS, STALL_NS, TAIL, Entry, Ladder, Run
from engine.flow.reassembly import Piece, Reassembly
from engine.model.flows import FlowEnd, FlowSummary, LadderFold, LadderGap, LadderItem, LadderNote, LadderStep
from engine.model.tcp import SocketState
from engine.text.width import cell_width

ESTABLISHED = 0x55
ACK = 0x10

# --- folding ----------------------------------------------------------------------------------------------------------

plain = st.tuples(st.just(ACK), st.integers(0, 3), st.just(0), st.just(ESTABLISHED))
anything = st.tuples(
    st.integers(0, 0x1FF), st.integers(-1, 70_000), st.sampled_from((0, *FINDINGS)), st.integers(0, 255)
)
segments = st.lists(
    st.tuples(
        st.one_of(plain, plain, plain, plain, plain, anything),
        st.booleans(),
        st.integers(0, 6),
        st.sampled_from((0, 1, 1, 1, STALL_NS, PAUSE_NS)),
        st.sampled_from((500, 500, 500, 500, 0)),
    ),
    max_size=120,
)
"""Flags, length, findings, states; whether forward; a small sequence number, so that some come again; a pause; a
window."""


class Fed:
    """A ladder and what it was fed, to compare."""

    def __init__(self) -> None:
        self.ladder = Ladder()
        self.lengths: list[tuple[bool, int]] = []
        self._ts_ns = 0

    def feed(self, segment: tuple[tuple[int, int, int, int], bool, int, int, int]) -> None:
        (flags, length, findings, states), forward, seq, pause_ns, window = segment
        self._ts_ns += pause_ns
        self.lengths.append((forward, max(0, length)))
        number = 2 * len(self.lengths)  # frames of others lie between
        self.ladder.feed(number, self._ts_ns, forward, flags, seq, window, length, findings, states)

    def positions(self, entries: list[Entry] | range) -> list[int]:
        found: list[int] = []
        for entry in entries:
            found += range(entry.start, entry.stop) if isinstance(entry, Run) else [entry]
        return found


@given(segments)
def test_folding_keeps_every_segment_in_order_and_every_byte(made: list[object]) -> None:
    fed = Fed()
    for segment in made:
        fed.feed(segment)  # type: ignore[arg-type]
        entries = fed.ladder.entries()
        assert fed.positions(entries) == list(range(len(fed.lengths)))
        for run in entries:
            if isinstance(run, Run):
                inside = fed.lengths[run.start : run.stop]
                assert run.stop - run.start >= FOLDED_MIN
                assert run.first_number == fed.ladder.rungs.number(run.start)
                assert run.segments == sum(length > 0 for _, length in inside)
                assert run.acks == sum(length == 0 for _, length in inside)
                assert run.forward_bytes == sum(length for forward, length in inside if forward)
                assert run.backward_bytes == sum(length for forward, length in inside if not forward)


@given(segments, st.data())
def test_an_opened_fold_shows_what_was_in_it(made: list[object], data: st.DataObject) -> None:
    fed = Fed()
    for segment in made:
        fed.feed(segment)  # type: ignore[arg-type]
    folds = [entry.first_number for entry in fed.ladder.entries() if isinstance(entry, Run)]
    opened = frozenset(data.draw(st.sets(st.sampled_from(folds)) if folds else st.just(set())))
    shown = fed.ladder.entries(opened)
    assert fed.positions(shown) == list(range(len(made)))
    assert {entry.first_number for entry in shown if isinstance(entry, Run)} == set(folds) - opened
    assert list(fed.ladder.entries(folded=False)) == list(range(len(made)))


@given(segments)
def test_what_is_lost_is_never_folded_away(made: list[object]) -> None:
    fed = Fed()
    for segment in made:
        fed.feed(segment)  # type: ignore[arg-type]
    shown = {fed.ladder.rungs.number(entry) for entry in fed.ladder.entries() if not isinstance(entry, Run)}
    assert fed.ladder.lost <= shown <= fed.ladder.wanted()


@given(segments, st.lists(st.integers(0, 240), max_size=4))
def test_a_ladder_whose_beginning_was_evicted_has_all_the_rest(made: list[object], evictions: list[int]) -> None:
    fed = Fed()
    oldest = 0
    for at, segment in enumerate(made):
        fed.feed(segment)  # type: ignore[arg-type]
        for eviction in evictions:
            if at == eviction // 2 and eviction > oldest:
                oldest = eviction
                fed.ladder.forget_before(oldest)
        kept = [position for position in range(at + 1) if fed.ladder.rungs.number(position) >= oldest]
        assert [position for position in fed.positions(fed.ladder.entries()) if position in kept] == kept
        assert list(fed.ladder.entries(folded=False)) == kept
        for entry in fed.ladder.entries():
            last = entry.stop - 1 if isinstance(entry, Run) else entry
            assert last in kept


@given(st.integers(1, 60))
def test_of_a_plain_run_only_its_ends_stay_open(count: int) -> None:
    fed = Fed()
    fed.feed(((0x02, 0, 0, 0x32), True, 0, 0, 500))
    fed.feed(((ACK, 1, 0, ESTABLISHED), True, 0, 1, 500))
    for seq in range(count):
        fed.feed(((ACK, 1, 0, ESTABLISHED), True, seq + 1, 1, 500))
    rungs = len(fed.ladder.entries()) - 2
    assert rungs == (count if count < HEAD + FOLDED_MIN + TAIL else HEAD + 1 + TAIL)


# --- text -------------------------------------------------------------------------------------------------------------

number = st.integers(0, 2**32 - 1)
times = st.integers(-(2**40), 2**62)
texts = st.text(max_size=60)
steps = st.builds(
    LadderStep, number=st.integers(1, 2**40), ts_ns=times, stream=st.integers(0, 2), forward=st.booleans(),
    flags=st.integers(0, 0xFFF), seq=number, ack=st.none() | number, window=st.integers(0, 2**30),
    length=st.integers(0, 2**17), first_state=st.sampled_from(SocketState), second_state=st.sampled_from(SocketState),
    findings=st.integers(0, 2**18 - 1).map(finding_names), uncertain=st.booleans(),
    options=texts, info=texts.map(lambda text: f"[TCP {text}] 1 → 2"), first_moved=st.booleans(),
    second_moved=st.booleans(), lost=st.booleans(),
)  # fmt: skip
folds = st.builds(
    LadderFold, st.integers(1, 2**40), st.integers(1, 2**40), times, times, st.integers(0, 2), st.integers(0, 2**40),
    st.integers(0, 2**40), st.integers(0, 2**60), st.integers(0, 2**60),
)  # fmt: skip
items = st.one_of(
    steps,
    folds,
    st.builds(LadderGap, st.integers(1, 2**40), times, st.integers(0, 2**40)),
    st.builds(LadderNote, st.integers(1, 2**40), times, st.integers(0, 2), texts),
)


@given(items, st.integers(20, 220), st.sampled_from(((), (0,), (0, 1, 2))), texts)
@settings(max_examples=300)
def test_no_line_is_wider_than_asked_and_none_holds_what_a_terminal_obeys(
    item: LadderItem, width: int, streams: tuple[int, ...], aside: str
) -> None:
    line = ladder_line(item, LadderLook(width, streams=streams), aside)
    assert sum(cell_width(piece.text) for piece in line.pieces) == width
    assert line.text.isprintable()


@given(texts, texts, st.integers(20, 220), st.booleans())
def test_no_name_widens_the_header(first: str, second: str, width: int, several: bool) -> None:
    ends = FlowEnd("2001:db8:4f3:1002::1b", 51_514), FlowEnd("2a00:1450:4001:82f::200e", 443)
    flows = [FlowSummary(stream, *ends, True, 1, 2, 0, 0, syn_ns=1) for stream in range(2 if several else 1)]
    look = LadderLook(width, names={0: (first, second)}, streams=tuple(flow.stream for flow in flows))
    for line in ladder_header(flows, look):
        assert cell_width(line.text) <= width
        assert line.text.isprintable()


@given(items, st.integers(1, 100))
def test_words_fit_their_room(item: LadderItem, room: int) -> None:
    assert cell_width(item_words(item, room)) <= room


# --- reassembly -------------------------------------------------------------------------------------------------------


def _joined(pieces: list[Piece]) -> bytes:
    return b"".join(b"?" * piece.missing + piece.data for piece in pieces)


@st.composite
def sendings(draw: st.DrawFn) -> tuple[bytes, int, list[tuple[int, int]]]:
    """A stream, its first sequence number, and the parts of it that segments carry: all of it, some of it again, in
    any order."""
    data = draw(st.binary(min_size=1, max_size=60))
    cuts = sorted(draw(st.sets(st.integers(1, len(data)), max_size=12)) | {0, len(data)})
    parts = [*pairwise(cuts)]
    again = draw(st.lists(st.tuples(st.integers(0, len(data)), st.integers(0, len(data))), max_size=8))
    parts += [(min(pair), max(pair)) for pair in again]
    first = draw(st.sampled_from((0, 1, 2**32 - 1, 2**32 - 30, 2**31)))
    return data, first, draw(st.permutations(parts))


@given(sendings())
def test_any_order_duplication_and_overlap_gives_the_stream(sent: tuple[bytes, int, list[tuple[int, int]]]) -> None:
    data, first, parts = sent
    side = Reassembly(first)
    pieces: list[Piece] = []
    for at, (start, stop) in enumerate(parts, 1):
        pieces += side.add((first + start) % 2**32, stop - start, data[start:stop], at, at)
    assert _joined(pieces) == data
    assert side.held_bytes == 0
    assert side.finish() == []
    assert not any(piece.missing for piece in pieces)


@given(sendings(), st.data())
def test_what_never_came_is_missing_and_nothing_else(
    sent: tuple[bytes, int, list[tuple[int, int]]], drawn: st.DataObject
) -> None:
    data, first, parts = sent
    keep = drawn.draw(st.lists(st.booleans(), min_size=len(parts), max_size=len(parts)))
    captured = drawn.draw(st.integers(0, 8))
    side = Reassembly(first)
    pieces: list[Piece] = []
    seen = bytearray(len(data))
    end = 0
    for at, ((start, stop), kept) in enumerate(zip(parts, keep, strict=True), 1):
        if not kept:
            continue
        pieces += side.add((first + start) % 2**32, stop - start, data[start : min(stop, start + captured)], at, at)
        seen[start : min(stop, start + captured)] = b"\1" * (min(stop, start + captured) - start)
        if start < stop:
            end = max(end, stop)
    pieces += side.acknowledged((first + end) % 2**32)
    pieces += side.finish() + side.cut_off()
    shown = _joined(pieces)
    assert len(shown) == end
    assert side.held_bytes == 0
    at = 0
    for piece in pieces:
        at += piece.missing
        assert piece.data == data[at : at + len(piece.data)]
        assert all(seen[at : at + len(piece.data)])
        assert piece.cut <= piece.missing
        at += len(piece.data)
