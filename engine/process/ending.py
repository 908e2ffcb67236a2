"""Ends a process that holds a socket, and says beforehand whether this user may.

A PID may be given to another process at any moment: the process is held by a pidfd (pidfd_open(2)) first, then its
start time is compared, and signals go through the pidfd.
"""

from __future__ import annotations

import contextlib
import errno
import os
import select
import signal
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from engine.insight.hits import destroy_command, process_hits, socket_hits, socket_title
from engine.model.ending import GRANTED, EndingChoice, Permission, ProcessAim
from engine.model.errors import EngineError
from engine.model.sockets import Owner, SocketEntry
from engine.process.rights import Capability
from engine.sockets.processes import PROC, Processes, ProcessGone, ProcessRefused

GRACE_S: Final = 3.0
"""From TERM to KILL: what ends on TERM does so well within it, and a person waits for it."""
KILL_S: Final = 2.0
"""From KILL to giving up: a process in an uninterruptible system call stays (D in ps)."""


def ending_choice(entry: SocketEntry, entries: Sequence[SocketEntry], worker_pid: int) -> EndingChoice:
    """What can be done about a socket. `entries` is the whole table, `worker_pid` the process that would close it."""
    owners = {owner.pid: owner for owner in reversed(entry.owners)}
    return EndingChoice(
        socket_title(entry),
        may_close(entry, worker_pid),
        socket_hits(entry, entries),
        tuple(ProcessAim(owner, may_end(owner), process_hits(owner, entries)) for owner in reversed(owners.values())),
    )


def may_close(entry: SocketEntry, worker_pid: int, proc: Path = PROC) -> Permission:
    """Whether the sockets worker can close this socket by SOCK_DESTROY."""
    command = destroy_command(entry)
    if not command:
        return Permission(False, f"no command can close a {entry.netid} socket from outside: end its process instead")
    if entry.cookie is None:
        return Permission(False, "the table was not read by netlink, so that the socket cannot be named", command)
    if not _holds(proc, worker_pid, Capability.NET_ADMIN):
        return Permission(False, "closing a socket of any process needs CAP_NET_ADMIN", command)
    return GRANTED


def may_end(owner: Owner) -> Permission:
    """Whether this user may signal the process."""
    command = f"sudo kill {owner.pid}"
    try:
        with _held(owner) as process:
            signal.pidfd_send_signal(process, 0)
    except PermissionError:
        return Permission(False, "the process is another user's", command)
    except EngineError as error:
        return Permission(False, error.tried, command if error.errno == errno.EPERM else "")
    except OSError as error:
        return Permission(False, os.strerror(error.errno or 0), command)
    return GRANTED


def end_process(owner: Owner, grace_s: float = GRACE_S) -> str:
    """Send TERM, and KILL to what is still there after `grace_s`; how it ended. Raises EngineError if it did not."""
    name = f"{owner.name} (pid {owner.pid})"
    with _held(owner) as process:
        for number, limit_s in ((signal.SIGTERM, grace_s), (signal.SIGKILL, KILL_S)):
            try:
                signal.pidfd_send_signal(process, number)
            except OSError as error:
                raise EngineError(f"end {name}", error.errno, f"sudo kill {owner.pid}") from error
            if _has_ended(process, limit_s):
                late = f" after {grace_s:g} s of {signal.SIGTERM.name}" if number is signal.SIGKILL else ""
                return f"{name} ended by {number.name}{late}"
    raise EngineError(f"end {name}", errno.EBUSY, "KILL is sent; it waits in the kernel and ends when that is over")


@contextlib.contextmanager
def _held(owner: Owner) -> Iterator[int]:
    """A pidfd of this very process. Raises EngineError if it is gone."""
    name = f"{owner.name} (pid {owner.pid})"
    if not hasattr(os, "pidfd_open"):
        raise EngineError(f"{name} cannot be held while it is ended: this system has no pidfd_open()", errno.EPERM)
    try:
        process = os.pidfd_open(owner.pid)
    except OSError as error:
        if error.errno == errno.ESRCH:
            raise EngineError(f"{name} has ended already") from error
        raise EngineError(f"look at {name}", error.errno) from error
    try:
        if owner.start_time:
            try:
                same = Processes().start_time(owner.pid) == owner.start_time
            except ProcessGone:
                same = False
            except ProcessRefused as error:
                raise EngineError(f"look at {name}", errno.EPERM) from error
            if not same:
                raise EngineError(f"{name} has ended already")
        yield process
    finally:
        os.close(process)


def _has_ended(process: int, limit_s: float) -> bool:
    """Whether the process of a pidfd ends in time: it is readable then (pidfd_open(2))."""
    poll = select.poll()
    poll.register(process, select.POLLIN)
    return bool(poll.poll(limit_s * 1000))


def _holds(proc: Path, pid: int, capability: Capability) -> bool:
    """Whether another process may use a capability now: CapEff of /proc/PID/status."""
    try:
        status = (proc / str(pid) / "status").read_text("ascii", "replace")
    except OSError:
        return False
    lines = dict(line.partition(":")[::2] for line in status.splitlines())
    effective = lines.get("CapEff", "0").strip()
    try:
        return bool(int(effective, 16) >> capability & 1)
    except ValueError:
        return False
