"""Carries out what a step of a lesson does: starts actors, commands them until they have obeyed, ends them."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection
from pathlib import Path
from typing import Final

import msgspec

from engine.lab.catalogue import KINDS
from engine.lab.knobs import parse_knob, set_knobs
from engine.lessons.cast import ENDED, Cast, Member
from engine.lessons.doings import COMMANDS, REFERENCE, RUN, goes_somewhere
from engine.lessons.lesson import Doing, Verb
from engine.model.errors import EngineError, LabError
from engine.model.lab import ActorReport, ActorSpec, Knobs
from engine.model.snapshot import MonitorView

OBEY_LIMIT_S: Final = 5.0
"""An actor worked by hand that has not begun a call for so long will not: its process hangs."""

BLOCKED_NS: Final = 100_000_000
"""A call that has not returned for so long waits for something that a later step brings."""

POLL_S: Final = 0.005

BY_HAND: Final = ("server-by-hand", "client-by-hand")
"""The actors that do one call for each command, and tell when it is done."""

WILDCARDS: Final = {"0.0.0.0": "127.0.0.1", "::": "::1"}
"""Where one goes that wants to reach a listener on every address of this machine."""

Pause = Callable[[float], None]
"""Waits so long; raises if the run is to end."""

Watch = Callable[[Collection[int]], None]
"""Takes all ports of a run."""


class Stagehand:
    """Does things to the actors of one run."""

    def __init__(self, monitor: MonitorView, cast: Cast, run: str, pause: Pause, watch: Watch) -> None:
        """`watch` is told all ports that the run has to do with, before anybody speaks there."""
        self._watch = watch
        self._monitor = monitor
        self._cast = cast
        self._run = run
        self._pause = pause

    def carry_out(self, doing: Doing) -> None:
        """Do one thing. Raises EngineError if it cannot be done; what an actor's call raises is for expectations."""
        match doing.verb:
            case Verb.START:
                self._start(doing)
            case Verb.WAIT:
                self._pause(doing.seconds)
            case Verb.STOP:
                self._stop(self._cast.members[doing.actor])
            case Verb.KILL:
                self._kill(self._cast.members[doing.actor])
            case _:
                self._command(doing)

    def end_all(self) -> None:
        """End all actors, the last started first, so that clients close before their servers."""
        for member in reversed(list(self._cast)):
            if not member.stopped:
                self._stop(member)

    def _start(self, doing: Doing) -> None:
        spec = ActorSpec(doing.kind, self._knobs(doing))
        self._watch({*self._cast.known_ports, spec.knobs.port} - {0})
        view = self._monitor.start_actor(spec)
        self._cast.members[doing.actor] = Member(doing.actor, view.number, spec, view.report)
        self._watch(self._cast.known_ports)

    def _knobs(self, doing: Doing) -> Knobs:
        kind = KINDS[doing.kind]
        knobs = kind.default_knobs()
        if "port" in kind.knobs and not goes_somewhere(kind):
            knobs = msgspec.structs.replace(knobs, port=0)
        if "path" in kind.knobs:
            knobs = msgspec.structs.replace(knobs, path=f"@sockmon-lesson-{self._run}")
        if doing.to:
            target = self._cast.members[doing.to]
            host, port = target.address
            if "path" in kind.knobs:
                knobs = msgspec.structs.replace(knobs, path=target.spec.knobs.path)
            else:
                if not port:
                    raise LabError(f"go to {doing.to}: it has no address ({self._cast.troubles or 'it does not say'})")
                knobs = msgspec.structs.replace(knobs, host=WILDCARDS.get(host, host), port=port)
        return set_knobs(knobs, {name: parse_knob(name, self._resolved(text)) for name, text in doing.knobs})

    def _resolved(self, text: str) -> str:
        """A knob's text with its references filled in."""
        for reference in REFERENCE.finditer(text):
            name, what = reference.groups()
            if name == RUN:
                value = self._run
            else:
                host, port = self._cast.members[name].address
                value = str(port) if what == "port" else host
            text = text.replace(reference[0], value)
        return text

    def _stop(self, member: Member) -> None:
        member.learn(self._monitor.stop_actor(member.number))
        member.stopped = True

    def _kill(self, member: Member) -> None:
        self._monitor.kill_actor(member.number)
        limit_s = time.monotonic() + OBEY_LIMIT_S
        while self._report(member).state not in ENDED:
            if time.monotonic() > limit_s:
                raise LabError(f"kill {member.name}: its process {member.report.pid} did not end")
            self._pause(POLL_S)

    def _command(self, doing: Doing) -> None:
        member = self._cast.members[doing.actor]
        self._monitor.command_actor(member.number, COMMANDS[doing.verb], doing.words)
        if member.spec.kind not in BY_HAND:
            return  # it obeys between two calls of its own; what follows from that is for expectations
        member.commands += 1
        limit_s = time.monotonic() + OBEY_LIMIT_S
        while not obeyed(self._report(member), member.commands, time.time_ns()):
            if time.monotonic() > limit_s:
                raise LabError(f"{doing.text}: {member.spec.kind} did not do it in {OBEY_LIMIT_S:g} s")
            self._pause(POLL_S)

    def _report(self, member: Member) -> ActorReport:
        """What the actor says of itself now, taken in."""
        view = next((view for view in self._monitor.actors() if view.number == member.number), None)
        if view is None:
            raise EngineError(f"{member.name} is no longer there")
        member.learn(view.report)
        return member.report


def obeyed(report: ActorReport, commands: int, now_ns: int) -> bool:
    """Whether an actor worked by hand is done with all commands it was given, or stands in a call of one of them that
    waits for something else to happen."""
    if report.state in ENDED or report.messages >= commands:
        return True
    return any(now_ns - call.ts_ns > BLOCKED_NS for call in report.waiting) and sleeps(report.pid)


def sleeps(pid: int) -> bool:
    """Whether a process's first thread sleeps: on a busy machine a call may take long without waiting for anything.
    True where nobody can tell (proc(5), field 3 of stat)."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "S"
    except (OSError, IndexError):
        return True
