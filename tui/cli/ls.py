"""`sockmon ls`: the socket table once, again and again, or as events; ss's flags, ss's columns, and JSON."""

from __future__ import annotations

import pwd
import socket
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import lru_cache

import click
import msgspec

from engine.export.sockets import csv_lines, socket_object
from engine.model.messages import SocketsOptions
from engine.model.sockets import SocketEntry
from engine.model.tcp import SocketState
from engine.query.sockets import SocketFilter, compile_sockets
from engine.sockets.service import read_table
from engine.text.cells import AcceptQueue, Look
from engine.text.columns import Column, columns
from engine.text.presets import PRESETS, preset
from tui.cli.output import json_line
from tui.cli.socket_details import extended_details, memory_details, tcp_details, timer_details
from tui.cli.socket_events import socket_events
from tui.cli.table_text import table_lines

DEFAULT_FAMILIES = ("tcp", "udp")

FAMILY_FLAGS: Mapping[str, tuple[str, ...]] = {
    "tcp": ("tcp",),
    "udp": ("udp", "udpl"),
    "unix": ("unix",),
    "raw": ("raw", "icmp"),
    "packet": ("packet",),
}
"""Flag to the families of SocketsOptions."""

Details = Callable[[SocketEntry], list[str]]


class Choice(msgspec.Struct, frozen=True):
    """What to show and how."""

    options: SocketsOptions
    chosen: SocketFilter
    ip_versions: frozenset[int]
    """Address families to show; empty for all."""
    listening: bool
    columns: tuple[Column, ...]
    sort: str
    details: tuple[Details, ...]
    look: Look

    def rows(self, entries: Sequence[SocketEntry]) -> list[SocketEntry]:
        """Those that are asked for, in order."""
        rows = [entry for entry in entries if self.shows(entry)]
        name = self.sort.lstrip("-+")
        if name:
            [column] = columns(name)
            rows.sort(key=lambda entry: column.sort_key(entry, self.look), reverse=self.sort.startswith("-"))
        return rows

    def shows(self, entry: SocketEntry) -> bool:
        """Whether a row is asked for."""
        if self.ip_versions and entry.family not in self.ip_versions:
            return False
        if self.listening and not listens(entry):
            return False
        return self.chosen.matches(entry, self.look)


@click.command("ls", short_help="List sockets.", context_settings={"ignore_unknown_options": False})
@click.option("-t", "--tcp", is_flag=True, help="TCP sockets.")
@click.option("-u", "--udp", is_flag=True, help="UDP sockets.")
@click.option("-x", "--unix", is_flag=True, help="Unix domain sockets.")
@click.option("-w", "--raw", is_flag=True, help="Raw and ping sockets.")
@click.option("-0", "--packet", is_flag=True, help="Packet sockets: who is capturing.")
@click.option("-4", "ipv4", is_flag=True, help="IPv4 only.")
@click.option("-6", "ipv6", is_flag=True, help="IPv6 only.")
@click.option("-l", "--listening", is_flag=True, help="Only sockets that wait for peers.")
@click.option("-a", "--all", "every", is_flag=True, help="All states; that is the default, unlike in ss.")
@click.option("-p", "--processes", is_flag=True, help="Processes; always shown, unlike in ss.")
@click.option("-i", "--info", is_flag=True, help="A second line with TCP's own figures.")
@click.option("-m", "--memory", is_flag=True, help="A second line with socket memory.")
@click.option("-o", "--options", "timers", is_flag=True, help="A second line with the running timer.")
@click.option("-e", "--extended", is_flag=True, help="A second line with uid, inode and cookie.")
@click.option("-n", "--numeric", is_flag=True, help="Numbers for ports and addresses; the default, unlike in ss.")
@click.option("-r", "--resolve", is_flag=True, help="Names for addresses and ports; asks the resolver.")
@click.option("--columns", "names", metavar="NAMES", help="Columns, with commas between.")
@click.option("--preset", "preset_name", default="ss", show_default=True, help=f"Columns of {', '.join(PRESETS)}.")
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
@click.argument("words", nargs=-1, metavar="[FILTER]...")
def ls_command(
    *,
    names: str | None,
    preset_name: str,
    as_json: bool,
    as_csv: bool,
    watch: float | None,
    events: bool,
    **flags: str | bool | tuple[str, ...],
) -> None:
    """List the kernel's sockets. FILTER is ss's language or sockmon's own: `state established`, `dport = :443`,
    `recvq>0`, `process:nginx`, `10.0.0.0/8`, any word.
    """
    if as_json and as_csv:
        raise click.UsageError("--json and --csv are two forms of the same; choose one")
    choice = chosen(flags, names, preset_name, separators=False)
    if events:
        for happening, entry in socket_events(choice.options, choice.shows, watch or 1.0):
            click.echo(event_line(happening, entry, choice, as_json))
            sys.stdout.flush()
        return
    for entries in tables(choice.options, watch):
        rows = choice.rows(entries)
        if as_json:
            text = "".join(f"{json_line(socket_object(entry, user_name))}\n" for entry in rows)
        elif as_csv:
            text = csv_lines(rows, choice.columns, choice.look)
        else:
            text = "".join(f"{line}\n" for line in with_details(rows, choice))
        sys.stdout.write(text + ("\n" if watch and not as_json else ""))
        sys.stdout.flush()


