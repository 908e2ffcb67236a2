"""The front's side: its line to the launcher, and a line to each worker that the launcher started for it.

Both are for several threads. A worker that does not answer in time is killed, since a late answer would be taken for
the next one.
"""

from __future__ import annotations

import os
import queue
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Sequence
from typing import Any, Generic, TypeVar

from engine.model.errors import ChannelError, EngineError
from engine.model.health import Role
from engine.model.messages import (
    ActorReply,
    CaptureReply,
    DissectorReply,
    EndProcess,
    Failed,
    IcmpSocketsOpened,
    LauncherReply,
    LauncherRequest,
    OpenIcmpSockets,
    OpenPacketSocket,
    OpenStateTrace,
    PacketSocketOpened,
    ProcessEnded,
    ProcessStarted,
    SocketsReply,
    StartProcess,
    StateTraceOpened,
)
from engine.process.channel import Channel
from engine.process.launcher import ENTRY

Request = TypeVar("Request")
Reply = TypeVar("Reply")

ANSWER_LIMIT_S = 10.0
"""A dump of 300,000 sockets takes 2 s on a slow machine; a worker silent for longer hangs."""

LAUNCHER_LIMIT_S = 5.0
"""Starting a process takes the launcher a few milliseconds."""

REPLIES: dict[Role, Any] = {
    Role.SOCKETS: SocketsReply,
    Role.CAPTURE: CaptureReply,
    Role.DISSECTOR: DissectorReply,
    Role.ACTOR: ActorReply,
}


class Worker(Generic[Request, Reply]):
    """A worker process as seen from the front."""

    def __init__(self, role: Role, pid: int, channel: Channel[Request, Reply], kill: Callable[[int], None]) -> None:
        self.role = role
        self.pid = pid
        self._channel = channel
        self._kill = kill
        self._asking = threading.Lock()

    def ask(self, request: Request, descriptors: Sequence[int] = (), limit_s: float = ANSWER_LIMIT_S) -> Reply:
        """Send a request and wait for its answer; `Failed` becomes EngineError. ChannelError if the worker died."""
        with self._asking:
            try:
                self._channel.send(request, descriptors)
                reply, received = self._channel.receive(limit_s)
            except ChannelError:
                self._kill(self.pid)
                raise
        for descriptor in received:
            os.close(descriptor)  # no worker hands any back
        if isinstance(reply, Failed):
            raise EngineError(reply.sentence)
        return reply

    def kill(self) -> None:
        """Kill the process (SIGKILL); the launcher tells when it is gone."""
        self._kill(self.pid)

    def close(self) -> None:
        """End the channel, and with it the process."""
        self._channel.shut()
        with self._asking:
            self._channel.close()


class LauncherLine:
    """The line to the launcher. `on_ended` hears of each process that ends, `on_gone` that the launcher itself is gone;
    both are called from the line's own thread."""

    def __init__(
        self, control: socket.socket, on_ended: Callable[[ProcessEnded], None], on_gone: Callable[[], None]
    ) -> None:
        self._channel: Channel[LauncherRequest, LauncherReply] = Channel(control, LauncherReply)
        self._on_ended = on_ended
        self._on_gone = on_gone
        self._replies: queue.SimpleQueue[tuple[LauncherReply, list[int]] | None] = queue.SimpleQueue()
        self._asking = threading.Lock()
        self._closing = False
        threading.Thread(target=self._read, name="launcher", daemon=True).start()

    def start(self, role: Role, name: str = "") -> Worker[Any, Any]:
        """Start a worker or an actor; EngineError if that did not work."""
        reply, descriptors = self._ask(StartProcess(role, name))
        if not isinstance(reply, ProcessStarted):
            raise EngineError(reply.sentence if isinstance(reply, Failed) else f"cannot start the {role} process")
        end = socket.socket(fileno=descriptors[0])
        return Worker(role, reply.pid, Channel(end, REPLIES[role]), self._kill)

    def open_packet_socket(self) -> tuple[int, int]:
        """A packet socket's descriptor and 0, or -1 and the errno that says why there is none."""
        reply, descriptors = self._ask(OpenPacketSocket())
        if isinstance(reply, PacketSocketOpened) and descriptors:
            return descriptors[0], 0
        return -1, reply.errno if isinstance(reply, PacketSocketOpened | Failed) else 0

    def open_icmp_sockets(self) -> dict[int, int]:
        """Descriptors of raw ICMP sockets by address family; none where that is not allowed."""
        reply, descriptors = self._ask(OpenIcmpSockets())
        return dict(zip(reply.families, descriptors, strict=True)) if isinstance(reply, IcmpSocketsOpened) else {}

    def open_state_trace(self) -> tuple[list[int], str]:
        """Descriptors of the kernel's tracepoint of TCP states; none, and why."""
        reply, descriptors = self._ask(OpenStateTrace())
        if isinstance(reply, StateTraceOpened):
            return descriptors, reply.refused
        return [], reply.sentence if isinstance(reply, Failed) else "the launcher gave no reason"

    def close(self) -> None:
        """End the line; the launcher then ends what it started."""
        self._closing = True
        self._channel.shut()

    def _kill(self, pid: int) -> None:
        try:
            self._channel.send(EndProcess(pid))
        except ChannelError:
            return  # without a launcher there is no worker

    def _ask(self, request: LauncherRequest) -> tuple[LauncherReply, list[int]]:
        with self._asking:
            self._channel.send(request)
            try:
                answered = self._replies.get(timeout=LAUNCHER_LIMIT_S)
            except queue.Empty:
                raise ChannelError(f"the launcher did not answer within {LAUNCHER_LIMIT_S:g} s") from None
        if answered is None:
            raise ChannelError("the launcher has ended")
        return answered

    def _read(self) -> None:
        while True:
            try:
                reply, descriptors = self._channel.receive()
            except ChannelError:
                self._replies.put(None)
                if not self._closing:
                    self._on_gone()
                return
            if isinstance(reply, ProcessEnded):
                self._on_ended(reply)
            else:
                self._replies.put((reply, descriptors))


class OwnLauncher:
    """A launcher process started by this one, for programs that `sockmon` did not start: tests and scripts."""

    def __init__(self) -> None:
        self.control, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
        with theirs:
            self._process = subprocess.Popen(
                [
                    *(sys.executable, "-I", str(ENTRY), "launcher"),
                    *("--descriptor", str(theirs.fileno()), "--parent", str(os.getpid())),
                ],
                stdin=subprocess.DEVNULL,
                pass_fds=[theirs.fileno()],
            )
        self.pid = self._process.pid

    def wait(self) -> int:
        """Wait for it to end, which it does when the line to it is closed; its exit code."""
        return self._process.wait(timeout=LAUNCHER_LIMIT_S)
