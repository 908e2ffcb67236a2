"""Text of others in every field shows neither control characters nor markup."""

from __future__ import annotations

from typing import Any

import msgspec
from textual import events

from engine.model.health import Degradation
from engine.model.lab import ActorReport, ActorState
from engine.model.sockets import SocketEntry
from tests.tui import fakes
from tests.tui.driving import (
    packets_here,
    running,
    screen_text,
)
from tests.tui.fake_monitor import FakeMonitor
from tests.tui.fakes import entry, packet, snapshot
from tui.messages import Done


def hostile_entry(key: int, **changes: Any) -> SocketEntry:
    text = fakes.HOSTILE
    owners = tuple(msgspec.structs.replace(one, cmdline=text) for one in fakes.owner(text, 666, ours=text))
    fields = {"local_address": text, "peer_address": text, "owners": owners, "owner_unknown": text, "congestion": text}
    return entry(key, **(fields | changes))


async def test_hostile_text_in_every_field_shows_no_control_character_and_no_markup() -> None:
    text = fakes.HOSTILE
    report = ActorReport(
        kind=text, pid=1, state=ActorState.FAILED, local=text, error=text, reply=text, notes=(text,),
        calls=fakes.running_flood()[1].report.calls[:1],
    )  # fmt: skip
    calls = tuple(msgspec.structs.replace(call, name=text, arguments=text, result=text) for call in report.calls)
    sink, flood = fakes.running_flood()
    actors = (
        msgspec.structs.replace(sink, report=msgspec.structs.replace(report, calls=calls, kind="sink")),
        msgspec.structs.replace(flood, report=msgspec.structs.replace(flood.report, local=text)),
    )
    moment = snapshot(
        entries=[hostile_entry(1), hostile_entry(2, netid="u_str", family=1), hostile_entry(3, owners=())],
        capture=fakes.status(interface=text, source=text, capture_filter=text),
        actors=actors,
        workers=fakes.workers(capture=text),
        degradations=(Degradation(text, text, text),),
        sockets_source=text,
    )
    hostile_packet = packet(1, source=text, destination=text, protocol=text, info=text, findings=(text,), flags=2)
    async with running(FakeMonitor(moment, packets=[hostile_packet])) as pilot:
        await packets_here(pilot)
        pictures = [screen_text(pilot)]
        await pilot.press("enter")
        pictures.append(screen_text(pilot))
        await pilot.press("escape", "tab", "enter")
        await pilot.pause()
        pictures.append(screen_text(pilot))
        await pilot.press("escape", "tab", "j", "j", "j", "enter")
        pictures.append(screen_text(pilot))
        await pilot.press("escape")
        pilot.app.post_message(Done(text, warns=True))
        await pilot.pause()
        pictures.append(screen_text(pilot))
        for picture in pictures:
            bad = [line for line in picture.split("\n") if not line.isprintable()]
            assert not bad
        assert "\\x1b]0;PWN\\x07[/]x" in pictures[0]
        assert all("[/]x" in picture for picture in pictures)


async def test_pasted_control_characters_do_not_reach_a_field() -> None:
    async with running(FakeMonitor()) as pilot:
        await pilot.press("slash")
        focused = pilot.app.focused
        assert focused is not None
        focused.post_message(events.Paste("si\x1b[31mnk\x9b"))
        await pilot.pause()
        assert screen_text(pilot).count("/ si[31mnk") == 1
        assert all(line.isprintable() for line in screen_text(pilot).splitlines())
