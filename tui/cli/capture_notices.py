"""What `sockmon capture` says on stderr beside the packets: what is captured, what limits it, what was lost."""

from __future__ import annotations

import click

from engine.model.health import Degradation
from engine.model.packets import CaptureStatus
from engine.text.sanitize import printable


class Notices:
    """Tells each limit of the capture once when it comes up: an SSH session left out, an interface that is gone."""

    def __init__(self) -> None:
        self._told: tuple[Degradation, ...] = ()

    def begin(self, status: CaptureStatus) -> None:
        """Say what is captured."""
        source = " by scapy" if status.source == "scapy" else ""
        only = f", only: {printable(status.capture_filter)}" if status.capture_filter else ""
        click.echo(f"Capturing on '{printable(status.interface)}'{source}{only}", err=True)
        self.tell(status)

    def tell(self, status: CaptureStatus) -> None:
        """Say what limits the capture now and did not before."""
        for limit in status.degradations:
            if limit not in self._told:
                cure = f" ({printable(limit.cure)})" if limit.cure else ""
                click.echo(f"sockmon: {printable(limit.sentence)}{cure}", err=True)
        self._told = status.degradations
