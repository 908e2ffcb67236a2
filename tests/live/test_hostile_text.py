"""What a process or a packet says reaches the terminal as text and as nothing else."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator

import pytest

from tests.terminal import CONTROL, ROOT, SOCKMON, Terminal, until

pytestmark = pytest.mark.linux

NAME = "\x1b]0;PWN\x07[/]x"
"""Sets a window's title where it is believed, and closes a markup tag that was never opened."""

SHOWN = r"\\x1b\]0;PWN\\x07\[/\]x"
"""The same, made printable."""

PROGRAM = f"""
import ctypes, socket, sys
ctypes.CDLL(None).prctl(15, {NAME.encode()!r}, 0, 0, 0)
listener = socket.create_server(("127.0.0.1", 0))
client = socket.create_connection(listener.getsockname())
server, _ = listener.accept()
client.sendall({NAME.encode()!r} * 3)
print(listener.getsockname()[1], flush=True)
for line in sys.stdin:
    client.sendall({NAME.encode()!r})
    other = socket.create_connection(listener.getsockname())
    listener.accept()[0].close()
    other.close()
"""

OWN_CONTROLS = re.compile(
    rb"\x1b\[[\d;:]*m"  # colour
    rb"|\x1b\[\d*;?\d*H|\x1b\[\d*[ABCDGJK]"  # cursor and erasure
    rb"|\x1b\[\?[\d;]+[hl]|\x1b\[\?\d+\$p"  # modes and their inquiry
    rb"|\x1b\[[<>=?]?[\d;]*u|\x1b\[>[\d;]*q|\x1b\[c|\x1b\[\d*t|\x1b\[6n|\x1b7|\x1b8|\x1b\[[\d;]*r"
    rb"|\x1b\]22;[a-z-]+\x07"  # the mouse pointer's shape
)
"""What Textual's driver and compositor write."""


@pytest.fixture
def hostile() -> Iterator[tuple[subprocess.Popen[str], int]]:
    program = subprocess.Popen(
        [sys.executable, "-I", "-c", PROGRAM], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert program.stdin is not None
    assert program.stdout is not None
    yield program, int(program.stdout.readline())
    program.stdin.close()
    program.stdout.close()
    program.kill()
    program.wait()


def foreign_controls(output: bytes) -> list[bytes]:
    """Control sequences and characters in the output that are not sockmon's own."""
    text = CONTROL.sub(b"", output)
    strange = [sequence for sequence in CONTROL.findall(output) if not OWN_CONTROLS.fullmatch(sequence)]
    return strange + re.findall(rb"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]|\xc2[\x80-\x9f]", text)


@pytest.mark.owners
def test_the_dashboard_shows_a_hostile_name_as_text(hostile: tuple[subprocess.Popen[str], int]) -> None:
    program, port = hostile
    assert program.stdin is not None
    with Terminal() as terminal:
        terminal.wait_for("Connections")
        terminal.filter(str(port))
        terminal.wait_for(SHOWN)
        program.stdin.write("again\n")
        program.stdin.flush()
        terminal.wait_for(rf"{port}.*(TIME-WAIT|FIN-WAIT|CLOSE-WAIT)|(TIME-WAIT|FIN-WAIT|CLOSE-WAIT).*{port}")
        terminal.send("q")
        terminal.wait()
        assert foreign_controls(bytes(terminal.output)) == []


@pytest.mark.cap_net_raw
def test_a_dissected_packet_shows_hostile_payload_as_text(hostile: tuple[subprocess.Popen[str], int]) -> None:
    program, port = hostile
    assert program.stdin is not None
    with Terminal() as terminal:
        terminal.wait_for("Packets")
        until(lambda: "sockmon-capture" in terminal.family(), "the capture worker runs")
        terminal.wait_for(r"lo.ring")
        terminal.send("\t")
        terminal.wait_for("┏━ Packets")
        terminal.send("a")
        until(lambda: "handshakes, FIN, RST" not in terminal.screen(), "all packets are listed")
        terminal.filter(f"tcp.len > 0 and tcp.port == {port}")
        program.stdin.write("again\n")
        program.stdin.flush()
        terminal.wait_for(rf"{port}.*PSH")
        terminal.send("\r")
        terminal.wait_for("Ethernet")
        terminal.wait_for(r"5d 30 3b 50")
        terminal.send("\x03")
        terminal.wait()
        assert foreign_controls(bytes(terminal.output)) == []


def test_ls_prints_a_hostile_name_as_text(hostile: tuple[subprocess.Popen[str], int]) -> None:
    _, port = hostile
    for form in ([], ["--json"], ["--csv"]):
        done = subprocess.run(
            [*SOCKMON, "ls", "-tanp", str(port), *form], capture_output=True, cwd=ROOT, timeout=60, check=True
        )
        assert b"PWN" in done.stdout
        assert foreign_controls(done.stdout) == []


def test_the_test_itself_sees_what_it_looks_for() -> None:
    assert foreign_controls(b"\x1b[1;31mred\x1b[0m\r\n") == []
    assert foreign_controls(NAME.encode()) == [b"\x1b]0;PWN\x07"]
    assert foreign_controls(b"bell\x07") == [b"\x07"]
    assert foreign_controls(b"\xc2\x9b31m") == [b"\xc2\x9b"]
