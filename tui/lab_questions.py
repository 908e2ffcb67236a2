"""What the lab's screens ask: each runs in a thread of the bridge and makes the message of its answer."""

from __future__ import annotations

import socket
from collections.abc import Sequence
from pathlib import Path

import msgspec

from engine.lab.host_facts import host_facts
from engine.lab.saved import delete_template, load_templates, save_template
from engine.model.errors import EngineError
from engine.model.lab import ActorCommand, ActorSpec, ActorState
from engine.model.snapshot import ActorView, MonitorView
from tui.cli.readings import machine_readings, readings_of
from tui.lab_messages import ActorsStarted, HostFactsFound, LookedUp, TemplatesRead
from tui.messages import Done


def start_actors(monitor: MonitorView, specs: Sequence[ActorSpec], ended: Sequence[int]) -> ActorsStarted:
    """Start actors in order. A later one goes to the port that an earlier one got; where one fails the rest is left."""
    for number in ended:
        monitor.stop_actor(number)
    port = 0
    started: list[ActorView] = []
    for spec in specs:
        knobs = spec.knobs
        if port and not knobs.port:
            knobs = msgspec.structs.replace(knobs, port=port)
        view = monitor.start_actor(msgspec.structs.replace(spec, knobs=knobs))
        started.append(view)
        if view.report.state is ActorState.FAILED:
            return ActorsStarted(started, f"{spec.kind}: {view.report.error or 'failed'}", warns=True)
        port = port_of(view) or port
    return ActorsStarted(started)


def port_of(view: ActorView) -> int:
    """The port that an actor uses itself; 0 if it has not said."""
    port = view.report.local.rpartition(":")[2]
    return int(port) if port.isdecimal() else 0


def stop_actors(monitor: MonitorView, numbers: Sequence[int]) -> Done:
    """Stop actors, the last started first, so that a client closes before its server."""
    for number in sorted(numbers, reverse=True):
        monitor.stop_actor(number)
    return Done()


def command_actors(monitor: MonitorView, numbers: Sequence[int], command: ActorCommand, text: str = "") -> Done:
    for number in numbers:
        monitor.command_actor(number, command, text)
    return Done()


def kill_actors(monitor: MonitorView, numbers: Sequence[int]) -> Done:
    for number in numbers:
        monitor.kill_actor(number)
    return Done()


def look_up_host(host: str, family: str) -> HostFactsFound:
    return HostFactsFound(host_facts(host, family))


def read_templates(path: Path) -> TemplatesRead:
    """The saved templates; a file that is not in order is no reason to have no lab."""
    try:
        return TemplatesRead(load_templates(path))
    except EngineError as error:
        return TemplatesRead({}, str(error))


def name_template(path: Path, name: str, spec: ActorSpec) -> TemplatesRead:
    """Save a template; then all of them."""
    save_template(path, name, spec)
    return TemplatesRead(load_templates(path), named=name)


def forget_template(path: Path, name: str) -> TemplatesRead:
    """Delete a template; then those that are left."""
    delete_template(path, name)
    return TemplatesRead(load_templates(path), deleted=name)


def look_up(text: str) -> LookedUp:
    """What a text means; nothing typed asks for this machine."""
    try:
        readings = list(readings_of(text, socket.AF_UNSPEC, None, False) if text else machine_readings(False))
    except EngineError as error:
        return LookedUp(text, (), str(error))
    return LookedUp(text, [(one.title, tuple(one.lines)) for one in readings])
