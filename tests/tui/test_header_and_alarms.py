"""What the dashboard says first: source, counts, losses, rights, what is broken."""

from __future__ import annotations

import pytest
from textual.widgets import Static

from engine.model.errors import EngineError
from engine.model.health import Degradation, Role, Trust
from tests.tui import fakes
from tests.tui.driving import (
    WIDE,
    footer,
    header,
    refreshed,
    running,
    screen_text,
    until,
)
from tests.tui.fake_monitor import FakeMonitor
from tests.tui.fakes import snapshot
from tui.app import SockmonApp
from tui.widgets.header import AlertLine, StatusLine


async def test_the_three_rows_of_the_tutorial_and_the_sum_are_in_view() -> None:
    monitor = FakeMonitor(snapshot(actors=fakes.running_flood()))
    async with running(monitor) as pilot:
        text = screen_text(pilot)
        for words in ("LISTEN", "408,300", "269,868", "sink 41210", "flood-client 41233", "65432"):
            assert words in text
        assert "678,168 ≈ Send-Q 269,868 + Recv-Q 408,300  moving" in text
        await refreshed(pilot, monitor, snapshot(actors=fakes.running_flood()))
        assert "678,168 = Send-Q 269,868 + Recv-Q 408,300 ✓" in screen_text(pilot)


async def test_the_header_says_source_counts_losses_and_rights_with_the_cure() -> None:
    moment = snapshot(degradations=(fakes.OWNERS_HIDDEN,))
    async with running(FakeMonitor(moment)) as pilot:
        assert header(pilot).split("  ")[:5] == [" sockmon", "lo·ring", "12 sockets", "↑0/s", "1,204 pkt/s"]
        assert "kept 31,204  lost 0/0" in header(pilot)
        assert "owners: yours only (sudo /home/student/.local/bin/sockmon)" in header(pilot)
        assert header(pilot).rstrip().endswith("12:04:31")
        assert pilot.app.screen.query_one(StatusLine).has_class("-degraded")


async def test_a_loss_turns_the_header_red_and_is_said_in_numbers() -> None:
    lost = fakes.status(trust=Trust(received=100, kept=90, dropped_by_kernel=7, dropped_by_us=3))
    async with running(FakeMonitor(snapshot(capture=lost, degradations=(fakes.OWNERS_HIDDEN,)))) as pilot:
        assert "lost 7/3" in header(pilot)
        assert pilot.app.screen.query_one(StatusLine).has_class("-alarmed")


async def test_a_degradation_without_a_short_form_is_said_in_its_own_words() -> None:
    moment = snapshot(degradations=(Degradation("NEW_CODE", "the moon is in the way"),))
    async with running(FakeMonitor(moment)) as pilot:
        assert "the moon is in the way" in header(pilot)


async def test_without_the_right_to_capture_the_pane_says_so_with_the_cure() -> None:
    monitor = FakeMonitor(snapshot(capture=None, degradations=(fakes.NO_CAPTURE,)))
    async with running(monitor) as pilot:
        said = str(pilot.app.screen.query_one("#no-packets", Static).visual)
        assert "Packets need the right to open a packet socket (CAP_NET_RAW)." in said
        assert "sudo /home/student/.local/bin/sockmon" in said
        assert not monitor.told("packets")


async def test_a_dead_worker_is_shown_at_once_and_restarted_by_a_key() -> None:
    monitor = FakeMonitor()
    async with running(monitor) as pilot:
        assert "restart worker" not in footer(pilot)
        await refreshed(pilot, monitor, snapshot(workers=fakes.workers(capture="killed by SIGKILL")))
        words = pilot.app.screen.query_one(AlertLine).words
        assert words == "capture worker died: killed by SIGKILL; the captured packets are lost. W restarts it"
        assert "✕ capture worker died" in screen_text(pilot)
        assert "W restart worker" in footer(pilot)
        await pilot.press("W")
        await until(pilot, lambda: monitor.told("restart") == [Role.CAPTURE])
        await refreshed(pilot, monitor, snapshot())
        assert "died" not in screen_text(pilot)


async def test_a_dead_worker_is_restarted_by_the_key_before_the_next_refresh_shows_it() -> None:
    monitor = FakeMonitor()
    async with running(monitor) as pilot:
        await pilot.press("W")
        monitor.serve(snapshot(workers=fakes.workers(sockets="killed by SIGKILL")))
        await pilot.press("W")
        await until(pilot, lambda: monitor.told("restart") == [Role.SOCKETS])


async def test_a_refresh_that_fails_is_said_in_the_header_until_one_works() -> None:
    monitor = FakeMonitor()
    async with running(monitor) as pilot:
        monitor.failure = EngineError("read the socket table", 1)
        await refreshed(pilot, monitor, snapshot())
        assert "✕ read the socket table: Operation not permitted" in screen_text(pilot)
        assert "sink 41210" in screen_text(pilot), "what was known stays in view"
        monitor.failure = None
        await refreshed(pilot, monitor, snapshot())
        assert "✕" not in screen_text(pilot)


async def test_a_mistake_of_our_own_ends_the_screen_without_a_traceback(capsys: pytest.CaptureFixture[str]) -> None:
    monitor = FakeMonitor()
    app = SockmonApp(monitor, refresh_s=3600)

    async def meet_it() -> None:
        async with app.run_test(size=WIDE) as pilot:
            await until(pilot, lambda: monitor.refreshes)
            monitor.failure = ZeroDivisionError("secret\x1b")
            app._drawn = True
            app._tick()
            await until(pilot, lambda: app.crash)

    with pytest.raises(ZeroDivisionError):
        await meet_it()
    assert isinstance(app.crash, ZeroDivisionError)
    assert app.return_code == 1
    captured = capsys.readouterr()
    assert "Traceback" not in captured.err + captured.out


async def test_a_terminal_that_is_slow_to_draw_is_asked_for_less() -> None:
    monitor = FakeMonitor()
    async with running(monitor) as pilot:
        app = pilot.app
        assert isinstance(app, SockmonApp)
        await until(pilot, lambda: app._drawn)
        before = monitor.refreshes
        app._drawn = False
        app._tick()
        await pilot.pause(0.05)
        assert monitor.refreshes == before
        app._note_drawn()
        app._tick()
        await until(pilot, lambda: monitor.refreshes == before + 1)
