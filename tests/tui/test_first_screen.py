"""What Textual asks of the app before its first screen stands."""

from __future__ import annotations

from tests.tui.fake_monitor import FakeMonitor
from tui.app import SockmonApp


def test_an_input_of_the_first_screen_may_forget_a_selection_before_there_is_a_screen() -> None:
    SockmonApp(FakeMonitor()).clear_selection()
