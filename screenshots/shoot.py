"""Draws the README's pictures from the real program on real traffic: its own lab's, on the loopback.

`make screenshots` runs it. Packets appear in the pictures where this user may capture.
"""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

from textual.pilot import Pilot

from engine.lab.catalogue import KINDS
from engine.lab.knobs import set_knobs
from engine.lab.templates import template_knobs
from engine.model.errors import MissingRight
from engine.model.lab import ActorSpec
from engine.model.packets import CaptureOptions
from engine.monitor import Monitor
from engine.process.front import OwnLauncher
from tui.app import SockmonApp
from tui.themes import DARK, LIGHT

FOLDER = Path(__file__).parent
LIMIT_S = 20.0

Scene = Callable[[Monitor, Pilot[None]], Awaitable[None]]


def start(monitor: Monitor, kind: str, template: str = "", **values: object) -> int:
    """Start an actor of the lab; its port, or its peer's."""
    knobs = set_knobs(KINDS[kind].default_knobs(), values)
    if template:
        knobs = template_knobs(template, kind, knobs)
    report = monitor.start_actor(ActorSpec(kind, knobs)).report
    return int(report.local.rpartition(":")[2] or 0)


async def until(condition: Callable[[], bool], pilot: Pilot[None]) -> None:
    """Let the screen live until `condition` holds."""
    deadline = time.monotonic() + LIMIT_S
    while not condition():
        if time.monotonic() > deadline:
            raise TimeoutError("the picture did not come to be")
        await pilot.pause(0.1)


async def flood(monitor: Monitor, pilot: Pilot[None]) -> None:
    """An echo that is over, and the tutorial's flood at rest."""
    echo = start(monitor, "echo-server", port=0)
    start(monitor, "echo-client", port=echo)
    sink = start(monitor, "sink", "tutorial", port=0)
    start(monitor, "flood-client", "tutorial", port=sink)
    await until(lambda: any((entry.recv_q or 0) > 300_000 for entry in monitor.refresh().entries), pilot)
    await pilot.pause(3.0)


async def frame(monitor: Monitor, pilot: Pilot[None]) -> None:
    """The handshake's first packet taken apart."""
    await flood(monitor, pilot)
    await pilot.press("tab", "home")
    await pilot.pause(1.0)
    await pilot.press("enter")
    await pilot.pause(3.0)


PICTURES: dict[str, tuple[Scene, tuple[int, int], str]] = {
    "dashboard": (flood, (160, 48), DARK.name),
    "dashboard-light": (flood, (160, 48), LIGHT.name),
    "dashboard-80x24": (flood, (80, 24), DARK.name),
    "packet": (frame, (160, 48), DARK.name),
}
"""Name of the file, what happens, columns and rows, theme."""


async def shoot(name: str) -> None:
    """Draw one picture."""
    scene, size, theme = PICTURES[name]
    launcher = OwnLauncher()
    monitor = Monitor(launcher.control, lambda: None, "sudo sockmon")
    options = CaptureOptions()
    try:
        monitor.set_capture(options)
    except MissingRight as error:
        print(f"{name}: without packets, {error}", file=sys.stderr)
    app = SockmonApp(monitor, capture_options=options, theme=theme)
    async with app.run_test(size=size) as pilot:
        await until(lambda: app.screen is not None, pilot)
        await scene(monitor, pilot)
        app.save_screenshot(f"{name}.svg", str(FOLDER))
    monitor.close()
    launcher.wait()
    print(f"screenshots/{name}.svg")


def main() -> None:
    """Draw all pictures, or those that are named."""
    for name in sys.argv[1:] or PICTURES:
        asyncio.run(shoot(name))


if __name__ == "__main__":
    main()