def chosen(
    flags: Mapping[str, str | bool | tuple[str, ...]], names: str | None, preset_name: str, separators: bool
) -> Choice:
    """The choice that the flags make. Raises BadInput or FilterError."""
    families = tuple(family for flag, those in FAMILY_FLAGS.items() if flags[flag] for family in those)
    words = flags["words"]
    text = " ".join(words) if isinstance(words, tuple) else ""
    look = Look(
        now_ns=time.time_ns(),
        separators=separators,
        accept_queue=AcceptQueue.SS if names else preset(preset_name).accept_queue,
        services=bool(flags["resolve"]),
        user_name=user_name,
        interface_name=interface_name,
        host_name=host_name if flags["resolve"] else None,
    )
    details: dict[str, Details] = {
        "timers": timer_details,
        "extended": extended_details,
        "memory": memory_details,
        "info": tcp_details,
    }
    sort = str(flags["sort"])
    if sort:
        columns(sort.lstrip("-+"))  # refused before anything is read
    return Choice(
        options=SocketsOptions(source=str(flags["source"]), families=families or DEFAULT_FAMILIES),
        chosen=compile_sockets(text),
        ip_versions=frozenset(
            family for flag, family in (("ipv4", socket.AF_INET), ("ipv6", socket.AF_INET6)) if flags[flag]
        ),
        listening=bool(flags["listening"]),
        columns=columns(names) if names else preset(preset_name).columns,
        sort=sort,
        details=tuple(detail for flag, detail in details.items() if flags[flag]),
        look=look,
    )


def tables(options: SocketsOptions, watch: float | None) -> Iterator[list[SocketEntry]]:
    """The table, once or every `watch` seconds; what cannot be had is said on standard error, once."""
    said: set[str] = set()
    while True:
        entries, degradations, _ = read_table(options)
        for degradation in degradations:
            if degradation.code not in said and degradation.code != "OWNERS_HIDDEN":  # the rows say so themselves
                said.add(degradation.code)
                cure = f" ({degradation.cure})" if degradation.cure else ""
                click.echo(f"sockmon: {degradation.sentence}{cure}", err=True)
        yield entries
        if watch is None:
            return
        time.sleep(watch)


def with_details(rows: Sequence[SocketEntry], choice: Choice) -> Iterator[str]:
    """The table's lines, each row followed by its details where any are asked for."""
    header, *lines = table_lines(rows, choice.columns, choice.look)
    yield header
    for entry, line in zip(rows, lines, strict=True):
        yield line
        words = [word for detail in choice.details for word in detail(entry)]
        if words:
            yield "\t " + " ".join(words)


def event_line(happening: str, entry: SocketEntry, choice: Choice, as_json: bool) -> str:
    """One event as a line."""
    if as_json:
        return json_line({"event": happening, "ts_ns": time.time_ns(), **socket_object(entry, user_name)})
    clock = time.strftime("%H:%M:%S")
    [line] = table_lines([entry], choice.columns, choice.look, header=False)
    return f"{clock} {happening:<7} {line}"


def listens(entry: SocketEntry) -> bool:
    """LISTEN, or a datagram socket without a peer: what ss -l shows."""
    return entry.state in (SocketState.LISTEN, SocketState.UNCONN)


@lru_cache(maxsize=1024)
def user_name(uid: int) -> str:
    """The name of a user, or the number where it has none."""
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)


@lru_cache(maxsize=1024)
def interface_name(index: int) -> str:
    """The name of an interface, or `if` and its number where it is gone."""
    try:
        return socket.if_indextoname(index)
    except OSError:
        return f"if{index}"


@lru_cache(maxsize=4096)
def host_name(address: str) -> str:
    """The name that the resolver has for an address; empty for none."""
    try:
        return socket.getnameinfo((address, 0), socket.NI_NAMEREQD)[0]
    except (OSError, UnicodeError):
        return ""
