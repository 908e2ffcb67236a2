"""The store keeps the newest frames within its memory, and counts what it gives up."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.capture.store import BYTES_MIN, OTHER, RECORD_BYTES, TCP, PacketStore
from engine.flow.placed import Placed
from engine.model.errors import BadInput

PLACED = Placed(1, 7, 100, 200, 65536, 1 << 11, 0, 0, 4_000_000_000, 3, 0x45, 15, -2)


def filled(store: PacketStore, sizes: list[int]) -> None:
    for size in sizes:
        number = store.newest + 1
        store.add_other(number, size, number.to_bytes(4, "big") * (size // 4), 1, 1, OTHER)


def test_a_segment_comes_back_as_it_was_placed() -> None:
    store = PacketStore(BYTES_MIN)
    store.add_segment(5, 1500, b"frame", 3, 113, 0x12, PLACED)
    kept = store.kept(1)
    assert kept is not None
    assert (kept.ts_ns, kept.wire_length, kept.data, kept.interface, kept.link_type) == (5, 1500, b"frame", 3, 113)
    assert (kept.kind, kept.flags, kept.placed) == (TCP, 0x12, PLACED)


def test_the_frame_that_a_duplicate_ack_repeats_comes_back_by_its_own_number() -> None:
    store = PacketStore(BYTES_MIN)
    filled(store, [4] * 9)
    store.add_segment(5, 60, b"", 1, 1, 0x10, Placed(10, 0, 1, 1, 1, 1 << 11, 3, 2, 0, 0, 0, 0, 0))
    kept = store.kept(10)
    assert kept is not None
    assert (kept.placed.dup_ack_frame, kept.placed.dup_ack_number) == (3, 2)


def test_a_number_never_given_or_evicted_is_not_there() -> None:
    store = PacketStore(BYTES_MIN)
    assert (len(store), store.kept(0), store.kept(1)) == (0, None, None)
    filled(store, [1000] * 2000)
    assert store.oldest > 1
    assert store.kept(store.oldest - 1) is None
    assert store.kept(store.newest + 1) is None


def test_nearly_all_of_the_memory_holds_frames() -> None:
    store = PacketStore(BYTES_MIN)
    filled(store, [100] * 20_000)
    assert len(store) * (RECORD_BYTES + 100) > 0.98 * BYTES_MIN


def test_empty_frames_are_kept_too() -> None:
    store = PacketStore(BYTES_MIN)
    filled(store, [0] * 40_000)
    assert store.newest == 40_000
    assert 0.98 * BYTES_MIN < len(store) * RECORD_BYTES <= BYTES_MIN


def test_frames_that_fill_the_memory_to_the_last_byte_are_all_kept() -> None:
    store = PacketStore(BYTES_MIN)
    filled(store, [BYTES_MIN // 16 - RECORD_BYTES] * 16)
    assert (store.oldest, store.newest) == (1, 16)


def test_the_bounds_of_the_size_are_allowed_themselves(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("engine.capture.store.BYTES_MAX", BYTES_MIN)
    assert PacketStore(BYTES_MIN).max_bytes == BYTES_MIN


@pytest.mark.parametrize("size", [0, BYTES_MIN - 1, 1 << 40])
def test_a_size_out_of_bounds_is_refused(size: int) -> None:
    with pytest.raises(BadInput):
        PacketStore(size)


@settings(max_examples=50, deadline=None)
@given(st.lists(st.sampled_from((0, 4, 60, 1500, 65_536, 262_144)), min_size=1, max_size=200))
def test_what_is_kept_is_the_newest_whole_and_unchanged(sizes: list[int]) -> None:
    store = PacketStore(BYTES_MIN)
    filled(store, sizes)
    assert store.newest == len(sizes)
    assert len(store) > 0
    kept_bytes = 0
    for number in range(store.oldest, store.newest + 1):
        kept = store.kept(number)
        assert kept is not None
        assert kept.data == number.to_bytes(4, "big") * (sizes[number - 1] // 4)
        kept_bytes += RECORD_BYTES + len(kept.data)
    assert kept_bytes <= BYTES_MIN
    if store.oldest > 1:
        # One more of the largest might have been kept at most, beside what is left free at the end and in front.
        assert kept_bytes > BYTES_MIN - 3 * (262_144 + RECORD_BYTES)
