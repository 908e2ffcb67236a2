"""Opens the screen: checks the terminal, starts the workers, runs the app, and leaves the terminal as it was."""

from __future__ import annotations

import gc
import os
import signal
import sys
from contextlib import suppress
from types import FrameType

from engine.model.errors import BadInput, EngineError, MissingRight
from engine.model.messages import SocketsOptions
from engine.model.packets import CaptureOptions
from tui.cli.session import Session

SWITCH_S = 0.001
"""How long the thread that refreshes may hold the interpreter while a key waits for it; Python's own 5 ms are felt."""

COLLECTED = (20_000, 50, 50)
"""Objects between two rounds of the youngest generation, and rounds between two of the next ones (gc.set_threshold): a
refresh makes some thousands that live until the next."""

HEADLESS = "`sockmon ls`, `sockmon capture`, `sockmon lab flood` and `sockmon demo` work without a screen"


def open_app(
    session: Session, *, interface: str, source: str, capture_source: str, read_only: bool, history_s: float
) -> None:
    """Run the screen until it is left; exits with its code."""
    check_terminal()
    monitor = session.monitor()
    sockets_options = SocketsOptions(source=source)
    monitor.set_sockets(sockets_options)
    capture_options = CaptureOptions(interface=interface, source=capture_source)
    with suppress(MissingRight):  # the screen says so in the packets pane; all else works
        monitor.set_capture(capture_options)
    from tui.app import SockmonApp

    app = SockmonApp(
        monitor,
        capture_options=capture_options,
        sockets_options=sockets_options,
        read_only=read_only,
        history_s=history_s,
        settled=collect_seldom,
    )

    def leave(number: int, frame: FrameType | None) -> None:
        app.exit(return_code=128 + number)

    for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT):
        signal.signal(number, leave)
    session.on_leave(lambda: app.exit(return_code=1))
    sys.setswitchinterval(SWITCH_S)
    app.run()
    if app.crash is not None:
        raise EngineError(f"the screen met a mistake in sockmon itself, please report it: {app.crash}")
    session.close()
    sys.exit(app.return_code or 0)


def collect_seldom() -> None:
    """Leave what the screen is made of out of the garbage collector's rounds: with 90,000 objects each took 40 ms, and
    a key waited for it."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(*COLLECTED)


def check_terminal() -> None:
    """BadInput where there is no terminal to draw on; standard error is the stream that the screen is drawn on."""
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise BadInput(f"the screen needs a terminal on standard input and output; {HEADLESS}")
    if os.environ.get("TERM", "dumb") in ("", "dumb", "unknown"):
        raise BadInput(f"this terminal (TERM={os.environ.get('TERM', '')}) cannot be drawn on; {HEADLESS}")
    if not sys.stderr.isatty():
        os.dup2(sys.stdout.fileno(), sys.stderr.fileno())
    try:
        os.write(sys.stderr.fileno(), b"\r")
    except OSError as error:
        raise BadInput(f"this terminal cannot be written to; {HEADLESS}", error.errno) from error
