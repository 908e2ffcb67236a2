"""Screen 6 on real sockets, in a terminal."""

from __future__ import annotations

import pytest

from tests.machine import may_capture
from tests.terminal import Terminal, until

pytestmark = pytest.mark.linux


@pytest.mark.parametrize(("columns", "rows"), [(160, 48), (80, 24)])
def test_a_lesson_is_run_to_its_end(columns: int, rows: int) -> None:
    with Terminal(columns=columns, rows=rows) as terminal:
        terminal.wait_for("Connections")
        terminal.send("6")
        terminal.wait_for("The socket calls, one by one")
        terminal.send("jj\r")
        terminal.wait_for("✓ state server == LISTEN   LISTEN")
        terminal.send(" ")
        terminal.wait_for("2/4")
        terminal.wait_for("✓ state client == ESTABLISHED   ESTABLISHED")
        if may_capture():
            terminal.wait_for(r"✓ packet \[SYN, ACK\] from server")
            terminal.send("\t")
            terminal.wait_for(r"◀─+\[SYN, ACK\] Seq=0 Ack=1")
        terminal.send(" ")
        terminal.wait_for("3 of 4")
        until(lambda: "Space next step" in terminal.screen() or columns < 100, "the step is over")
        terminal.send("q")
        assert terminal.wait() == 0
        until(lambda: not terminal.survivors(), "the lesson's actors are gone")


@pytest.mark.cap_net_raw
def test_leaving_in_the_middle_of_a_step_leaves_nothing() -> None:
    with Terminal() as terminal:
        terminal.wait_for("Connections")
        terminal.send("6")
        terminal.wait_for("Keep-alive|The socket calls")
        terminal.send("\x1b[F")  # End: the last lesson
        terminal.send("k" * 13 + "\r")  # Keep-alive, whose second step takes a second
        terminal.wait_for("✓ timer client == keepalive")
        terminal.send(" ")
        terminal.wait_for("….*keep_alive")
        terminal.family()
        terminal.send("q")
        assert terminal.wait() == 0
        until(lambda: not terminal.survivors(), "the lesson's actors are gone")
