"""An event that selectors and poll can wait for beside sockets: how another thread reaches a program that waits."""

from __future__ import annotations

import os
import threading


class Wakeup:
    """An event with a descriptor: selectors and poll wait for it beside sockets."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.fd = os.eventfd(0, os.EFD_NONBLOCK | os.EFD_CLOEXEC)

    def set(self) -> None:
        """Make `fd` readable, until `clear()`. Does nothing once closed."""
        with self._lock:
            if self.fd >= 0:
                os.eventfd_write(self.fd, 1)

    def clear(self) -> None:
        """Make `fd` unreadable again."""
        with self._lock:
            if self.fd >= 0:
                try:
                    os.eventfd_read(self.fd)
                except BlockingIOError:
                    return

    def close(self) -> None:
        """Give the descriptor up."""
        with self._lock:
            if self.fd >= 0:
                os.close(self.fd)
                self.fd = -1

    def __del__(self) -> None:
        self.close()
