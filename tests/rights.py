"""What the user who runs the tests may do, asked of the kernel: root in a container may hold no right at all."""

from __future__ import annotations

import functools
import socket

CAPTURE_REFUSED = "needs the right to open a packet socket (CAP_NET_RAW)"


@functools.cache
def may_capture() -> bool:
    """Whether this user may open a packet socket."""
    try:
        socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0).close()
    except (PermissionError, AttributeError):
        return False
    return True
