"""`sockmon flows -i`: the conversations of an interface, each printed once, when it is over."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Final

import click
import msgspec

from engine.export.flows import flow_object
from engine.model.flows import FlowSummary
from engine.model.packets import CaptureOptions
from engine.query.packets import compile_packets
from tui.cli.capture import losses
from tui.cli.flow_table import FlowTable
from tui.cli.output import json_line
from tui.cli.session import Session

POLL_S: Final = 0.2
"""Between two looks at an interface's conversations."""
LOOK_SHARE: Final = 10
"""A look at ten thousand conversations takes 0.1 s; it may take a tenth of the time."""
ROWS: Final = 1_000
"""Conversations, or packets, in one answer."""


def list_live(
    session: Session,
    interface: str,
    bpf: str,
    display_filter: str,
    seconds: float | None,
    width: int | None,
    as_json: bool,
) -> None:
    """Capture, and print each conversation once: when it is over, or at the end."""
    if display_filter:
        compile_packets(display_filter)  # refused before anything is started
    monitor = session.monitor()
    status = monitor.set_capture(CaptureOptions(interface, capture_filter=bpf))
    click.echo(f"Capturing on '{status.interface}'", err=True)
    watch = _Watch(session, display_filter)
    deadline = None if seconds is None else time.monotonic() + seconds
    printed = 0
    table: FlowTable | None = None

    def show(flows: list[FlowSummary]) -> None:
        nonlocal printed, table
        if not flows:
            return
        if as_json:
            click.echo("\n".join(json_line(flow_object(flow)) for flow in flows))
        else:
            table = table or FlowTable(watch.first_ns, width)
            click.echo("\n".join(table.lines(flows, header=not printed)))
        printed += len(flows)

    try:
        while deadline is None or time.monotonic() < deadline:
            began = time.monotonic()
            show([flow for flow in watch.unprinted() if flow.over])
            session.pause(max(POLL_S, LOOK_SHARE * (time.monotonic() - began)))
    except KeyboardInterrupt:
        pass  # the rest is what Ctrl-C asks for
    status = monitor.stop_capture()
    show(list(watch.unprinted()))
    click.echo(f"{printed} conversation{'s' if printed != 1 else ''}{losses(status)}", err=True)
    if as_json:
        summary = {"printed": printed, "flows_evicted": status.flows_evicted, **msgspec.structs.asdict(status.trust)}
        click.echo(json_line({"summary": summary}))


class _Watch:
    """The conversations of a capture, each until it was printed."""

    def __init__(self, session: Session, display_filter: str) -> None:
        self.first_ns = 0
        self._monitor = session.monitor()
        self._filter = display_filter
        self._after = 0
        self._passed: set[int] = set()
        self._printed: set[int] = set()

    def unprinted(self) -> Iterator[FlowSummary]:
        """Those that were not printed; one that is over, or that the caller takes at the end, counts as printed."""
        self._look_for_passing()
        first = 0
        known: set[int] = set()
        while True:
            answer = self._monitor.flows(first, ROWS)
            self.first_ns = answer.status.first_ts_ns
            for flow in answer.flows:
                known.add(flow.stream)
                if flow.stream in self._printed or (self._filter and flow.stream not in self._passed):
                    continue
                if flow.over:
                    self._printed.add(flow.stream)
                yield flow
            first += len(answer.flows)
            if not answer.flows or first >= answer.total:
                break
        self._printed &= known
        self._passed &= known

    def _look_for_passing(self) -> None:
        """Take note of the streams of packets that pass the filter."""
        while self._filter:
            answer = self._monitor.new_packets(self._after, ROWS, self._filter)
            self._passed.update(row.stream for row in answer.rows)
            after = answer.status.last_number - answer.pending
            if after <= self._after:
                return
            self._after = after
