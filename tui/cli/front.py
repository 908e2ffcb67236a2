"""The front: the process that the launcher starts for the screen or for a long-running command, run as a file.

It becomes the invoking user before it reads a word of the command line, and hears from the launcher by the descriptor
that the last arguments name.
"""

from __future__ import annotations

import signal
import sys
from pathlib import Path

CAPTURING = ("tui.cli.flows_live", "tui.cli.ladder_live")
"""What commands import themselves when they capture, and not when they read a file."""


def main() -> None:
    """Run the command line with a line to the launcher; exits with its code."""
    root = str(Path(__file__).resolve().parents[2])
    if root not in sys.path:
        sys.path.append(root)
    from engine.process import rights

    *arguments, _, control, _, parent = sys.argv[1:]
    user = rights.invoking_user()
    rights.name_process("sockmon-front")
    if user.uid != 0:
        import_everything()  # the user may not be able to read where root installed sockmon
    rights.become(user)
    rights.die_with(int(parent), signal.SIGTERM)  # the second belt: the end of the line comes first
    from tui.cli.main import run_here
    from tui.cli.session import Session

    run_here(arguments, Session(int(control)))


def import_everything() -> None:
    """Import what the commands would import later."""
    import os

    if os.getuid() != 0:
        return
    import importlib

    from tui.cli.main import COMMANDS

    for module in (*(module for module, _ in COMMANDS.values()), *CAPTURING):
        importlib.import_module(module)


if __name__ == "__main__":
    main()
