"""`sockmon ls`: the socket table once, again and again, or as events; ss's flags, ss's columns, and JSON."""

from __future__ import annotations

import gc
import os
import shutil
import sys
import time
from collections.abc import Iterable, Iterator, Sequence

import click
import msgspec

from engine.export.socket_table import table_lines
from engine.export.sockets import csv_lines, json_lines
from engine.model.health import Degradation
from engine.model.sockets import SocketEntry
from engine.sockets.service import read_table
from engine.text.columns import column
from engine.text.presets import PRESETS
from engine.text.sanitize import printable
from tui.cli.ls_choice import Choice, choice_of
from tui.local_names import user_name

EVENTS_INTERVAL_S = 1.0
"""Between two looks for --events without --watch; what opens and closes in between is told by the kernel."""

CLOSED = "closed"
"""The event of a socket that is no more."""

ELSEWHERE = "OTHER_NAMESPACES"
"""The degradation that is told behind the table."""

CHUNK_LINES = 1000
"""Lines written at a time, so that a reader such as head sees the first ones at once."""


@click.command("ls", short_help="List sockets.")
@click.option("-t", "--tcp", is_flag=True, help="TCP sockets.")
@click.option("-u", "--udp", is_flag=True, help="UDP sockets.")
@click.option("-x", "--unix", is_flag=True, help="Unix domain sockets.")
@click.option("-w", "--raw", is_flag=True, help="Raw and ping sockets.")
@click.option("-0", "--packet", is_flag=True, help="Packet sockets: who is capturing.")
@click.option("-4", "ipv4", is_flag=True, help="IPv4 only.")
@click.option("-6", "ipv6", is_flag=True, help="IPv6 only.")
@click.option("-l", "--listening", is_flag=True, help="Only sockets that wait for peers.")
@click.option("-a", "--all", "every", is_flag=True, help="All states; that is the default, unlike in ss.")
@click.option("-p", "--processes", is_flag=True, help="Processes; the default unless -n is given.")
@click.option("-i", "--info", is_flag=True, help="A second line with TCP's own figures.")
@click.option("-m", "--memory", is_flag=True, help="A second line with socket memory.")
@click.option("-o", "--options", "timers", is_flag=True, help="A second line with the running timer.")
@click.option("-e", "--extended", is_flag=True, help="A second line with uid, inode and cookie.")
@click.option("-n", "--numeric", is_flag=True, help="Numbers only: no names of processes either, but with -p.")
@click.option("-r", "--resolve", is_flag=True, help="Names for addresses and ports; asks the resolver.")
@click.option("-H", "--no-header", is_flag=True, help="No line of titles.")
@click.option("--columns", "names", default="", metavar="NAMES", help="Columns, with commas between.")
@click.option("--preset", "preset_name", default="", metavar="NAME", help=f"Columns of {', '.join(PRESETS)}.")
@click.option("--sort", default="", metavar="NAME", help="Sort by a column; -NAME for the largest first.")
@click.option("--json", "as_json", is_flag=True, help="JSON Lines, one object a socket.")
@click.option("--csv", "as_csv", is_flag=True, help="CSV.")
@click.option("--watch", type=click.FloatRange(min=0.1), metavar="SECONDS", help="Again after so many seconds.")
@click.option("--events", is_flag=True, help="Print what opens, changes its state and closes.")
@click.option(
    "--source",
    type=click.Choice(["auto", "netlink", "proc", "psutil"]),
    default="auto",
    show_default=True,
    help="Where the table comes from.",
)
@click.option(
    "--netns",
    metavar="NAME|PID",
    expose_value=False,
    help="Another network namespace, or a container's, docker:ID (root).",
)
@click.argument("words", nargs=-1, metavar="[FILTER]...")
def ls_command(
    *,
    names: str,
    preset_name: str,
    as_json: bool,
    as_csv: bool,
    no_header: bool,
    watch: float | None,
    events: bool,
    **flags: str | bool | tuple[str, ...],
) -> None:
    """List the kernel's sockets. FILTER is ss's language or sockmon's own: `state established`, `dport = :443`,
    `recvq>0`, `process:nginx`, `10.0.0.0/8`, any word.
    """
    if as_json and as_csv:
        raise click.UsageError("--json and --csv are two forms of the same; choose one")
    watched = watch is not None or events
    choice = choice_of(flags, names, preset_name, machine=as_json, watched=watched, whole=events)
    if events and not (names or preset_name):
        choice = msgspec.structs.replace(choice, columns=(*choice.columns, column("known")))
    form = _Form(choice, as_json, as_csv, header=not no_header)
    if events:
        _events(choice, form, watch or EVENTS_INTERVAL_S)
    elif watch is not None:
        _watch(choice, form, watch)
    else:
        gc.disable()  # one table, then the end: nothing to collect, and the collector would look at every row
        entries, degradations, _ = read_table(choice.options)
        _Notes().say(degradations)
        form.table(choice.at(time.time_ns(), {}), entries)
        _say_elsewhere(degradations)


