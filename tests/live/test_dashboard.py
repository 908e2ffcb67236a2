"""The dashboard on real sockets, real packets and a real lab, in a terminal."""

from __future__ import annotations

import os
import re
import signal
import socket

import pytest

from tests.command import first_line
from tests.live.conftest import Started
from tests.machine import may_capture
from tests.terminal import Terminal, until

pytestmark = pytest.mark.linux


DEFAULT_PORT = 65432


def taken(port: int) -> bool:
    """Whether a port is in use."""
    try:
        socket.create_server(("127.0.0.1", port)).close()
    except OSError:
        return True
    return False


def three_rows(port: str) -> str:
    """The tutorial's rows: LISTEN, the server with a large Recv-Q, the client with a large Send-Q."""
    return (
        rf"(?s)(?=.*LISTEN[^\n]*(127\.0\.0\.1|lo):{port} )"
        rf"(?=.*ESTABLISHED +█? *\d{{3}},\d{{3}} [^\n]*(127\.0\.0\.1|lo):{port} )"
        rf"(?=.*ESTABLISHED +0 +█? *\d{{3}},\d{{3}} [^\n]*(127\.0\.0\.1|lo):{port} )"
    )


@pytest.mark.parametrize(("columns", "rows"), [(160, 48), (80, 24)])
def test_a_flood_elsewhere_shows_its_three_rows(started: Started, columns: int, rows: int) -> None:
    with Terminal(columns=columns, rows=rows) as terminal:
        terminal.wait_for("Connections")
        flood = started("lab", "flood", "--port", "0", "--template", "tutorial")
        port = re.findall(r"127\.0\.0\.1:(\d+)", first_line(flood))[0]
        terminal.filter(port)
        terminal.wait_for(three_rows(port))
        if may_capture():
            terminal.send("\t")
            terminal.wait_for("┏━ Packets")
            terminal.filter(f"tcp.port == {port}")
            terminal.wait_for(rf"\d+ → {port} \[SYN\]")
        terminal.send("q")
        assert terminal.wait() == 0


def test_pane_3_floods_shows_that_the_bytes_add_up_and_a_killed_actor() -> None:
    if taken(DEFAULT_PORT):
        pytest.skip(f"port {DEFAULT_PORT} is taken on this machine")
    with Terminal() as terminal:
        terminal.wait_for("┏━ Connections")
        terminal.send("\t")
        terminal.wait_for("┏━ Packets")
        terminal.send("\t")
        terminal.wait_for("┏━ Lab")
        terminal.send("j")
        terminal.wait_for("▸ ○ echo client")
        terminal.send("j")
        terminal.wait_for("▸ ○ flood")
        terminal.send(" ")
        terminal.wait_for(three_rows(str(DEFAULT_PORT)))
        terminal.wait_for(r"[\d,]+ = Send-Q [\d,]+ \+ Recv-Q [\d,]+ ✓")
        os.kill(terminal.family()["sink"].pid, signal.SIGKILL)
        terminal.wait_for("killed by SIGKILL")
        terminal.send("q")
        assert terminal.wait() == 0
        until(lambda: not terminal.survivors(), "the actors have ended", 5)


@pytest.mark.parametrize("pane", ["Connections", "Packets", "Lab"])
def test_at_80_by_24_the_panes_are_tabs(pane: str) -> None:
    with Terminal(columns=80, rows=24) as terminal:
        terminal.wait_for("Connections")
        for title in ["Connections", "Packets", "Lab"]:
            terminal.wait_for(f"┏━ {title}")
            if title == pane:
                break
            terminal.send("\t")
        terminal.send("q")
        assert terminal.wait() == 0
