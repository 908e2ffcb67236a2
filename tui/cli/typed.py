"""What a person types while a command runs: lines of standard input, read beside it, as commands for its actors."""

from __future__ import annotations

import os
import queue
import sys
import threading
from collections.abc import Iterable

import click

from engine.model.errors import BadInput, EngineError
from engine.model.lab import ActorCommand
from engine.monitor import Monitor
from engine.text.sanitize import printable

LINES_MAX = 64
"""Lines that wait: a file as input is read no faster than its lines are carried out."""

LINE_CHARACTERS_MAX = 65_536
"""A line beyond this comes in pieces."""


class TypedLines:
    """Standard input, line by line, without waiting for it."""

    def __init__(self) -> None:
        self._lines: queue.Queue[str] = queue.Queue(LINES_MAX)
        self.ended = False
        """There is no more input, and all of it was handed out."""
        self._over = threading.Event()
        if may_read():
            threading.Thread(target=self._read, name="typed", daemon=True).start()

    def _read(self) -> None:
        while line := sys.stdin.readline(LINE_CHARACTERS_MAX):
            self._lines.put(line.removesuffix("\n"))
        self._over.set()

    def waiting(self) -> list[str]:
        """The lines that came since the last look."""
        lines = []
        over = self._over.is_set()
        while not self._lines.empty():
            lines.append(self._lines.get())
        self.ended = over and self._lines.empty()
        return lines


def may_read() -> bool:
    """Whether reading does no harm: a job in the background that reads from its terminal is stopped (SIGTTIN)."""
    try:
        descriptor = sys.stdin.fileno()
        return not os.isatty(descriptor) or os.tcgetpgrp(descriptor) == os.getpgrp()
    except (OSError, ValueError, AttributeError):  # closed, or none at all
        return False


def read_command(line: str, known: Iterable[ActorCommand]) -> tuple[ActorCommand, str]:
    """A line such as `send Hello` as a command and its text. Raises BadInput."""
    word, _, text = line.strip().partition(" ")
    by_word = {command.value: command for command in known}
    try:
        return by_word[word.casefold()], text
    except KeyError:
        raise BadInput(f"{word!r} is none of {', '.join(by_word)}") from None


def tell(monitor: Monitor, number: int, command: ActorCommand, text: str = "") -> None:
    """Ask this of an actor; if that cannot be, say why and go on."""
    try:
        monitor.command_actor(number, command, text)
    except EngineError as error:
        click.echo(printable(str(error)), err=True)
