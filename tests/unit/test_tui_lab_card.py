"""What the lab says of an actor above its calls, and how fast it moves."""

from __future__ import annotations

import msgspec

from engine.insight.ledger import FloodBalance
from engine.model.lab import OptionReading
from engine.model.snapshot import ActorView
from engine.model.sockets import SkMem
from tests.tui.fakes import entry, running_flood, tutorial_entries
from tui.lab_selection import keys_of
from tui.widgets.lab_actors import counted
from tui.widgets.lab_calls import buffers, dropped
from tui.widgets.lab_card import bar, card
from tui.widgets.lab_rates import Rate, Rates

SECOND = 1_000_000_000


def text(actor: ActorView, balance: FloodBalance | None = None, full: tuple[int, int] | None = None) -> list[str]:
    return ["".join(piece for piece, _ in line) for line in card(actor, Rate(), balance, full)]


def changed(actor: ActorView, **changes: object) -> ActorView:
    return msgspec.structs.replace(actor, report=msgspec.structs.replace(actor.report, **changes))


def test_a_flood_shows_what_send_came_to_both_queues_and_the_sum() -> None:
    _, flood = running_flood()
    balance = FloodBalance(sent=678_168, send_q=269_868, recv_q=408_300, read=0, difference=0, at_rest=True, exact=True)
    lines = text(flood, balance, (269_868, 816_600))
    assert lines[0] == "◐ flood-client 41233  stalled  127.0.0.1:53225  open 1 of 1 connections"
    assert lines[2] == "send() 662 full  0 partial  24 refused (BlockingIOError)"
    assert lines[3] == "Send-Q ▕████████████▏269,868   Recv-Q ▕██████      ▏408,300"
    assert lines[4] == "678,168 = Send-Q 269,868 + Recv-Q 408,300 ✓"


def test_options_are_shown_as_asked_and_as_the_kernel_has_them() -> None:
    sink, _ = running_flood()
    options = tuple(OptionReading(f"OPTION_{number}", "1", "2") for number in range(10))
    assert text(changed(sink, options=options))[-1].endswith("OPTION_7 1 → 2  and 2 more")


def test_what_an_actor_says_cannot_reach_the_terminal() -> None:
    sink, _ = running_flood()
    assert "\x1b" not in "".join(text(changed(sink, error="\x1b]0;x", reply="\x1b[2J", notes=("\x1bc",))))


def test_a_bar_is_never_longer_than_its_place_and_never_empty_for_something() -> None:
    assert bar(0, 100) == " " * 12
    assert bar(1, 1_000_000).strip() == "▏"
    assert bar(500, 100) == "█" * 12
    assert bar(5, 0) == "▏" + " " * 11


def test_rates_are_those_between_two_refreshes() -> None:
    sink, flood = running_flood()
    first = Rates().next(SECOND, (sink, flood))
    assert first.of(2) == Rate()
    later = first.next(3 * SECOND, (sink, changed(flood, sent=678_168 + 4_000)))
    assert later.of(2) == Rate(2_000, 0)
    assert later.next(3 * SECOND, ()) is later
    assert later.of(99) == Rate()


def test_the_last_call_stands_in_the_list_and_an_error_before_it() -> None:
    _, flood = running_flood()
    assert counted(flood, Rate()).last == "send(1024 bytes) → BlockingIOError EAGAIN (11)"
    assert counted(changed(flood, error="gone"), Rate()).last == "gone"
    waiting = (msgspec.structs.replace(flood.report.calls[0], result=""),)
    assert counted(changed(flood, waiting=waiting), Rate()).last == "connect(('127.0.0.1', 65432)) … waits"


def test_an_error_begins_with_its_name_unless_it_has_it() -> None:
    _, flood = running_flood()
    sentence = "connect to 127.0.0.1:1: Connection refused"
    assert counted(changed(flood, error=sentence, errno=111), Rate()).last == f"ECONNREFUSED  {sentence}"
    made = "ConnectionRefusedError ECONNREFUSED (111): nobody listens on that port"
    assert counted(changed(flood, error=made, errno=111), Rate()).last == made


def test_buffers_are_known_where_the_kernel_tells_both() -> None:
    _, flood = running_flood()
    assert buffers(flood, tutorial_entries()) is None


def test_connections_are_selected_before_listeners() -> None:
    sink, flood = running_flood()
    assert keys_of(sink.report) == (2, 1)
    assert keys_of(flood.report) == (3,)


def test_datagrams_without_room_are_counted() -> None:
    sink, _ = running_flood()
    memory = SkMem(0, 0, 0, 0, 0, 0, 0, 0, 17)
    rows = [entry(2, netid="udp", skmem=memory), entry(3, netid="udp", skmem=memory), entry(2, skmem=memory)]
    assert dropped(sink, rows) == 17
    assert dropped(sink, ()) is None
    assert "dropped 17 datagrams (RcvbufErrors)" in [
        "".join(piece for piece, _ in line) for line in card(sink, Rate(), None, None, 17)
    ]
