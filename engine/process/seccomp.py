"""A system call filter for the sockets worker, the one process that reads hostile names while it holds capabilities.

It may look at every process (CAP_SYS_PTRACE, CAP_DAC_READ_SEARCH), so it must not be able to change one or to carry
anything away: no ptrace and its kin, no new program, no connection, no signal, no file or folder changed, no other
user. Filtered calls fail with EPERM. The filter is classic BPF over `struct seccomp_data` (seccomp(2)).
"""

from __future__ import annotations

import ctypes
import os
import platform
import struct

import msgspec

from engine.model.errors import EngineError
from engine.process.seccomp_calls import DENIED_AARCH64, DENIED_X86_64

PR_SET_SECCOMP = 22
SECCOMP_MODE_FILTER = 2
RET_ALLOW = 0x7FFF0000
RET_ERRNO = 0x00050000
EPERM = 1
ENOSYS = 38

LOAD_WORD = 0x20
JUMP_EQUAL = 0x15
JUMP_AND = 0x45
RETURN = 0x06
"""BPF_LD|BPF_W|BPF_ABS, BPF_JMP|BPF_JEQ|BPF_K, BPF_JMP|BPF_JSET|BPF_K, BPF_RET|BPF_K (linux/bpf_common.h)."""

OFFSET_NUMBER = 0
OFFSET_ARCHITECTURE = 4
OFFSET_ARGUMENTS = 16
"""In struct seccomp_data; arguments are 64 bits each, the low word first on the little-endian machines listed here."""

WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC


class _Architecture(msgspec.Struct, frozen=True):
    audit: int
    """AUDIT_ARCH_* (linux/audit.h)."""
    denied: dict[str, int]
    opens: dict[int, int]
    """Number of an opening call to the index of its flags argument."""
    openat2: int
    """Its flags lie in memory, which no filter reads: refused as if the kernel did not have it."""


ARCHITECTURES = {
    "x86_64": _Architecture(0xC000003E, DENIED_X86_64, opens={2: 1, 257: 2}, openat2=437),
    "aarch64": _Architecture(0xC00000B7, DENIED_AARCH64, opens={56: 2}, openat2=437),
}


class _Program(ctypes.Structure):
    _fields_ = (("length", ctypes.c_ushort), ("filter", ctypes.c_char_p))


def confine(machine: str = "") -> bool:
    """Filter this thread's system calls and those of what it starts. False if the architecture is not in the table.

    The process must have PR_SET_NO_NEW_PRIVS.
    """
    architecture = ARCHITECTURES.get(machine or platform.machine())
    if architecture is None:
        return False
    code = program(architecture)
    filter_program = _Program(len(code) // 8, code)
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, ctypes.byref(filter_program), 0, 0) != 0:
        raise EngineError("set a system call filter", ctypes.get_errno())
    return True


def program(architecture: _Architecture) -> bytes:
    """The filter as an array of struct sock_filter."""
    lines: list[tuple[int, int, int, int]] = [
        (LOAD_WORD, 0, 0, OFFSET_ARCHITECTURE),
        (JUMP_EQUAL, 1, 0, architecture.audit),
        (RETURN, 0, 0, RET_ERRNO | EPERM),  # another calling convention has other numbers
        (LOAD_WORD, 0, 0, OFFSET_NUMBER),
    ]
    for number in architecture.denied.values():
        lines += [(JUMP_EQUAL, 0, 1, number), (RETURN, 0, 0, RET_ERRNO | EPERM)]
    lines += [(JUMP_EQUAL, 0, 1, architecture.openat2), (RETURN, 0, 0, RET_ERRNO | ENOSYS)]
    for number, flags_argument in architecture.opens.items():
        lines += [
            (JUMP_EQUAL, 0, 4, number),
            (LOAD_WORD, 0, 0, OFFSET_ARGUMENTS + 8 * flags_argument),
            (JUMP_AND, 0, 1, WRITING),
            (RETURN, 0, 0, RET_ERRNO | EPERM),
            (RETURN, 0, 0, RET_ALLOW),
        ]
    lines.append((RETURN, 0, 0, RET_ALLOW))
    return b"".join(struct.pack("=HBBI", *line) for line in lines)
