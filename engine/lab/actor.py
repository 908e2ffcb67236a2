"""The base of every actor: its life from start to end, its log of calls, and how another thread asks and stops it.

`run()` is called once, in the main thread of the actor's process, and returns when the actor is done, has failed or was
stopped. `report()`, `command()` and `stop()` may be called from another thread at any time. A subclass writes `act()`.
It waits only in ways that a stop interrupts: in a selector that also watches `wakeup.fd`, in `pause()`, or in blocking
socket calls if its class says `stops_by_shutdown`.
"""

from __future__ import annotations

import os
import resource
import select
import threading
import time
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Collection
from typing import ClassVar, Final

from engine.lab.calls import CallLog
from engine.lab.command_texts import check_text
from engine.lab.trouble import sentence_for
from engine.lab.wakeup import Wakeup
from engine.model.errors import EngineError, LabError
from engine.model.lab import ActorCommand, ActorReport, ActorSpec, ActorState, HeardFrame, OptionReading

COMMANDS_MAX: Final = 64
"""Commands that may wait: a person's keys, not a stream."""

OPTIONS_REPORTED: Final = 64
"""Option readings in a report; those of the first sockets, the later ones have the same."""

CHILDREN_REPORTED: Final = 64

HOLD_STEP_S: Final = 3600.0
"""poll() takes milliseconds in a C int, 24 days at most: holding for ever is done by the hour."""

ENDED: Final = frozenset((ActorState.DONE, ActorState.FAILED, ActorState.STOPPED))


class Stopped(Exception):
    """Unwinds `act()` once the actor was asked to stop."""


