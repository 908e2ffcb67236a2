"""The lines of the lab: lights, what actors say of themselves, and the sum of a flood."""

from __future__ import annotations

import msgspec

from engine.insight.ledger import FloodBalance
from engine.model.lab import ActorReport, ActorSpec, ActorState, Knobs
from engine.model.snapshot import ActorView
from tests.tui.fakes import running_flood, tutorial_entries
from tui.widgets.columns import Ink
from tui.widgets.lab_rows import FLOOD, SUM, balance_of, lab_rows, sum_words


def actor(number: int, kind: str, **changes: object) -> ActorView:
    report = ActorReport(kind=kind, pid=1, state=ActorState.RUNNING, local="127.0.0.1:65432")
    return ActorView(number, ActorSpec(kind, Knobs()), msgspec.structs.replace(report, **changes))


def test_with_nothing_running_every_switch_is_offered() -> None:
    rows = lab_rows((), None)
    assert [(row.light, row.name, row.switch, row.running) for row in rows] == [
        ("○", "echo server", "echo-server", False),
        ("○", "echo client", "echo-client", False),
        ("○", "flood", "flood", False),
    ]


def test_a_running_server_keeps_the_key_of_its_switch() -> None:
    (row, *_rest) = lab_rows([actor(7, "echo-server", connections=2)], None)
    assert (row.key, row.numbers, row.running, row.light) == ("echo-server", (7,), True, "●")
    assert row.says == "127.0.0.1:65432  2 conns"


def test_a_second_one_of_a_kind_has_a_line_of_its_own() -> None:
    rows = lab_rows([actor(7, "echo-server"), actor(8, "echo-server")], None)
    assert [row.key for row in rows] == ["echo-server", 8, "echo-client", "flood"]


def test_an_actor_that_is_on_no_switch_comes_last() -> None:
    assert lab_rows([actor(3, "chargen-server")], None)[-1].name == "chargen server"


def test_a_reply_is_shown_and_an_error_before_it() -> None:
    (_server, client, _flood) = lab_rows([actor(1, "echo-client", reply="Hello", state=ActorState.DONE)], None)
    assert (client.light, client.says) == ("✓", "reply 'Hello'")
    (_server, client, _flood) = lab_rows(
        [actor(1, "echo-client", reply="Hello", error="connect: refused", state=ActorState.FAILED)], None
    )
    assert (client.light, client.says, client.says_ink) == ("✕", "connect: refused", Ink.BAD)


def test_a_flood_is_its_switch_its_actors_and_its_sum() -> None:
    actors = running_flood()
    before = balance_of(actors, tutorial_entries(), None)
    balance = balance_of(actors, tutorial_entries(), before)
    rows = lab_rows(actors, balance)[2:]
    assert [row.key for row in rows] == [FLOOD, 1, 2, SUM]
    assert rows[0].numbers == (1, 2)
    assert rows[1].light == "  ●"
    assert rows[2].light == "  ◐"
    assert rows[2].says == "sent 678,168  refused ×24  stalled"
    assert rows[3].name == "678,168 = Send-Q 269,868 + Recv-Q 408,300 ✓"
    assert rows[3].ink is Ink.PROVEN


def test_the_sum_of_a_flood_in_motion_claims_nothing() -> None:
    moving = FloodBalance(sent=10, send_q=4, recv_q=5, read=0, difference=1)
    assert sum_words(moving) == ("10 ≈ Send-Q 4 + Recv-Q 5  moving", Ink.OPENING)


def test_bytes_that_were_read_are_part_of_the_sum() -> None:
    drained = FloodBalance(sent=10, send_q=0, recv_q=0, read=10, difference=0, at_rest=True, exact=True)
    assert sum_words(drained) == ("10 = Send-Q 0 + Recv-Q 0 + read 10 ✓", Ink.PROVEN)


def test_a_sum_that_is_off_at_rest_is_red() -> None:
    off = FloodBalance(sent=10, send_q=4, recv_q=5, read=0, difference=1, at_rest=True)
    assert sum_words(off) == ("10 ≠ Send-Q 4 + Recv-Q 5  off by +1", Ink.BAD)


def test_what_is_unknown_is_a_dash() -> None:
    assert sum_words(FloodBalance(sent=10))[0] == "10 ≈ Send-Q - + Recv-Q -  moving"


def test_no_flood_has_no_sum() -> None:
    assert balance_of([actor(1, "echo-server")], tutorial_entries(), None) is None
