"""A Landlock domain for the processes that parse hostile bytes: they may read Python's own files and nothing else.

landlock(7); numbers from include/uapi/linux/landlock.h. A domain holds the calling thread and what it starts
afterwards, so it is entered while the process has one thread. Never for the sockets worker: inside any domain the
links of other processes' `/proc/PID/fd` cannot be read.
"""

from __future__ import annotations

import ctypes
import os
import struct
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from engine.model.errors import EngineError

SYS_CREATE_RULESET = 444
SYS_ADD_RULE = 445
SYS_RESTRICT_SELF = 446
"""The same on every architecture (the unified numbers above 424)."""

CREATE_RULESET_VERSION = 1
RULE_PATH_BENEATH = 1

FS_EXECUTE = 1 << 0
FS_READ_FILE = 1 << 2
FS_READ_DIR = 1 << 3

FS_RIGHTS_BY_ABI = {1: (1 << 13) - 1, 2: (1 << 14) - 1, 3: (1 << 15) - 1, 4: (1 << 15) - 1, 5: (1 << 16) - 1}
"""All file rights that an ABI can take away; ABI 5 adds ioctl on devices."""

NET_RIGHTS = 0b11
"""TCP bind and connect, since ABI 4."""

SCOPES = 0b11
"""Abstract Unix sockets and signals to processes outside, since ABI 6."""

_libc = ctypes.CDLL(None, use_errno=True)


def abi() -> int:
    """The kernel's Landlock version; 0 if it has none or has it switched off."""
    version = _libc.syscall(SYS_CREATE_RULESET, None, ctypes.c_size_t(0), CREATE_RULESET_VERSION)
    return int(max(version, 0))


def confine(readable: Iterable[Path]) -> int:
    """Let this thread read files beneath `readable` and do nothing else with files, TCP ports or foreign processes.

    Returns the ABI that holds, 0 if the kernel has no Landlock. The process must have PR_SET_NO_NEW_PRIVS.
    """
    version = abi()
    if version == 0:
        return 0
    files = FS_RIGHTS_BY_ABI[min(version, max(FS_RIGHTS_BY_ABI))]
    attributes = struct.pack("=QQQ", files, NET_RIGHTS if version >= 4 else 0, SCOPES if version >= 6 else 0)
    size = {1: 8, 2: 8, 3: 8, 4: 16, 5: 16}.get(version, 24)
    ruleset = _call("create a Landlock ruleset", SYS_CREATE_RULESET, attributes, size, 0)
    try:
        for folder in readable:
            with _opened(folder) as descriptor:
                rule = struct.pack("=Qi", FS_READ_FILE | FS_READ_DIR, descriptor)
                _call(f"allow reading {folder}", SYS_ADD_RULE, ruleset, RULE_PATH_BENEATH, rule, 0)
        _call("enter a Landlock domain", SYS_RESTRICT_SELF, ruleset, 0)
    finally:
        os.close(ruleset)
    return version


def python_folders() -> list[Path]:
    """Where this interpreter's modules lie: what a late import or a traceback reads."""
    folders = {Path(entry) for entry in sys.path if entry} | {Path(sys.prefix), Path(sys.base_prefix) / "lib"}
    return sorted(folder for folder in folders if folder.is_dir() and folder != Path("/"))


@contextmanager
def _opened(folder: Path) -> Iterator[int]:
    descriptor = os.open(folder, os.O_PATH | os.O_CLOEXEC)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def _call(what: str, number: int, *arguments: int | bytes) -> int:
    passed = [ctypes.c_char_p(value) if isinstance(value, bytes) else ctypes.c_long(value) for value in arguments]
    result = _libc.syscall(ctypes.c_long(number), *passed)
    if result < 0:
        raise EngineError(what, ctypes.get_errno())
    return int(result)
