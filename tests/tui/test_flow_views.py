"""Screen 4: the states, the bytes and the verdict of a conversation, and how each is explained."""

from __future__ import annotations

import msgspec
import pytest

from tests.tui import fakes, flows
from tests.tui.driving import NARROW, WIDE, refreshed, running, screen_text, table_of, title, until
from tests.tui.fakes import snapshot
from tests.tui.flow_driving import flood, opened, with_flow
from tui.screens.explain import ExplainScreen
from tui.screens.flow import FlowScreen
from tui.widgets.bytes_pane import BytesPane
from tui.widgets.connections import ConnectionsPane
from tui.widgets.flows_pane import FlowsPane
from tui.widgets.states_pane import StatesPane

SIZES = pytest.mark.parametrize("size", [WIDE, NARROW], ids=["160x48", "80x24"])


@SIZES
async def test_the_states_of_both_ends_stand_beside_the_kernels(size: tuple[int, int]) -> None:
    async with running(with_flow(), size) as pilot:
        await opened(pilot)
        await pilot.press("tab")
        await until(pilot, lambda: "SYN-RECEIVED 18.0 µs" in screen_text(pilot) or "✓ 18.0 µs" in screen_text(pilot))
        shown = screen_text(pilot)
        assert "kernel  ESTABLISHED  as the segments say" in shown
        assert "last step  ESTABLISHED  received SYN, ACK" in shown


async def test_a_difference_between_kernel_and_segments_is_explained() -> None:
    moment = flood()
    entries = [
        msgspec.structs.replace(row, state=flows.S.FIN_WAIT_1) if row.key == fakes.FLOOD_KEY else row
        for row in moment.entries
    ]
    monitor = with_flow(moment=snapshot(entries=entries))
    async with running(monitor) as pilot:
        await opened(pilot)
        await pilot.press("tab")
        await until(pilot, lambda: "ESTABLISHED by the segments, FIN-WAIT-1 by the kernel" in screen_text(pilot))


async def test_without_packets_the_states_come_from_the_kernel() -> None:
    monitor = with_flow(moment=snapshot(capture=None, degradations=(fakes.NO_CAPTURE,)))
    monitor.all_flows = []
    async with running(monitor) as pilot:
        table_of(pilot, ConnectionsPane).select_key(fakes.FLOOD_KEY)
        await pilot.press("o")
        await until(pilot, lambda: isinstance(pilot.app.screen, FlowScreen))
        await until(pilot, lambda: "Packets need the right" in screen_text(pilot))
        await pilot.press("tab")
        await until(pilot, lambda: "the states are the kernel's" in screen_text(pilot))
        assert isinstance(pilot.app.screen, FlowScreen)
        assert pilot.app.screen.query_one(StatesPane).paths[0][-1].state == "ESTABLISHED"


@SIZES
async def test_the_bytes_stand_in_boxes_with_their_sums(size: tuple[int, int]) -> None:
    async with running(with_flow(), size) as pilot:
        await opened(pilot)
        await pilot.press("tab", "tab")
        await until(pilot, lambda: "269,868" in screen_text(pilot))
        shown = screen_text(pilot)
        assert "accepted 678,168 = not sent 269,868 + in flight 0 +" in shown
        assert "✓ exact" in shown
        assert "408,300" in shown
        assert "window offered 0 B" in shown
        assert "S Send-Q 269,868 B" in shown


async def test_the_plot_has_the_moments_that_passed_while_another_view_was_in_front() -> None:
    monitor = with_flow()
    async with running(monitor) as pilot:
        await opened(pilot)
        for second in range(1, 6):
            later = snapshot(
                ts_ns=fakes.NOON_NS + second * 1_000_000_000, entries=fakes.tutorial_entries(second * 1000)
            )
            await refreshed(pilot, monitor, later)
        await pilot.press("tab", "tab")
        await until(pilot, lambda: "the last 5.00 s" in screen_text(pilot))
        assert len(pilot.app.screen.query_one(BytesPane)._samples[0]) == 6


async def test_bytes_without_a_socket_say_so() -> None:
    monitor = with_flow(moment=snapshot(entries=[]))
    async with running(monitor) as pilot:
        await pilot.press("4")
        await until(pilot, lambda: len(table_of(pilot, FlowsPane).rows))
        await pilot.press("enter", "tab", "tab")
        await until(pilot, lambda: "holds no socket of this conversation" in screen_text(pilot))


async def test_of_a_connection_that_closed_the_last_counts_stay() -> None:
    monitor = with_flow()
    async with running(monitor) as pilot:
        await opened(pilot)
        await pilot.press("tab", "tab")
        await until(pilot, lambda: "678,168" in screen_text(pilot))
        waiting = [
            msgspec.structs.replace(row, state=flows.S.TIME_WAIT, tcp_info=b"", send_q=None, recv_q=None, owners=())
            for row in fakes.tutorial_entries()
            if row.key == fakes.FLOOD_KEY
        ]
        await refreshed(pilot, monitor, snapshot(entries=waiting))
        await until(pilot, lambda: "as it stood when it closed" in screen_text(pilot))
        assert "accepted 678,168" in screen_text(pilot)
        assert "flood-client 41233" in title(pilot, BytesPane)


@SIZES
async def test_the_verdict_says_what_holds_it_and_what_to_do(size: tuple[int, int]) -> None:
    monitor = with_flow()
    monitor.all_verdicts = [flows.STALLED]
    async with running(monitor, size) as pilot:
        await opened(pilot)
        await pilot.press("tab", "tab", "tab")
        await until(pilot, lambda: "does not read" in screen_text(pilot))
        assert monitor.told("verdicts")[-1] == (fakes.FLOOD_KEY, 0)
        shown = screen_text(pilot)
        assert "Recv-Q 408,300 B · peer's window 0 B" in shown
        assert "To do      See why sink does not call recv()." in shown
        assert "receiver-stalled, certain, for 12.0 s" in shown
        await pilot.press("e")
        await until(pilot, lambda: "Here: sink (41210) does not read" in screen_text(pilot))


async def test_no_finding_is_never_said_to_be_healthy() -> None:
    async with running(with_flow()) as pilot:
        await opened(pilot)
        await pilot.press("tab", "tab", "tab")
        await until(pilot, lambda: "No finding." in screen_text(pilot))
        assert "It does not mean that all is well" in screen_text(pilot)


@pytest.mark.parametrize(
    ("keys", "words"),
    [
        (("g",), "SYN"),
        (("G",), "keep_alive"),
        (("tab",), "ESTABLISHED"),
        (("tab", "tab"), "Send-Q"),
    ],
    ids=["segment", "finding", "state", "bytes"],
)
async def test_e_explains_with_figures_of_this_case(keys: tuple[str, ...], words: str) -> None:
    async with running(with_flow()) as pilot:
        await opened(pilot)
        await pilot.press(*keys, "e")
        await until(pilot, lambda: isinstance(pilot.app.screen, ExplainScreen))
        shown = screen_text(pilot)
        assert words in shown
        assert "Here " in shown
        assert "See " in shown
