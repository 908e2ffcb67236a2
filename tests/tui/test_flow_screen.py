"""Screen 4: how a conversation is opened, its ladder, and what the screen's keys do."""

from __future__ import annotations

import msgspec
import pytest

from engine.model.flows import FlowEnd
from engine.model.lab import ActorReport
from tests.tui import fakes, flows
from tests.tui.driving import (
    NARROW,
    WIDE,
    footer,
    notices,
    packets_here,
    refreshed,
    running,
    screen_text,
    table_of,
    title,
    until,
)
from tests.tui.fakes import snapshot
from tests.tui.flow_driving import flood, opened, with_flow
from tui.screens.dashboard import DashboardScreen
from tui.screens.details import ActorScreen
from tui.screens.explain import ExplainScreen
from tui.screens.flow import FlowScreen
from tui.widgets.connections import ConnectionsPane
from tui.widgets.flows_pane import FlowsPane
from tui.widgets.ladder_pane import LadderPane
from tui.widgets.pane import Pane

SIZES = pytest.mark.parametrize("size", [WIDE, NARROW], ids=["160x48", "80x24"])


@SIZES
async def test_o_on_a_socket_opens_its_ladder(size: tuple[int, int]) -> None:
    async with running(with_flow(), size) as pilot:
        await opened(pilot)
        shown = screen_text(pilot)
        assert "[SYN] Seq=0 Win=65495" in shown
        assert "SYN-SENT" in shown
        assert "flood-client 41233" in shown
        assert "300 data segments" in shown
        assert "[SYN, ACK] Seq=0 Ack=1" in shown


async def test_o_on_a_packet_and_on_an_actor_opens_the_same() -> None:
    for keys in (("tab", "g"), ("tab", "tab", "down", "down")):
        async with running(with_flow()) as pilot:
            await packets_here(pilot)
            await pilot.press(*keys, "o")
            await until(pilot, lambda: isinstance(pilot.app.screen, FlowScreen))
            await until(pilot, lambda: "[SYN] Seq=0" in screen_text(pilot))


async def test_o_on_a_listener_lists_the_conversations_of_its_port() -> None:
    monitor = with_flow()
    other = flows.flow(1, second=FlowEnd("127.0.0.1", 8080))
    monitor.all_flows.append(other)
    async with running(monitor) as pilot:
        table_of(pilot, ConnectionsPane).select_key(fakes.SINK_KEY)
        await pilot.press("o")
        await until(pilot, lambda: isinstance(pilot.app.screen, FlowScreen))
        await until(pilot, lambda: "1 of 2  :65432" in title(pilot, FlowsPane))
        await pilot.press("enter")
        await until(pilot, lambda: "[SYN] Seq=0" in screen_text(pilot))


async def test_o_where_there_is_no_conversation_says_so() -> None:
    async with running(with_flow()) as pilot:
        table_of(pilot, ConnectionsPane).select_key(7)
        await pilot.press("o")
        await until(pilot, lambda: notices(pilot) == ["no TCP conversation is under the cursor"])
        assert isinstance(pilot.app.screen, DashboardScreen)


async def test_esc_goes_back_to_where_it_was_opened() -> None:
    async with running(with_flow()) as pilot:
        await opened(pilot)
        await pilot.press("escape")
        await until(pilot, lambda: isinstance(pilot.app.screen, DashboardScreen))


async def test_key_4_without_a_conversation_lists_them_and_follows_the_newest() -> None:
    monitor = with_flow()
    monitor.all_flows = [flows.flow(number) for number in range(3_000)]
    async with running(monitor) as pilot:
        await pilot.press("4")
        await until(pilot, lambda: isinstance(pilot.app.screen, FlowScreen))
        table = table_of(pilot, FlowsPane)
        await until(pilot, lambda: len(table.rows) == 3_000)
        await until(pilot, lambda: table.cursor_key == 2_999)
        await pilot.press("g")
        await until(pilot, lambda: table.cursor_row is not None)
        assert table.cursor_key == 0
        assert table.lines_formatted < 300


async def test_the_ladder_grows_while_it_is_watched() -> None:
    monitor = with_flow()
    async with running(monitor) as pilot:
        await opened(pilot)
        monitor.all_items.append(flows.step(401, 460, True, flows.ACK, findings=("keep_alive",), seq=408_300))
        await refreshed(pilot, monitor, flood())
        table = table_of(pilot, LadderPane)
        await until(pilot, lambda: len(table.rows) == 9)
        assert table.cursor == 8, "it follows the newest"


async def test_a_conversation_that_is_captured_later_shows_up() -> None:
    monitor = with_flow()
    known, monitor.all_flows = monitor.all_flows, []
    async with running(monitor) as pilot:
        table_of(pilot, ConnectionsPane).select_key(fakes.FLOOD_KEY)
        await pilot.press("o")
        await until(pilot, lambda: isinstance(pilot.app.screen, FlowScreen))
        await until(pilot, lambda: "No segment of this conversation was captured yet" in screen_text(pilot))
        monitor.all_flows = known
        await refreshed(pilot, monitor, flood())
        await until(pilot, lambda: "[SYN] Seq=0" in screen_text(pilot))


