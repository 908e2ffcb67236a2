"""perf_event_open(2) on the tracepoint of TCP's state changes, and the rings that it fills: one a processor.

Opening needs root (CAP_PERFMON, and CAP_SYS_ADMIN for tracefs); reading an opened ring needs nothing, so the launcher
opens and the sockets worker reads.
"""

from __future__ import annotations

import ctypes
import errno
import fcntl
import mmap
import os
import platform
import struct
from collections.abc import Sequence
from typing import Final

from engine.model.errors import MalformedMessage, NetlinkError
from engine.sockets.perf_records import FILTER, Lost, Record, matches_format, records

RING_PAGES: Final = 128
"""512 KB a processor, about 5,000 records: what perf_event_mlock_kb lets any process map."""

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

_HEAD: Final = 1024
_TAIL: Final = 1032
"""data_head and data_tail in perf_event_mmap_page."""
_POSITION: Final = struct.Struct("=Q")

EVENT: Final = "events/sock/inet_sock_set_state"


def open_state_trace() -> list[int]:
    """One descriptor a processor, recording from now on. Raises NetlinkError that says what is missing."""
    number = PERF_EVENT_OPEN.get(platform.machine())
    if number is None:
        raise NetlinkError("trace socket states", errno.ENOSYS, f"unknown on {platform.machine()}")
    identifier = _tracepoint()
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
        for cpu in sorted(os.sched_getaffinity(0)):
            opened.append(_call(number, attributes, -1, cpu, -1, _FLAG_CLOEXEC, what="open a perf event"))
            fcntl.ioctl(opened[-1], _IOC_SET_FILTER, FILTER.encode() + b"\0")
    except OSError as error:
        _close(opened)
        raise NetlinkError("filter a perf event", error.errno) from error
    except NetlinkError:
        _close(opened)
        raise
    return opened


def _close(descriptors: Sequence[int]) -> None:
    for descriptor in descriptors:
        os.close(descriptor)


def _tracepoint() -> int:
    """The number of the tracepoint, from a tracefs that is mounted nowhere: only this process ever sees it."""
    context = _call(FSOPEN, b"tracefs\0", 1, what="open tracefs")
    try:
        _call(FSCONFIG, context, _FSCONFIG_CMD_CREATE, None, None, 0, what="open tracefs")
        mounted = _call(FSMOUNT, context, 1, 0, what="open tracefs")
    finally:
        os.close(context)
    try:
        identifier, layout = (_text(mounted, f"{EVENT}/{name}") for name in ("id", "format"))
    finally:
        os.close(mounted)
    if not matches_format(layout) or not identifier.strip().isdecimal():
        raise NetlinkError("trace socket states", errno.EPROTO, "this kernel's tracepoint has other fields")
    return int(identifier)


def _text(folder: int, path: str) -> str:
    try:
        with open(os.open(path, os.O_RDONLY | os.O_CLOEXEC, dir_fd=folder), encoding="ascii", errors="replace") as file:
            return file.read()
    except OSError as error:
        raise NetlinkError(f"read tracefs {path}", error.errno) from error


def _call(number: int, *arguments: int | bytes | None, what: str) -> int:
    """A system call that Python has no name for. Raises NetlinkError."""
    libc = ctypes.CDLL(None, use_errno=True)
    passed = [ctypes.c_long(each) if isinstance(each, int) else each for each in arguments]
    result = int(libc.syscall(ctypes.c_long(number), *passed))
    if result < 0:
        raise NetlinkError(what, ctypes.get_errno(), "needs root")
    return result


class PerfRing:
    """The ring of one opened descriptor, which it owns from then on. Raises NetlinkError if it cannot be mapped."""

    def __init__(self, descriptor: int) -> None:
        self.descriptor = descriptor
        self.lost = 0
        """Records for which there was no room."""
        self.malformed = 0
        """Pieces of the ring that were given up."""
        self._size = RING_PAGES * mmap.PAGESIZE
        try:
            self._map = mmap.mmap(descriptor, self._size + mmap.PAGESIZE)
        except OSError as error:
            os.close(descriptor)
            raise NetlinkError("map a perf ring", error.errno) from error

    def drain(self) -> list[Record]:
        """Everything recorded since the last call."""
        (head,) = _POSITION.unpack_from(self._map, _HEAD)
        (tail,) = _POSITION.unpack_from(self._map, _TAIL)
        if head == tail:
            return []
        first, length = tail % self._size, head - tail
        start = mmap.PAGESIZE + first
        data = self._map[start : start + min(length, self._size - first)]
        if len(data) < length:
            data += self._map[mmap.PAGESIZE : mmap.PAGESIZE + length - len(data)]
        _POSITION.pack_into(self._map, _TAIL, head)
        found: list[Record] = []
        try:
            for record in records(data):
                if isinstance(record, Lost):
                    self.lost += record.records
                else:
                    found.append(record)
        except MalformedMessage:
            self.malformed += 1
        return found

    def close(self) -> None:
        """Stop recording on this processor."""
        self._map.close()
        os.close(self.descriptor)
