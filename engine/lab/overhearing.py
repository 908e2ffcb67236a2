"""Hears the frames of a network namespace of our own, for an error's packets: whoever made it has CAP_NET_RAW in it."""

from __future__ import annotations

import select
import socket
import struct
import time
from typing import Final

from engine.model.lab import HeardFrame

ETH_P_ALL: Final = 0x0003  # include/uapi/linux/if_ether.h
SO_TIMESTAMPNS: Final = 35  # include/uapi/asm-generic/socket.h; the control message has the same number
FRAME_MAX: Final = 65_549
"""The loopback's largest packet and its Ethernet header."""

FRAMES_MAX: Final = 100
"""An error takes a dozen; the report of more would not fit a terminal."""

END: Final = b"sockmon: the last frame"
END_LIMIT_S: Final = 1.0
"""The loopback hands a frame over within microseconds."""

_TIMESPEC = struct.Struct("@ll")


class Ear:
    """A packet socket on every interface of this process's network, open until the process ends.

    Raises OSError where there may be none.
    """

    def __init__(self) -> None:
        self._sock = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ETH_P_ALL))
        self._sock.setsockopt(socket.SOL_SOCKET, SO_TIMESTAMPNS, 1)
        self._sock.setblocking(False)

    def heard(self) -> tuple[HeardFrame, ...]:
        """Every frame until now, in order. A datagram of our own is sent after them: once it is heard, they all are."""
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as marker:
            marker.bind(("127.0.0.1", 0))
            try:
                marker.sendto(END, marker.getsockname())
            except OSError:
                return ()  # the loopback is down: nothing can have been sent
        frames: list[HeardFrame] = []
        end = time.monotonic() + END_LIMIT_S
        while (left_s := end - time.monotonic()) > 0 and select.select([self._sock], [], [], left_s)[0]:
            frame = self._next()
            if frame is not None and frame.data.endswith(END):
                break
            if frame is not None and len(frames) < FRAMES_MAX:
                frames.append(frame)
        return tuple(frames)

    def _next(self) -> HeardFrame | None:
        """The next frame; None for the outgoing copy, for the loopback shows each frame going out and coming in."""
        data, control, _, address = self._sock.recvmsg(FRAME_MAX, socket.CMSG_SPACE(_TIMESPEC.size))
        if address[2] == socket.PACKET_OUTGOING:
            return None
        stamps = [raw for level, kind, raw in control if (level, kind) == (socket.SOL_SOCKET, SO_TIMESTAMPNS)]
        seconds, nanoseconds = _TIMESPEC.unpack(stamps[0]) if stamps else (0, time.time_ns())
        return HeardFrame(seconds * 1_000_000_000 + nanoseconds, data)
