"""The pcapng format: blocks of type, length, body and length again (draft-ietf-opsawg-pcapng).

A file is a row of sections, each with its own byte order and interfaces; frames name their interface by its number in
the section. Blocks of other kinds are stepped over.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator

from engine.capture.files.frames import MAX_CAPTURED, Frame, Interface, Pieces

SECTION, INTERFACE, OLD_PACKET, SIMPLE_PACKET, STATISTICS, PACKET = 0x0A0D0D0A, 1, 2, 3, 5, 6
MAGIC = b"\x0a\x0d\x0d\x0a"
_BYTE_ORDERS = {b"\x1a\x2b\x3c\x4d": ">", b"\x4d\x3c\x2b\x1a": "<"}

_SMALLEST_BLOCK = 12  # type and two lengths
_PACKET_HEAD = 28  # type, length, interface, two halves of the time, two lengths of the frame
_SMALLEST_PACKET = 32  # without data and options

MAX_BLOCK = 16 * 1024 * 1024
"""Longest block that is believed; Wireshark's own limit. A name table of a busy day is well under it."""

MAX_INTERFACES = 65_536
"""A file with more is made to exhaust memory."""

_COMMENT, _USER_APPLICATION, _IF_NAME, _IF_TSRESOL, _IF_TSOFFSET, _IF_DROP = 1, 4, 2, 9, 14, 5
_TICKS_BINARY = 0x80  # if_tsresol: a power of 2, not of 10


class _Clock:
    """How an interface counts time: ticks to nanoseconds."""

    __slots__ = ("_ticks_per_s", "link_type", "ns_a_tick", "offset_ns")

    def __init__(self, resolution: int, offset_s: int, link_type: int) -> None:
        self.link_type = link_type
        self.offset_ns = offset_s * 1_000_000_000
        self._ticks_per_s: int = pow(2 if resolution & _TICKS_BINARY else 10, resolution & 0x7F)
        self.ns_a_tick = 0 if 1_000_000_000 % self._ticks_per_s else 1_000_000_000 // self._ticks_per_s
        """0 where a tick is no whole number of nanoseconds."""

    def ns(self, ticks: int) -> int:
        return ticks * 1_000_000_000 // self._ticks_per_s + self.offset_ns


