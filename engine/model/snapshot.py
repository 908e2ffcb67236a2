"""One moment of everything that the screen shows, as Monitor hands it over."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Protocol

import msgspec

from engine.model.health import Degradation, Role, WorkerState
from engine.model.lab import ActorCommand, ActorReport, ActorSpec
from engine.model.messages import ClosedSocket, PacketsAnswer, SocketsOptions
from engine.model.packets import CaptureOptions, CaptureStatus, Dissection
from engine.model.sockets import SocketCounters, SocketEntry


class RowChange(StrEnum):
    """What happened to a row in this refresh: TCPView's green, yellow and red."""

    NEW = "new"
    CHANGED = "changed"
    """Its state changed."""
    CLOSED = "closed"


class ActorView(msgspec.Struct, frozen=True, gc=False):
    """An actor as the lab pane shows it. `number` is Monitor's, counted from 1."""

    number: int
    spec: ActorSpec
    report: ActorReport


class Snapshot(msgspec.Struct, frozen=True):
    """Everything at one moment. An entry that did not change is the same object as in the snapshot before."""

    ts_ns: int
    """Wall clock, nanoseconds since the epoch."""
    entries: Sequence[SocketEntry] = ()
    """Live sockets, and for one refresh those that closed."""
    changes: Mapping[int, RowChange] = {}
    """By key."""
    closed: Sequence[ClosedSocket] = ()
    """Sockets that closed since the snapshot before."""
    counters: SocketCounters = SocketCounters()
    sockets_source: str = ""
    capture: CaptureStatus | None = None
    actors: Sequence[ActorView] = ()
    workers: Sequence[WorkerState] = ()
    degradations: Sequence[Degradation] = ()


class MonitorView(Protocol):
    """What the screens and the long-running commands may ask of Monitor. Every call blocks and may raise EngineError;
    all may be called from any thread."""

    def refresh(self) -> Snapshot:
        """Ask every worker for what is new and put it together."""
        ...

    def packets(self, first: int, count: int, display_filter: str = "", handshakes: bool = True) -> PacketsAnswer:
        """Rows of the packet list; `first` -1 for the newest `count`."""
        ...

    def dissect(self, number: int) -> Dissection:
        """One frame taken apart by scapy in its own process."""
        ...

    def set_sockets(self, options: SocketsOptions) -> None:
        """Read the socket table so from the next refresh on."""
        ...

    def set_capture(self, options: CaptureOptions) -> CaptureStatus:
        """Start the capture, or start it anew with other options."""
        ...

    def stop_capture(self) -> CaptureStatus:
        """Capture no more; what was kept stays."""
        ...

    def start_actor(self, spec: ActorSpec) -> ActorView:
        """Start an actor in its own process; returns once it runs or has failed (`report.error`)."""
        ...

    def stop_actor(self, number: int) -> ActorReport:
        """Stop an actor and its process; its last report."""
        ...

    def command_actor(self, number: int, command: ActorCommand, text: str = "") -> ActorReport:
        """Ask something of a running actor."""
        ...

    def restart(self, role: Role) -> None:
        """Start a dead worker anew."""
        ...

    def close(self) -> None:
        """End all workers and actors."""
        ...
