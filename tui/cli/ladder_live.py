"""`sockmon ladder -i`: a conversation drawn while it happens, a line a segment once it is certain how it is shown.

The worker's ladder folds long runs of data, so the last segments of a run may yet disappear into a fold. They are held
back until the run ends: with a segment that is no plain data, or with the pause that ends a run.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from typing import Final

import click
import msgspec

from engine.export.flows import rung_object
from engine.export.ladder_text import LadderLook, ladder_header, ladder_line
from engine.flow.ladder import HEAD, PAUSE_NS
from engine.model.errors import BadInput
from engine.model.flows import FlowSummary, LadderFold, LadderItem, LadderStep
from engine.model.messages import LadderAnswer
from engine.model.packets import CaptureOptions
from engine.model.tcp import TcpFlags
from tui.cli.capture import losses
from tui.cli.output import json_line
from tui.cli.session import Session
from tui.conversations import join, name_of, of_flow

POLL_S: Final = 0.05
AFTER_END_S: Final = 0.3
"""A conversation that is over may still see an ACK or a reset."""
ITEMS: Final = 1_000
"""Rungs in one answer."""

_OF_THE_WINDOW: Final = {"window_update", "window_full", "zero_window"}
_TURNING: Final = TcpFlags.SYN | TcpFlags.FIN | TcpFlags.RST | TcpFlags.URG


def draw_live(
    session: Session,
    interface: str,
    bpf: str,
    stream: int | None,
    seconds: float | None,
    look: LadderLook,
    as_json: bool,
) -> None:
    """Capture, and draw the conversation of this number, or the first one, until it is over, for so many seconds, or
    until Ctrl-C. Of `look` width and times are taken."""
    monitor = session.monitor()
    status = monitor.set_capture(CaptureOptions(interface, capture_filter=bpf))
    click.echo(f"Capturing on '{status.interface}'", err=True)
    deadline = None if seconds is None else time.monotonic() + seconds
    drawn = _Drawn(session, stream or 0, look, as_json)
    try:
        while (deadline is None or time.monotonic() < deadline) and not drawn.over:
            drawn.look()
            session.pause(POLL_S)
    except KeyboardInterrupt:
        pass  # the rest is what Ctrl-C asks for
    drawn.finish()
    status = monitor.stop_capture()
    if not drawn.begun:
        raise BadInput(f"draw stream {stream or 0}", hint="no such conversation was seen")
    click.echo(f"{drawn.printed} rungs{losses(status)}", err=True)


def certain(items: Sequence[LadderItem], run: int = 0) -> int:
    """How many of the items at the end of a ladder will stay as they are while its last run goes on; `run` of that were
    drawn before these."""
    behind = 0
    for item in reversed(items):
        if not in_run(item):
            run = 0
            break
        behind += 1
    return len(items) - max(0, behind - max(0, HEAD - run))


def in_run(item: LadderItem) -> bool:
    """Whether an item may be a part of a run."""
    return isinstance(item, LadderFold) or (isinstance(item, LadderStep) and _plain(item))


def _plain(step: LadderStep) -> bool:
    """As engine.flow.ladder says it of a segment, or stricter."""
    moved = step.first_moved or step.second_moved
    return not (moved or step.flags & _TURNING or set(step.findings) - _OF_THE_WINDOW)


class _Drawn:
    """What was drawn of a conversation."""

    def __init__(self, session: Session, stream: int, look: LadderLook, as_json: bool) -> None:
        self.begun = False
        self.printed = 0
        self._monitor = session.monitor()
        self._stream = stream
        self._as_json = as_json
        self._look = look
        self._before: LadderItem | None = None
        """The rung that was drawn last."""
        self._run = 0
        self._changed_s = 0.0
        self._seen = 0
        self._over_since = 0.0

    @property
    def over(self) -> bool:
        """It has been over for long enough."""
        return self._over_since > 0 and time.monotonic() - self._over_since > AFTER_END_S

    def look(self) -> None:
        """Draw what has become certain."""
        answer = self._answer()
        if not answer.flows:
            return
        if not self.begun:
            self._begin(answer.flows[0])
        now_s = time.monotonic()
        seen = answer.total + answer.status.last_number
        if seen != self._seen:
            self._seen, self._changed_s = seen, now_s
        quiet = now_s - self._changed_s > PAUSE_NS / 1e9
        self._show(answer.items if quiet else answer.items[: certain(answer.items, self._run)])
        if quiet:
            self._run = 0  # what comes now comes after a pause
        if answer.flows[0].over and not answer.pending:
            self._over_since = self._over_since or now_s

    def finish(self) -> None:
        """Draw the rest: nothing more comes."""
        while items := self._answer().items:
            if not self.begun:
                return
            self._show(items)

    def _answer(self) -> LadderAnswer:
        return self._monitor.ladder((self._stream,), self.printed, ITEMS)

    def _begin(self, flow: FlowSummary) -> None:
        """Above the first rung: the processes at both ends as far as they are known, else the addresses."""
        self.begun = True
        subject = of_flow(flow)
        joined = join(self._monitor.refresh(), subject)
        address, port, peer_address, peer_port = subject.ends
        names = name_of(joined.first, address, port), name_of(joined.second, peer_address, peer_port)
        self._look = msgspec.structs.replace(
            self._look, first_ns=flow.first_ns, names={flow.stream: names}, streams=(flow.stream,)
        )
        if not self._as_json:
            click.echo("\n".join(line.text for line in ladder_header([flow], self._look)))

    def _show(self, items: Sequence[LadderItem]) -> None:
        if items:
            click.echo("\n".join(self._lines(items)))
            self.printed += len(items)
        for item in items:
            self._run = self._run + 1 if in_run(item) else 0

    def _lines(self, items: Sequence[LadderItem]) -> Iterator[str]:
        for item in items:
            if self._as_json:
                yield json_line(rung_object(item))
            else:
                yield ladder_line(item, self._look, before=self._before).text
            self._before = item
