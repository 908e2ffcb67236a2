"""The command line's grammar: one group, subcommands imported when they are called, errors of one sentence each."""

from __future__ import annotations

import importlib
import os
import signal
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, NoReturn

import click

from engine.model.errors import EngineError
from engine.text.sanitize import printable
from engine.version import __version__

if TYPE_CHECKING:
    from tui.cli.session import Session

COMMANDS: dict[str, tuple[str, str]] = {
    "capture": ("tui.cli.capture", "capture_command"),
    "demo": ("tui.cli.demo", "demo_command"),
    "doctor": ("tui.cli.doctor", "doctor_command"),
    "explain": ("tui.cli.explain", "explain_command"),
    "flows": ("tui.cli.flows", "flows_command"),
    "lab": ("tui.cli.lab", "lab_command"),
    "lesson": ("tui.cli.lesson", "lesson_command"),
    "ladder": ("tui.cli.ladder", "ladder_command"),
    "lookup": ("tui.cli.lookup", "lookup_command"),
    "ls": ("tui.cli.ls", "ls_command"),
    "port": ("tui.cli.port", "port_command"),
    "read": ("tui.cli.read", "read_command"),
}
"""Name to the module and the click command in it; the app itself is the group's own call."""

DONE, DOES_NOT_HOLD, BAD_INPUT, INTERRUPTED = 0, 1, 2, 130
"""Exit codes: done; the thing checked does not hold; bad input or cannot run; ended by Ctrl-C before it was done."""


class LazyGroup(click.Group):
    """A group that imports a subcommand's module when it is called, so that `ls` pays for nothing else."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        module, attribute = COMMANDS[cmd_name]
        command = getattr(importlib.import_module(module), attribute)
        if not isinstance(command, click.Command):
            raise TypeError(f"{module}.{attribute} is no command")
        return command


@click.group(cls=LazyGroup, invoke_without_command=True, context_settings={"help_option_names": ["--help"]})
@click.version_option(__version__, prog_name="sockmon", message="%(prog)s %(version)s")
@click.option("-i", "--interface", default="lo", show_default=True, help="Interface to capture on.")
@click.option(
    "--source",
    type=click.Choice(["auto", "netlink", "proc", "psutil"]),
    default="auto",
    show_default=True,
    help="Where the socket table comes from.",
)
@click.option(
    "--capture-source",
    type=click.Choice(["ring", "scapy"]),
    default="ring",
    show_default=True,
    help="How packets are captured.",
)
@click.option("--read-only", is_flag=True, help="Take away the key that closes sockets and ends processes.")
@click.option(
    "--history",
    type=click.FloatRange(1, 3600),
    default=30,
    show_default=True,
    metavar="SECONDS",
    help="How long closed sockets stay in the history.",
)
@click.option("--netns", default="", metavar="NAME|PID", help="Look into another network namespace (root).")
@click.option("--confine-strict", is_flag=True, help="Refuse to run with workers less confined than designed.")
@click.pass_context
def group(
    ctx: click.Context,
    interface: str,
    source: str,
    capture_source: str,
    read_only: bool,
    history: float,
    netns: str,
    confine_strict: bool,
) -> None:
    """Watch sockets, packets and programs side by side; without a command, open the screen."""
    if netns and ctx.obj is not None:
        ctx.obj.netns = printable(netns)  # entered already, by the process that the command began as
    if ctx.invoked_subcommand is None:
        from tui.cli.open_app import open_app

        open_app(
            ctx.obj,
            interface=interface,
            source=source,
            capture_source=capture_source,
            read_only=read_only,
            history_s=history,
        )


def run_here(arguments: Sequence[str], session: Session | None = None) -> NoReturn:
    """Run the command line in this process and exit with its code. `session` is the line to the launcher, if any."""
    if session is None:
        signal.signal(signal.SIGPIPE, signal.SIG_DFL)  # `sockmon ls | head` ends as any filter does
    try:
        code = _run(arguments, session)
        sys.stdout.flush()
    except click.exceptions.Exit as ended:
        code = ended.exit_code
    except click.ClickException as error:
        code = refuse(_with_usage(error))
    except (click.Abort, KeyboardInterrupt):
        sys.stderr.write("\n")  # behind the terminal's ^C
        code = INTERRUPTED
    except EngineError as error:
        code = refuse(str(error))
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # nobody reads; let the flush at exit succeed
        code = DONE
    except OSError as error:
        code = refuse(f"{error.filename or 'the output'}: {error.strerror}")
    except Exception as error:  # the last edge: no traceback reaches a user
        if os.environ.get("SOCKMON_DEBUG"):
            raise
        code = refuse(f"a mistake in sockmon itself, please report it: {_where(error)} (SOCKMON_DEBUG=1 shows more)")
    if session is not None:
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # a late Ctrl-C must not change the exit code
        session.close()
    sys.exit(code if isinstance(code, int) else DONE)


def _run(arguments: Sequence[str], session: Session | None) -> object:
    """What the command returns. click's own `main` would end the process with 1 as soon as nobody reads the output."""
    with group.make_context("sockmon", list(arguments), obj=session) as context:
        return group.invoke(context)


def refuse(sentence: str) -> int:
    """Say on standard error why the command ends; the exit code for that."""
    sys.stderr.write(f"sockmon: {printable(sentence)}\n")
    return BAD_INPUT


def _with_usage(error: click.ClickException) -> str:
    sentence = error.format_message().rstrip(".")
    if isinstance(error, click.UsageError) and error.ctx is not None:
        return f"{sentence} (see {error.ctx.command_path} --help)"
    return sentence


def _where(error: Exception) -> str:
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    line = f" at {os.path.basename(trace.tb_frame.f_code.co_filename)}:{trace.tb_lineno}" if trace else ""
    return f"{type(error).__name__}: {error}{line}"
