"""Lab actors in child processes, for two thousand sockets are more than one process may have open everywhere.

`python -m tests.live.lab_children COUNT KIND,KIND knob=value …` runs so many actors, of these kinds in turn, each in a
thread; it answers a line on its input with their reports, and ends with its input.
"""

from __future__ import annotations

import resource
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import IO, Final

import msgspec

from engine.lab.knobs import parse_knob
from engine.model.lab import ActorReport, ActorState
from tests.lab_rig import Running, until

DESCRIPTORS: Final = 4_096
"""Three an actor: its socket, its wake-up, its selector. Machines allow it everywhere, but not by default."""

CROWD_LIMIT_S: Final = 30.0
"""A thousand handshakes on a machine whose processors are all taken."""


class Wanted(msgspec.Struct, frozen=True):
    """What to wait for before the reports are given, in all of them together."""

    connections_total: int = 0
    messages: int = 0
    running: int = 0
    notes: int = 0

    def stands(self, reports: list[ActorReport]) -> bool:
        """Whether it has come true."""
        if any(report.state is ActorState.FAILED for report in reports):
            return True
        return (
            sum(report.connections_total for report in reports) >= self.connections_total
            and sum(report.messages for report in reports) >= self.messages
            and sum(report.state is ActorState.RUNNING for report in reports) >= self.running
            and sum(len(report.notes) for report in reports) >= self.notes
        )


class Children:
    """The actors of a child process, as its parent sees them."""

    def __init__(self, questions: IO[bytes], answers: IO[bytes]) -> None:
        self._questions = questions
        self._answers = answers

    def reports(self, **wanted: int) -> list[ActorReport]:
        """Their reports, without the calls, once what is wanted has come true or one has failed."""
        self._questions.write(msgspec.json.encode(msgspec.convert(wanted, Wanted)) + b"\n")
        self._questions.flush()
        return msgspec.json.decode(self._answers.readline(), type=list[ActorReport])

    def report(self, **wanted: int) -> ActorReport:
        """That of the only one."""
        (report,) = self.reports(**wanted)
        return report


@contextmanager
def children(count: int, kinds: str, **knobs: object) -> Iterator[Children]:
    """So many actors in one child process; they are stopped with the block."""
    words = [str(count), kinds, *(f"{name}={'' if value is None else value}" for name, value in knobs.items())]
    with subprocess.Popen(
        [sys.executable, "-m", "tests.live.lab_children", *words],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        cwd=Path(__file__).parents[2],
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        yield Children(process.stdin, process.stdout)


def port_of(report: ActorReport) -> int:
    """Where a server listens."""
    assert report.error == ""
    return int(report.local.rpartition(":")[2])


def main(count: int, kinds: list[str], knobs: dict[str, object]) -> None:
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(DESCRIPTORS, hard), hard))
    actors = [Running(kinds[number % len(kinds)], **knobs) for number in range(count)]
    with ExitStack() as running:
        for actor in actors:
            running.enter_context(actor)
        for question in sys.stdin.buffer:
            answer(actors, msgspec.json.decode(question, type=Wanted))


def answer(actors: list[Running], wanted: Wanted) -> None:
    def reports() -> list[ActorReport]:
        return [actor.report(sys.maxsize) for actor in actors]  # the calls after that number: none

    until(lambda: wanted.stands(reports()), CROWD_LIMIT_S)
    sys.stdout.buffer.write(msgspec.json.encode(reports()) + b"\n")
    sys.stdout.buffer.flush()


if __name__ == "__main__":
    typed = (word.partition("=") for word in sys.argv[3:])
    main(int(sys.argv[1]), sys.argv[2].split(","), {name: parse_knob(name, value) for name, _, value in typed})
