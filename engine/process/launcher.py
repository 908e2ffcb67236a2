"""The launcher: what `sockmon` starts as. It starts, watches and ends all others, and parses nothing foreign.

It imports the standard library and msgspec only. Its one conversation is with the front (the screen, or a
long-running command), over a typed channel: start a worker, open a packet socket, kill a process. Where it runs as
root it stays so, and everything else that it starts drops to the invoking user; that is why the descriptors that need
a right are opened here and passed on.

One thread, one loop: the channel, the workers' standard errors, and a pipe that signals ring.
"""

from __future__ import annotations

import os
import select
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

from engine.model.errors import ChannelError, NetlinkError
from engine.model.health import Role
from engine.model.messages import (
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
    StartProcess,
    StateTraceOpened,
)
from engine.process import terminal
from engine.process.channel import Channel, close_all

SOL_RAW = 255  # include/linux/socket.h
ICMP_FILTER = 1  # include/uapi/linux/icmp.h
ICMPV6_FILTER = 1  # include/uapi/linux/icmpv6.h


def _all_but(kind: int, kinds: int) -> bytes:
    """A filter of so many types: a bit is set for each that is kept out."""
    return ((1 << kinds) - 1 ^ 1 << kind).to_bytes(kinds // 8, sys.byteorder)


ECHO_REPLIES_ONLY = (
    (socket.AF_INET, socket.IPPROTO_ICMP, SOL_RAW, ICMP_FILTER, _all_but(0, 32)),
    (socket.AF_INET6, socket.IPPROTO_ICMPV6, socket.IPPROTO_ICMPV6, ICMPV6_FILTER, _all_but(129, 256)),
)
"""Family, protocol, and the filter that lets echo replies in (raw(7), RFC 3542 section 3.2)."""

WORKER_GRACE_S = 1.0
"""How long a worker whose channel has ended may take to follow; they need a millisecond."""

FRONT_GRACE_S = 3.0
"""How long the front may take to leave the screen after a signal that ends sockmon."""

INTERRUPT_GRACE_S = 15.0
"""The same after SIGINT, where a command still prints what it has."""

LAST_WORDS = 4096
"""Bytes of a worker's standard error that are kept: the end of it says what went wrong."""

MAX_PROCESSES = 256
"""Workers and actors at once. The lab's largest lesson starts a few dozen; more is a loop that ran away."""

ENTRY = Path(__file__).with_name("__main__.py")


class Child:
    """A process that the launcher started for the front."""

    def __init__(self, role: Role, process: subprocess.Popen[bytes]) -> None:
        self.role = role
        self.process = process
        self.last_words = b""

    def hear(self) -> bool:
        """Read what it wrote to its standard error; False once that is closed."""
        stream = self.process.stderr
        if stream is None:
            return False
        heard = os.read(stream.fileno(), LAST_WORDS)
        self.last_words = (self.last_words + heard)[-LAST_WORDS:]
        return bool(heard)


class Launcher:
    """Serves one front until its channel ends. `strict` refuses workers that cannot be confined as designed."""

    def __init__(self, control: socket.socket, strict: bool = False) -> None:
        self._channel: Channel[LauncherReply, LauncherRequest] = Channel(control, LauncherRequest)
        self._strict = strict
        self._children: dict[int, Child] = {}
        self._deaf: set[int] = set()

    def watch(self) -> dict[int, Callable[[], None]]:
        """Descriptors to wait for, and what to do when they have something."""
        watched: dict[int, Callable[[], None]] = {self._channel.fileno(): self.obey}
        for pid, child in self._children.items():
            if pid not in self._deaf and child.process.stderr is not None:
                watched[child.process.stderr.fileno()] = self._ear(pid, child)
        return watched

    def obey(self) -> None:
        """Carry out one request of the front. Raises ChannelError when the front is gone."""
        request, descriptors = self._channel.receive()
        for descriptor in descriptors:
            os.close(descriptor)  # no request carries any
        match request:
            case StartProcess():
                self._start(request)
            case OpenPacketSocket():
                self._open_packet_socket()
            case OpenIcmpSockets():
                self._open_icmp_sockets()
            case OpenStateTrace():
                self._open_state_trace()
            case EndProcess():
                self._end(request.pid)

    def reap(self) -> None:
        """Tell the front of each process that has ended."""
        for pid, child in list(self._children.items()):
            if child.process.poll() is None:
                continue
            while pid not in self._deaf and _has_something(child) and child.hear():
                pass
            self._forget(pid)
            self._channel.send(
                ProcessEnded(
                    child.role, pid, how_ended(child.process.returncode), child.last_words.decode("utf-8", "replace")
                )
            )

    def close(self) -> None:
        """End the channel, and after a moment of grace whatever still runs."""
        self._channel.close()
        deadline = time.monotonic() + WORKER_GRACE_S
        for pid, child in list(self._children.items()):
            try:
                child.process.wait(max(0.0, deadline - time.monotonic()))
            except subprocess.TimeoutExpired:
                child.process.kill()
                child.process.wait()
            self._forget(pid)

    def _start(self, request: StartProcess) -> None:
        if len(self._children) >= MAX_PROCESSES:
            self._channel.send(
                Failed(f"{MAX_PROCESSES} processes run already, which is the limit; stop some actors first")
            )
            return
        if request.role is Role.SCREEN:
            self._channel.send(Failed("the screen is not the screen's to start"))
            return
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
        with ours, theirs:
            try:
                process = subprocess.Popen(
                    self._command(request, theirs.fileno()),
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.DEVNULL,
                    stderr=subprocess.PIPE,
                    pass_fds=[theirs.fileno()],
                )
            except OSError as error:
                self._channel.send(
                    Failed(f"cannot start the {request.role} process: {error.strerror}", error.errno or 0)
                )
                return
            self._children[process.pid] = Child(request.role, process)
            self._channel.send(ProcessStarted(request.role, process.pid), [ours.fileno()])

    def _command(self, request: StartProcess, descriptor: int) -> list[str]:
        name = request.name or f"sockmon-{request.role}"
        strict = ["--strict"] if self._strict else []
        return [
            *(sys.executable, "-I", str(ENTRY), str(request.role), "--name", name),
            *("--descriptor", str(descriptor), "--parent", str(os.getpid()), *strict),
        ]

    def _open_packet_socket(self) -> None:
        """Protocol 0 hears nothing until the worker has set its filter and bound it (packet(7))."""
        try:
            opened = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
        except OSError as error:
            self._channel.send(PacketSocketOpened(error.errno or 0))
            return
        with opened:
            self._channel.send(PacketSocketOpened(), [opened.fileno()])

    def _open_icmp_sockets(self) -> None:
        """Each with a filter, so that it hears no more than a ping needs."""
        opened: list[socket.socket] = []
        try:
            for family, proto, level, option, letting_in in ECHO_REPLIES_ONLY:
                sock = socket.socket(family, socket.SOCK_RAW, proto)
                opened.append(sock)
                sock.setsockopt(level, option, letting_in)
            families = tuple(int(sock.family) for sock in opened)
            self._channel.send(IcmpSocketsOpened(families), [sock.fileno() for sock in opened])
        except OSError as error:
            self._channel.send(IcmpSocketsOpened(errno=error.errno or 0))
        finally:
            for sock in opened:
                sock.close()

    def _open_state_trace(self) -> None:
        # ctypes and the tracepoint's layout are for who has the right to trace, not for every start.
        from engine.sockets.perf_open import open_state_trace

        try:
            descriptors = open_state_trace()
        except NetlinkError as error:
            self._channel.send(StateTraceOpened(str(error)))
            return
        self._channel.send(StateTraceOpened(), descriptors)
        close_all(descriptors)

    def _end(self, pid: int) -> None:
        if pid in self._children:
            self._children[pid].process.kill()

    def _ear(self, pid: int, child: Child) -> Callable[[], None]:
        def listen() -> None:
            if not child.hear():
                self._deaf.add(pid)

        return listen

    def _forget(self, pid: int) -> None:
        child = self._children.pop(pid)
        self._deaf.discard(pid)
        if child.process.stderr is not None:
            child.process.stderr.close()


def launch(front: Sequence[str], full_screen: bool, strict: bool = False) -> int:
    """Run `front` as the program that the user sees, with a launcher behind it; its exit code.

    `front` is a command line to which `--control N` is added. With `full_screen` the terminal is cleared up after a
    front that was killed.
    """
    settings = terminal.save()
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
    with theirs:
        process = subprocess.Popen(
            [*front, "--control", str(theirs.fileno()), "--parent", str(os.getpid())], pass_fds=[theirs.fileno()]
        )
    launcher = Launcher(ours, strict)
    status = serve(launcher, process)
    launcher.close()
    settings.restore_settings()
    if status < 0:
        if full_screen:
            settings.leave_screen()
        if -status not in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT):
            what = "screen" if full_screen else "command"
            sys.stderr.write(f"sockmon: the {what} was {how_ended(status)}; its workers have been ended\n")
        return 128 - status
    return status


