"""The fast source: a TPACKET_V3 ring that the kernel fills and we read without a system call a frame.

Documentation/networking/packet_mmap.rst; layouts from include/uapi/linux/if_packet.h. The kernel writes frames one
behind the other into a block, and gives the block to us when it is full or `retire_ms` have passed; we copy its frames
out and give it back. When all blocks are ours it drops frames, counts them, and marks the next block that it closes as
LOSING.

The order at the start matters: the socket comes with protocol 0 and hears nothing; filter first, then the ring, then
bind, so no frame that the filter refuses is ever seen. None of it needs a right: only opening the socket did.
"""

from __future__ import annotations

import mmap
import socket
import struct
from typing import Final

import msgspec

from engine.capture.bpf_code import Program
from engine.capture.packet_socket import (
    ETHERNET_LIKE,
    PACKET_RX_RING,
    PACKET_VERSION,
    SOL_PACKET,
    InterfaceState,
    LossCounter,
    Losses,
    attach_filter,
    take_error,
)
from engine.capture.selection import Selection
from engine.capture.source import GAP, LINKTYPE_ETHERNET, LINKTYPE_LINUX_SLL, Frame
from engine.model.errors import CaptureError

TPACKET_V3: Final = 2
TP_STATUS_USER: Final = 1 << 0
TP_STATUS_LOSING: Final = 1 << 2
TP_STATUS_VLAN_VALID: Final = 1 << 4
TP_STATUS_VLAN_TPID_VALID: Final = 1 << 6
ETH_P_8021Q: Final = 0x8100

_REQUEST = struct.Struct("=7I")  # struct tpacket_req3
_FRAME_SIZE: Final = 2048
"""tp_frame_size: V3 packs frames by their own length, but wants a number that divides the block."""

_STATUS_OFFSET: Final = 8  # in a block: version, offset_to_priv, then struct tpacket_hdr_v1
_BLOCK = struct.Struct("=8xIII")  # block_status, num_pkts, offset_to_first_pkt
_BLOCK_STATUS = struct.Struct("=I")

# struct tpacket3_hdr, then struct sockaddr_ll at its next multiple of 16: next, sec, nsec, snaplen, len, status, mac,
# net, (rxhash) vlan_tci, vlan_tpid, (padding; family, protocol) ifindex, hatype, pkttype
_HEADER = struct.Struct("=6IHH4xIH2x8x2x2xiHB")
_SOCKADDR_OFFSET: Final = 48
_VLAN_TAG = struct.Struct("!HH")
_SLL = struct.Struct("!HHH8s2s")  # LINKTYPE_LINUX_SLL: packet type, ARPHRD_, address length, address, protocol


class RingSize(msgspec.Struct, frozen=True, gc=False):
    """How much the kernel may hold for us. All of it is resident memory from the start."""

    blocks: int = 128
    block_bytes: int = 256 * 1024
    """A multiple of the page size; larger than the largest frame, which is cut to fit otherwise (64 KB on `lo`)."""
    retire_ms: int = 20
    """A block that is not full is handed over after this: the longest that a frame waits. Times `blocks`, it is also
    the longest that we may stall under a thin stream of frames."""


