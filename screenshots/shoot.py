"""Draws the README's pictures from the real program on real traffic: its own lab's, on the loopback.

`make screenshots` runs it; `python screenshots/shoot.py NAME…` draws some of them. As root it draws in a network and a
process namespace of its own, so that nothing of the machine is in the pictures. Packets appear where this user may
capture.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

from textual.pilot import Pilot

from engine.lab.catalogue import KINDS
from engine.lab.knobs import set_knobs
from engine.lab.templates import template_knobs
from engine.model.errors import MissingRight
from engine.model.lab import ActorCommand, ActorSpec
from engine.model.packets import CaptureOptions
from engine.model.snapshot import ActorView
from engine.monitor import Monitor
from engine.process.front import OwnLauncher
from tui.app import SockmonApp
from tui.conversations import Wanted, of_flow
from tui.flow_messages import FlowWanted
from tui.screens.flow import FlowScreen
from tui.themes import DARK, LIGHT

FOLDER = Path(__file__).parent
LIMIT_S = 20.0

NAMED_NAMESPACES = Path("/run/netns")
"""Where `ip netns add` keeps its names (ip-netns(8))."""

ALONE = "--alone"
"""Says to the second process that it is in its own namespaces."""

Scene = Callable[[Monitor, Pilot[None]], Awaitable[None]]


def start(monitor: Monitor, kind: str, template: str = "", **values: object) -> ActorView:
    """Start an actor of the lab."""
    knobs = set_knobs(KINDS[kind].default_knobs(), values)
    if template:
        knobs = template_knobs(template, kind, knobs)
    return monitor.start_actor(ActorSpec(kind, knobs))


def port_of(view: ActorView) -> int:
    return int(view.report.local.rpartition(":")[2] or 0)


async def until(condition: Callable[[], bool], pilot: Pilot[None]) -> None:
    """Let the screen live until `condition` holds."""
    deadline = time.monotonic() + LIMIT_S
    while not condition():
        if time.monotonic() > deadline:
            raise TimeoutError("the picture did not come to be")
        await pilot.pause(0.1)


async def press(pilot: Pilot[None], *keys: str) -> None:
    """One key after the other, each with the time that a hand takes."""
    for key in keys:
        await pilot.press(key)
        await pilot.pause(0.3)


# --- what happens ----------------------------------------------------------------------------------------------------


async def echo(monitor: Monitor, pilot: Pilot[None]) -> None:
    """A client says hello to an echo server, and both are done."""
    server = port_of(start(monitor, "echo-server", port=0))
    start(monitor, "echo-client", port=server)
    await pilot.pause(1.5)


async def flood(monitor: Monitor, pilot: Pilot[None]) -> None:
    """An echo that is over, and the tutorial's flood at rest."""
    await echo(monitor, pilot)
    sink = port_of(start(monitor, "sink", "tutorial", port=0))
    start(monitor, "flood-client", "tutorial", port=sink)
    await until(lambda: any((entry.recv_q or 0) > 300_000 for entry in monitor.refresh().entries), pilot)
    await pilot.pause(3.0)


async def conversation(monitor: Monitor, pilot: Pilot[None], number: int) -> None:
    """Show this one of the conversations that were captured, counted from 0."""
    pilot.app.post_message(FlowWanted(Wanted(of_flow(monitor.flows(number, 1).flows[0]))))
    await until(lambda: isinstance(pilot.app.screen, FlowScreen), pilot)
    await pilot.pause(2.0)


async def connections(monitor: Monitor, pilot: Pilot[None]) -> None:
    """Folded, grouped, with what has closed. The table alone: the detail would show where this checkout lies."""
    await flood(monitor, pilot)
    for _ in range(3):
        await echo(monitor, pilot)
    never = port_of(start(monitor, "never-close", port=0))
    start(monitor, "echo-client", port=never)
    late = port_of(start(monitor, "accept-late", port=0, backlog=2))
    start(monitor, "many-clients", port=late, connections=4)
    start(monitor, "udp-echo", port=0)
    await press(pilot, "2", "d", "v", "H", "z")
    await pilot.pause(2.0)


async def packets(monitor: Monitor, pilot: Pilot[None]) -> None:
    """The list over the handshake's first packet."""
    await flood(monitor, pilot)
    await press(pilot, "3", "a", "g", "down", "enter")
    await pilot.pause(3.0)
    await press(pilot, *["down"] * 22)