class PcapngReader:
    """Reads pcapng from pieces of any size."""

    def __init__(self) -> None:
        self.interfaces: list[Interface] = []
        self.dropped = 0
        self.damage = ""
        self._pieces = Pieces()
        self._offset = 0
        self._begin_section("<")
        self._section_first = 0  # index of the section's interface 0
        self._clocks: list[_Clock] = []
        self._drops: dict[int, int] = {}

    def feed(self, piece: bytes) -> list[Frame]:
        if self.damage:
            return []
        text = self._pieces.add(piece)
        if text is None:
            return []
        wanted = _SMALLEST_BLOCK
        frames: list[Frame] = []
        at = 0
        while len(text) - at >= _SMALLEST_BLOCK:
            if text[at : at + 4] == MAGIC:
                order = _BYTE_ORDERS.get(text[at + 8 : at + 12])
                if order is None:
                    self._damaged(at, "starts a section of unknown byte order")
                    break
                self._begin_section(order)
            kind, size = self._kind_and_size(text, at)
            size = size + 3 & ~3
            if not _SMALLEST_BLOCK <= size <= MAX_BLOCK:
                self._damaged(at, f"is a block of {size} bytes")
                break
            if at + size > len(text):
                wanted = size
                break
            if kind == PACKET:
                after = self._plain_packets(text, at, frames)
                if after != at:
                    at = after
                    continue
            try:
                self._block(kind, text[at + 8 : at + size - 4], frames)
            except (struct.error, _Damage) as error:
                reason = str(error) if isinstance(error, _Damage) else "is a block too short for its kind"
                self._damaged(at, reason)
                break
            at += size
        self._offset += at
        self._pieces.wanted = wanted
        if at < len(text):
            self._pieces.add(text[at:])
        return frames

    def _begin_section(self, order: str) -> None:
        self._order = order
        self._kind_and_size = struct.Struct(order + "II").unpack_from
        self._packet = struct.Struct(order + "IIIIIII").unpack_from

    def _plain_packets(self, text: bytes, at: int, frames: list[Frame]) -> int:
        """Take the frames without options that stand at `at` one after the other; where they end."""
        unpack, append, first = self._packet, frames.append, self._section_first
        interfaces, clocks = self.interfaces, self._clocks
        known = len(interfaces)
        last = len(text) - _SMALLEST_PACKET
        while at <= last:
            kind, size, index, high, low, captured, on_wire = unpack(text, at)
            start = at + _PACKET_HEAD
            after = start + (captured + 3 & ~3) + 4
            place = first + index
            if kind != PACKET or after - at != size or after > len(text) or captured > MAX_CAPTURED or place >= known:
                break
            clock = clocks[place]
            ticks = high << 32 | low
            ts_ns = ticks * clock.ns_a_tick + clock.offset_ns if clock.ns_a_tick else clock.ns(ticks)
            append(Frame(clock.link_type, text[start : start + captured], on_wire, ts_ns, place))
            at = after
        return at

    def end(self) -> str:
        if not self.damage and self._pieces:
            self.damage = f"the file ends inside the block at byte {self._offset}"
        return self.damage

    def _damaged(self, at: int, reason: str) -> None:
        self.damage = f"byte {self._offset + at} {reason}: the file is damaged from there on"

    def _block(self, kind: int, body: bytes, frames: list[Frame]) -> None:
        order = self._order
        if kind == PACKET:
            index, high, low, captured, on_wire = struct.unpack_from(order + "IIIII", body)
            frames.append(self._frame(index, high << 32 | low, body, 20, captured, on_wire))
        elif kind == SECTION:
            self._section_first = len(self.interfaces)
        elif kind == INTERFACE:
            self._interface(body)
        elif kind == SIMPLE_PACKET:
            (on_wire,) = struct.unpack_from(order + "I", body)
            snap_length = self._of_section(0)[0].snap_length
            captured = min(on_wire, snap_length or on_wire, len(body) - 4)
            frames.append(
                Frame(self._of_section(0)[0].link_type, body[4 : 4 + captured], on_wire, 0, self._section_first)
            )
        elif kind == OLD_PACKET:
            index, _, high, low, captured, on_wire = struct.unpack_from(order + "HHIIII", body)
            frames.append(self._frame(index, high << 32 | low, body, 20, captured, on_wire))
        elif kind == STATISTICS:
            self._statistics(body)

    def _of_section(self, index: int) -> tuple[Interface, _Clock]:
        place = self._section_first + index
        if place >= len(self.interfaces):
            raise _Damage(f"is a frame of interface {index}, which the file did not describe")
        return self.interfaces[place], self._clocks[place]

    def _frame(self, index: int, ticks: int, body: bytes, start: int, captured: int, on_wire: int) -> Frame:
        interface, clock = self._of_section(index)
        end = start + captured
        if captured > MAX_CAPTURED or end > len(body):
            raise _Damage(f"is a frame of {captured} bytes in a block of {len(body)}")
        comment = ""
        if len(body) > (end + 3 & ~3):
            comment = "\n".join(
                value.decode("utf-8", "replace")
                for code, value in self._options(body, end + 3 & ~3)
                if code == _COMMENT
            )
        return Frame(
            interface.link_type, body[start:end], on_wire, clock.ns(ticks), self._section_first + index, comment
        )

    def _interface(self, body: bytes) -> None:
        link_type, _, snap_length = struct.unpack_from(self._order + "HHI", body)
        if len(self.interfaces) >= MAX_INTERFACES:
            raise _Damage(f"describes interface number {MAX_INTERFACES + 1}")
        name, resolution, offset_s = "", 6, 0
        for code, value in self._options(body, 8):
            if code == _IF_NAME:
                name = value.decode("utf-8", "replace")
            elif code == _IF_TSRESOL and value:
                resolution = value[0]
            elif code == _IF_TSOFFSET and len(value) == 8:
                offset_s = struct.unpack(self._order + "q", value)[0]
        digits = (resolution & 0x7F) * 3 // 10 if resolution & _TICKS_BINARY else resolution  # 2^10 is about 10^3
        self.interfaces.append(Interface(link_type, name, snap_length, min(digits, 9)))
        self._clocks.append(_Clock(resolution, offset_s, link_type))

    def _statistics(self, body: bytes) -> None:
        (index,) = struct.unpack_from(self._order + "I", body)
        for code, value in self._options(body, 12):
            if code == _IF_DROP and len(value) == 8 and index < MAX_INTERFACES:
                # the count is since the capture's start, so the latest one stands for all
                self._drops[self._section_first + index] = struct.unpack(self._order + "Q", value)[0]
        self.dropped = sum(self._drops.values())

    def _options(self, body: bytes, at: int) -> Iterator[tuple[int, bytes]]:
        while at + 4 <= len(body):
            code, size = struct.unpack_from(self._order + "HH", body, at)
            if code == 0 or at + 4 + size > len(body):
                return
            yield code, body[at + 4 : at + 4 + size]
            at += 4 + (size + 3 & ~3)


class _Damage(Exception):
    """A block contradicts itself or the blocks before it."""


def _block(kind: int, body: bytes) -> bytes:
    size = len(body) + 12
    return struct.pack("<II", kind, size) + body + struct.pack("<I", size)


def _option(code: int, value: bytes) -> bytes:
    return struct.pack("<HH", code, len(value)) + value + bytes(-len(value) % 4)


_END_OF_OPTIONS = b"\0\0\0\0"
MAX_COMMENT = 65_535
"""An option's length is 16 bits."""


def pcapng_section(program: str) -> bytes:
    """The start of a file that `program` writes."""
    head = struct.pack("<4sHHq", b"\x4d\x3c\x2b\x1a", 1, 0, -1)
    return _block(SECTION, head + _option(_USER_APPLICATION, program.encode()) + _END_OF_OPTIONS)


def pcapng_interface(interface: Interface) -> bytes:
    """An interface, whose frames' times are in nanoseconds; the first is number 0."""
    options = _option(_IF_TSRESOL, b"\x09")
    if interface.name:
        options = _option(_IF_NAME, interface.name.encode("utf-8", "replace")[:MAX_COMMENT]) + options
    head = struct.pack("<HHI", interface.link_type, 0, interface.snap_length)
    return _block(INTERFACE, head + options + _END_OF_OPTIONS)


def pcapng_packet(frame: Frame, interface: int) -> bytes:
    """One frame of an interface by its number, with its comment if it has one."""
    ticks = max(0, frame.ts_ns)
    head = struct.pack(
        "<IIIII", interface, ticks >> 32 & 0xFFFFFFFF, ticks & 0xFFFFFFFF, len(frame.data), frame.wire_length
    )
    body = head + frame.data + bytes(-len(frame.data) % 4)
    if frame.comment:
        comment = frame.comment.encode("utf-8", "replace")[:MAX_COMMENT]
        body += _option(_COMMENT, comment.decode("utf-8", "ignore").encode()) + _END_OF_OPTIONS
    return _block(PACKET, body)
