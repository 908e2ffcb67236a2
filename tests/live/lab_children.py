"""Lab actors in child processes, for two thousand sockets are more than one process may have open everywhere.

`python -m tests.live.lab_children COUNT BATCH KIND,KIND knob=value …` runs so many actors, of these kinds in turn, each
in a thread; it answers a line on its input with their reports, and ends with its input. They are started a batch at a
time, the next one when each of the batch has counted a message; all at once if BATCH is 0.
"""

from __future__ import annotations

import resource
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import IO, Final

import msgspec

from engine.lab.knobs import parse_knob
from engine.model.lab import ActorReport, ActorState
from tests.lab_rig import Running

DESCRIPTORS: Final = 4_096
"""Three an actor: its socket, its wake-up, its selector. Machines allow it everywhere, but not by default."""

STEP_S: Final = 0.005

CROWD_LIMIT_S: Final = 30.0
"""A thousand handshakes on a machine whose processors are all taken."""


class Wanted(msgspec.Struct, frozen=True):
    """What to wait for before the reports are given, in all of them together. They are given too once time is up."""

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
def children(count: int, kinds: str, batch: int = 0, **knobs: object) -> Iterator[Children]:
    """So many actors in one child process; they are stopped with the block."""
    words = [
        str(count),
        str(batch),
        kinds,
        *(f"{name}={'' if value is None else value}" for name, value in knobs.items()),
    ]
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


def main(count: int, batch: int, kinds: list[str], knobs: dict[str, object]) -> None:
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(DESCRIPTORS, hard), hard))
    actors = [Running(kinds[number % len(kinds)], **knobs) for number in range(count)]
    with ExitStack() as running:
        for number, actor in enumerate(actors, 1):
            running.enter_context(actor)
            if batch and number % batch == 0:
                waited(actors[:number], Wanted(messages=number))
        for question in sys.stdin.buffer:
            answer(actors, msgspec.json.decode(question, type=Wanted))


def waited(actors: list[Running], wanted: Wanted) -> list[ActorReport]:
    """Their reports once that has come true, or as they are when the time is up."""
    end = time.monotonic() + CROWD_LIMIT_S
    while True:
        reports = [actor.report(sys.maxsize) for actor in actors]  # the calls after that number: none
        if wanted.stands(reports) or time.monotonic() > end:
            return reports
        time.sleep(STEP_S)


def answer(actors: list[Running], wanted: Wanted) -> None:
    sys.stdout.buffer.write(msgspec.json.encode(waited(actors, wanted)) + b"\n")
    sys.stdout.buffer.flush()


if __name__ == "__main__":
    typed = (word.partition("=") for word in sys.argv[4:])
    main(
        int(sys.argv[1]),
        int(sys.argv[2]),
        sys.argv[3].split(","),
        {name: parse_knob(name, value) for name, _, value in typed},
    )
