"""Writes frames to a pcap or pcapng file, or to standard output."""

from __future__ import annotations

import os
import sys
from types import TracebackType

from engine.capture.files.frames import Frame, Interface
from engine.capture.files.pcap import pcap_header, pcap_record
from engine.capture.files.pcapng import pcapng_interface, pcapng_packet, pcapng_section
from engine.model.errors import BadInput
from engine.version import __version__

_BUFFER_BYTES = 1 << 16


class CaptureWriter:
    """Writes one file. pcapng keeps interfaces and comments; pcap, chosen by a name in `.pcap`, holds one link type.

    A file is made readable by its owner alone, since captures hold what others sent, and never through a symbolic link.
    BadInput if it cannot be opened or written.
    """

    def __init__(self, path: str) -> None:
        self.path = path
        self.written = 0
        self._pcap = path.endswith(".pcap")
        self._own = path != "-"
        self._interfaces: dict[Interface, int] = {}
        if self._own:
            flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC | os.O_NOFOLLOW
            try:
                self._fd = os.open(path, flags, 0o600)
            except OSError as error:
                raise BadInput(f"write {path}", error.errno) from error
        else:
            self._fd = sys.stdout.fileno()
        self._buffer = bytearray()
        if not self._pcap:
            self._buffer += pcapng_section(f"sockmon {__version__}")

    def __enter__(self) -> CaptureWriter:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def write(self, frame: Frame, interface: Interface) -> None:
        """Add one frame of `interface`. BadInput if a pcap file would need a second link type."""
        number = self._interfaces.get(interface)
        if number is None:
            number = self._introduce(interface)
        if self._pcap:
            self._buffer += pcap_record(frame)
        else:
            self._buffer += pcapng_packet(frame, number)
        self.written += 1
        if len(self._buffer) >= _BUFFER_BYTES:
            self.flush()

    def _introduce(self, interface: Interface) -> int:
        if not self._pcap:
            self._buffer += pcapng_interface(interface)
        elif not self._interfaces:
            self._buffer += pcap_header(interface.link_type)
        elif interface.link_type != next(iter(self._interfaces)).link_type:
            raise BadInput(f"write {self.path}", hint="pcap holds one link type: name the file .pcapng")
        number = self._interfaces[interface] = len(self._interfaces)
        return number

    def flush(self) -> None:
        """Hand everything to the kernel."""
        view = memoryview(bytes(self._buffer))
        self._buffer.clear()
        while view:
            try:
                view = view[os.write(self._fd, view) :]
            except OSError as error:
                raise BadInput(f"write {self.path}", error.errno) from error

    def close(self) -> None:
        """Flush and close; standard output stays open."""
        if self._fd < 0:
            return
        try:
            self.flush()
        finally:
            if self._own:
                os.close(self._fd)
            self._fd = -1
