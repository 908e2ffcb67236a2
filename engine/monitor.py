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
from typing import Any, TypeVar

from engine.model.ending import EndingChoice
from engine.model.errors import CaptureError, ChannelError, EngineError, MissingRight
from engine.model.health import Degradation, Role, WorkerState
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
from engine.text.sanitize import printable

Expected = TypeVar("Expected")

LOST_WITH = {
    Role.SOCKETS: "the table stands still",
    Role.CAPTURE: "the captured packets are lost",
    Role.DISSECTOR: "nothing is lost",
    Role.ACTOR: "its sockets are closed",
}
"""What goes with a worker that dies, in words for the screen."""

EPITAPH_S = 0.5
"""The launcher hears at once when a process ends; this is for a busy machine."""


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
        self._lock = threading.Lock()
        self._refreshing = threading.Lock()
        self._workers: dict[Role, Worker[Any, Any]] = {}
        self._states: dict[Role, WorkerState] = {}
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
        with self._lock:
            states = tuple(self._states.values())
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
            workers=states,
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
        with self._lock:
            captured = Role.CAPTURE in self._workers
        return self._judging.about(key, stream, captured)

    def packets(self, first: int, count: int, display_filter: str = "", handshakes: bool = True) -> PacketsAnswer:
        reply = self._ask(Role.CAPTURE, AskPackets(first, count, display_filter, handshakes))
        return _expect(reply, PacketsAnswer)

    def new_packets(self, after: int, count: int, display_filter: str = "", handshakes: bool = False) -> PacketsAnswer:
        """Rows numbered above `after`, oldest first: for a listing that prints as it goes."""
        reply = self._ask(Role.CAPTURE, AskNewPackets(after, count, display_filter, handshakes))
        return _expect(reply, PacketsAnswer)

    def new_frames(self, after: int, with_rows: bool = False) -> FramesAnswer:
        """Captured bytes of the frames numbered above `after`, oldest first: for a file that is written meanwhile.
        `with_rows` gives their lines too."""
        return _expect(self._ask(Role.CAPTURE, AskNewFrames(after, with_rows=with_rows)), FramesAnswer)

    def dissect(self, number: int) -> Dissection:
        frame = _expect(self._ask(Role.CAPTURE, AskFrame(number)), FrameAnswer)
        if frame.link_type < 0:
            raise EngineError(f"frame {number} is no longer kept: newer ones took its place")
        with self._lock:
            running = Role.DISSECTOR in self._workers
        if not running:
            self._start(Role.DISSECTOR)
        return _expect(self._ask(Role.DISSECTOR, Dissect(frame)), DissectAnswer).dissection

    def flows(self, first: int, count: int) -> FlowsAnswer:
        return _expect(self._ask(Role.CAPTURE, AskFlows(first, count)), FlowsAnswer)

    def find_flow(self, address: str, port: int, peer_address: str, peer_port: int) -> FlowsAnswer:
        return _expect(self._ask(Role.CAPTURE, FindFlow(address, port, peer_address, peer_port)), FlowsAnswer)

    def ladder(
        self,
        streams: tuple[int, ...],
        first: int,
        count: int,
        unfolded: tuple[int, ...] = (),
        folded: bool = True,
    ) -> LadderAnswer:
        return _expect(self._ask(Role.CAPTURE, AskLadder(streams, first, count, unfolded, folded)), LadderAnswer)

    def stream(self, stream: int, after: int = 0) -> StreamAnswer:
        return _expect(self._ask(Role.CAPTURE, AskStream(stream, after)), StreamAnswer)

    def follow_stream(self, stream: int) -> None:
        self._ask(Role.CAPTURE, FollowStream(stream))

    def set_sockets(self, options: SocketsOptions) -> None:
        self._table.options = options

    def close_sockets(self, keys: tuple[int, ...]) -> None:
        _expect(self._ask(Role.SOCKETS, DestroySockets(keys)), SocketsDestroyed)

    def ending(self, entry: SocketEntry, entries: Sequence[SocketEntry]) -> EndingChoice:
        with self._lock:
            worker = self._workers.get(Role.SOCKETS)
        return ending_choice(entry, entries, worker.pid if worker else 0)

    def end_process(self, owner: Owner) -> str:
        return end_process(owner)

    def set_capture(self, options: CaptureOptions) -> CaptureStatus:
        descriptor, errno = self._line.open_packet_socket()
        if descriptor < 0:
            check_interfaces(options.interface)
            self._capture_denied = no_packet_socket(errno, self._cure)
            raise MissingRight(self._capture_denied.sentence, hint=f"start it so: {self._cure}")
        try:
            with self._lock:
                running = Role.CAPTURE in self._workers
            if not running:
                self._start(Role.CAPTURE)
            status = _expect(self._ask(Role.CAPTURE, StartCapture(options), [descriptor]), StatusAnswer).status
        finally:
            os.close(descriptor)
        self._capture_options = options
        self._capture_denied = None
        return status

    def stop_capture(self) -> CaptureStatus:
        return _expect(self._ask(Role.CAPTURE, StopCapture()), StatusAnswer).status

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

    def restart(self, role: Role) -> None:
        with self._lock:
            worker = self._workers.pop(role, None)
        if worker is not None:
            worker.close()
        if role is Role.CAPTURE and self._capture_options is not None:
            self.set_capture(self._capture_options)
        elif role in (Role.SOCKETS, Role.DISSECTOR):
            self._start(role)

    def close(self) -> None:
        self._actors.close()
        with self._lock:
            workers = list(self._workers.values())
            self._workers.clear()
        for worker in workers:
            worker.close()
        self._line.close()

    def _start(self, role: Role) -> Worker[Any, Any]:
        worker = self._line.start(role)
        with self._lock:
            self._workers[role] = worker
            self._states[role] = WorkerState(role, worker.pid, alive=True)
        if role is Role.SOCKETS:
            self._table.begin()
        return worker

    def _ask(self, role: Role, request: Any, descriptors: Sequence[int] = ()) -> object:
        """A worker's answer. EngineError if there is no such worker, or if it died: then with how it ended."""
        with self._lock:
            worker = self._workers.get(role)
            state = self._states.get(role)
        if worker is None:
            how = f"has ended ({state.ended}): {LOST_WITH[role]}" if state and state.ended else "is not running"
            raise EngineError(f"the {role} worker {how}")
        try:
            return worker.ask(request, descriptors)
        except ChannelError as error:
            how = self._how_ended(role, worker.pid) or str(error)
            self._lose(role, worker, how)
            raise EngineError(f"the {role} worker has ended ({how}): {LOST_WITH[role]}") from error

    def _how_ended(self, role: Role, pid: int) -> str:
        """The launcher's word on how a process ended, for which it needs a moment; empty if it has none."""
        deadline = time.monotonic() + EPITAPH_S
        while time.monotonic() < deadline:
            with self._lock:
                state = self._states.get(role)
            if state is not None and state.pid == pid and not state.alive:
                return state.ended
            time.sleep(EPITAPH_S / 100)
        return ""

    def _ask_sockets(self) -> tuple[Sequence[SocketEntry], dict[int, RowChange], Sequence[ClosedSocket]]:
        with self._lock:
            worker = self._workers.get(Role.SOCKETS)
            died = Role.SOCKETS in self._states and not self._states[Role.SOCKETS].alive
        if worker is None:
            if died:
                return self._table.rows(), {}, ()
            worker = self._start(Role.SOCKETS)
        try:
            return self._table.ask(worker, self._labels())
        except ChannelError as error:
            self._lose(Role.SOCKETS, worker, str(error))
            return self._table.rows(), {}, ()

    def _capture_status(self) -> CaptureStatus | None:
        with self._lock:
            worker = self._workers.get(Role.CAPTURE)
        if worker is None:
            return None
        try:
            return _expect(worker.ask(AskStatus()), StatusAnswer).status
        except ChannelError as error:
            self._lose(Role.CAPTURE, worker, str(error))
            return None

    def _labels(self) -> dict[int, str]:
        """The processes that are ours, for the Process column."""
        with self._lock:
            ours = {os.getpid(), self._launcher_pid, *(worker.pid for worker in self._workers.values())}
        return dict.fromkeys(ours, "sockmon") | self._actors.labels()

    def _lose(self, role: Role, worker: Worker[Any, Any], how: str) -> None:
        """A worker stopped answering: say so now; the launcher's word on how it ended replaces this."""
        with self._lock:
            if self._workers.get(role) is worker:
                del self._workers[role]
            if self._states[role].pid == worker.pid and self._states[role].alive:
                self._states[role] = WorkerState(role, worker.pid, alive=False, ended=how, lost=LOST_WITH[role])
        worker.close()

    def _on_ended(self, ended: ProcessEnded) -> None:
        """The launcher says that a process has ended (on the line's thread)."""
        if ended.role is Role.ACTOR:
            self._actors.ended(ended)
            return
        with self._lock:
            state = self._states.get(ended.role)
            if state is None or state.pid != ended.pid:
                return  # one that was replaced or closed by us
            worker = self._workers.pop(ended.role, None)
            self._states[ended.role] = WorkerState(
                ended.role, ended.pid, alive=False, ended=_epitaph(ended), lost=LOST_WITH[ended.role]
            )
        if worker is not None:
            worker.close()


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


def _epitaph(ended: ProcessEnded) -> str:
    """How a process ended and, where it said why, its last line."""
    lines = ended.last_words.strip().splitlines()
    return f"{ended.how}: {printable(lines[-1])}" if lines else ended.how


def _expect(reply: object, kind: type[Expected]) -> Expected:
    """The reply, if it is of the kind that its request asks for."""
    if not isinstance(reply, kind):
        raise ChannelError(f"a worker answered with {type(reply).__name__} where {kind.__name__} was due")
    return reply
