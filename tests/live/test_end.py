"""sockmon ends whole: whatever ends it, no process is left and the terminal is as it was."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable

import pytest

from tests.machine import may_capture
from tests.terminal import Terminal, until

pytestmark = [pytest.mark.linux, pytest.mark.usefixtures("listener")]


def opened(terminal: Terminal) -> Terminal:
    """The dashboard with rows in it (the fixture `listener` is one), and its workers seen."""
    terminal.wait_for(r"Connections")
    terminal.wait_for(r"LISTEN|ESTAB|UNCONN")
    wanted = {"sockmon-front", "sockmon-sockets"} | ({"sockmon-capture"} if may_capture() else set())
    until(lambda: wanted <= set(terminal.family()), f"{wanted} run")
    return terminal


def kill(name: str, number: signal.Signals) -> Callable[[Terminal], None]:
    """Send a signal to one of sockmon's processes; `launcher` is the program itself."""

    def send(terminal: Terminal) -> None:
        pid = terminal.process.pid if name == "launcher" else terminal.family()[name].pid
        os.kill(pid, number)

    return send


ENDS: dict[str, tuple[Callable[[Terminal], None], set[int]]] = {
    "q": (lambda terminal: terminal.send("q"), {0}),
    "Ctrl-C": (lambda terminal: terminal.send("\x03"), {0}),
    "SIGTERM of the launcher": (kill("launcher", signal.SIGTERM), {143}),
    "SIGHUP of the launcher": (kill("launcher", signal.SIGHUP), {129}),
    "SIGTERM of the screen": (kill("sockmon-front", signal.SIGTERM), {143}),
    "SIGHUP of the screen": (kill("sockmon-front", signal.SIGHUP), {129}),
    "SIGKILL of the screen": (kill("sockmon-front", signal.SIGKILL), {137}),
}


@pytest.mark.parametrize("how", ENDS)
def test_nothing_is_left_and_the_terminal_is_as_it_was(how: str) -> None:
    end, codes = ENDS[how]
    with Terminal() as terminal:
        opened(terminal)
        end(terminal)
        assert terminal.wait() in codes
        until(lambda: not terminal.survivors(), "all processes have ended", 5)
        assert terminal.is_sane()
        assert terminal.modes_left_on() == []


def test_after_a_killed_screen_a_sentence_says_so() -> None:
    with Terminal() as terminal:
        opened(terminal)
        kill("sockmon-front", signal.SIGKILL)(terminal)
        terminal.wait()
        assert b"sockmon: the screen was killed by SIGKILL" in terminal.output


def test_a_killed_launcher_leaves_no_process() -> None:
    with Terminal() as terminal:
        opened(terminal)
        kill("launcher", signal.SIGKILL)(terminal)
        terminal.process.wait()
        until(lambda: not terminal.survivors(), "all processes have ended", 10)


@pytest.mark.parametrize("worker", ["sockets", "capture"])
def test_a_killed_worker_is_shown_at_once_and_started_again_by_a_key(worker: str) -> None:
    with Terminal() as terminal:
        opened(terminal)
        if f"sockmon-{worker}" not in terminal.family():
            pytest.skip("no right to capture here")
        kill(f"sockmon-{worker}", signal.SIGKILL)(terminal)
        terminal.wait_for(rf"{worker}.*killed by SIGKILL")  # in a pane or in the header, whichever is first
        terminal.send("W")
        until(lambda: f"sockmon-{worker}" in terminal.family(), f"the {worker} worker runs again")
        terminal.send("q")
        assert terminal.wait() == 0
        until(lambda: not terminal.survivors(), "all processes have ended", 5)
        assert terminal.is_sane()


def test_a_closed_window_ends_everything() -> None:
    with Terminal() as terminal:
        opened(terminal)
        terminal.hang_up()
        terminal.wait()
        until(lambda: not terminal.survivors(), "all processes have ended", 5)
