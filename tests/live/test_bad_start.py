"""The screen that cannot open says why in one sentence, with exit code 2, and touches nothing."""

from __future__ import annotations

import os
import re

import pytest

from tests.terminal import SOCKMON, Terminal

pytestmark = pytest.mark.linux


def said(terminal: Terminal) -> str:
    """What stands on the terminal, without controls."""
    return re.sub(r"\x1b\[[0-?]*[ -/]*[@-~]", "", terminal.output.decode()).replace("\r", "")


@pytest.mark.parametrize("name", ["dumb", "unknown", ""])
def test_a_terminal_that_cannot_be_drawn_on(name: str) -> None:
    with Terminal(environment={"TERM": name}) as terminal:
        assert terminal.wait() == 2
        assert f"(TERM={name}) cannot be drawn on" in said(terminal)
        assert "sockmon demo" in said(terminal)
        assert said(terminal).count("\n") == 1
        assert terminal.is_sane()


def test_an_output_that_is_no_terminal() -> None:
    with Terminal(["sh", "-c", f"'{SOCKMON[0]}' -m tui.cli > /dev/full"]) as terminal:
        assert terminal.wait() == 2
        assert "needs a terminal on standard input and output" in said(terminal)
        assert said(terminal).count("\n") == 1


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("-i", "nope0"), "nope0"),
        (("--source", "guess"), "guess"),
        (("--capture-source", "pigeon"), "pigeon"),
        (("--frobnicate",), "--frobnicate"),
    ],
)
def test_a_screen_asked_for_the_impossible(arguments: tuple[str, ...], sentence: str) -> None:
    with Terminal([*SOCKMON, *arguments]) as terminal:
        assert terminal.wait() == 2
        assert sentence in said(terminal)
        assert said(terminal).count("\n") == 1
        assert terminal.modes_left_on() == []
        assert terminal.is_sane()


@pytest.mark.usefixtures("listener")
@pytest.mark.skipif(os.getuid() != 0, reason="only root may become another user")
def test_without_the_right_to_capture_the_pane_names_the_cure_and_all_else_works() -> None:
    user = ["setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups"]
    if os.spawnvp(os.P_WAIT, "setpriv", [*user, SOCKMON[0], "-c", "import tui.cli.entry, textual"]) != 0:
        pytest.skip("another user cannot read this Python or this checkout")
    with Terminal(prefix=user) as terminal:
        terminal.wait_for("CAP_NET_RAW")
        terminal.wait_for(r"sudo \S+sockmon|sudo \S+python")
        terminal.wait_for(r"LISTEN|ESTAB|UNCONN")
        terminal.send("q")
        assert terminal.wait() == 0
        assert terminal.is_sane()
