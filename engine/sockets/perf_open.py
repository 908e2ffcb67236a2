"""Opens the kernel's tracepoint of TCP's state changes: perf_event_open(2) on `sock:inet_sock_set_state`.

Opening needs CAP_PERFMON, and CAP_SYS_ADMIN to read the tracepoint's number where tracefs is mounted nowhere. Reading
what was opened needs nothing, so the launcher opens and the sockets worker reads (`perf_ring`).
"""

from __future__ import annotations

import ctypes
import errno
import fcntl
import os
import platform
import struct
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from engine.model.errors import NetlinkError
from engine.sockets.perf_records import FILTER, matches_format

WAKEUP_BYTES: Final = 64 * 1024
"""The descriptor becomes readable when so much waits; less is read at the next question."""

PERF_EVENT_OPEN: Final = {"x86_64": 298, "aarch64": 241, "riscv64": 241}
"""System call numbers (unistd.h)."""
FSOPEN, FSCONFIG, FSMOUNT = 430, 431, 432
"""The same on every architecture; Linux 5.2."""

_PERF_TYPE_TRACEPOINT: Final = 2
_SAMPLE_TID_TIME_RAW: Final = 1 << 1 | 1 << 2 | 1 << 10
_FLAGS_COMM_TASK_WATERMARK: Final = 1 << 9 | 1 << 13 | 1 << 14
_FLAG_CLOEXEC: Final = 8
_IOC_SET_FILTER: Final = 0x40082406
_FSCONFIG_CMD_CREATE: Final = 6

_ATTR: Final = struct.Struct("=IIQQQQQIIQ")
"""perf_event_attr, PERF_ATTR_SIZE_VER0: type, size, config, sample_period, sample_type, read_format, flags,
wakeup_watermark, bp_type, config1."""

EVENT: Final = "events/sock/inet_sock_set_state"

TRACEFS: Final = (Path("/sys/kernel/tracing"), Path("/sys/kernel/debug/tracing"))
"""Where systems mount it, the second before Linux 4.1."""

ONLINE: Final = Path("/sys/devices/system/cpu/online")

CPUS_MAX: Final = 250
"""Descriptors that one message carries (SCM_MAX_FD is 253); a larger machine is traced on its first processors."""

REASONS: Final = {
    errno.EPERM: "CAP_PERFMON or CAP_SYS_ADMIN is missing",
    errno.EACCES: "CAP_PERFMON or CAP_SYS_ADMIN is missing",
    errno.ENOSYS: "this kernel has no perf events",
    errno.ENODEV: "this kernel has no tracefs",
    errno.ENOENT: "this kernel has no such tracepoint",
}
"""What an errno means here, for the hint of the error."""


def open_state_trace(mounted: Sequence[Path] = TRACEFS) -> list[int]:
    """One descriptor a processor, recording from now on. Raises NetlinkError that says what is missing."""
    number = PERF_EVENT_OPEN.get(platform.machine())
    if number is None:
        raise NetlinkError("trace socket states", errno.ENOSYS, f"unknown on {platform.machine()}")
    identifier = _tracepoint(mounted)
    attributes = _ATTR.pack(
        _PERF_TYPE_TRACEPOINT,
        _ATTR.size,
        identifier,
        1,
        _SAMPLE_TID_TIME_RAW,
        0,
        _FLAGS_COMM_TASK_WATERMARK,
        WAKEUP_BYTES,
        0,
        0,
    )
    opened: list[int] = []
    try:
        for cpu in online_cpus()[:CPUS_MAX]:
            opened.append(_call(number, attributes, -1, cpu, -1, _FLAG_CLOEXEC, what="open a perf event"))
            fcntl.ioctl(opened[-1], _IOC_SET_FILTER, FILTER.encode() + b"\0")
    except OSError as error:
        _close(opened)
        raise NetlinkError("filter a perf event", error.errno) from error
    except NetlinkError:
        _close(opened)
        raise
    return opened


def online_cpus(path: Path = ONLINE) -> list[int]:
    """The numbers of the processors that run, whatever of them this process may use: `0-3,5` in sysfs."""
    try:
        return cpu_numbers(path.read_text("ascii", "replace"))
    except (OSError, ValueError):
        return sorted(os.sched_getaffinity(0))


def cpu_numbers(text: str) -> list[int]:
    """The numbers in a list of sysfs, as in `0-3,5`. Raises ValueError for what is none."""
    numbers: list[int] = []
    for part in text.strip().split(","):
        first, _, last = part.partition("-")
        numbers += range(int(first), int(last or first) + 1)
    return numbers


def _close(descriptors: Sequence[int]) -> None:
    for descriptor in descriptors:
        os.close(descriptor)


def _tracepoint(mounted: Sequence[Path]) -> int:
    """The number of the tracepoint, from a tracefs of our own that is mounted nowhere, else from one that is."""
    try:
        return _number(*_own_tracefs())
    except NetlinkError as error:
        for folder in mounted:
            try:
                found = tuple((folder / EVENT / name).read_text("ascii", "replace") for name in ("id", "format"))
            except OSError:
                continue
            return _number(*found)
        raise error


def _number(identifier: str, layout: str) -> int:
    """The tracepoint's number, once its fields are known to lie where the records are read."""
    if not matches_format(layout) or not identifier.strip().isdecimal():
        raise NetlinkError("trace socket states", errno.EPROTO, "this kernel's tracepoint has other fields")
    return int(identifier)


def _own_tracefs() -> tuple[str, str]:
    """The tracepoint's `id` and `format`; only this process ever sees the mount that they are read from."""
    context = _call(FSOPEN, b"tracefs\0", 1, what="open tracefs")
    try:
        _call(FSCONFIG, context, _FSCONFIG_CMD_CREATE, None, None, 0, what="open tracefs")
        mount = _call(FSMOUNT, context, 1, 0, what="open tracefs")
    finally:
        os.close(context)
    try:
        return _text(mount, f"{EVENT}/id"), _text(mount, f"{EVENT}/format")
    finally:
        os.close(mount)


def _text(folder: int, path: str) -> str:
    try:
        with open(os.open(path, os.O_RDONLY | os.O_CLOEXEC, dir_fd=folder), encoding="ascii", errors="replace") as file:
            return file.read()
    except OSError as error:
        raise NetlinkError(f"read tracefs {path}", error.errno, REASONS.get(error.errno or 0, "")) from error


def _call(number: int, *arguments: int | bytes | None, what: str) -> int:
    """A system call that Python has no name for. Raises NetlinkError."""
    libc = ctypes.CDLL(None, use_errno=True)
    passed = [ctypes.c_long(each) if isinstance(each, int) else each for each in arguments]
    result = int(libc.syscall(ctypes.c_long(number), *passed))
    if result < 0:
        code = ctypes.get_errno()
        raise NetlinkError(what, code, REASONS.get(code, ""))
    return result
