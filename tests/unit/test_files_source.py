"""Opening capture files: gzip, standard input, files that grow, and files that are something else."""

from __future__ import annotations

import gzip
import os
import threading
from pathlib import Path

import pytest

from engine.capture.files.frames import Frame, Interface
from engine.capture.files.pcap import pcap_header, pcap_record
from engine.capture.files.source import CaptureFile
from engine.capture.files.writer import CaptureWriter
from engine.model.errors import BadInput

FRAMES = [Frame(1, bytes([number]) * 40, 40, number * 1000) for number in range(200)]
TEXT = pcap_header(1) + b"".join(map(pcap_record, FRAMES))


def frames_of(path: Path) -> tuple[list[Frame], str]:
    with CaptureFile(str(path)) as file:
        frames = [frame for batch in file.batches() for frame in batch]
        return frames, file.note


def test_a_plain_file_is_read_whole(tmp_path: Path) -> None:
    path = tmp_path / "a.pcap"
    path.write_bytes(TEXT)
    assert frames_of(path) == (FRAMES, "")


def test_gzip_is_unpacked_also_of_several_parts(tmp_path: Path) -> None:
    path = tmp_path / "a.pcap.gz"
    path.write_bytes(gzip.compress(TEXT[:1000]) + gzip.compress(TEXT[1000:]))
    assert frames_of(path) == (FRAMES, "")


def test_gzip_that_ends_early_gives_what_was_unpacked(tmp_path: Path) -> None:
    path = tmp_path / "a.pcap.gz"
    packed = gzip.compress(TEXT)
    path.write_bytes(packed[: len(packed) - 60])
    frames, note = frames_of(path)
    assert frames == FRAMES[: len(frames)]
    assert len(frames) > 10
    assert note == "the gzip data end early"


def test_damaged_gzip_says_so(tmp_path: Path) -> None:
    path = tmp_path / "a.pcap.gz"
    packed = bytearray(gzip.compress(TEXT))
    packed[40] ^= 0xFF
    path.write_bytes(bytes(packed))
    try:
        _, note = frames_of(path)
    except BadInput as error:
        note = str(error)
    assert "gzip" in note


def test_a_gzip_bomb_is_unpacked_piece_by_piece(tmp_path: Path) -> None:
    path = tmp_path / "bomb.pcap.gz"
    path.write_bytes(gzip.compress(pcap_header(1) + pcap_record(Frame(1, bytes(100), 100, 0)) * 100_000))
    with CaptureFile(str(path)) as file:
        largest = max(sum(len(frame.data) for frame in batch) for batch in file.batches())
    assert largest < 1 << 20


@pytest.mark.parametrize(
    ("content", "hint"),
    [
        (b"", "the file is empty"),
        (b"hello world", "it is neither pcap nor pcapng"),
        (b"\x28\xb5\x2f\xfd" + bytes(20), "it is packed with zstd: unpack it first"),
        (b"\x1f\x8b" + bytes(20), "the gzip data are damaged"),
    ],
)
def test_what_is_no_capture_is_refused_with_the_reason(tmp_path: Path, content: bytes, hint: str) -> None:
    path = tmp_path / "thing"
    path.write_bytes(content)
    with pytest.raises(BadInput) as refused:
        CaptureFile(str(path))
    assert refused.value.hint == hint


def test_a_missing_file_is_refused_with_the_kernels_reason(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="No such file or directory"):
        CaptureFile(str(tmp_path / "nothing"))


def test_a_followed_file_gives_frames_as_it_grows(tmp_path: Path) -> None:
    path = tmp_path / "growing.pcap"
    path.write_bytes(TEXT[:100])
    seen: list[Frame] = []
    enough = threading.Event()

    def read() -> None:
        for batch in file.batches():
            seen.extend(batch)
            if len(seen) == len(FRAMES):
                enough.set()

    with CaptureFile(str(path), follow=True) as file:
        reading = threading.Thread(target=read)
        reading.start()
        with path.open("ab") as more:
            more.write(TEXT[100:3000])
            more.flush()
            more.write(TEXT[3000:])
        assert enough.wait(10)
        file.stop = True
        reading.join(10)
    assert seen == FRAMES


def test_standard_input_is_read_from_its_descriptor(monkeypatch: pytest.MonkeyPatch) -> None:
    read_end, write_end = os.pipe()
    os.write(write_end, TEXT[:5000])
    os.close(write_end)
    with os.fdopen(read_end, "rb") as pipe:
        monkeypatch.setattr("sys.stdin", pipe)
        with CaptureFile("-") as file:
            frames = [frame for batch in file.batches() for frame in batch]
    assert frames == FRAMES[: len(frames)]
    assert len(frames) == (5000 - 24) // 56


def test_a_written_file_is_its_owners_alone_and_no_link_is_followed(tmp_path: Path) -> None:
    path = tmp_path / "out.pcapng"
    with CaptureWriter(str(path)) as writer:
        writer.write(FRAMES[0], Interface(1, "lo"))
    assert path.stat().st_mode & 0o777 == 0o600
    link = tmp_path / "link.pcapng"
    link.symlink_to(path)
    with pytest.raises(BadInput):
        CaptureWriter(str(link))


def test_pcap_refuses_a_second_link_type_and_pcapng_does_not(tmp_path: Path) -> None:
    with CaptureWriter(str(tmp_path / "a.pcap")) as writer:
        writer.write(FRAMES[0], Interface(1))
        with pytest.raises(BadInput, match="pcap holds one link type"):
            writer.write(FRAMES[0], Interface(113))
    with CaptureWriter(str(tmp_path / "a.pcapng")) as writer:
        writer.write(FRAMES[0], Interface(1, "lo"))
        writer.write(FRAMES[1], Interface(113, "any"))
        writer.write(FRAMES[2], Interface(1, "lo"))
    with CaptureFile(str(tmp_path / "a.pcapng")) as file:
        frames = [frame for batch in file.batches() for frame in batch]
        assert [(frame.interface, frame.link_type) for frame in frames] == [(0, 1), (1, 113), (0, 1)]
        assert [interface.name for interface in file.interfaces] == ["lo", "any"]


def test_what_was_not_written_yet_is_written_at_the_end(tmp_path: Path) -> None:
    path = tmp_path / "many.pcap"
    with CaptureWriter(str(path)) as writer:
        for frame in FRAMES * 20:
            writer.write(frame, Interface(1))
    frames, note = frames_of(path)
    assert (frames, note) == (FRAMES * 20, "")