class Actor(ABC):
    """One program of the lab. Constructing it opens nothing but its wake-up."""

    commands: ClassVar[frozenset[ActorCommand]] = frozenset()
    """What it understands besides STOP."""

    stops_by_shutdown: ClassVar[bool] = False
    """It blocks in socket calls: a stop shuts its sockets down so that they return."""

    def __init__(self, spec: ActorSpec) -> None:
        self.spec = spec
        self.knobs = spec.knobs
        self.log = CallLog(spec.calls)
        self.wakeup = Wakeup()
        self.handed: dict[str, int] = {}
        """Descriptors that somebody with the right opened for it, by what they are: `packet`, `icmp`, `icmp6`."""
        self._lock = threading.Lock()
        self._moved_on = threading.Condition(self._lock)
        """Notified of each new state."""
        self._state = ActorState.STARTING
        self._end = ActorState.STOPPED
        self._stopping = False
        self._commands: deque[tuple[ActorCommand, str]] = deque()
        self._local = ""
        self._reply = ""
        self._error = ""
        self._errno = 0
        self._options: list[OptionReading] = []
        self._children: list[int] = []
        self._frames: tuple[HeardFrame, ...] = ()

    @abstractmethod
    def act(self) -> None:
        """What the program does. Returning means done; Stopped, EngineError and OSError may be raised."""

    # --- the host's side -------------------------------------------------------------------------------------------

    def run(self) -> None:
        """Live: act, then close every socket. Returns at the end, whichever it is; errors become the state FAILED.

        An exception that is neither EngineError nor OSError is a fault of sockmon's own: it is noted and goes on.
        """
        timer: threading.Timer | None = None
        end = ActorState.FAILED
        try:
            if self.knobs.descriptors is not None:
                self._limit_descriptors(self.knobs.descriptors)
            if self.knobs.duration_s is not None:
                timer = threading.Timer(self.knobs.duration_s, self._finish, (ActorState.DONE,))
                timer.daemon = True
                timer.start()
            self.check_stop()
            self.act()
            end = self._end if self._stopping else ActorState.DONE
        except Stopped:
            end = self._end
        except (EngineError, OSError) as error:
            if self._stopping:  # the stop itself broke a call off
                end = self._end
            else:
                self._fail(error)
        except BaseException as error:
            self._fail(LabError(f"{type(error).__name__}: {error}"))
            raise
        finally:
            if timer is not None:
                timer.cancel()
            for sock in self.log.held():
                sock.close()
            for descriptor in self.handed.values():
                os.close(descriptor)
            self.handed.clear()
            self.wakeup.close()
            self.state = end

    def report(self, calls_after: int = 0) -> ActorReport:
        """Everything at one moment, with the calls numbered above `calls_after`."""
        account = self.log.account(calls_after)
        with self._lock:
            return ActorReport(
                kind=self.spec.kind,
                pid=os.getpid(),
                state=self._state,
                local=self._local,
                connections=account.connections,
                sent=account.sent,
                received=account.received,
                full=account.full,
                partial=account.partial,
                refused=account.refused,
                reply=self._reply,
                error=self._error,
                errno=self._errno,
                sockets=account.sockets,
                options=tuple(self._options),
                calls=account.calls,
                calls_total=account.calls_total,
                calls_forgotten=account.calls_forgotten,
                waiting=account.waiting,
                connections_total=account.connections_total,
                messages=account.messages,
                notes=account.notes,
                notes_forgotten=account.notes_forgotten,
                children=tuple(self._children[:CHILDREN_REPORTED]),
                frames=self._frames,
            )

    def command(self, command: ActorCommand, text: str = "") -> None:
        """Ask something of the running actor; it is done in its own thread, soon. Raises LabError if it cannot be."""
        if command is ActorCommand.STOP:
            self.stop()
            return
        if command not in self.commands:
            raise LabError(f"{self.spec.kind} does not know the command {command.value!r}")
        self.check_command(command, text)
        with self._lock:
            if self._state in ENDED:
                raise LabError(f"this {self.spec.kind} has ended: {command.value} comes too late")
            if len(self._commands) >= COMMANDS_MAX:
                raise LabError(f"{COMMANDS_MAX} commands already wait for this {self.spec.kind}")
            self._commands.append((command, text))
        self.wakeup.set()

    def check_command(self, command: ActorCommand, text: str) -> None:
        """Raise BadInput for a text that the command cannot use. A subclass may know more reasons."""
        check_text(command, text)

    def stop(self) -> None:
        """End soon: whatever `run()` waits for is interrupted."""
        self._finish(ActorState.STOPPED)

    # --- the program's side ----------------------------------------------------------------------------------------

    @property
    def state(self) -> ActorState:
        """Where the actor stands; an end is final."""
        return self._state

    @state.setter
    def state(self, state: ActorState) -> None:
        with self._lock:
            if self._state not in ENDED:
                self._state = state
                self._moved_on.notify_all()

    def wait_past(self, states: Collection[ActorState], seconds: float) -> None:
        """Return once the actor is in none of these states, or after so long. For another thread than its own."""
        with self._lock:
            self._moved_on.wait_for(lambda: self._state not in states, seconds)

    @property
    def stopping(self) -> bool:
        """A stop was asked for, or the time is up."""
        return self._stopping

    def check_stop(self) -> None:
        """Raise Stopped if a stop was asked for."""
        if self._stopping:
            raise Stopped

    def pause(self, seconds: float) -> None:
        """Wait so long. Raises Stopped at once when stopped; a command does not end the pause."""
        until = time.monotonic() + seconds
        poll = select.poll()
        poll.register(self.wakeup.fd, select.POLLIN)
        while (left := until - time.monotonic()) > 0:
            self.check_stop()
            if not poll.poll(left * 1000):
                break
            # Woken by a command: that one keeps until the pause is over.
            self.clear_wakeup()
        self.check_stop()

    def hold(self) -> None:
        """Keep what is open for `hold_s`, or until stopped. Raises Stopped."""
        held_s = self.knobs.hold_s
        if held_s is not None:
            self.pause(held_s)
            return
        while True:
            self.pause(HOLD_STEP_S)

    def wait(self, sock_fd: int, events: int = select.POLLIN, timeout_s: float | None = None) -> bool:
        """Wait until poll() reports any of `events` (or an error) on a descriptor; False when the time is over first.

        Raises Stopped. Safe from several threads of one actor.
        """
        until = None if timeout_s is None else time.monotonic() + timeout_s
        poll = select.poll()
        poll.register(sock_fd, events)
        poll.register(self.wakeup.fd, select.POLLIN)
        while True:
            left_ms = None if until is None else max(0.0, (until - time.monotonic()) * 1000)
            ready = dict(poll.poll(left_ms))
            self.check_stop()
            if sock_fd in ready:
                return True
            if not ready:
                return False
            self.clear_wakeup()

    def wait_command(self, timeout_s: float | None = None) -> tuple[ActorCommand, str] | None:
        """Wait for the next command, taken; None when the time is over first. Raises Stopped."""
        until = None if timeout_s is None else time.monotonic() + timeout_s
        poll = select.poll()
        poll.register(self.wakeup.fd, select.POLLIN)
        while (command := self.next_command()) is None:
            left_ms = None if until is None else (until - time.monotonic()) * 1000
            if left_ms is not None and left_ms <= 0:
                return None
            self.check_stop()
            if poll.poll(left_ms):
                self.clear_wakeup()
        return command

    def clear_wakeup(self) -> None:
        """Make the wake-up ready for the next command. Raises Stopped, and leaves it set for other threads, if stopped.

        Commands are to be taken between this and the next wait.
        """
        self.wakeup.clear()
        if self._stopping:
            self.wakeup.set()
            raise Stopped

    def next_command(self) -> tuple[ActorCommand, str] | None:
        """The oldest command that waits, taken; None if there is none."""
        with self._lock:
            return self._commands.popleft() if self._commands else None

    def say_local(self, local: str) -> None:
        """The address that the actor listens on or was given is known."""
        with self._lock:
            self._local = local

    def say_reply(self, reply: str) -> None:
        """Text that came back, raw."""
        with self._lock:
            self._reply = reply

    def say_options(self, readings: list[OptionReading]) -> None:
        """Options were set; those of the first sockets are kept."""
        with self._lock:
            room = OPTIONS_REPORTED - len(self._options)
            self._options.extend(reading for reading in readings[:room] if reading not in self._options)

    def say_trouble(self, error: EngineError | OSError) -> None:
        """Something failed and the actor goes on: the last such error stands in the report."""
        self._fail(error)

    def say_error(self, sentence: str, number: int) -> None:
        """An error is what this actor is about."""
        with self._lock:
            self._error, self._errno = sentence, number

    def say_frames(self, frames: tuple[HeardFrame, ...]) -> None:
        """Frames that nobody else could capture."""
        with self._lock:
            self._frames = frames

    def say_child(self, pid: int) -> None:
        """A process was forked."""
        with self._lock:
            self._children.append(pid)

    # --- ends ------------------------------------------------------------------------------------------------------

    def _finish(self, end: ActorState) -> None:
        if not self._stopping:
            self._end = end
            self._stopping = True
            self.wakeup.set()
        # Again at every stop: the first may have come between a check and the blocking call after it.
        self.interrupt()

    def interrupt(self) -> None:
        """Let what `act()` blocks in return. A subclass that waits elsewhere adds to it; called from any thread."""
        if self.stops_by_shutdown:
            for sock in self.log.held():
                sock.wake()

    def _fail(self, error: EngineError | OSError) -> None:
        self.say_error(*sentence_for(error, self.log))

    @staticmethod
    def _limit_descriptors(soft: int) -> None:
        _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        if hard not in (resource.RLIM_INFINITY, -1) and soft > hard:
            raise LabError(f"allow {soft} descriptors: this machine's limit is {hard}", hint="ulimit -Hn")
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
