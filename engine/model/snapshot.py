"""One moment of everything that the screen shows, as Monitor hands it over."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Protocol

import msgspec

from engine.model.ending import EndingChoice
from engine.model.health import Degradation, Role, WorkerState
from engine.model.lab import ActorCommand, ActorReport, ActorSpec
from engine.model.messages import (
    ClosedSocket,
    FlowsAnswer,
    FramesAnswer,
    LadderAnswer,
    PacketsAnswer,
    SocketsOptions,
    StreamAnswer,
)
from engine.model.packets import CaptureOptions, CaptureStatus, Dissection
from engine.model.sockets import Owner, SocketCounters, SocketEntry
from engine.model.verdicts import Verdict


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
    moved: Mapping[str, int] = {}
    """The kernel's counters that went up since the snapshot before, as in SocketsAnswer."""
    moved_in_all: Mapping[str, int] = {}
    """The same since the worker began."""
    ephemeral: tuple[int, int] | None = None
    """The first and the last port that the kernel chooses from."""
    checked: Mapping[int, int] = {}
    """By PID, when each process that holds a socket was last looked at as a whole, as in SocketsAnswer."""
    netns: str = ""
    """The network namespace that is shown, as it was named; empty for the one that sockmon was started in."""
    verdicts: Sequence[Verdict] = ()
    """What holds now, the worst first; what is as often right as wrong of an idle connection is told only by
    `MonitorView.verdicts`."""
    table_ns: int = 0
    """When the socket table had been read, wall clock; the actors were asked between then and `ts_ns`."""


class MonitorView(Protocol):
    """What the screens and the long-running commands may ask of Monitor. Every call blocks and may raise EngineError;
    all may be called from any thread."""

    def refresh(self) -> Snapshot:
        """Ask every worker for what is new and put it together."""
        ...

    def packets(self, first: int, count: int, display_filter: str = "", handshakes: bool = True) -> PacketsAnswer:
        """Rows of the packet list; `first` -1 for the newest `count`."""
        ...

    def new_packets(self, after: int, count: int, display_filter: str = "", handshakes: bool = False) -> PacketsAnswer:
        """Rows numbered above `after`, oldest first: for whoever follows a capture as it goes (AskNewPackets)."""
        ...

    def new_frames(self, after: int, with_rows: bool = False) -> FramesAnswer:
        """Captured bytes of the frames numbered above `after`, oldest first (AskNewFrames)."""
        ...

    def dissect(self, number: int) -> Dissection:
        """One frame taken apart by scapy in its own process."""
        ...

    def flows(self, first: int, count: int) -> FlowsAnswer:
        """Conversations in the order of first appearance; `first` -1 for the last `count`."""
        ...

    def find_flow(self, address: str, port: int, peer_address: str, peer_port: int) -> FlowsAnswer:
        """The latest conversation between two endpoints: one flow, or none."""
        ...

    def ladder(
        self,
        streams: tuple[int, ...],
        first: int,
        count: int,
        unfolded: tuple[int, ...] = (),
        folded: bool = True,
    ) -> LadderAnswer:
        """A window of the ladder of these conversations; `first` -1 for its end."""
        ...

    def stream(self, stream: int, after: int = 0) -> StreamAnswer:
        """The bytes that a conversation carried, in frames numbered above `after`."""
        ...

    def follow_stream(self, stream: int) -> None:
        """Have the frames of this conversation whole from now on, whatever the snap length; -1 ends that."""
        ...

    def verdicts(self, key: int, stream: int = -1) -> tuple[Verdict, ...]:
        """All that holds one socket and the other end of its connection, as of the last refresh, the worst first; with
        what a running capture knows of the conversation. `key` 0 and a `stream` asks about a conversation whose sockets
        may be gone. Empty is no finding."""
        ...

    def set_sockets(self, options: SocketsOptions) -> None:
        """Read the socket table so from the next refresh on."""
        ...

    def close_sockets(self, keys: tuple[int, ...]) -> None:
        """Close sockets by SOCK_DESTROY; needs CAP_NET_ADMIN."""
        ...

    def ending(self, entry: SocketEntry, entries: Sequence[SocketEntry]) -> EndingChoice:
        """What can be done about a socket of the table `entries`: closing it, or ending a process that holds it."""
        ...

    def end_process(self, owner: Owner) -> str:
        """End a process by TERM, and by KILL if it stays; how it ended."""
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

    def actors(self) -> tuple[ActorView, ...]:
        """Every actor with a fresh report, without the rest of a refresh."""
        ...

    def stop_actor(self, number: int) -> ActorReport:
        """Stop an actor and its process; its last report."""
        ...

    def command_actor(self, number: int, command: ActorCommand, text: str = "") -> ActorReport:
        """Ask something of a running actor."""
        ...

    def kill_actor(self, number: int) -> None:
        """Kill an actor's process (SIGKILL), as a crash would end it."""
        ...

    def dead(self) -> tuple[Role, ...]:
        """The workers that have ended and were not started again. Answers at once."""
        ...

    def restart(self, role: Role) -> None:
        """Start a dead worker anew."""
        ...

    def close(self) -> None:
        """End all workers and actors."""
        ...
