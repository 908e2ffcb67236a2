"""Opens capture files: recognises the format, unpacks gzip, follows a growing file, reads standard input."""

from __future__ import annotations

import os
import sys
import time
import zlib
from collections.abc import Iterator
from types import TracebackType

from engine.capture.files.frames import Frame, FrameReader, Interface
from engine.capture.files.pcap import MAGICS, PcapReader
from engine.capture.files.pcapng import MAGIC, PcapngReader
from engine.model.errors import BadInput

_PIECE_BYTES = 1 << 18
"""Read at a time: large enough that the reading itself costs nothing, small enough that memory stays flat."""

_FOLLOW_PAUSE_S = 0.1
"""Between two looks at a followed file that has not grown."""

_GZIP = b"\x1f\x8b"
_OTHER_PACKERS = {b"\x28\xb5\x2f\xfd": "zstd", b"\x04\x22\x4d\x18": "lz4", b"BZh": "bzip2", b"\xfd7zXZ": "xz"}
_GZIP_WINDOW = 31  # zlib's way to ask for a gzip header


def recognise(head: bytes) -> FrameReader | None:
    """The reader for a file that starts with these bytes (4 are enough); None if it is no capture file."""
    if head[:4] in MAGICS:
        return PcapReader()
    if head[:4] == MAGIC:
        return PcapngReader()
    return None


class CaptureFile:
    """One capture file, read once from start to end.

    `path` is a file or `-` for standard input. With `follow`, reading goes on as the file grows, until `stop` is set by
    a signal handler or another thread. BadInput if the file cannot be opened or is no capture; damage further on ends
    the reading and is told by `note`.
    """

    def __init__(self, path: str, follow: bool = False) -> None:
        self.path = path
        self.stop = False
        self.note = ""
        """One sentence about what could not be read; empty if all was."""
        self._follow = follow and path != "-"
        self._own = path != "-"
        if self._own:
            try:
                self._fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
            except OSError as error:
                raise BadInput(
                    f"open {path}", error.errno, "name a pcap or pcapng file, or - for standard input"
                ) from error
        else:
            self._fd = sys.stdin.fileno()
        self._unzip: zlib._Decompress | None = None
        try:
            self._first = self._head()
            reader = recognise(self._first)
            if reader is None:
                raise BadInput(f"read {path}", hint=self._why_not(self._first))
        except BaseException:
            self.close()
            raise
        self._reader = reader

    @property
    def interfaces(self) -> list[Interface]:
        return self._reader.interfaces

    @property
    def dropped(self) -> int:
        """Frames that the capturing program said it lost."""
        return self._reader.dropped

    def __enter__(self) -> CaptureFile:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the file; standard input stays open."""
        if self._own and self._fd >= 0:
            os.close(self._fd)
            self._fd = -1

    def batches(self) -> Iterator[list[Frame]]:
        """All frames, as many at a time as a piece of the file holds."""
        reader = self._reader
        piece = self._first
        self._first = b""
        while piece:
            frames = reader.feed(piece)
            if frames:
                yield frames
            if reader.damage:
                break
            piece = self._piece()
        self.note = self.note or reader.end()

    def _head(self) -> bytes:
        """Enough of the start to know the format by, unpacked."""
        head = b""
        while len(head) < 4:
            piece = self._read()
            if not piece:
                break
            head += piece
        if head[:2] != _GZIP:
            return head
        self._unzip = zlib.decompressobj(_GZIP_WINDOW)
        unpacked = self._unpack(head)
        while len(unpacked) < 4 and not self.note:
            more = self._piece()
            if not more:
                break
            unpacked += more
        return unpacked

    def _why_not(self, head: bytes) -> str:
        if self.note:
            return self.note
        if not head:
            return "the file is empty"
        for magic, name in _OTHER_PACKERS.items():
            if head.startswith(magic):
                return f"it is packed with {name}: unpack it first"
        return "it is neither pcap nor pcapng"

    def _piece(self) -> bytes:
        """The next bytes of the capture, none at its end."""
        if self._unzip is None:
            return self._read()
        if self._unzip.unconsumed_tail:
            return self._unpack(self._unzip.unconsumed_tail)
        while packed := self._read():
            unpacked = self._unpack(packed)
            if unpacked or self.note:
                return unpacked
        if not self._unzip.eof and not self.note:
            self.note = "the gzip data end early"
        return b""

    def _unpack(self, packed: bytes) -> bytes:
        unzip = self._unzip
        if unzip is None:
            return packed
        try:
            unpacked = unzip.decompress(packed, _PIECE_BYTES)
            if unzip.eof and unzip.unused_data[:2] == _GZIP:  # several gzip files one after the other are one file
                self._unzip = zlib.decompressobj(_GZIP_WINDOW)
                return unpacked + self._unpack(unzip.unused_data)
        except zlib.error:
            self.note = "the gzip data are damaged"
            return b""
        return unpacked

    def _read(self) -> bytes:
        while True:
            try:
                piece = os.read(self._fd, _PIECE_BYTES)
            except OSError as error:
                raise BadInput(f"read {self.path}", error.errno) from error
            if piece or not self._follow or self.stop:
                return piece
            time.sleep(_FOLLOW_PAUSE_S)
