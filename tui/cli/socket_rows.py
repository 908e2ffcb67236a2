"""Sockets as a few lines of text in ss's columns, each as wide as it needs."""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence

import click

from engine.model.sockets import SocketEntry
from engine.text.cells import AcceptQueue, Look
from engine.text.columns import Align, columns

SHOWN_COLUMNS = "netid,state,recv_q,send_q,local,peer,process"


def print_rows(entries: Iterable[SocketEntry], indent: str = "") -> None:
    """Print a heading and a line a socket."""
    look = Look(now_ns=time.time_ns(), accept_queue=AcceptQueue.SS)
    chosen = columns(SHOWN_COLUMNS)
    lines: list[Sequence[str]] = [[column.title for column in chosen]]
    lines += [[column.cell(entry, look) for column in chosen] for entry in entries]
    widths = [max(len(line[place]) for line in lines) for place in range(len(chosen))]
    for line in lines:
        cells = (
            cell.rjust(width) if column.align is Align.RIGHT else cell.ljust(width)
            for cell, width, column in zip(line, widths, chosen, strict=True)
        )
        click.echo(f"{indent}{'  '.join(cells).rstrip()}")
