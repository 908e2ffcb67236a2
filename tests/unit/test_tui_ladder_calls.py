"""Which call stands beside which segment, and what the lines of a ladder look like in a table."""

from __future__ import annotations

from engine.export.ladder_text import LadderLook, Role, ladder_line
from engine.model.flows import LadderFold, LadderGap
from engine.model.lab import Call
from tests.tui import flows
from tests.tui.fakes import NOON_NS
from tui.conversations import Conversation, of_flow
from tui.widgets.columns import Ink
from tui.widgets.ladder_calls import call_text, calls_beside
from tui.widgets.ladder_cases import of_item
from tui.widgets.ladder_lines import INKS, head_text, item_key, line_spans, named_flows

MS = 1_000_000


def call(name: str, ms: float, arguments: str = "", result: str = "None", took_ms: float = 0.0, errno: int = 0) -> Call:
    return Call(1, NOON_NS + round(ms * MS), name, arguments, result, errno, round(took_ms * MS))


def test_a_sending_call_stands_beside_the_segment_it_made() -> None:
    client = [call("connect", -0.01), call("send", 0.99, "1024 bytes", "1024")]
    beside = calls_beside(flows.stalled(), 0, (client, ()))
    assert beside == {1: "connect()", 4: "send(1024) = 1024"}


def test_a_waiting_call_stands_beside_what_it_waited_for() -> None:
    server = [call("accept", -5, result="fd 7", took_ms=5.06), call("recv", -1, "1024", "1024", took_ms=2.1)]
    assert calls_beside(flows.stalled(), 0, ((), server)) == {3: "accept() = fd 7", 4: "recv(1024) = 1024"}


def test_a_refused_send_made_no_segment() -> None:
    refused = [call("send", 229.9, "1024 bytes", "BlockingIOError EAGAIN (11)", errno=11)]
    assert calls_beside(flows.stalled(), 0, (refused, ())) == {}


def test_a_call_long_before_any_segment_is_left_out() -> None:
    assert calls_beside(flows.closed_by_first(), 0, ([call("close", 900)], [call("close", -400)])) == {}
    assert calls_beside(flows.stalled(), 7, ([call("connect", -0.01)], ())) == {}


def test_more_calls_than_have_room_are_counted() -> None:
    sends = [call("send", 0.9 + at / 100, "10 bytes", "10") for at in range(5)]
    assert calls_beside(flows.stalled(), 0, (sends, ()))[4].endswith("send(10) = 10 +2")
    assert call_text(call("recv", 0, "1024", "")) == "recv(1024) …"


def test_items_are_named_upwards_and_a_gap_comes_before_its_frame() -> None:
    keys = [
        item_key(item)
        for item in (LadderGap(6, 0, 3), LadderFold(6, 9, 0, 0, 0, 1, 1, 1, 1), flows.step(10, 1, True, 0))
    ]
    assert keys == [12, 13, 21]


def test_every_role_has_its_look_and_the_text_is_that_of_the_command() -> None:
    look = LadderLook(100, NOON_NS, {0: ("a", "b")}, (0,))
    for item in flows.stalled():
        line = ladder_line(item, look)
        assert "".join(text for text, _ in line_spans(line)).rstrip() == line.text
    assert set(INKS) | {Role.BLANK, Role.ARROW} == set(Role)
    assert INKS[Role.LOST] is Ink.BAD
    assert "a" in head_text([flows.flow()], look)
    assert head_text([], look) == ""


def test_of_several_conversations_each_is_named_with_its_tag() -> None:
    look = LadderLook(100, NOON_NS, {}, (0, 1))
    both = [flows.flow(0), flows.flow(1)]
    assert [line[:3] for line in named_flows(both, look)] == ["#0 ", "#1 "]
    assert "opened it" in head_text(both, look)
    assert named_flows(both[:1], LadderLook(100, NOON_NS, {}, (0,))) == []


def test_folds_and_gaps_are_explained_too() -> None:
    shown = Conversation(of_flow(flows.flow()), flows.flow())
    fold, gap = LadderFold(6, 380, 0, 2_000_000, 0, 300, 75, 1000, 0), LadderGap(9, 0, 41)
    assert "300 segments with 1,000 B and 75 ACKs in 2.00 ms, frames 6 to 380" in of_item(fold, shown)[0].here
    assert "41 frames" in of_item(gap, shown)[0].here
    names = [case.explanation.name for case in of_item(flows.stalled()[-1], shown)]
    assert names == ["keep_alive", "ACK", "ESTABLISHED", "ESTABLISHED"]