def serve(launcher: Launcher, front: subprocess.Popen[bytes] | None) -> int:
    """Serve until the front has ended; its return code, negative for a signal. With none, until the channel ends."""
    with _signals() as bell:
        channel_open = True
        deadline: float | None = None
        while True:
            watched = launcher.watch() if channel_open else {}
            wait_s = None if deadline is None else max(0.0, deadline - time.monotonic())
            ready = select.select([bell, *watched], [], [], wait_s)[0]
            rung = os.read(bell, 4096) if bell in ready else b""
            try:
                for descriptor in ready:
                    if descriptor in watched:
                        watched[descriptor]()
                if channel_open and signal.SIGCHLD in rung:
                    launcher.reap()
            except ChannelError:
                channel_open = False
                if front is None:
                    return 0
                deadline = deadline or time.monotonic() + FRONT_GRACE_S  # it closes its channel only to end
            if front is None:
                if signal.SIGTERM in rung or signal.SIGHUP in rung:
                    return 0
                continue
            if front.poll() is not None:
                return front.returncode
            for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT):
                if number in rung:
                    front.send_signal(number)  # after Ctrl-C its second, which it ignores
                    patience_s = INTERRUPT_GRACE_S if number == signal.SIGINT else FRONT_GRACE_S
                    deadline = deadline or time.monotonic() + patience_s
            if deadline is not None and time.monotonic() >= deadline:
                front.kill()
                return front.wait()