def _say_elsewhere(degradations: Iterable[Degradation]) -> None:
    """Tell a person that other network namespaces have sockets too; programs that read the table know what they ask."""
    for each in degradations:
        sentence = f"sockmon: {each.sentence} (--netns NAME|PID)"
        if each.code == ELSEWHERE and sys.stderr.isatty() and len(sentence) <= shutil.get_terminal_size().columns:
            sys.stdout.flush()
            click.echo(sentence, err=True)


def _watch(choice: Choice, form: _Form, seconds: float) -> None:
    from tui.cli.socket_watch import refreshes

    notes = _Notes()
    for refresh in refreshes(choice.options, seconds):
        notes.say(refresh.degradations)
        form.table(choice.at(refresh.ts_ns, refresh.figures), refresh.entries, refresh.ts_ns)


def _events(choice: Choice, form: _Form, seconds: float) -> None:
    from tui.cli.socket_watch import happenings, refreshes

    notes = _Notes()
    for refresh in refreshes(choice.options, seconds):
        notes.say(refresh.degradations)
        now = choice.at(refresh.ts_ns, refresh.figures, {closed.entry.key: closed for closed in refresh.closed})
        for happening, ts_ns, entry in happenings(refresh):
            if now.shows(entry):
                form.event(now, happening, ts_ns, entry)


class _Notes:
    """Says on standard error what cannot be had, each thing once."""

    def __init__(self) -> None:
        self._said = {"OWNERS_HIDDEN", "OWNERS_REFUSED", ELSEWHERE}  # the rows say so themselves, or the last line

    def say(self, degradations: Iterable[Degradation]) -> None:
        for degradation in degradations:
            if degradation.code not in self._said:
                self._said.add(degradation.code)
                cure = f" ({degradation.cure})" if degradation.cure else ""
                click.echo(f"sockmon: {printable(degradation.sentence + cure)}", err=True)


class _Form:
    """Writes rows to standard output: as text, JSON Lines or CSV."""

    def __init__(self, choice: Choice, as_json: bool, as_csv: bool, header: bool) -> None:
        self.as_json = as_json
        self.as_csv = as_csv
        self.header = header
        # What goes to a program keeps every column; a person's lines may not wrap.
        self.width = terminal_width(sys.stdout.fileno()) if sys.stdout.isatty() else None

    def table(self, choice: Choice, entries: Sequence[SocketEntry], ts_ns: int | None = None) -> None:
        """Write the rows that are asked for; `ts_ns` if there are more tables to come."""
        rows = choice.rows(entries)
        if self.as_json:
            more = {} if ts_ns is None else {"ts_ns": ts_ns}
            for chunk in json_lines(rows, user_name, more):
                sys.stdout.buffer.write(chunk)
        elif self.as_csv:
            sys.stdout.write(csv_lines(rows, choice.columns, choice.look, header=self.header))
        else:
            self._text(choice, rows)
            if ts_ns is not None:
                sys.stdout.write("\n")
        sys.stdout.flush()

    def _text(self, choice: Choice, rows: Sequence[SocketEntry]) -> None:
        lines = table_lines(rows, choice.columns, choice.look, self.header, self.width)
        if choice.details:
            lines = list(_with_details(lines, rows, choice))
        for start in range(0, len(lines), CHUNK_LINES):
            sys.stdout.write("\n".join(lines[start : start + CHUNK_LINES]) + "\n")

    def event(self, choice: Choice, happening: str, ts_ns: int, entry: SocketEntry) -> None:
        """Write what happened to one socket."""
        if self.as_json:
            more = {"event": happening, "ts_ns": ts_ns, **_how_known(choice, happening, entry)}
            for chunk in json_lines([entry], user_name, more):
                sys.stdout.buffer.write(chunk)
        else:
            clock = time.strftime("%H:%M:%S", time.localtime(ts_ns // 1_000_000_000))
            if self.as_csv:
                row = csv_lines([entry], choice.columns, choice.look, header=False)
                sys.stdout.write(f"{clock},{happening},{row}")
            else:
                [line] = table_lines([entry], choice.columns, choice.look, header=False)
                sys.stdout.write(f"{clock} {happening:<7} {line}\n")
        sys.stdout.flush()


def _how_known(choice: Choice, happening: str, entry: SocketEntry) -> dict[str, object]:
    """Of a closed socket, whether the kernel told, and how its processes are known: polled, listener (inferred),
    lookup, traced, or null."""
    closed = choice.look.closed.get(entry.key) if happening == CLOSED else None
    return {} if closed is None else {"by_event": closed.by_event, "processes_by": closed.tier or None}


def terminal_width(descriptor: int) -> int | None:
    """The cells of a line of the terminal: what COLUMNS says, else what the terminal says; None if neither does."""
    said = os.environ.get("COLUMNS", "")
    if said.isascii() and said.isdigit() and int(said) > 0:
        return int(said)
    try:
        return os.get_terminal_size(descriptor).columns or None
    except OSError:
        return None


def _with_details(lines: Sequence[str], rows: Sequence[SocketEntry], choice: Choice) -> Iterator[str]:
    """The table's lines, each row followed by its details where any are asked for."""
    titles = len(lines) - len(rows)
    yield from lines[:titles]
    for entry, line in zip(rows, lines[titles:], strict=True):
        yield line
        words = [word for detail in choice.details for word in detail(entry)]
        if words:
            yield "\t " + " ".join(words)
