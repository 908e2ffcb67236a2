"""Doing one thing without a capability that this process has: what is refused to an ordinary user, shown to root."""

from __future__ import annotations

import ctypes
import os
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

CAP_NET_BIND_SERVICE: Final = 10  # include/uapi/linux/capability.h
VERSION_3: Final = 0x20080522

_SETS = struct.Struct("=IIIIII")
"""Effective, permitted and inheritable for capabilities 0 to 31, then the same for those above (capset(2))."""


@contextmanager
def without(capability: int) -> Iterator[None]:
    """Leave a capability (0 to 31) out of this thread's effective set; it stays permitted, and is back afterwards."""
    library = ctypes.CDLL(None, use_errno=True)
    header = struct.pack("=Ii", VERSION_3, 0)
    sets = ctypes.create_string_buffer(_SETS.size)
    _call(library.capget, header, sets)
    effective, *rest = _SETS.unpack(sets.raw)
    _call(library.capset, header, _SETS.pack(effective & ~(1 << capability), *rest))
    try:
        yield
    finally:
        _call(library.capset, header, _SETS.pack(effective, *rest))


def _call(function: ctypes._NamedFuncPointer, header: bytes, sets: bytes | ctypes.Array[ctypes.c_char]) -> None:
    if function(header, sets):
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