def how_ended(returncode: int) -> str:
    """A return code of Popen in words."""
    if returncode >= 0:
        return f"exit code {returncode}"
    try:
        return f"killed by {signal.Signals(-returncode).name}"
    except ValueError:
        return f"killed by signal {-returncode}"


def _has_something(child: Child) -> bool:
    return child.process.stderr is not None and bool(select.select([child.process.stderr], [], [], 0)[0])


@contextmanager
def _signals() -> Iterator[int]:
    """A pipe on which each signal rings as one byte, its number.

    Handlers, not SIG_IGN, since what is ignored stays ignored in the processes that are started.
    """
    reads, writes = os.pipe()
    os.set_blocking(writes, False)
    numbers = (signal.SIGCHLD, signal.SIGTERM, signal.SIGHUP, signal.SIGINT, signal.SIGQUIT)
    before = {number: signal.signal(number, _ring) for number in numbers}
    old_bell = signal.set_wakeup_fd(writes, warn_on_full_buffer=False)
    os.write(writes, bytes([signal.SIGCHLD]))  # whoever ended before the handlers stood
    try:
        yield reads
    finally:
        signal.set_wakeup_fd(old_bell)
        for number, handler in before.items():
            signal.signal(number, handler)
        os.close(reads)
        os.close(writes)


def _ring(number: int, frame: FrameType | None) -> None:
    """A handler that does nothing: the byte in the pipe is what counts."""
