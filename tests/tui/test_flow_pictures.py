"""How screen 4 and its windows look, as pictures that a person has approved."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import msgspec
import pytest
from textual.pilot import Pilot

from engine.model.flows import FlowEnd, StreamPiece
from engine.model.snapshot import Snapshot
from tests.tui import fakes, flows
from tests.tui.driving import NARROW, WIDE, until
from tests.tui.fake_monitor import FakeMonitor
from tests.tui.fakes import NOON_NS, snapshot
from tui.app import SockmonApp
from tui.conversations import Wanted, of_flow
from tui.flow_messages import FlowWanted
from tui.screens.flow import FlowScreen
from tui.widgets.ladder_pane import LadderPane
from tui.widgets.line_table import LineTable

LOOKS = [
    pytest.param(size, theme, id=f"{theme}-{size[0]}x{size[1]}")
    for size in (WIDE, NARROW)
    for theme in ("sockmon-dark", "sockmon-light")
]
S = flows.S

STALLED_FLOW = flows.flow()
LOSSY = [
    *flows.stalled()[:6],
    flows.step(381, 20.4, True, flows.ACK, seq=300_001, length=65_483, lost=True, info="53225 → 65432 [ACK]"),
    flows.step(382, 21.1, True, flows.ACK, seq=300_001, length=65_483, findings=("retransmission",),
               info="[TCP Retransmission] 53225 → 65432 [ACK]"),
    flows.step(383, 21.3, False, flows.ACK, ack=408_301, window=0, findings=("zero_window",),
               info="[TCP ZeroWindow] 65432 → 53225 [ACK]"),
    flows.step(400, 230, True, flows.ACK, seq=408_300, findings=("keep_alive",),
               info="[TCP Keep-Alive] 53225 → 65432 [ACK]"),
]  # fmt: skip
CLOSED_FLOW = flows.flow(
    first=FlowEnd("127.0.0.1", 53_225, S.TIME_WAIT, 5), second=FlowEnd("127.0.0.1", 65_432, S.CLOSED, 4),
    over_ns=NOON_NS + 3_100_000, fin_ns=NOON_NS + 2_000_000, over=True, completeness=31,
)  # fmt: skip


def moment(second: int) -> Snapshot:
    recv_q, send_q = 408_300 - (7 - second) * 30_000, 269_868 - (7 - second) * 20_000
    entries = fakes.tutorial_entries(max(recv_q, 0), max(send_q, 0))
    return snapshot(ts_ns=NOON_NS + second * 1_000_000_000, actors=fakes.running_flood(), entries=entries)


def app_over(theme: str) -> SockmonApp:
    monitor = FakeMonitor(*(moment(second) for second in range(1, 8)))
    monitor.all_flows = [STALLED_FLOW]
    monitor.all_items = list(LOSSY)
    monitor.all_verdicts = [msgspec.structs.replace(flows.STALLED, since_ns=NOON_NS - 5_000_000_000)]
    monitor.all_pieces = [
        StreamPiece(4, 0, True, b"GET /hello HTTP/1.1\r\nHost: localhost\r\n\r\n"),
        StreamPiece(6, 0, False, b"HTTP/1.1 200 OK\r\nContent-Length: 13\r\n\r\nHello, world\n"),
        StreamPiece(9, 0, True, b"\x16\x03\x01\x02\x00\x01", missing=1_192, cut=1_192),
    ]
    return SockmonApp(monitor, theme=theme, refresh_s=3600)


def closed(theme: str) -> SockmonApp:
    monitor = FakeMonitor(snapshot(entries=[], ts_ns=NOON_NS + 1_000_000_000))
    monitor.all_flows = [CLOSED_FLOW]
    monitor.all_items = flows.closed_by_first()
    return SockmonApp(monitor, theme=theme, refresh_s=3600)


def pressing(*keys: str) -> Callable[[Pilot[None]], Awaitable[None]]:
    """Open the conversation, let seven seconds go by, then press these."""

    async def run(pilot: Pilot[None]) -> None:
        app = pilot.app
        assert isinstance(app, SockmonApp)
        monitor = app.monitor
        assert isinstance(monitor, FakeMonitor)
        await until(pilot, lambda: app._moment is not None)
        app.post_message(FlowWanted(Wanted(of_flow(monitor.all_flows[0]))))
        await until(pilot, lambda: isinstance(app.screen, FlowScreen))
        await until(pilot, lambda: len(app.screen.query_one(LadderPane).query_one(LineTable).rows))
        while len(monitor.snapshots) > 1:
            before = app._moment
            app._drawn = True
            app._tick()
            await until(pilot, lambda before=before: app._moment is not before)  # type: ignore[misc]
        for key in keys:
            await pilot.press(key)
            await pilot.pause(0.1)
        await pilot.pause(0.2)

    return run


@pytest.mark.parametrize(("size", "theme"), LOOKS)
@pytest.mark.parametrize("view", ["ladder", "states", "bytes", "verdict", "conversations"])
def test_flow(picture: Callable[..., bool], view: str, size: tuple[int, int], theme: str) -> None:
    tabs = ["ladder", "states", "bytes", "verdict", "conversations"].index(view)
    made = closed(theme) if view == "states" else app_over(theme)
    assert picture(made, terminal_size=size, run_before=pressing(*["tab"] * tabs))


@pytest.mark.parametrize(("size", "theme"), LOOKS[::3])
def test_explained(picture: Callable[..., bool], size: tuple[int, int], theme: str) -> None:
    assert picture(app_over(theme), terminal_size=size, run_before=pressing("G", "up", "e"))


@pytest.mark.parametrize(("size", "theme"), LOOKS[::3])
def test_stream(picture: Callable[..., bool], size: tuple[int, int], theme: str) -> None:
    assert picture(app_over(theme), terminal_size=size, run_before=pressing("F"))


def test_saving(picture: Callable[..., bool]) -> None:
    assert picture(app_over("sockmon-dark"), terminal_size=(120, 30), run_before=pressing("E"))
