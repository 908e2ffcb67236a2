"""Monitor: the one facade between the engine's processes and whoever looks at them, a screen or a long-running command.

It keeps the rows of the socket table (the worker sends what changed), starts and restarts workers, and puts one
Snapshot together a refresh. Every call blocks; callers keep it off their event loop. Nothing here draws and nothing
prints.
"""

from __future__ import annotations

import os
import socket
import threading
import time
from collections.abc import Callable, Sequence
from errno import EACCES, ENODEV, EPERM
from typing import Any

from engine.model.ending import EndingChoice
from engine.model.errors import CaptureError, ChannelError, EngineError, MissingRight
from engine.model.health import Degradation, Role
from engine.model.lab import ActorCommand, ActorReport, ActorSpec
from engine.model.messages import (
    AskFlows,
    AskFrame,
    AskLadder,
    AskNewFrames,
    AskNewPackets,
    AskPackets,
    AskStatus,
    AskStream,
    ClosedSocket,
    DestroySockets,
    Dissect,
    DissectAnswer,
    FindFlow,
    FlowsAnswer,
    FollowStream,
    FrameAnswer,
    FramesAnswer,
    LadderAnswer,
    PacketsAnswer,
    ProcessEnded,
    SocketsDestroyed,
    SocketsOptions,
    StartCapture,
    StatusAnswer,
    StopCapture,
    StreamAnswer,
)
from engine.model.packets import CaptureOptions, CaptureStatus, Dissection
from engine.model.snapshot import ActorView, RowChange, Snapshot
from engine.model.sockets import Owner, SocketCounters, SocketEntry
from engine.model.verdicts import Verdict
from engine.process.actors import Actors
from engine.process.ending import end_process, ending_choice
from engine.process.front import LauncherLine, Worker
from engine.process.judging import Judging
from engine.process.table import FrontTable
from engine.process.workers import Workers, answered


