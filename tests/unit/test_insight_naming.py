"""engine.insight.naming: who is who in a sentence."""

from __future__ import annotations

from engine.insight.naming import begun, connection_name, end_name, program
from tests.unit.socket_entries import entry, listener, owner


def test_a_program_has_its_name_and_pid() -> None:
    assert program(entry(owners=(owner(),))) == "sink (41210)"
    forked = entry(owners=(owner(pid=1), owner(pid=2), owner(pid=2, fd=9), owner(pid=3)))
    assert program(forked) == "sink (1) and 2 more"


def test_where_nobody_is_known_the_reason_stands() -> None:
    assert program(entry(owner_unknown="other user")) == "a program of another user"
    assert program(entry(owner_unknown="not yet accepted")) == "no program yet"
    assert program(entry(owner_unknown="something new")) == "a program that is not known"


def test_ends_and_connections() -> None:
    held = entry(owners=(owner(),))
    assert end_name(held) == "sink (41210) 127.0.0.1:65432"
    assert connection_name(held) == "sink (41210) 127.0.0.1:65432 ⇄ 127.0.0.1:53225"
    assert connection_name(listener(local_address="::", owners=(owner(),))) == "sink (41210) [::]:65432"
    assert end_name(entry()) == "127.0.0.1:65432"


def test_a_sentence_begins_with_a_capital_unless_a_programs_name_does() -> None:
    assert begun("a program of another user has not read.") == "A program of another user has not read."
    assert begun("no program yet must call accept().") == "No program yet must call accept()."
    assert begun("sink (41210) has not read.") == "sink (41210) has not read."
    assert begun("a (7) has not read.") == "a (7) has not read."
