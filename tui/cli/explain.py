"""`sockmon explain`: what a state, flag, finding, column, error, call, option or verdict means."""

from __future__ import annotations

import errno
import os
import socket
import sys
import textwrap

import click
import msgspec

from engine.model.errors import BadInput
from engine.text.explain.entry import Explanation, Kind, Numbers
from engine.text.explain.table import EXPLANATIONS, explained, suggestions
from engine.text.sanitize import printable_within
from tui.cli.output import json_line

LINE_CELLS = 100
"""A line of prose is read best when it is not longer; a narrower terminal decides."""

WORD_SHOWN_CHARACTERS = 60

SYSTEM_NAMES = {"linux": "Linux", "darwin": "macOS", "win32": "Windows"}


@click.command("explain", short_help="Explain a state, flag, error, call …")
@click.option(
    "--list", "kind", type=click.Choice([*(kind.name.lower() for kind in Kind), "all"]), help="List the words."
)
@click.option("--json", "as_json", is_flag=True, help="JSON Lines, one object a meaning.")
@click.argument("words", nargs=-1, metavar="[WORD]...")
def explain_command(words: tuple[str, ...], kind: str | None, as_json: bool) -> None:
    """Explain WORD in two or three plain sentences: CLOSE-WAIT, ECONNRESET, zero_window, Recv-Q, 104, `3/1`, shutdown …

    Several words that are no name together are explained one after the other.
    """
    if kind is not None:
        _list(kind, as_json)
        return
    if not words:
        raise click.UsageError("which word? `sockmon explain --list all` shows those there are")
    found = _all_of(words)
    if as_json:
        sys.stdout.write("".join(f"{json_line(_object(one))}\n" for one in found))
        return
    sys.stdout.write("\n".join(_paragraph(one, _width()) for one in found))


def _all_of(words: tuple[str, ...]) -> list[Explanation]:
    """The meanings of the words, taken as one name if they are one. Raises BadInput."""
    together = explained(" ".join(words))
    if together:
        return list(together)
    found: list[Explanation] = []
    for word in words:
        meanings = explained(word)
        if not meanings:
            shown = printable_within(word, WORD_SHOWN_CHARACTERS)
            like = ", ".join(suggestions(word))
            raise BadInput(f"nothing is known of {shown!r}", hint=f"is it {like}?" if like else "see --list all")
        found += (one for one in meanings if one not in found)
    return found


def _list(kind: str, as_json: bool) -> None:
    chosen = [one for one in EXPLANATIONS if kind in ("all", one.kind.name.lower())]
    if as_json:
        sys.stdout.write("".join(f"{json_line(_object(one))}\n" for one in chosen))
        return
    widest = max(len(one.name) for one in chosen)
    width = _width()
    for one in chosen:
        room = max(20, width - widest - 2)
        sys.stdout.write(f"{one.name:<{widest}}  {textwrap.shorten(one.text, room, placeholder=' …')}\n")


def _width() -> int:
    try:
        return min(LINE_CELLS, os.get_terminal_size(sys.stdout.fileno()).columns)
    except OSError:
        return LINE_CELLS


def _paragraph(one: Explanation, width: int) -> str:
    lines = [f"{one.name} ({one.kind})", *textwrap.wrap(one.text, max(20, width - 2))]
    if one.numbers is not None:
        lines += textwrap.wrap(numbers_text(one.numbers), max(20, width - 2))
    if one.address:
        lines += textwrap.wrap(f"Address: {one.address}. {family_here(one.name)}", max(20, width - 2))
    lines.append(f"See {one.source}.")
    return "\n  ".join(lines) + "\n"


def numbers_text(numbers: Numbers) -> str:
    """`Number: 104 on Linux, 54 on macOS, 10054 (WSAECONNRESET) on Windows.`"""
    windows = f"{numbers.windows}" + (f" ({numbers.windows_name})" if numbers.windows_name else "")
    told = [
        f"{text} on {system}"
        for text, number, system in (
            (f"{numbers.linux}", numbers.linux, "Linux"),
            (f"{numbers.macos}", numbers.macos, "macOS"),
            (windows, numbers.windows, "Windows"),
        )
        if number is not None
    ]
    missing = [
        system
        for number, system in ((numbers.linux, "Linux"), (numbers.macos, "macOS"), (numbers.windows, "Windows"))
        if number is None
    ]
    none = f"; none on {' or '.join(missing)}" if missing else ""
    return f"Number: {', '.join(told)}{none}."


TYPES = (socket.SOCK_STREAM, socket.SOCK_DGRAM, socket.SOCK_RAW, socket.SOCK_SEQPACKET)
"""Tried in turn to learn whether a family is there: each family has some of them."""

FAMILY_MISSING = frozenset((errno.EAFNOSUPPORT, errno.EPFNOSUPPORT))


def family_here(name: str) -> str:
    """Whether this machine has the family, found by opening a socket of it."""
    system = SYSTEM_NAMES.get(sys.platform, sys.platform)
    family = getattr(socket, name, None)
    if name == "AF_UNSPEC":
        return "No socket has it."
    if family is None:
        return f"Python on {system} does not know it."
    errors: list[int] = []
    for kind in TYPES:
        try:
            socket.socket(family, kind).close()
        except OSError as error:
            errors.append(error.errno or 0)
        else:
            return "This machine has it."
    if all(number in FAMILY_MISSING for number in errors):
        return "This machine does not have it."
    return f"This machine has it, but not for this user ({errno.errorcode.get(errors[-1], errors[-1])})."


def _object(one: Explanation) -> dict[str, object]:
    found: dict[str, object] = {
        "name": one.name,
        "kind": one.kind.value,
        "text": one.text,
        "source": one.source,
        "aliases": one.aliases,
    }
    if one.numbers is not None:
        found["numbers"] = msgspec.structs.asdict(one.numbers)
    if one.address:
        found |= {"address": one.address, "here": family_here(one.name)}
    return found