class Monitor:
    """Starts the workers and asks them; `engine.model.snapshot.MonitorView` says what each call means.

    `control` is the socket to the launcher, `on_gone` is called (from a thread) if the launcher ends, `cure` is the
    command that starts sockmon with every right, `netns` the name of the network namespace that this run was started
    in, if not its own.
    """

    def __init__(self, control: socket.socket, on_gone: Callable[[], None], cure: str, netns: str = "") -> None:
        self._line = LauncherLine(control, self._on_ended, on_gone)
        self._launcher_pid = os.getppid()
        self._cure = cure
        self._netns = netns
        self._refreshing = threading.Lock()
        self._workers = Workers(self._line)
        self._table = FrontTable(self._line, cure)
        self._capture_options: CaptureOptions | None = None
        self._capture_denied: Degradation | None = None
        self._actors = Actors(self._line)
        self._judging = Judging(self)

    def refresh(self) -> Snapshot:
        with self._refreshing:
            entries, changes, closed = self._ask_sockets()
            status = self._capture_status()
            table_ns = time.time_ns()
            actors = self._actors.views()
        answer = self._table.answer
        degradations = self._table.degradations()
        degradations += list(status.degradations if status else ())
        if self._capture_denied:
            degradations.append(self._capture_denied)
        snapshot = Snapshot(
            ts_ns=time.time_ns(),
            entries=entries,
            changes=changes,
            closed=closed,
            counters=answer.counters if answer else SocketCounters(),
            sockets_source=answer.source if answer else "",
            capture=status,
            actors=actors,
            workers=self._workers.states(),
            degradations=degradations,
            moved=answer.moved if answer else {},
            moved_in_all=answer.moved_in_all if answer else {},
            ephemeral=answer.ephemeral if answer else None,
            checked=answer.checked if answer else {},
            netns=self._netns,
            table_ns=table_ns,
        )
        return self._judging.judged(snapshot, self._table.is_whole())

    def verdicts(self, key: int, stream: int = -1) -> tuple[Verdict, ...]:
        return self._judging.about(key, stream, self._workers.running(Role.CAPTURE) is not None)

    def packets(self, first: int, count: int, display_filter: str = "", handshakes: bool = True) -> PacketsAnswer:
        return self._workers.ask(Role.CAPTURE, AskPackets(first, count, display_filter, handshakes), PacketsAnswer)

    def new_packets(self, after: int, count: int, display_filter: str = "", handshakes: bool = False) -> PacketsAnswer:
        """Rows numbered above `after`, oldest first: for a listing that prints as it goes."""
        return self._workers.ask(Role.CAPTURE, AskNewPackets(after, count, display_filter, handshakes), PacketsAnswer)

    def new_frames(self, after: int, with_rows: bool = False) -> FramesAnswer:
        """Captured bytes of the frames numbered above `after`, oldest first: for a file that is written meanwhile.
        `with_rows` gives their lines too."""
        return self._workers.ask(Role.CAPTURE, AskNewFrames(after, with_rows=with_rows), FramesAnswer)

    def dissect(self, number: int) -> Dissection:
        frame = self._workers.ask(Role.CAPTURE, AskFrame(number), FrameAnswer)
        if frame.link_type < 0:
            raise EngineError(f"frame {number} is no longer kept: newer ones took its place")
        if self._workers.running(Role.DISSECTOR) is None:
            self._workers.start(Role.DISSECTOR)
        return self._workers.ask(Role.DISSECTOR, Dissect(frame), DissectAnswer).dissection

    def flows(self, first: int, count: int) -> FlowsAnswer:
        return self._workers.ask(Role.CAPTURE, AskFlows(first, count), FlowsAnswer)

    def find_flow(self, address: str, port: int, peer_address: str, peer_port: int) -> FlowsAnswer:
        return self._workers.ask(Role.CAPTURE, FindFlow(address, port, peer_address, peer_port), FlowsAnswer)

    def ladder(
        self,
        streams: tuple[int, ...],
        first: int,
        count: int,
        unfolded: tuple[int, ...] = (),
        folded: bool = True,
    ) -> LadderAnswer:
        return self._workers.ask(Role.CAPTURE, AskLadder(streams, first, count, unfolded, folded), LadderAnswer)

    def stream(self, stream: int, after: int = 0) -> StreamAnswer:
        return self._workers.ask(Role.CAPTURE, AskStream(stream, after), StreamAnswer)

    def follow_stream(self, stream: int) -> None:
        self._workers.ask(Role.CAPTURE, FollowStream(stream), StatusAnswer)

    def set_sockets(self, options: SocketsOptions) -> None:
        self._table.options = options

    def close_sockets(self, keys: tuple[int, ...]) -> None:
        self._workers.ask(Role.SOCKETS, DestroySockets(keys), SocketsDestroyed)

    def ending(self, entry: SocketEntry, entries: Sequence[SocketEntry]) -> EndingChoice:
        worker = self._workers.running(Role.SOCKETS)
        return ending_choice(entry, entries, worker.pid if worker else 0)

    def end_process(self, owner: Owner) -> str:
        return end_process(owner)

    def set_capture(self, options: CaptureOptions) -> CaptureStatus:
        descriptor, errno = self._line.open_packet_socket()
        if descriptor < 0:
            check_interfaces(options.interface)
            self._capture_denied = no_packet_socket(errno, self._cure)
            raise MissingRight(self._capture_denied.sentence, hint=f"start it so: {self._cure}" if self._cure else "")
        try:
            if self._workers.running(Role.CAPTURE) is None:
                self._workers.start(Role.CAPTURE)
            status = self._workers.ask(Role.CAPTURE, StartCapture(options), StatusAnswer, [descriptor]).status
        finally:
            os.close(descriptor)
        self._capture_options = options
        self._capture_denied = None
        return status

    def stop_capture(self) -> CaptureStatus:
        return self._workers.ask(Role.CAPTURE, StopCapture(), StatusAnswer).status

    def start_actor(self, spec: ActorSpec) -> ActorView:
        return self._actors.start(spec)

    def stop_actor(self, number: int) -> ActorReport:
        return self._actors.stop(number)

    def command_actor(self, number: int, command: ActorCommand, text: str = "") -> ActorReport:
        return self._actors.command(number, command, text)

    def kill_actor(self, number: int) -> None:
        self._actors.kill(number)

    def actors(self) -> tuple[ActorView, ...]:
        """Every actor with a fresh report, without the rest of a refresh."""
        return self._actors.views()

    def dead(self) -> tuple[Role, ...]:
        return tuple(state.role for state in self._workers.states() if not state.alive)

    def restart(self, role: Role) -> None:
        self._workers.end(role)
        if role is Role.CAPTURE and self._capture_options is not None:
            self.set_capture(self._capture_options)
        elif role is Role.SOCKETS:
            self._start_sockets()
        elif role is Role.DISSECTOR:
            self._workers.start(role)

    def close(self) -> None:
        self._actors.close()
        self._workers.close()
        self._line.close()

    def _start_sockets(self) -> Worker[Any, Any]:
        worker = self._workers.start(Role.SOCKETS)
        self._table.begin()
        return worker

    def _ask_sockets(self) -> tuple[Sequence[SocketEntry], dict[int, RowChange], Sequence[ClosedSocket]]:
        worker = self._workers.running(Role.SOCKETS)
        if worker is None:
            if self._workers.has_ended(Role.SOCKETS):
                return self._table.rows(), {}, ()
            worker = self._start_sockets()
        try:
            return self._table.ask(worker, self._labels())
        except ChannelError as error:
            self._workers.lose(worker, str(error))
            return self._table.rows(), {}, ()

    def _capture_status(self) -> CaptureStatus | None:
        worker = self._workers.running(Role.CAPTURE)
        if worker is None:
            return None
        try:
            return answered(worker.ask(AskStatus()), StatusAnswer).status
        except ChannelError as error:
            self._workers.lose(worker, str(error))
            return None

    def _labels(self) -> dict[int, str]:
        """The processes that are ours, for the Process column."""
        ours = {os.getpid(), self._launcher_pid, *self._workers.pids()}
        return dict.fromkeys(ours, "sockmon") | self._actors.labels()

    def _on_ended(self, ended: ProcessEnded) -> None:
        """The launcher says that a process has ended (on the line's thread)."""
        if ended.role is Role.ACTOR:
            self._actors.ended(ended)
            return
        self._workers.ended(ended)


def check_interfaces(names: str) -> None:
    """Raise CaptureError for an interface that there is not, where the capture worker cannot look for itself."""
    known = {name for _, name in socket.if_nameindex()} | {"any"}
    for name in names.split(","):
        if name not in known:
            raise CaptureError(f"capture on {name}", ENODEV, "`sockmon capture -D` lists the interfaces")


def no_packet_socket(errno: int, cure: str) -> Degradation:
    """Why there are no packets, from the errno of socket(AF_PACKET)."""
    if errno in (EPERM, EACCES):
        return Degradation("NO_CAP_NET_RAW", "packets need the right to open a packet socket (CAP_NET_RAW)", cure)
    reason = os.strerror(errno) if errno else "the launcher gave no reason"
    return Degradation("NO_PACKET_SOCKET", f"this system gives no packet socket: {reason}")
