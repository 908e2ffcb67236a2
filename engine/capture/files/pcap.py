"""The pcap format: a header of 24 bytes, then records of 16 bytes and a frame each.

Four magic numbers tell byte order and unit of time (draft-ietf-opsawg-pcap); two more, with longer records, are those
of an old patched libpcap.
"""

from __future__ import annotations

import struct

from engine.capture.files.frames import MAX_CAPTURED, Frame, Interface, Pieces

MICROSECONDS, NANOSECONDS, PATCHED = 0xA1B2C3D4, 0xA1B23C4D, 0xA1B2CD34
HEADER_BYTES = 24
_RECORD_BYTES = {MICROSECONDS: 16, NANOSECONDS: 16, PATCHED: 24}
_LINK_TYPE_MASK = 0x03FFFFFF  # the bits above tell the length of a frame check sequence

MAGICS: dict[bytes, tuple[str, int]] = {
    struct.pack(order + "I", magic): (order, magic) for order in "<>" for magic in _RECORD_BYTES
}
"""The first 4 bytes of a pcap file: byte order and magic number."""


class PcapReader:
    """Reads pcap from pieces of any size."""

    def __init__(self) -> None:
        self.interfaces: list[Interface] = []
        self.dropped = 0
        self.damage = ""
        self._pieces = Pieces()
        self._pieces.wanted = HEADER_BYTES
        self._offset = 0  # in the file, of what is held
        self._record = struct.Struct("<IIII")
        self._record_bytes = 16
        self._unit_ns = 1000
        self._frames = 0

    def feed(self, piece: bytes) -> list[Frame]:
        if self.damage:
            return []
        text = self._pieces.add(piece)
        if text is None:
            return []
        at = 0
        if not self.interfaces:
            if not self._begin(text):
                return []
            at = HEADER_BYTES
        frames: list[Frame] = []
        wanted = self._record_bytes
        unpack, head, unit_ns = self._record.unpack_from, self._record_bytes, self._unit_ns
        link_type = self.interfaces[0].link_type
        size = len(text)
        last_head = size - head
        while at <= last_head:
            seconds, fraction, captured, on_wire = unpack(text, at)
            start = at + head
            end = start + captured
            if captured > MAX_CAPTURED:
                self.damage = (
                    f"frame {self._frames + len(frames) + 1} at byte {self._offset + at} claims {captured} bytes: "
                    "the file is damaged from there on"
                )
                break
            if end > size:
                wanted = end - at
                break
            frames.append(Frame(link_type, text[start:end], on_wire, seconds * 1_000_000_000 + fraction * unit_ns))
            at = end
        self._frames += len(frames)
        self._offset += at
        self._pieces.wanted = wanted
        if at < size:
            self._pieces.add(text[at:])
        return frames

    def end(self) -> str:
        if not self.damage and not self.interfaces:
            self.damage = "the file ends inside its header"
        elif not self.damage and self._pieces:
            self.damage = f"the file ends inside frame {self._frames + 1}"
        return self.damage

    def _begin(self, text: bytes) -> bool:
        known = MAGICS.get(text[:4])
        if known is None:
            self.damage = "the file is not a pcap file"
            return False
        order, magic = known
        self._record = struct.Struct(order + "IIII")
        self._record_bytes = _RECORD_BYTES[magic]
        self._unit_ns = 1 if magic == NANOSECONDS else 1000
        snap_length, link_type = struct.unpack_from(order + "II", text, 16)
        digits = 9 if magic == NANOSECONDS else 6
        self.interfaces.append(Interface(link_type & _LINK_TYPE_MASK, "", snap_length, digits))
        return True


def pcap_header(link_type: int, snap_length: int = MAX_CAPTURED) -> bytes:
    """The start of a file with times in nanoseconds, in this module's own byte order."""
    return struct.pack("<IHHiIII", NANOSECONDS, 2, 4, 0, 0, snap_length, link_type)


def pcap_record(frame: Frame) -> bytes:
    """One frame as the file holds it."""
    seconds, fraction_ns = divmod(frame.ts_ns, 1_000_000_000)
    return struct.pack("<IIII", seconds & 0xFFFFFFFF, fraction_ns, len(frame.data), frame.wire_length) + frame.data
