"""Screen 4 on a real connection: packets, kernel and program side by side, in a terminal."""

from __future__ import annotations

import os
import re
import socket

import pytest

from tests.command import first_line
from tests.live.conftest import Started
from tests.terminal import Terminal, until

pytestmark = [pytest.mark.linux, pytest.mark.cap_net_raw]

ROOT = pytest.mark.skipif(os.getuid() != 0, reason="packets need CAP_NET_RAW, which this user lacks")
SIZES = pytest.mark.parametrize(("columns", "rows"), [(160, 48), (80, 24)])


@ROOT
@SIZES
def test_a_stalled_flood_is_told_by_all_four_views(started: Started, columns: int, rows: int) -> None:
    with Terminal(columns=columns, rows=rows) as terminal:
        terminal.wait_for("lo.ring")
        flood = started("lab", "flood", "--port", "0", "--template", "tutorial")
        port = re.findall(r"127\.0\.0\.1:(\d+)", first_line(flood))[0]
        terminal.filter(f"dport = :{port} and state:established")
        terminal.wait_for(rf"▸ (tcp +)?ESTABLISHED.*:{port}")
        terminal.send("o")
        terminal.wait_for(r"\[(TCP )?ZeroWindow\].*Win=0|\[ZeroWindow\]")
        terminal.send("g")
        terminal.wait_for(r"SYN-SENT +│──\[SYN\] Seq=0")
        terminal.send("\t")
        terminal.wait_for("kernel  ESTABLISHED  as the segments say")
        terminal.send("\t")
        terminal.wait_for(r"accepted ([\d,]+) = not sent ([\d,]+) \+ in flight")
        terminal.wait_for("✓ exact")
        terminal.send("\t")
        terminal.wait_for(r"(?s)has not read.*recv\(\)")
        terminal.send("e")
        terminal.wait_for("┏━ Explained")
        terminal.send("\x1b")
        until(lambda: "┏━ Explained" not in terminal.screen(), "the window has closed")
        terminal.send("q")
        assert terminal.wait() == 0


@ROOT
def test_what_was_said_is_followed_and_stays_after_the_end() -> None:
    with Terminal() as terminal, socket.create_server(("127.0.0.1", 0)) as listener:
        terminal.wait_for("lo.ring")
        port = listener.getsockname()[1]
        with socket.create_connection(listener.getsockname()) as client, listener.accept()[0] as accepted:
            terminal.send("4")
            terminal.wait_for("┏━ Conversations")
            terminal.filter(f":{port}")
            terminal.wait_for(rf"▸.*:{port}")
            terminal.send("\r")
            terminal.wait_for(r"│──\[SYN\] Seq=0")
            terminal.send("F")
            terminal.wait_for("┏━ Stream")
            client.sendall(b"What is your name?\n")
            terminal.wait_for(r"▶ What is your name\?")
            accepted.sendall(b"\x1b[31mArthur\x1b[0m\n")
            terminal.wait_for(r"◀ \\x1b\[31mArthur")
        terminal.send("\x1b")
        terminal.wait_for(r"\[RST, ACK\]")  # `accepted` is closed with bytes unread: RFC 9293 section 3.6.1
        terminal.send("q")
        assert terminal.wait() == 0
