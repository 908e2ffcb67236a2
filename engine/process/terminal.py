"""The terminal's settings, saved by the launcher before the screen touches them, put back if the screen could not."""

from __future__ import annotations

import os
import sys
import termios
from typing import Any

import msgspec

LEAVE_SCREEN = (
    "\x1b[?1000l\x1b[?1002l\x1b[?1003l\x1b[?1015l\x1b[?1006l\x1b[?1016l"  # mouse reports
    "\x1b[?2004l"  # bracketed paste
    "\x1b[?1004l"  # focus reports
    "\x1b[?2048l"  # in-band size reports
    "\x1b[<u"  # kitty keyboard protocol
    "\x1b[?2026l"  # synchronised output
    "\x1b[?7h"  # wrap
    "\x1b[0m"
    "\x1b[?1049l"  # back from the alternate screen
    "\x1b[?25h"  # cursor
)
"""What undoes each mode that Textual's Linux driver sets (xterm control sequences)."""


class Terminal(msgspec.Struct, frozen=True):
    """A terminal as it was. `descriptor` is -1 where standard input and output are none."""

    descriptor: int
    attributes: list[Any]

    def restore_settings(self) -> None:
        """Put back echo, line mode and control keys (tcsetattr); harmless when they never changed."""
        if self.descriptor < 0:
            return
        try:
            termios.tcsetattr(self.descriptor, termios.TCSADRAIN, self.attributes)
        except (termios.error, OSError):
            return  # hung up: nobody is there to see it

    def leave_screen(self) -> None:
        """Undo what a full-screen program that was killed left switched on."""
        if self.descriptor < 0:
            return
        try:
            os.write(self.descriptor, LEAVE_SCREEN.encode())
        except OSError:
            return  # hung up


def save() -> Terminal:
    """The terminal behind the standard streams as it is now; the screen is drawn on the first of them."""
    for stream in (sys.__stderr__, sys.__stdout__, sys.__stdin__):
        try:
            descriptor = stream.fileno() if stream is not None else -1
            if descriptor >= 0 and os.isatty(descriptor):
                return Terminal(descriptor, termios.tcgetattr(descriptor))
        except (OSError, ValueError, termios.error):
            continue  # closed, or no terminal after all
    return Terminal(-1, [])
