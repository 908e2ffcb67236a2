"""What a launched command holds: the line to the launcher, a Monitor when it needs one, and how it ends."""

from __future__ import annotations

import os
import signal
import socket
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from types import FrameType

import click

from engine.model.errors import BadInput
from engine.monitor import Monitor

LEAVE_LIMIT_S = 2.0
"""How long the front may take to leave by itself once the launcher is gone."""

AGAIN_S = 0.5
"""A second Ctrl-C of the same hand comes later than this."""


class Session:
    """The front's side of one run of sockmon."""

    def __init__(self, control: int) -> None:
        self._control = control
        self.netns = ""
        """The network namespace that this run was started in by --netns."""
        self._monitor: Monitor | None = None
        self._leave: Callable[[], None] = _interrupt
        self._interrupted_at = 0.0
        for number in (signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, self._on_signal)
        signal.signal(signal.SIGINT, self._on_interrupt)

    def monitor(self) -> Monitor:
        """The Monitor of this run, made when first asked for."""
        if self._monitor is None:
            self._monitor = Monitor(socket.socket(fileno=self._control), self._on_gone, cure_command(), self.netns)
        return self._monitor

    def on_leave(self, leave: Callable[[], None]) -> None:
        """What to call, from any thread, when this run must end: the screen puts the terminal back first."""
        self._leave = leave

    def pause(self, seconds: float) -> None:
        """Wait so long between two looks. Raises KeyboardInterrupt after Ctrl-C."""
        time.sleep(seconds)
        if self._interrupted_at:
            raise KeyboardInterrupt

    def close(self) -> None:
        """End all workers and actors."""
        if self._monitor is not None:
            self._monitor.close()

    def _on_gone(self) -> None:
        """The launcher was killed: nothing may be left, so leave, and if that takes too long, end at once."""
        deadline = threading.Timer(LEAVE_LIMIT_S, os._exit, (1,))
        deadline.daemon = True
        deadline.start()
        self._leave()

    def _on_signal(self, number: int, frame: FrameType | None) -> None:
        raise SystemExit(128 + number)

    def _on_interrupt(self, number: int, frame: FrameType | None) -> None:
        """Ctrl-C takes effect at the next pause, so that no half-read answer is left in a channel; one that comes later
        breaks off whatever hangs. At once it comes twice: from the terminal, and passed on by the launcher."""
        now = time.monotonic()
        if self._interrupted_at and now - self._interrupted_at > AGAIN_S:
            raise KeyboardInterrupt
        self._interrupted_at = self._interrupted_at or now


def cure_command() -> str:
    """The command that starts sockmon with every right; sudo's own path leaves out pipx's folder, hence absolute.

    Empty for root, whom sudo gives nothing more: what a container takes away only its owner can give.
    """
    if os.geteuid() == 0:
        return ""
    script = Path(sys.prefix) / "bin" / "sockmon"
    return f"sudo {script}" if script.is_file() else f"sudo {sys.executable} -m tui.cli"


def _interrupt() -> None:
    os.kill(os.getpid(), signal.SIGINT)


def session_of(ctx: click.Context) -> Session:
    """The session of a launched command."""
    if not isinstance(ctx.obj, Session):
        raise BadInput(f"`{ctx.command_path}` needs its launcher", hint="start it by the sockmon command")
    return ctx.obj
