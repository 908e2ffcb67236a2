"""What the lists of sockets and packets show, saved to files."""

from __future__ import annotations

import csv
import json
import shutil
import stat
import subprocess
from pathlib import Path

import pytest
from textual.pilot import Pilot

from engine.capture.files.frames import Frame
from engine.capture.files.source import CaptureFile
from engine.model.errors import EngineError
from engine.model.messages import FramesAnswer
from engine.model.tcp import TcpFlags
from tests.tui import fakes
from tests.tui.driving import notices, packets_here, pasted, running, until, with_packets
from tests.tui.fake_monitor import FakeMonitor
from tui.listed_files import save_packets
from tui.messages import Moment, PacketQuestion
from tui.screens.save import SaveScreen

TURNING = TcpFlags.SYN | TcpFlags.FIN | TcpFlags.RST
ALL = PacketQuestion(0, 0, "", handshakes=False)


async def saved(pilot: Pilot[None], path: Path) -> str:
    """Press E where the focus is, save there, and what was said of it."""
    await pilot.press("E")
    await until(pilot, lambda: isinstance(pilot.app.screen, SaveScreen))
    await pilot.press("ctrl+u")
    await pasted(pilot, str(path))
    await pilot.press("enter")
    await until(pilot, lambda: any("saved to" in notice for notice in notices(pilot)))
    return notices(pilot)[-1]


def frames_in(path: Path) -> list[Frame]:
    with CaptureFile(str(path)) as capture:
        return [frame for batch in capture.batches() for frame in batch]


async def test_E_saves_the_sockets_that_pass_the_filter_in_the_columns_shown(tmp_path: Path) -> None:
    path = tmp_path / "sockets.csv"
    async with running(FakeMonitor()) as pilot:
        await pilot.press("slash", *"recvq>0", "enter")
        assert await saved(pilot, path) == f"2 sockets saved to {path}"
    lines = list(csv.DictReader(path.read_text().splitlines()))
    assert [(line["state"], line["recv_q"]) for line in lines] == [("ESTABLISHED", "408300"), ("CLOSE-WAIT", "1")]
    assert list(lines[0]) == ["netid", "state", "recv_q", "send_q", "local", "peer", "process"]
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


async def test_the_ending_json_gives_each_socket_with_all_its_fields(tmp_path: Path) -> None:
    path = tmp_path / "sockets.json"
    async with running(FakeMonitor()) as pilot:
        await saved(pilot, path)
    objects = [json.loads(line) for line in path.read_text().splitlines()]
    assert len(objects) == len(fakes.snapshot().entries)
    assert {"local_port", "tcp_info", "processes", "cookie"} <= set(objects[0])


async def test_any_other_ending_gives_the_table_as_ls_prints_it(tmp_path: Path) -> None:
    path = tmp_path / "sockets.txt"
    async with running(FakeMonitor()) as pilot:
        await pilot.press("2")
        await pilot.press("slash", *"state close-wait", "enter")
        await saved(pilot, path)
    header, row = path.read_text().splitlines()
    assert header.startswith("Netid  State")
    assert "CLOSE-WAIT" in row
    assert "nginx 812" in row


async def test_E_saves_the_frames_of_the_packets_that_are_listed(tmp_path: Path) -> None:
    path = tmp_path / "packets.pcapng"
    async with running(with_packets(5)) as pilot:
        await packets_here(pilot)
        await pilot.press("tab")
        said = await saved(pilot, path)
    frames = frames_in(path)
    assert said.startswith(f"6 packets saved to {path}")
    listed = [row for row in fakes.handshake_and_close() if row.flags & TURNING]
    assert [frame.ts_ns for frame in frames] == [row.ts_ns for row in listed]
    assert "from flood-client (pid 41233), Recv-Q 0, Send-Q 269868, sampled" in frames[0].comment


@pytest.mark.parametrize("ending", ["pcap", "pcapng"])
def test_tshark_reads_what_was_saved(tmp_path: Path, ending: str) -> None:
    tshark = shutil.which("tshark")
    if tshark is None:
        pytest.skip("tshark is not installed")
    path = tmp_path / f"packets.{ending}"
    save_packets(with_packets(2_500), ALL, Moment(fakes.snapshot()), path)
    numbers = subprocess.run(
        [tshark, "-r", path, "-T", "fields", "-e", "frame.len"], capture_output=True, text=True, check=True, timeout=60
    )
    assert numbers.stdout.split().count("66") >= 2_500


@pytest.mark.parametrize(("ending", "first"), [("txt", "    1   0.000031    127.0.0.1 → 127.0.0.1"), ("json", '{"num')])
def test_packets_as_lines(tmp_path: Path, ending: str, first: str) -> None:
    path = tmp_path / f"packets.{ending}"
    monitor = with_packets(2_500)
    told = save_packets(monitor, ALL, Moment(fakes.snapshot()), path)
    lines = path.read_text().splitlines()
    assert len(lines) == len(monitor.all_packets) == 2_508
    assert lines[0].startswith(first)
    assert told.sentence == f"2,508 packets saved to {path}"


def test_frames_that_made_room_meanwhile_are_counted(tmp_path: Path) -> None:
    class Forgetful(FakeMonitor):
        def new_frames(self, after: int, with_rows: bool = False) -> FramesAnswer:
            return super().new_frames(max(after, 15), with_rows)

    monitor = Forgetful(packets=fakes.handshake_and_close())
    told = save_packets(monitor, ALL, Moment(fakes.snapshot()), tmp_path / "packets.pcapng")
    assert "4 packets saved" in told.sentence
    assert told.sentence.endswith("4 not kept any more")
    assert told.warns


def test_a_capture_that_cannot_be_written_leaves_what_was_there(tmp_path: Path) -> None:
    path = tmp_path / "packets.pcapng"
    path.write_bytes(b"old")

    class Broken(FakeMonitor):
        def new_frames(self, after: int, with_rows: bool = False) -> FramesAnswer:
            raise EngineError("the capture worker has ended")

    with pytest.raises(EngineError, match="has ended"):
        save_packets(Broken(packets=fakes.handshake_and_close()), ALL, Moment(fakes.snapshot()), path)
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]
