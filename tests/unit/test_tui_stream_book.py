"""What a conversation carried, as lines of text and of a dump."""

from __future__ import annotations

import pytest

from engine.model.flows import StreamPiece
from tui.widgets import stream_book
from tui.widgets.stream_book import StreamBook, StreamMode, text_line, wanted_bytes


def piece(data: bytes, forward: bool = True, number: int = 1, missing: int = 0, cut: int = 0) -> StreamPiece:
    return StreamPiece(number, 0, forward, data, missing, cut)


def lines(book: StreamBook) -> list[tuple[bool, str]]:
    return [(line.forward, line.text) for line in (book.row(index) for index in range(len(book)))]


def test_text_breaks_at_line_ends_and_at_the_width() -> None:
    book = StreamBook(width=20)
    book.add([piece(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n" + b"x" * 30)])
    assert lines(book) == [(True, "GET / HTTP/1.1"), (True, "Host: a"), (True, ""), (True, "x" * 20), (True, "x" * 10)]


def test_a_line_goes_on_over_the_segments_that_brought_it() -> None:
    book = StreamBook(width=40)
    for number, part in enumerate((b"Hel", b"lo,\nwor", b"ld")):
        book.add([piece(part, number=number)])
    assert lines(book) == [(True, "Hello,"), (True, "world")]
    book.add([piece(b"!", forward=False), piece(b"again")])
    assert lines(book)[2:] == [(False, "!"), (True, "again")]


@pytest.mark.parametrize(
    "parts", [(b"a\nbb\nccc",), (b"a\n", b"bb", b"\nc", b"cc"), tuple(b"a\nbb\nccc"[i : i + 1] for i in range(8))]
)
def test_however_it_is_split_the_lines_are_the_same(parts: tuple[bytes, ...]) -> None:
    for mode in StreamMode:
        whole, split = StreamBook(mode), StreamBook(mode)
        whole.add([piece(b"a\nbb\nccc")])
        for part in parts:
            split.add([piece(part)])
        assert lines(whole) == lines(split)


def test_a_dump_has_offsets_of_its_own_for_each_block() -> None:
    book = StreamBook(StreamMode.BOTH)
    book.add([piece(bytes(range(0x20, 0x34))), piece(b"\x00\xff", forward=False)])
    assert lines(book) == [
        (True, "00000000  20 21 22 23 24 25 26 27  28 29 2a 2b 2c 2d 2e 2f   !\"#$%&'()*+,-./"),
        (True, "00000010  30 31 32 33                                       0123"),
        (False, "00000000  00 ff                                             .."),
    ]
    book.arrange(StreamMode.HEX, 200, frozenset((True, False)))
    assert lines(book)[0][1].endswith("30 31 32 33")
    assert len(book) == 2


def test_one_side_can_be_left_out() -> None:
    book = StreamBook()
    book.add([piece(b"ask"), piece(b"answer", forward=False)])
    book.arrange(StreamMode.TEXT, 80, frozenset((False,)))
    book.add([piece(b"more"), piece(b"!", forward=False)])
    assert lines(book) == [(False, "answer"), (False, "!")]


def test_missing_bytes_are_told_where_they_belong() -> None:
    book = StreamBook()
    book.add([piece(b"a"), piece(b"b", missing=1_000), piece(b"c", missing=50, cut=50)])
    assert [text for _, text in lines(book)] == [
        "a", "… 1,000 bytes not captured", "b", "… 50 bytes cut by the snap length; what comes now is kept whole", "c",
    ]  # fmt: skip


def test_what_goes_beyond_the_bound_is_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stream_book, "STREAM_BYTES_MAX", 10)
    book = StreamBook()
    book.add([piece(b"x" * 8), piece(b"y" * 8)])
    assert (book.bytes, book.left_out) == ([8, 0], 8)


def test_a_word_is_found_in_any_case_and_over_line_breaks_of_the_screen() -> None:
    book = StreamBook(width=20)
    book.add([piece(b"one\ntwo\n" + b"z" * 18 + b"NeeDle\n" + b"two\n"), piece(b"TWO", forward=False)])
    assert book.find(b"needle", -1, 1) == 2
    assert [book.find(b"two", after, 1) for after in (-1, 1, 4, 5)] == [1, 4, 5, 1]
    assert [book.find(b"two", before, -1) for before in (5, 1)] == [4, 5]
    assert book.find(b"absent", -1, 1) is None
    assert book.find(b"", -1, 1) is None


def test_hostile_bytes_never_reach_the_screen_as_they_are() -> None:
    assert text_line(b"\x1b]0;PWN\x07\xff\t.\r\n", 80).isprintable()


def test_bytes_are_looked_for_by_0x() -> None:
    assert wanted_bytes("0x0d0a") == b"\r\n"
    assert wanted_bytes("0xz0") == b"0xz0"
    assert wanted_bytes("ü") == b"\xc3\xbc"
