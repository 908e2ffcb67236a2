"""A pseudo terminal with a program in it: keys in, bytes and the picture they draw out."""

from __future__ import annotations

import fcntl
import os
import re
import signal
import struct
import subprocess
import sys
import termios
import threading
import time
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import psutil

ROOT = Path(__file__).resolve().parents[1]
SOCKMON = (sys.executable, "-m", "tui.cli")
LIMIT_S = 30.0
"""No condition of these tests takes more than a second on a quiet machine."""

NOT_INHERITED = frozenset({"NO_COLOR", "SUDO_UID", "SUDO_GID", "COLUMNS", "LINES"})
"""What would change how the program looks or whom it serves."""

CONTROL = re.compile(
    rb"\x1b\[[0-?]*[ -/]*[@-~]"  # CSI
    rb"|\x1bP[^\x1b\x07]*\x1b\\"  # DCS
    rb"|\x1b\][^\x1b\x07]*(?:\x07|\x1b\\)"  # OSC
    rb"|\x1b[()][0-9A-B]|\x1b[0-9=>cDEHMNOZ]"
)


def until(condition: Callable[[], Any], what: str, limit_s: float = LIMIT_S) -> Any:
    """Wait until `condition` is true and return what it returned; fail with `what` after the limit."""
    deadline = time.monotonic() + limit_s
    while not (result := condition()):
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {limit_s:g} s: {what}")
        time.sleep(0.01)
    return result


class Picture:
    """What a terminal of `columns` by `rows` shows after some bytes: cursor moves, erasure and text, no colour."""

    def __init__(self, columns: int, rows: int) -> None:
        self.columns, self.rows = columns, rows
        self._cells = [[" "] * columns for _ in range(rows)]
        self._row = self._column = 0
        self._rest = b""

    def feed(self, output: bytes) -> None:
        """Draw some more output, in any pieces."""
        output = self._rest + output
        self._rest = b""
        position = 0
        while position < len(output):
            if output[position] == 0x1B:
                match = CONTROL.match(output, position)
                if match is None:
                    self._rest = output[position:] if len(output) - position < 4096 else b""
                    return
                self._control(match.group().decode("latin-1"))
                position = match.end()
                continue
            end = output.find(b"\x1b", position)
            chunk = output[position : end if end >= 0 else len(output)]
            try:
                text = chunk.decode()
            except UnicodeDecodeError as error:
                if end >= 0 or error.end < len(chunk):
                    raise
                text = chunk[: error.start].decode()
                self._rest = chunk[error.start :]
            for character in text:
                self._put(character)
            position += len(chunk)

    def lines(self) -> list[str]:
        """The rows as text, trailing blanks cut."""
        return ["".join(row).rstrip() for row in self._cells]

    def _control(self, sequence: str) -> None:
        if not sequence.startswith("\x1b["):
            return
        final, arguments = sequence[-1], sequence[2:-1]
        numbers = [int(word) if word.isdigit() else 0 for word in arguments.split(";")]
        if final in "Hf":
            self._row = max(1, numbers[0]) - 1
            self._column = max(1, numbers[1] if len(numbers) > 1 else 1) - 1
        elif final == "C":
            self._column += max(1, numbers[0])
        elif final == "J" and numbers[0] == 2:
            self._cells = [[" "] * self.columns for _ in range(self.rows)]
        elif final == "K" and self._row < self.rows:
            self._cells[self._row][self._column :] = [" "] * (self.columns - self._column)

    def _put(self, character: str) -> None:
        if character == "\r":
            self._column = 0
        elif character == "\n":
            self._row = min(self._row + 1, self.rows - 1)
        elif character >= " ":
            wide = unicodedata.east_asian_width(character) in "WF"
            if self._row < self.rows and self._column < self.columns:
                self._cells[self._row][self._column] = character
            self._column += 2 if wide else 1


