"""Child processes of an actor: forked, so that they share its sockets, and ended with it.

A fork copies only the thread that calls it; a lock that another thread held then is held in the child for ever. So the
child's code is to use new objects only: no log, no report, plain sockets made from descriptors. It ends when the pipe
that its parent holds is closed, which the parent's death does too, and as a second belt by PR_SET_PDEATHSIG.
"""

from __future__ import annotations

import ctypes
import os
import signal
import warnings
from collections.abc import Callable
from contextlib import suppress
from typing import Final, NoReturn

from engine.lab.actor import Actor

PR_SET_PDEATHSIG: Final = 1  # include/uapi/linux/prctl.h


class Children:
    """The processes that one actor forked."""

    def __init__(self, actor: Actor) -> None:
        self._actor = actor
        self._pids: list[int] = []
        self._leashes: list[int] = []

    def fork(self, program: Callable[[int], None]) -> int:
        """Run `program(leash)` in a child, which is to end once the descriptor `leash` is readable; the child's PID.

        Every descriptor of the parent is the child's too, but for the leashes. Raises OSError.
        """
        reading, leash = os.pipe2(os.O_CLOEXEC)
        self._leashes.append(leash)
        try:
            with warnings.catch_warnings():
                # Python 3.12 warns of exactly the danger that this module's rule is there for.
                warnings.simplefilter("ignore", DeprecationWarning)
                pid = self._actor.log.made("fork", "", os.fork, str)
            if pid == 0:
                self._live(program, reading)
        finally:
            os.close(reading)
        self._pids.append(pid)
        self._actor.say_child(pid)
        return pid

    def _live(self, program: Callable[[int], None], reading: int) -> NoReturn:
        """The child's life. It leaves by os._exit(): its parent's clean-up is none of its own."""
        status = 1
        try:
            for leash in self._leashes:
                os.close(leash)
            ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
            program(reading)
            status = 0
        except OSError:
            status = 2
        finally:
            os._exit(status)

    def end(self) -> None:
        """End them all: each may be blocked in a call, so it is killed, and the kernel closes what it had."""
        for leash in self._leashes:
            os.close(leash)
        self._leashes.clear()
        for pid in self._pids:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)
        self._pids.clear()
