"""What the screen costs when nothing happens, and how soon a key is painted: a long ladder, a flood at full speed.

Drives the real program through a pseudo terminal of 160x48, in a network namespace of its own where this user may make
one. A time runs from the key's byte until the expected text stands on the terminal.
"""

from __future__ import annotations

import os
import re
import shutil
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import psutil

from engine.process.roles import ACTOR_NICENESS
from tests.benchmarks.targets import verdict
from tests.terminal import SOCKMON, Terminal

IDLE_S = 15.0
SETTLE_S = 6.0
IDLE_TARGET = 3.0
"""Percent of one core, over all processes."""

SEGMENTS = 100_000
OPEN_TARGET_MS = 300.0
KEY_TARGET_MS = 50.0
KEYS = 60
LIMIT_S = 20.0

PAUSE_S = 0.13
"""From one key to the next: as a quick hand types, and out of step with the refresh."""

HEAD = r"[│┃] +(time|Netid) "
"""How the line of titles begins."""

NAMESPACE = ("unshare", "-n", "sh", "-c", 'ip link set lo up; exec "$@"', "sh")


def painted(terminal: Terminal, key: str, shown: Callable[[str], bool], limit_s: float = LIMIT_S) -> float:
    """Milliseconds from the key until the picture is as it should be."""
    began = time.perf_counter()
    terminal.send(key)
    seen = -1
    while True:
        # The picture is worked out only when something came: this process must not take the time that it measures.
        if len(terminal.output) != seen:
            seen = len(terminal.output)
            if shown(terminal.screen()):
                return (time.perf_counter() - began) * 1000
        if time.perf_counter() - began > limit_s:
            raise TimeoutError(f"{key!r} was not painted; the screen:\n{terminal.screen()}")
        time.sleep(0.0005)


def p95(times: list[float]) -> float:
    return statistics.quantiles(times, n=20)[-1]


@contextmanager
def traffic(terminal: Terminal, *arguments: str) -> Iterator[tuple[subprocess.Popen[str], int]]:
    """The traffic of screen_traffic in the terminal's namespace, and its server's port."""
    command = ["nice", "-n", str(ACTOR_NICENESS), sys.executable, "-m", "tests.benchmarks.screen_traffic", *arguments]
    enter = ["nsenter", f"--net=/proc/{terminal.process.pid}/ns/net"]
    with subprocess.Popen([*enter, *command], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield process, int(process.stdout.readline())
        finally:
            process.kill()


def idle(terminal: Terminal) -> None:
    """Nothing happens on the dashboard."""
    time.sleep(SETTLE_S)
    processes = [psutil.Process(terminal.process.pid), *terminal.family().values()]

    def spent() -> float:
        return sum(sum(process.cpu_times()[:2]) for process in processes)

    before, began = spent(), time.perf_counter()
    time.sleep(IDLE_S)
    percent = (spent() - before) / (time.perf_counter() - began) * 100
    print(f"  idle dashboard, {len(processes)} processes: {percent:.1f} % of a core  {verdict(percent, IDLE_TARGET)}")


def cursor_row(picture: str) -> str:
    """The line that the cursor is on."""
    return next((line for line in picture.splitlines() if "▸" in line), "")


def moved_from(before: str) -> Callable[[str], bool]:
    """The cursor is on another line."""
    return lambda picture: cursor_row(picture) not in ("", before)


def free_way(picture: str, wanted: str) -> str:
    """`wanted`, j or k, or the other one where the cursor stands at the end of the rows: a flood drives out the older
    ones, and with them the cursor to the first that is left, from which no key goes up."""
    lines = picture.splitlines()
    at = next((number for number, line in enumerate(lines) if "▸" in line), 0)
    if re.match(HEAD, lines[at - 1]):
        return "j"
    return "k" if not lines[at + 1].strip(" │┃") else wanted


def long_ladder(terminal: Terminal) -> None:
    """A conversation of 100,000 segments: opened folded, then every segment of it scrolled."""
    with traffic(terminal, "talk", str(SEGMENTS)) as (process, port):
        assert process.stdout is not None
        process.stdout.readline()
        terminal.send("1")
        terminal.filter(f"sport = :{port} and state:established")
        terminal.wait_for(rf"▸ tcp +ESTABLISHED.*:{port}")
        time.sleep(2)
        opened = painted(terminal, "o", lambda picture: "Ladder" in picture and "│──[SYN] Seq=0" in picture)
        print(f"  ladder of {SEGMENTS:,} segments opened in {opened:.0f} ms  {verdict(opened, OPEN_TARGET_MS)}")
        everything = painted(terminal, "a", lambda picture: re.search(r"1\d\d,\d\d\d lines", picture) is not None)
        print(f"  all its segments as lines in {everything:.0f} ms")
        times = []
        for number in range(KEYS):
            before = cursor_row(terminal.screen())
            key = ("\x1b[6~", "j", "\x1b[5~", "k")[number // 5 % 4]
            times.append(painted(terminal, key, moved_from(before)))
            time.sleep(PAUSE_S)
        print(f"  scrolling it, key to paint: median {statistics.median(times):.0f} ms, p95 {p95(times):.0f} ms  "
              f"{verdict(p95(times), KEY_TARGET_MS)}")  # fmt: skip
        terminal.send("\x1b")
        time.sleep(0.3)
        terminal.send("/")
        terminal.wait_for("⏎ keep")
        terminal.send("\x15\r")
        time.sleep(0.5)


def under_flood(terminal: Terminal) -> None:
    """The dashboard's cursor, and the ladder's, while a flood goes at full speed."""
    with traffic(terminal, "flood") as (_, port):
        terminal.send("1a")
        terminal.filter(f":{port}")
        terminal.wait_for(rf"▸ tcp.*:{port}")
        time.sleep(2)
        pressed(terminal, "dashboard")
        terminal.send("Gk")
        time.sleep(0.5)
        opened = painted(terminal, "o", lambda picture: "─[SYN" in picture or "data segments" in picture)
        print(f"  its ladder, of a conversation that grows meanwhile, opened in {opened:.0f} ms")
        terminal.send("k")
        time.sleep(1)
        pressed(terminal, "ladder")


def pressed(terminal: Terminal, where: str) -> None:
    """j and k in turn, each until the cursor stands on another line."""
    times = []
    for number in range(KEYS):
        picture = terminal.screen()
        before, key = cursor_row(picture), free_way(picture, "jk"[number % 2])
        times.append(painted(terminal, key, moved_from(before)))
        time.sleep(PAUSE_S)
    print(f"  flood at full speed, {where}, key to paint: median {statistics.median(times):.0f} ms, "
          f"p95 {p95(times):.0f} ms  {verdict(p95(times), KEY_TARGET_MS)}", flush=True)  # fmt: skip


def main() -> None:
    """Print a line a measure."""
    if os.geteuid() != 0 or not all(map(shutil.which, ("unshare", "nsenter", "ip"))):
        print("  needs root, unshare, nsenter and ip: for packets, and for a quiet network of its own")
        return
    print(f"  {os.cpu_count()} processors, load {os.getloadavg()[0]:.1f}")
    for measure in (idle, long_ladder, under_flood):
        with Terminal(SOCKMON, prefix=NAMESPACE) as terminal:
            terminal.wait_for("lo·ring")
            measure(terminal)
            terminal.send("q")
            terminal.wait()


if __name__ == "__main__":
    main()