class Terminal:
    """A program with a controlling terminal of its own. Use as a context manager: leaving kills what is left of it."""

    def __init__(
        self,
        arguments: Sequence[str] = SOCKMON,
        *,
        columns: int = 160,
        rows: int = 48,
        environment: Mapping[str, str] | None = None,
        prefix: Sequence[str] = (),
    ) -> None:
        self._master, self._slave = os.openpty()
        fcntl.ioctl(self._slave, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
        self.settings = termios.tcgetattr(self._slave)
        self.output = bytearray()
        self._picture = Picture(columns, rows)
        self._drawn = 0
        inherited = {key: value for key, value in os.environ.items() if key not in NOT_INHERITED}
        self.process = subprocess.Popen(
            [*prefix, *arguments],
            stdin=self._slave,
            stdout=self._slave,
            stderr=self._slave,
            cwd=ROOT,
            env={**inherited, "TERM": "xterm-256color", "COLORTERM": "truecolor", **(environment or {})},
            preexec_fn=self._take_terminal,
            pass_fds=[self._slave],
        )
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
        self.seen: dict[int, psutil.Process] = {}

    def __enter__(self) -> Terminal:
        return self

    def __exit__(self, *exc: object) -> None:
        self.family()
        for process in (*self.seen.values(),):
            if process.is_running():
                process.kill()
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        os.close(self._slave)
        self._reader.join(timeout=LIMIT_S)
        os.close(self._master)

    def send(self, keys: str) -> None:
        """Type."""
        os.write(self._master, keys.encode())

    def screen(self) -> str:
        """The picture now, as text."""
        unseen = bytes(self.output[self._drawn :])  # taken once: more may come in meanwhile
        self._drawn += len(unseen)
        self._picture.feed(unseen)
        return "\n".join(self._picture.lines())

    def wait_for(self, pattern: str, limit_s: float = LIMIT_S) -> str:
        """Wait until the picture matches a regular expression; the picture then."""
        expression = re.compile(pattern)
        deadline = time.monotonic() + limit_s
        while not expression.search(shown := self.screen()):
            if time.monotonic() > deadline or (self.process.poll() is not None and not self._reader.is_alive()):
                raise AssertionError(f"{pattern!r} did not appear; the screen:\n{shown}")
            time.sleep(0.01)
        return shown

    def filter(self, text: str) -> None:
        """Type a filter into sockmon's focused pane."""
        self.send("/")
        self.wait_for("⏎ keep")
        self.send(text)
        self.wait_for(re.escape(text))
        self.send("\r")
        until(lambda: "⏎ keep" not in self.screen(), "the filter box has closed")

    def family(self) -> dict[str, psutil.Process]:
        """The processes below the program now, by name; remembered, to be found again when their parent is gone."""
        found: dict[str, psutil.Process] = {}
        try:
            for process in psutil.Process(self.process.pid).children(recursive=True):
                self.seen[process.pid] = process
                found[process.name()] = process
        except psutil.NoSuchProcess:
            return found
        return found

    def survivors(self) -> list[psutil.Process]:
        """Those of the processes seen so far that still run."""
        return [
            process
            for process in self.seen.values()
            if process.is_running() and process.status() != psutil.STATUS_ZOMBIE
        ]

    def wait(self, limit_s: float = LIMIT_S) -> int:
        """Wait for the program to end, and for the last of its output."""
        code = self.process.wait(limit_s)
        until(self._settled, "the output has come to its end")
        return code

    def hang_up(self) -> None:
        """What happens when the window is closed."""
        os.kill(self.process.pid, signal.SIGHUP)

    def is_sane(self) -> bool:
        """Whether the terminal's settings are what they were before the program."""
        now = termios.tcgetattr(self._slave)
        return now == self.settings

    def modes_left_on(self) -> list[str]:
        """Private modes (alternate screen, mouse, paste …) switched on and not off again; 25 for a hidden cursor."""
        states: dict[str, bool] = {}
        for modes, switch in re.findall(rb"\x1b\[\?([\d;]+)([hl])", bytes(self.output)):
            for mode in modes.decode().split(";"):
                states[mode] = (switch == b"h") != (mode in ("25", "7"))
        return sorted(mode for mode, on in states.items() if on)

    def _settled(self) -> bool:
        before = len(self.output)
        time.sleep(0.05)
        return len(self.output) == before

    def _take_terminal(self) -> None:
        os.setsid()
        fcntl.ioctl(self._slave, termios.TIOCSCTTY, 0)

    def _read(self) -> None:
        while True:
            try:
                heard = os.read(self._master, 65536)
            except OSError:
                return  # EIO: the last holder of the other side is gone
            if not heard:
                return
            self.output += heard
