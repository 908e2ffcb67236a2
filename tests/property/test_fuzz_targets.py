"""What the fuzzer runs holds for the bytes that hypothesis makes up, so that it stays fit to be fuzzed."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.capture.files.pcap import pcap_header, pcap_record
from tests.fuzz.run import plant
from tests.fuzz.targets import TARGETS, one_input
from tests.scenario.traffic import made_up_frames


@pytest.mark.parametrize("target", TARGETS, ids=lambda target: str(target.__name__))
@given(data=st.binary(max_size=300))
@settings(max_examples=60, deadline=None)
def test_any_bytes_pass_each_target(target: object, data: bytes) -> None:
    assert callable(target)
    target(data)


@given(st.integers(0, 10_000), st.binary(max_size=4), st.integers(0, 3_000))
@settings(max_examples=40, deadline=None)
def test_a_file_with_damage_anywhere_passes(seed: int, damage: bytes, at: int) -> None:
    frames = made_up_frames(random.Random(seed), conversations=2)
    text = pcap_header(1) + b"".join(map(pcap_record, frames))
    one_input(b"\x01" + text[:at] + damage + text[at + len(damage) :])


def test_a_folder_of_captures_becomes_seeds(tmp_path: Path) -> None:
    captures, corpus = tmp_path / "captures", tmp_path / "corpus"
    captures.mkdir()
    corpus.mkdir()
    frames = made_up_frames(random.Random(1), conversations=1)
    (captures / "one.pcap").write_bytes(pcap_header(1) + b"".join(map(pcap_record, frames)))
    (captures / "notes.txt").write_text("no capture")
    assert plant(corpus, captures) == 3
    for seed in corpus.iterdir():
        one_input(seed.read_bytes())
