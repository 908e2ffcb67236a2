"""How arguments, results and errors of a socket call are written in the log: short, printable, as Python does."""

from __future__ import annotations

import errno as errno_names
import re
import socket
from typing import Any, Final

from engine.model.lab import Call
from engine.text.sanitize import printable, printable_bytes, printable_within

SHOWN_BYTES: Final = 32
"""Bytes of a payload that the log shows: a line of text, not the flood's 64 KiB."""

SHOWN_TEXT: Final = 200
"""Characters of any other argument or result: a path or a list of descriptors on one line."""

_OFFERED = re.compile(r"(\d+) bytes")
"""How `shown_data` begins a long payload."""

_EAI_NAMES: Final = {getattr(socket, name): name for name in dir(socket) if name.startswith("EAI_")}


def shown_data(data: bytes | bytearray | memoryview) -> str:
    """A payload as `repr` writes bytes; a long one by its size and its beginning."""
    view = memoryview(data).cast("B") if memoryview(data).nbytes else memoryview(b"")
    head = bytes(view[:SHOWN_BYTES])
    if len(view) <= SHOWN_BYTES:
        return repr(head)
    return f"{len(view)} bytes {head!r}…"


def shown_address(address: Any) -> str:
    """A socket address as `127.0.0.1:80`, `[::1]:80`, `[fe80::1%2]:80`, a path, or `@name` for an abstract one."""
    match address:
        case (str(host), int(port), *rest) if len(rest) in (0, 2):
            if ":" not in host:
                return f"{printable(host)}:{port}"
            scope = f"%{rest[1]}" if len(rest) > 1 and rest[1] and "%" not in host else ""
            return f"[{printable(host)}{scope}]:{port}"
        case bytes():
            return "@" + printable_bytes(address[1:]) if address[:1] == b"\0" else printable_bytes(address)
        case str():
            return "@" + printable(address[1:]) if address[:1] == "\0" else printable(address)
    return printable_within(repr(address), SHOWN_TEXT)


def shown_value(value: Any) -> str:
    """Any other argument or result."""
    if isinstance(value, (bytes, bytearray, memoryview)):
        return shown_data(value)
    return printable_within(repr(value), SHOWN_TEXT)


def shown_outcome(call: Call) -> str:
    """What came of a call: `= 49152  partial`, `→ BlockingIOError EAGAIN (11)`, `… waits`."""
    if not call.result:
        return "… waits"
    if call.raised or call.errno:
        return f"→ {call.result}"
    offered = _OFFERED.match(call.arguments)
    partial = call.name == "send" and offered is not None and call.result.isdecimal()
    return f"= {call.result}" + ("  partial" if partial and offered and int(call.result) < int(offered[1]) else "")


def error_number(error: BaseException) -> int:
    """The error's errno; negative for getaddrinfo; 0 where there is none (a timeout, a TypeError, gethostbyaddr)."""
    if isinstance(error, socket.herror) or not isinstance(error, OSError):
        return 0
    return error.errno or 0


def error_name(number: int) -> str:
    """`ECONNREFUSED` for 111, `EAI_NONAME` for -2, empty for 0."""
    if number < 0:
        return _EAI_NAMES.get(number, str(number))
    return errno_names.errorcode.get(number, str(number)) if number else ""


def shown_error(error: BaseException) -> str:
    """An exception as class, name and number, `BlockingIOError EAGAIN (11)`; without errno as class and sentence."""
    number = error_number(error)
    if number:
        return f"{type(error).__name__} {error_name(number)} ({number})"
    return printable_within(f"{type(error).__name__}: {error}", SHOWN_TEXT)