async def frame(monitor: Monitor, pilot: Pilot[None]) -> None:
    """The handshake's first packet taken apart."""
    await flood(monitor, pilot)
    await press(pilot, "tab", "home")
    await pilot.pause(1.0)
    await press(pilot, "enter")
    await pilot.pause(3.0)


async def ladder(monitor: Monitor, pilot: Pilot[None]) -> None:
    await flood(monitor, pilot)
    await conversation(monitor, pilot, 1)


async def states(monitor: Monitor, pilot: Pilot[None]) -> None:
    await echo(monitor, pilot)
    await conversation(monitor, pilot, 0)
    await press(pilot, "tab")
    await pilot.pause(1.5)


async def bytes_view(monitor: Monitor, pilot: Pilot[None]) -> None:
    """The flood again and again: its sink reads all, and the buffers fill anew."""
    await flood(monitor, pilot)
    await conversation(monitor, pilot, 1)
    await press(pilot, "tab", "tab")
    sink = next(view for view in monitor.actors() if view.spec.kind == "sink")
    for _ in range(3):
        await pilot.pause(4.0)
        monitor.command_actor(sink.number, ActorCommand.DRAIN)
    await pilot.pause(3.5)


async def verdict(monitor: Monitor, pilot: Pilot[None]) -> None:
    await flood(monitor, pilot)
    await conversation(monitor, pilot, 1)
    await press(pilot, "tab", "tab", "tab")
    await pilot.pause(3.0)


async def explained(monitor: Monitor, pilot: Pilot[None]) -> None:
    await ladder(monitor, pilot)
    await press(pilot, "e")


async def stream(monitor: Monitor, pilot: Pilot[None]) -> None:
    await echo(monitor, pilot)
    await conversation(monitor, pilot, 0)
    await press(pilot, "F", "x", "x")
    await pilot.pause(1.5)


async def lab(monitor: Monitor, pilot: Pilot[None]) -> None:
    await flood(monitor, pilot)
    await press(pilot, "5")
    await pilot.pause(2.0)
    await press(pilot, "end")
    await pilot.pause(1.5)


async def lesson(monitor: Monitor, pilot: Pilot[None]) -> None:
    """Some steps into the first lesson."""
    await press(pilot, "6")
    await pilot.pause(1.5)
    await press(pilot, "enter")
    await pilot.pause(2.0)
    for _ in range(3):
        await press(pilot, "space")
        await pilot.pause(2.5)


WIDE = (160, 48)
PICTURES: dict[str, tuple[Scene, tuple[int, int], str]] = {
    "dashboard": (flood, WIDE, DARK.name),
    "dashboard-light": (flood, WIDE, LIGHT.name),
    "dashboard-80x24": (flood, (80, 24), DARK.name),
    "connections": (connections, WIDE, DARK.name),
    "packets": (packets, WIDE, DARK.name),
    "packet": (frame, WIDE, DARK.name),
    "ladder": (ladder, WIDE, DARK.name),
    "ladder-80x24": (ladder, (80, 24), LIGHT.name),
    "states": (states, WIDE, DARK.name),
    "bytes": (bytes_view, WIDE, DARK.name),
    "verdict": (verdict, (160, 30), DARK.name),
    "explained": (explained, WIDE, LIGHT.name),
    "stream": (stream, (120, 30), DARK.name),
    "lab": (lab, WIDE, DARK.name),
    "lesson": (lesson, WIDE, DARK.name),
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
        await until(lambda: app.moment is not None, pilot)
        await scene(monitor, pilot)
        app.save_screenshot(f"{name}.svg", str(FOLDER))
    monitor.close()
    launcher.wait()
    print(f"screenshots/{name}.svg")


def alone(names: list[str]) -> None:
    """Go on in namespaces of our own, where this user may make them: a loopback and processes that are ours only."""
    if os.geteuid() == 0 and all(map(shutil.which, ("unshare", "ip"))):
        command = ["unshare", "--net", "--pid", "--fork", "--mount-proc", sys.executable, __file__, ALONE, *names]
        os.execvp("unshare", command)


def main() -> None:
    """Draw all pictures, or those that are named."""
    names = sys.argv[1:]
    if ALONE in names:
        names.remove(ALONE)
        subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
        if NAMED_NAMESPACES.is_dir():  # hidden: those that somebody has named are found by this folder
            subprocess.run(["mount", "-t", "tmpfs", "tmpfs", str(NAMED_NAMESPACES)], check=True)
    else:
        alone(names)
    for name in names or PICTURES:
        asyncio.run(shoot(name))


if __name__ == "__main__":
    main()
