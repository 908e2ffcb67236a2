"""Where the `sockmon` command begins: the version, the one-shot commands in this process, all others behind a launcher.

This process becomes the launcher, so nothing is imported here that the launcher does not need.
"""

from __future__ import annotations

import sys
from pathlib import Path

import engine
import tui
from engine.version import __version__

ONE_SHOT = frozenset({"ls", "read", "flows", "ladder", "lookup", "explain", "port", "doctor"})
"""Commands that look once and end: they run their source in this very process."""

LAUNCHED = frozenset({"capture", "lab", "lesson", "demo"})
"""Commands that need workers for as long as they run, as the screen does."""

CAPTURES_WITH = {"flows": ("-i", "--interface"), "ladder": ("-i", "--interface")}
"""One-shot commands that capture, and so are launched, with one of these options behind them."""


def main() -> None:
    """Run the command line; exits with its code."""
    arguments = sys.argv[1:]
    if arguments == ["--version"]:
        sys.stdout.write(f"sockmon {__version__}\n")
        sys.exit(0)
    one_folder()
    enter_namespace(arguments)
    command = next((word for word in arguments if word in ONE_SHOT or word in LAUNCHED), "")
    options = CAPTURES_WITH.get(command)
    captures = options is not None and any(word.startswith(options) for word in arguments[arguments.index(command) :])
    if (command in ONE_SHOT and not captures) or "--help" in arguments or "--version" in arguments:
        from tui.cli.main import run_here

        run_here(arguments)
    from engine.process.launcher import launch

    front = [sys.executable, "-I", str(Path(__file__).with_name("front.py")), *arguments]
    sys.exit(launch(front, full_screen=not command, strict="--confine-strict" in arguments))


def enter_namespace(arguments: list[str]) -> None:
    """Live in the network namespace that --netns names, before anything is opened or started."""
    if not any(word.startswith("--netns") for word in arguments) or "--help" in arguments:
        return
    from engine.model.errors import BadInput
    from engine.process import netns

    name = netns.asked_for(arguments)
    try:
        if name:
            netns.enter(name)
    except BadInput as error:
        sys.stderr.write(f"sockmon: {error}\n")
        sys.exit(2)


def one_folder() -> None:
    """Exit with a sentence if `engine` and `tui` are not two halves of one sockmon: both names are common."""
    folders = [Path(package.__file__ or "").resolve().parents[1] for package in (engine, tui)]
    if folders[0] != folders[1]:
        sys.stderr.write(
            f"sockmon: another package stands in for a part of it: `engine` comes from {folders[0]} and `tui` from "
            f"{folders[1]}; install sockmon in an environment of its own (pipx install sockmon)\n"
        )
        sys.exit(2)


if __name__ == "__main__":
    main()
