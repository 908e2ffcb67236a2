"""Following a stream, and saving ladders and streams to files."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest
from textual.pilot import Pilot

from engine.model.errors import EngineError
from engine.model.flows import StreamPiece
from tests.tui import flows
from tests.tui.driving import NARROW, WIDE, notices, packets_here, pasted, refreshed, running, screen_text, until
from tests.tui.fake_monitor import FakeMonitor
from tests.tui.flow_driving import flood, opened, with_flow
from tui.files import write
from tui.flow_files import save_ladder, save_stream
from tui.flow_messages import LadderQuestion
from tui.screens.save import SaveScreen
from tui.screens.stream import StreamScreen
from tui.widgets.line_table import LineTable

HELLO = [
    StreamPiece(4, 0, True, b"GET / HTTP/1.1\r\nHost: lab\r\n\r\n"),
    StreamPiece(6, 0, False, b"HTTP/1.1 200 OK\r\n\r\n\x1b[31mhostile\x07"),
]


def talking() -> FakeMonitor:
    monitor = with_flow()
    monitor.all_pieces = list(HELLO)
    return monitor


async def following(pilot: Pilot[None]) -> None:
    await opened(pilot)
    await pilot.press("F")
    await until(pilot, lambda: isinstance(pilot.app.screen, StreamScreen))
    await until(pilot, lambda: "GET / HTTP/1.1" in screen_text(pilot))


@pytest.mark.parametrize("size", [WIDE, NARROW], ids=["160x48", "80x24"])
async def test_F_shows_what_both_sides_said(size: tuple[int, int]) -> None:
    monitor = talking()
    async with running(monitor, size) as pilot:
        await following(pilot)
        shown = screen_text(pilot)
        assert "▶ GET / HTTP/1.1" in shown
        assert "◀ HTTP/1.1 200 OK" in shown
        assert "\x1b" not in shown
        assert "▶ flood-client 41233 29 B" in shown
        await until(pilot, lambda: monitor.told("follow_stream") == [0])
        await pilot.press("escape")
        await until(pilot, lambda: monitor.told("follow_stream") == [0, -1])


async def test_it_grows_while_it_is_read() -> None:
    monitor = talking()
    async with running(monitor) as pilot:
        await following(pilot)
        monitor.all_pieces.append(StreamPiece(9, 0, True, b"BYE\n"))
        await refreshed(pilot, monitor, flood())
        await until(pilot, lambda: "▶ BYE" in screen_text(pilot))
        assert monitor.told("stream")[-1] == (0, 6)


async def test_x_goes_through_text_hex_and_both_and_d_through_the_sides() -> None:
    async with running(talking()) as pilot:
        await following(pilot)
        await pilot.press("x")
        await until(pilot, lambda: "00000000  47 45 54 20" in screen_text(pilot))
        assert "GET /" not in screen_text(pilot)
        await pilot.press("x")
        await until(pilot, lambda: "GET / HTTP/1.1.." in screen_text(pilot))
        await pilot.press("x", "d", "d")
        await until(pilot, lambda: "GET /" not in screen_text(pilot))
        assert "◀ HTTP/1.1 200 OK" in screen_text(pilot)


async def test_a_word_is_found_and_n_goes_to_the_next() -> None:
    async with running(talking()) as pilot:
        await following(pilot)
        table = pilot.app.screen.query_one(LineTable)
        await pilot.press("slash", *"http", "enter")
        await until(pilot, lambda: table.cursor == 0)
        await pilot.press("n")
        assert table.cursor == 3
        await pilot.press("n")
        assert table.cursor == 0
        await pilot.press("N")
        assert table.cursor == 3


async def test_F_on_a_packet_follows_its_conversation() -> None:
    async with running(talking()) as pilot:
        await packets_here(pilot)
        await pilot.press("tab", "g", "F")
        await until(pilot, lambda: "▶ GET / HTTP/1.1" in screen_text(pilot))


async def test_saving_asks_before_it_replaces_a_file(tmp_path: Path) -> None:
    path = tmp_path / "talk.bin"
    path.write_bytes(b"old")
    async with running(talking()) as pilot:
        await following(pilot)
        await pilot.press("E")
        await until(pilot, lambda: isinstance(pilot.app.screen, SaveScreen))
        await pilot.press("ctrl+u")
        await pasted(pilot, str(path))
        await pilot.press("enter")
        await until(pilot, lambda: "That file exists" in screen_text(pilot))
        assert path.read_bytes() == b"old"
        await pilot.press("enter")
        await until(pilot, lambda: path.read_bytes() != b"old")
        assert path.read_bytes() == b"".join(piece.data for piece in HELLO)
        await until(pilot, lambda: any("saved to" in notice for notice in notices(pilot)))


async def test_a_name_that_cannot_be_is_refused_at_once(tmp_path: Path) -> None:
    async with running(talking()) as pilot:
        await following(pilot)
        await pilot.press("E", "ctrl+u")
        await pasted(pilot, f"{tmp_path}/no/such")
        await pilot.press("enter")
        await until(pilot, lambda: "There is no folder" in screen_text(pilot))
        await pilot.press("ctrl+u")
        await pasted(pilot, str(tmp_path))
        await pilot.press("enter")
        await until(pilot, lambda: "That is a folder" in screen_text(pilot))
        await pilot.press("escape")
        await until(pilot, lambda: isinstance(pilot.app.screen, StreamScreen))


async def test_E_on_the_ladder_saves_it(tmp_path: Path) -> None:
    path = tmp_path / "ladder.txt"
    async with running(talking()) as pilot:
        await opened(pilot)
        await pilot.press("E")
        await until(pilot, lambda: isinstance(pilot.app.screen, SaveScreen))
        await pilot.press("ctrl+u")
        await pasted(pilot, str(path))
        await pilot.press("enter")
        await until(pilot, path.exists)
    assert "flood-client 41233" in path.read_text()
    assert "[SYN] Seq=0" in path.read_text()


@pytest.mark.parametrize(("ending", "begins"), [(".txt", "      time"), (".svg", "<svg "), (".mmd", "sequenceDiagram")])
def test_the_ending_decides_the_format(tmp_path: Path, ending: str, begins: str) -> None:
    path = tmp_path / f"ladder{ending}"
    done = save_ladder(with_flow(), LadderQuestion((0,), 0, 0), {0: ("client", "server")}, path)
    assert path.read_text().startswith(begins)
    assert "client" in path.read_text()
    assert done.sentence == f"ladder saved to {path}"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_bytes_that_are_missing_are_told(tmp_path: Path) -> None:
    monitor = with_flow()
    monitor.all_pieces = [StreamPiece(4, 0, True, b"ab"), StreamPiece(6, 0, True, b"yz", missing=22)]
    done = save_stream(monitor, 0, frozenset((True,)), tmp_path / "one.bin")
    assert (tmp_path / "one.bin").read_bytes() == b"abyz"
    assert "22 B are missing" in done.sentence
    assert done.warns


def test_a_file_is_written_whole_or_not_at_all(tmp_path: Path) -> None:
    path = tmp_path / "kept"
    path.write_bytes(b"old")

    def failing() -> list[bytes]:
        raise OSError(28, "No space left on device")

    with pytest.raises(EngineError, match=r"cannot write to .*/kept: No space left on device"):
        write(path, (part for _ in (1,) for part in failing()))
    assert path.read_bytes() == b"old"
    assert [entry.name for entry in tmp_path.iterdir()] == ["kept"]
    with pytest.raises(EngineError, match="cannot write to"):
        write(tmp_path / "no" / "such", [b"x"])


def test_a_long_ladder_is_asked_for_window_by_window(tmp_path: Path) -> None:
    monitor = with_flow(*[flows.step(number, number, True, flows.ACK) for number in range(1, 5_001)])
    save_ladder(monitor, LadderQuestion((0,), 0, 0), {}, tmp_path / "long.txt")
    windows = [asked for asked in monitor.told("ladder") if asked[2]]  # type: ignore[index]
    assert len(windows) == 3
    assert (tmp_path / "long.txt").read_text().count("[ACK]") == 5_000
