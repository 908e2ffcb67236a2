"""What the kernel puts on the loopback interface while something happens there."""

from __future__ import annotations

import socket
import struct
import time
from collections.abc import Callable, Iterator
from typing import Final

from engine.capture.files.frames import Frame

SNAP_LENGTH: Final = 128
REST_S: Final = 0.02
"""After the last thing that happens, so that what follows from it was captured too."""

_SOL_PACKET, _PACKET_IGNORE_OUTGOING = 263, 23
_SO_TIMESTAMPNS = 35
_ETH_P_ALL = 0x0003


def captured(situation: Callable[[], list[socket.socket] | None]) -> list[Frame]:
    """The frames that a situation puts on the loopback interface."""
    with socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(_ETH_P_ALL)) as tap:
        tap.bind(("lo", _ETH_P_ALL))
        tap.setsockopt(_SOL_PACKET, _PACKET_IGNORE_OUTGOING, 1)
        tap.setsockopt(socket.SOL_SOCKET, _SO_TIMESTAMPNS, 1)
        tap.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)
        tap.setblocking(False)
        left_open = situation() or []
        time.sleep(REST_S)
        frames = list(_frames(tap))
    for sock in left_open:
        sock.close()
    return frames


def _frames(tap: socket.socket) -> Iterator[Frame]:
    while True:
        try:
            data, ancillary, _, _ = tap.recvmsg(1 << 18, 256)
        except BlockingIOError:
            return
        times = [struct.unpack("qq", value) for _, kind, value in ancillary if kind == _SO_TIMESTAMPNS]
        seconds, ns = times[0]
        yield Frame(1, data[:SNAP_LENGTH], len(data), seconds * 1_000_000_000 + ns)
