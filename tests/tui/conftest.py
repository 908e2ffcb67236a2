"""What tests of the screen share: the time zone, a cursor that does not blink, and the guard of the pictures."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import textual
from textual.widgets import Input

PICTURED_WITH = "8.2.8"
"""The version of Textual that the pictures were made with; another one draws some things differently."""


@pytest.fixture(autouse=True)
def steady_screen(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Clock times in UTC, no colour setting of the tester's terminal, no blinking, no timer that counts down,
    no name of the tester's machine."""
    monkeypatch.setenv("TZ", "UTC")
    monkeypatch.delenv("NO_COLOR", raising=False)
    time.tzset()
    monkeypatch.setattr(Input, "cursor_blink", False)
    monkeypatch.setattr("tui.widgets.socket_detail.monotonic", lambda: 0.0)
    monkeypatch.setattr("tui.looks.user_name", str)
    monkeypatch.setattr("tui.looks.interface_name", str)
    yield
    monkeypatch.undo()
    time.tzset()


@pytest.fixture(autouse=True)
async def tasks_as_in_the_app() -> None:
    """Where Python can begin tasks at once, Textual does so in a running app, but not under its pilot."""
    eager = getattr(asyncio, "eager_task_factory", None)
    if eager is not None:
        asyncio.get_running_loop().set_task_factory(eager)


@pytest.fixture
def picture(request: pytest.FixtureRequest) -> Callable[..., bool]:
    """As `snap_compare`, with the version of Textual that the pictures were made with only."""
    if textual.__version__ != PICTURED_WITH:
        if request.config.getoption("--snapshot-update"):
            pytest.fail(f"pictures are made with Textual {PICTURED_WITH}; this is {textual.__version__}")
        pytest.skip(f"pictures were made with Textual {PICTURED_WITH}; this is {textual.__version__}")
    compare: Any = request.getfixturevalue("snap_compare")
    return lambda app, **options: bool(compare(app, **options))


@pytest.fixture(autouse=True)
def own_folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """Where the lab's templates are saved: nowhere that is the tester's own."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    return tmp_path / "sockmon" / "templates.json"