class RingSource:
    """Frames of one socket, read from its ring. Owns the socket. See FrameSource."""

    name = "ring"

    def __init__(
        self, sock: socket.socket, selection: Selection, program: Program, size: RingSize | None = None
    ) -> None:
        """Set up the ring and start to hear. `sock` is an AF_PACKET socket of type SOCK_RAW, unbound, of protocol 0.

        Raises CaptureError; the socket is then closed.
        """
        self._size = size or RingSize()
        self._sock = sock
        self._selection = selection
        self._counter = LossCounter()
        self._block = 0
        self._lost = 0
        try:
            attach_filter(sock, program)
            self._ring = _map_ring(sock, self._size)
            selection.bind(sock)
        except CaptureError:
            sock.close()
            raise

    def fileno(self) -> int:
        return self._sock.fileno()

    def read(self) -> list[Frame]:
        """The frames of the next block that the kernel has handed over, with a GAP in front if it lost some before.

        An error that waits on the socket is read away, so that a poll can wait again: `states` tells what it means.
        """
        at = self._block * self._size.block_bytes
        status = _BLOCK_STATUS.unpack_from(self._ring, at + _STATUS_OFFSET)[0]
        if not status & TP_STATUS_USER:
            take_error(self._sock)
            # All that waited is read, so frames that were dropped until now are missing exactly here.
            return self._gap()
        frames = block_frames(self._ring, at)
        if status & TP_STATUS_LOSING:
            frames = self._gap() + frames
        _BLOCK_STATUS.pack_into(self._ring, at + _STATUS_OFFSET, 0)
        self._block = (self._block + 1) % self._size.blocks
        return frames

    def losses(self) -> Losses:
        status = _BLOCK_STATUS.unpack_from(self._ring, self._block * self._size.block_bytes + _STATUS_OFFSET)[0]
        if not status & TP_STATUS_USER:  # else the place of a loss would be forgotten with the kernel's counter
            self._lost += self._counter.add(self._sock)
        return self._counter.total

    def set_filter(self, program: Program) -> None:
        attach_filter(self._sock, program)

    def states(self) -> dict[str, InterfaceState]:
        return self._selection.states(self._sock)

    def renew(self) -> bool:
        return self._selection.renew(self._sock)

    def close(self) -> None:
        self._ring.close()
        self._sock.close()

    def _gap(self) -> list[Frame]:
        """A GAP for the frames that the kernel dropped since last asked; nothing if there were none."""
        dropped, self._lost = self._lost + self._counter.add(self._sock), 0
        return [(0, dropped, b"", 0, GAP, LINKTYPE_ETHERNET)] if dropped else []


def block_frames(ring: mmap.mmap | bytes, block: int) -> list[Frame]:
    """Copies of the frames in the block that begins at byte `block`."""
    _, count, first = _BLOCK.unpack_from(ring, block)
    frames: list[Frame] = []
    append = frames.append
    unpack = _HEADER.unpack_from
    ethernet_like, vlan_valid, link_type = ETHERNET_LIKE, TP_STATUS_VLAN_VALID, LINKTYPE_ETHERNET
    at = block + first
    for _ in range(count):
        (step, sec, nsec, captured, length, state, mac, _, _, _, interface, hardware, kind) = unpack(ring, at)
        if hardware in ethernet_like and not state & vlan_valid:
            start = at + mac
            append((sec * 1_000_000_000 + nsec, length, ring[start : start + captured], interface, kind, link_type))
        else:
            append(_unusual_frame(ring, at))
        at += step
    return frames


def _unusual_frame(ring: mmap.mmap | bytes, at: int) -> Frame:
    """A frame whose VLAN tag the kernel took off, or of hardware that is not Ethernet."""
    _, sec, nsec, captured, length, state, mac, net, tci, tpid, interface, hardware, kind = _HEADER.unpack_from(
        ring, at
    )
    ts_ns = sec * 1_000_000_000 + nsec
    start, end = at + mac, at + mac + captured
    if hardware in ETHERNET_LIKE:
        tag = _VLAN_TAG.pack(tpid if state & TP_STATUS_VLAN_TPID_VALID else ETH_P_8021Q, tci & 0xFFFF)
        data = ring[start : start + 12] + tag + ring[start + 12 : end]
        return ts_ns, length + len(tag), data, interface, kind, LINKTYPE_ETHERNET
    link = at + _SOCKADDR_OFFSET  # family, protocol, ifindex, hatype, pkttype, halen, address
    header = _SLL.pack(kind, hardware, ring[link + 11], ring[link + 12 : link + 20], ring[link + 2 : link + 4])
    packet = min(at + net, end) if net >= mac else start
    data = header + ring[packet:end]
    return ts_ns, length - (packet - start) + len(header), data, interface, kind, LINKTYPE_LINUX_SLL


def _map_ring(sock: socket.socket, size: RingSize) -> mmap.mmap:
    frames = size.blocks * size.block_bytes // _FRAME_SIZE
    request = _REQUEST.pack(size.block_bytes, size.blocks, _FRAME_SIZE, frames, size.retire_ms, 0, 0)
    try:
        sock.setsockopt(SOL_PACKET, PACKET_VERSION, TPACKET_V3)
        sock.setsockopt(SOL_PACKET, PACKET_RX_RING, request)
        return mmap.mmap(sock.fileno(), size.blocks * size.block_bytes, mmap.MAP_SHARED)
    except (OSError, ValueError) as error:
        number = error.errno if isinstance(error, OSError) else None
        raise CaptureError(
            f"set up a ring of {size.blocks} blocks of {size.block_bytes} bytes", number, "ask for a smaller ring"
        ) from error
