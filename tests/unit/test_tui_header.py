"""The header line gives up its parts in the order of attention, and never losses and rights."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.model.health import Degradation, Role, Trust, WorkerState
from tests.tui.fakes import NO_CAPTURE, OWNERS_HIDDEN, snapshot, status
from tui.widgets.header import alert_words, line, parts, rights_words

MOMENT = snapshot(degradations=(OWNERS_HIDDEN,), capture=status(trust=Trust(kept=9, dropped_by_kernel=2)))


@pytest.mark.parametrize(
    ("width", "gone"),
    [(200, []), (105, ["↑0/s"]), (96, ["kept 9"]), (80, ["1,204 pkt/s", "12 sockets", "sockmon  "])],
)
def test_what_goes_first_on_a_narrow_line(width: int, gone: list[str]) -> None:
    text = line(parts(MOMENT, paused=False), width).plain
    assert len(text) == width
    assert "lost 2/0" in text
    assert "owners: yours only" in text
    assert not [words for words in gone if words in text]


def test_a_cure_that_would_be_cut_gives_its_room_to_what_is_counted() -> None:
    hidden = Degradation("OWNERS_HIDDEN", OWNERS_HIDDEN.sentence, f"sudo /home/student/{'deep/' * 12}sockmon")
    narrow = line(parts(snapshot(degradations=(hidden, NO_CAPTURE), capture=None), paused=False), 80).plain
    assert "12 sockets" in narrow
    assert "owners: yours only, no packets  " in narrow
    assert "sudo" not in narrow
    assert hidden.cure in line(parts(snapshot(degradations=(hidden,)), paused=False), 200).plain


@given(st.integers(2, 250), st.booleans())
def test_the_line_is_exactly_as_wide_as_the_terminal(width: int, paused: bool) -> None:
    assert line(parts(MOMENT, paused), width).cell_length == width


def test_rights_are_said_once_each_with_the_first_cure() -> None:
    twice = (OWNERS_HIDDEN, NO_CAPTURE, OWNERS_HIDDEN, Degradation("X", "something else"))
    assert rights_words(twice) == (
        "owners: yours only, no packets, something else (sudo /home/student/.local/bin/sockmon)"
    )
    assert rights_words(()) == ""


def test_what_opened_is_told_by_who_watched() -> None:
    assert "↑0/s" in line(parts(snapshot(), paused=False), 200).plain
    assert "↑13/s" in line(parts(snapshot(), False, 12.6), 200).plain


def test_other_namespaces_are_said_without_alarm() -> None:
    note = Degradation("OTHER_NAMESPACES", "2 other network namespaces not shown")
    styles = [
        {part.text: part.style for part in parts(snapshot(degradations=given), paused=False)}
        for given in ((note,), (note, OWNERS_HIDDEN))
    ]
    assert styles[0]["+2 netns"] == "$foreground 70%"
    assert "$text-warning" in styles[1].values()


def test_another_network_namespace_is_named() -> None:
    assert "netns blue" in line(parts(snapshot(netns="blue"), paused=False), 200).plain
    assert "netns" not in line(parts(snapshot(), paused=False), 200).plain


def test_what_is_counted_keeps_its_number_in_few_words() -> None:
    counted = (
        Degradation("OWNERS_REFUSED", "3 sockets without process: process 1 may not be looked into"),
        Degradation("OTHER_NAMESPACES", "12 other network namespaces not shown", "--netns NAME|PID"),
    )
    assert rights_words(counted) == "3 without process, +12 netns (--netns NAME|PID)"


def test_an_alarm_says_who_died_how_and_what_was_lost() -> None:
    dead = WorkerState(Role.DISSECTOR, 9, alive=False, ended="exit code 1: out of memory")
    assert alert_words("", [dead]) == "dissector worker died: exit code 1: out of memory. W restarts it"
    assert alert_words("no answer", ()) == "no answer"
