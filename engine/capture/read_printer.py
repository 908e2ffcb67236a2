"""Turns rows into lines and writes them, beside the reading or in a process of its own.

Reading and analysing a large file takes about as long as writing its lines; on a machine with two processors both are
done at once. The rows cross a socket in msgpack, so the printing process sees nothing but values.
"""

from __future__ import annotations

import os
import signal
import socket
import struct
from collections.abc import Callable
from typing import Protocol

import msgspec

from engine.capture.read import Rows
from engine.model.errors import EngineError

Form = Callable[[Rows, int, int], bytes]
"""Rows, the time of the first frame in ns, decimals of a second: the lines."""

WORTH_A_PROCESS_BYTES = 4 * 1024 * 1024
"""Of capture files; below, a second process costs more than it saves."""

_LENGTH = struct.Struct("<I")
_STDOUT = 1


class Lines(msgspec.Struct, array_like=True, gc=False):
    """What crosses to the printing process."""

    rows: Rows
    first_ns: int
    digits: int


class Printer(Protocol):
    """Where rows go."""

    def print(self, lines: Lines) -> None: ...

    def close(self) -> None:
        """Return once everything is written. EngineError if it could not be."""
        ...


def printer(form: Form, file_bytes: int) -> Printer:
    """The faster way to print the rows of files of so many bytes on this machine."""
    alone = file_bytes < WORTH_A_PROCESS_BYTES or len(os.sched_getaffinity(0)) < 2
    return PrinterHere(form) if alone else PrinterProcess(form)


class PrinterHere:
    """Prints in this process."""

    def __init__(self, form: Form) -> None:
        self._form = form

    def print(self, lines: Lines) -> None:
        write_all(self._form(lines.rows, lines.first_ns, lines.digits))

    def close(self) -> None:
        """Nothing waits here."""


class PrinterProcess:
    """Prints in a forked process, which ends with this one: the end of the socket is the end of the work."""

    def __init__(self, form: Form) -> None:
        self._encoder = msgspec.msgpack.Encoder()
        ours, theirs = socket.socketpair()
        self._pid = os.fork()
        if self._pid == 0:
            ours.close()
            signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C ends the reading; what was read is still printed
            code = _FAILED
            try:
                code = _print_all(form, theirs)
            finally:
                os._exit(code)  # never back into the command, which the other process goes on with
        theirs.close()
        self._socket = ours

    def print(self, lines: Lines) -> None:
        encoded = self._encoder.encode(lines)
        try:
            # without SIGPIPE: that nobody reads the lines any more is found out when the process has ended
            self._socket.sendall(_LENGTH.pack(len(encoded)) + encoded, socket.MSG_NOSIGNAL)
        except BrokenPipeError:
            self.close()
            raise

    def close(self) -> None:
        self._socket.close()
        if not self._pid:
            return
        _, status = os.waitpid(self._pid, 0)
        self._pid = 0
        code = os.waitstatus_to_exitcode(status)
        if code in (_NOBODY_READS, -signal.SIGPIPE):
            raise BrokenPipeError
        if code:
            raise EngineError(f"print the lines: the process that does so ended with {code}")


_FAILED = 1
_NOBODY_READS = 141  # what a shell reports of a filter that SIGPIPE ended


def _print_all(form: Form, source: socket.socket) -> int:
    """The printing process: lines until the socket ends; its exit code."""
    decoder = msgspec.msgpack.Decoder(Lines)
    with source.makefile("rb", buffering=1 << 20) as stream:
        while head := stream.read(_LENGTH.size):
            (size,) = _LENGTH.unpack(head)
            lines = decoder.decode(stream.read(size))
            try:
                write_all(form(lines.rows, lines.first_ns, lines.digits))
            except BrokenPipeError:
                return _NOBODY_READS
    return 0


def write_all(text: bytes) -> None:
    """Write to standard output, past Python's buffer, which is empty: nothing else in this command prints there."""
    view = memoryview(text)
    while view:
        view = view[os.write(_STDOUT, view) :]
