"""From a key to the text it leads to, through a terminal, at 20,000 sockets: `python -m tests.benchmarks.screen_keys`.

Keys come at random moments of the refresh, as from a person. A key's time ends with the read of the terminal's output
that completes the picture of what the key does; drawing that picture is not counted. The table and what reads it live
in a network namespace of their own.
"""

from __future__ import annotations

import os
import random
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from typing import Final, NamedTuple

from tests.benchmarks.sockets_crowd import Crowd
from tests.benchmarks.targets import verdict
from tests.terminal import SOCKMON, Picture, Terminal

SOCKETS: Final = 20_000
KEYS: Final = 200
PAUSE_S: Final = (0.08, 0.35)
"""Between two keys; a refresh comes every second, so keys meet every part of it."""
TARGET_MS: Final = 50.0
LIMIT_S: Final = 5.0
START_S: Final = 30.0
COLUMNS, ROWS = 160, 48


class Timed(Terminal):
    """A terminal that notes when each piece of output was read."""

    def __init__(self) -> None:
        self.arrivals: list[tuple[float, int]] = []
        self.picture = Picture(COLUMNS, ROWS)
        self._fed = 0
        super().__init__(SOCKMON, columns=COLUMNS, rows=ROWS)

    def _read(self) -> None:
        while True:
            try:
                heard = os.read(self._master, 65536)
            except OSError:
                return
            if not heard:
                return
            now = time.perf_counter()
            self.output += heard
            self.arrivals.append((now, len(self.output)))

    def until(self, holds: Callable[[list[str]], object], what: str, limit_s: float = LIMIT_S) -> float:
        """Draw what came, piece by piece, until the picture holds; when that piece was read."""
        deadline = time.perf_counter() + limit_s
        while time.perf_counter() < deadline:
            if self._fed == len(self.arrivals):
                time.sleep(0.0005)
                continue
            arrived, end = self.arrivals[self._fed]
            start = self.arrivals[self._fed - 1][1] if self._fed else 0
            self._fed += 1
            self.picture.feed(bytes(self.output[start:end]))
            if holds(self.picture.lines()):
                return arrived
        raise AssertionError(f"not within {limit_s:g} s: {what}\n" + "\n".join(self.picture.lines()))

    def catch_up(self) -> list[str]:
        """The picture of all that came until now."""
        while self._fed < len(self.arrivals):
            start = self.arrivals[self._fed - 1][1] if self._fed else 0
            self.picture.feed(bytes(self.output[start : self.arrivals[self._fed][1]]))
            self._fed += 1
        return self.picture.lines()


class Key(NamedTuple):
    """A key, and how the picture tells that it was carried out, given the picture before."""

    name: str
    keys: str
    holds: Callable[[list[str], list[str]], object]


def cursor(lines: list[str]) -> int:
    """The line under the cursor."""
    return next((number for number, line in enumerate(lines) if "▸" in line), -1)


def at_cursor(lines: list[str]) -> str:
    """What it says."""
    return lines[cursor(lines)]


def said(pattern: str) -> Callable[[list[str], list[str]], object]:
    """The title of the pane matches."""
    return lambda now, before: re.search(pattern, now[1])


CYCLE: Final = (
    *[Key("down", "j", lambda now, before: cursor(now) == cursor(before) + 1)] * 5,
    *[Key("up", "k", lambda now, before: cursor(now) == cursor(before) - 1)] * 3,
    Key("page down", "\x1b[6~", lambda now, before: at_cursor(now)[1:] != at_cursor(before)[1:]),
    Key("page up", "\x1b[5~", lambda now, before: at_cursor(now)[1:] != at_cursor(before)[1:]),
    Key("filter opens", "/", lambda now, before: any("⏎ keep" in line for line in now)),
    Key("filter typed", "e", lambda now, before: any(re.search(r"/ e\b", line) for line in now)),
    Key("filter emptied", "\x15", lambda now, before: not any(re.search(r"/ e\b", line) for line in now)),
    Key("filter left", "\r", lambda now, before: not any("⏎ keep" in line for line in now)),
    Key("reverse", "S", said("State ▼")),
    Key("reverse back", "S", said("State ▲")),
    Key("listening", "l", said("listening")),
    Key("listening off", "l", lambda now, before: "listening" not in now[1]),
)
"""What a person does: mostly moving, now and then another view of all the rows. No lone Esc: Textual waits a tenth of a
second for the rest of a sequence."""


def keys(count: int) -> Iterator[Key]:
    """The cycle again and again."""
    while count > 0:
        yield from CYCLE[:count]
        count -= len(CYCLE)


def percentile(values: list[float], share: float) -> float:
    """The least value that this share of all does not exceed."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def pressed(terminal: Timed, key: Key) -> float:
    """Press it at a random moment; milliseconds until the picture."""
    time.sleep(random.uniform(*PAUSE_S))
    before = terminal.catch_up()
    began = time.perf_counter()
    terminal.send(key.keys)
    return (terminal.until(lambda now: key.holds(now, before), key.name) - began) * 1e3


def main() -> None:
    """Print the times by key and over all."""
    missing = [tool for tool in ("ip", "unshare") if shutil.which(tool) is None]
    if missing:
        print(f"needs {', '.join(missing)}")
        return
    alone = ["unshare", "--net"] if os.geteuid() == 0 else ["unshare", "--user", "--map-root-user", "--net"]
    subprocess.run([*alone, sys.executable, "-m", "tests.benchmarks.screen_keys", "inside"], check=True)


def measure(count: int) -> None:
    """Inside the namespace."""
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
    random.seed(1)
    times: dict[str, list[float]] = {}
    terminal = Timed()
    with Crowd(SOCKETS), terminal:
        terminal.until(lambda lines: re.search(r"Connections +\d\d,\d\d\d", lines[1]), "the table is shown", START_S)
        time.sleep(2)
        for _ in range(3):
            terminal.send("\x1b[6~")
            time.sleep(0.3)
        for key in keys(count):
            times.setdefault(key.name, []).append(pressed(terminal, key))
        terminal.send("\x03")  # q might be typed into the filter
        terminal.wait()
    for name, of_key in times.items():
        print(f"  {name:<16}{len(of_key):4} keys  median {percentile(of_key, 0.5):6.1f} ms  max {max(of_key):6.1f} ms")
    everything = [each for of_key in times.values() for each in of_key]
    p95 = percentile(everything, 0.95)
    print(f"  {'all':<16}{len(everything):4} keys  median {percentile(everything, 0.5):6.1f} ms  "
          f"p95 {p95:6.1f} ms  {verdict(p95, TARGET_MS)}")  # fmt: skip


if __name__ == "__main__":
    if sys.argv[1:2] == ["inside"]:
        measure(int(sys.argv[2]) if len(sys.argv) > 2 else KEYS)
    else:
        main()