async def test_enter_opens_a_fold_and_left_folds_it_again() -> None:
    monitor = with_flow()
    async with running(monitor) as pilot:
        await opened(pilot)
        table = table_of(pilot, LadderPane)
        await pilot.press("g", *["down"] * 5, "enter")
        await until(pilot, lambda: any(question[3] == (6,) for question in monitor.told("ladder")))  # type: ignore[index]
        monitor.all_items[5:6] = [flows.step(number, number, True, flows.ACK, length=1_000) for number in range(6, 26)]
        await refreshed(pilot, monitor, flood())
        await until(pilot, lambda: len(table.rows) == 27)
        await pilot.press("down", "left")
        await until(pilot, lambda: monitor.told("ladder")[-1][3] == ())  # type: ignore[index]


async def test_enter_on_a_segment_takes_its_frame_apart() -> None:
    monitor = with_flow()
    async with running(monitor) as pilot:
        await opened(pilot)
        await pilot.press("g", "enter")
        await until(pilot, lambda: monitor.told("dissect") == [1])
        await until(pilot, lambda: "sport" in screen_text(pilot))


async def test_space_puts_another_conversation_on_the_ladder() -> None:
    monitor = with_flow()
    monitor.all_flows.append(flows.flow(1, first=FlowEnd("127.0.0.1", 53_226)))
    monitor.all_items.append(flows.step(500, 500, True, flows.SYN, stream=1))
    async with running(monitor) as pilot:
        await opened(pilot)
        await pilot.press("space")
        await until(pilot, lambda: len(table_of(pilot, FlowsPane).rows) == 2)
        await pilot.press("G", "space", "tab")
        await until(pilot, lambda: "and 1 more" in title(pilot, LadderPane))
        await until(pilot, lambda: "#1" in screen_text(pilot))


async def test_the_footer_names_the_keys_of_the_view() -> None:
    async with running(with_flow()) as pilot:
        await opened(pilot)
        assert "explain" in footer(pilot)
        assert "add conversation" in footer(pilot)


async def test_calls_of_our_actors_stand_beside_their_segments() -> None:
    sink, client = fakes.running_flood()
    calls = tuple(
        msgspec.structs.replace(call, ts_ns=fakes.NOON_NS - 1_000) if call.name == "connect" else call
        for call in client.report.calls
    )
    report: ActorReport = msgspec.structs.replace(client.report, calls=calls)
    moment = snapshot(actors=(sink, msgspec.structs.replace(client, report=report)))
    async with running(with_flow(moment=moment)) as pilot:
        await opened(pilot)
        assert "connect()" in screen_text(pilot)


@pytest.mark.parametrize(
    ("keys", "words"),
    [
        (("g",), "0.000000 1 SYN-SENT"),
        (("tab",), "last step"),
        (("tab", "tab"), "accepted 678,168"),
        (("tab", "tab", "tab"), "No finding."),
        (("shift+tab",), "flood-client 41233 :53225 ⇄ sink 41210 :65432"),
    ],
    ids=["ladder", "states", "bytes", "verdict", "conversations"],
)
async def test_y_copies_what_is_seen(keys: tuple[str, ...], words: str) -> None:
    async with running(with_flow()) as pilot:
        await opened(pilot)
        await pilot.press(*keys)
        await until(pilot, lambda: not any("Asking" in line for line in screen_text(pilot).splitlines()))
        await until(pilot, lambda: pilot.app.screen.query("Pane.-active").first(Pane).copied())
        await pilot.press("y")
        await until(pilot, lambda: pilot.app.clipboard)
        assert words in " ".join(pilot.app.clipboard.split())


async def test_windows_lead_to_the_flow_and_explain_too() -> None:
    async with running(with_flow()) as pilot:
        table_of(pilot, ConnectionsPane).select_key(fakes.FLOOD_KEY)
        await pilot.press("enter", "e")
        await until(pilot, lambda: isinstance(pilot.app.screen, ExplainScreen))
        assert "Here 127.0.0.1:53225" in screen_text(pilot)
        await pilot.press("escape", "o")
        await until(pilot, lambda: isinstance(pilot.app.screen, FlowScreen))
        await until(pilot, lambda: "[SYN] Seq=0" in screen_text(pilot))


async def test_a_call_and_its_error_are_explained_in_an_actors_window() -> None:
    async with running(with_flow()) as pilot:
        await pilot.press("tab", "tab", *["down"] * 4, "enter")
        await until(pilot, lambda: isinstance(pilot.app.screen, ActorScreen))
        await pilot.press("e")
        await until(pilot, lambda: isinstance(pilot.app.screen, ExplainScreen))
        shown = screen_text(pilot)
        assert "EAGAIN" in shown
        assert "Here send(1024 bytes)" in shown
