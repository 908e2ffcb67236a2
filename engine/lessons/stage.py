"""What the lessons of one program share: Monitor, its snapshots, and whether there is a wire to look at."""

from __future__ import annotations

import itertools
import os
import socket
import threading
import time
from collections.abc import Callable, Iterable
from typing import Final

from engine.lessons.lesson import Lesson
from engine.model.errors import EngineError
from engine.model.health import Role
from engine.model.messages import SocketsOptions
from engine.model.packets import CaptureOptions, CaptureStatus
from engine.model.snapshot import MonitorView, Snapshot

LOOPBACK: Final = "lo"

NO_CAPTURE: Final = "nothing is captured"


class Stage:
    """Where lessons run. Safe for several threads: lessons that do not touch each other may run at once."""

    def __init__(self, monitor: MonitorView, refresh: Callable[[], Snapshot] | None = None) -> None:
        """`refresh` takes a snapshot; a screen, which takes them itself, hands over its own way."""
        self.monitor = monitor
        self._refresh = refresh or monitor.refresh
        self._lock = threading.Lock()
        self._latest = Snapshot(0)
        self._began_s = 0.0
        self._runs = itertools.count(1)

    def look(self) -> Snapshot:
        """A snapshot that was begun after this call: of several threads that wait, one asks for all."""
        asked_s = time.monotonic()
        with self._lock:
            if self._began_s <= asked_s:
                self._began_s = time.monotonic()
                self._latest = self._refresh()
            return self._latest

    def next_run(self) -> str:
        """A word that no other run of any program has."""
        return f"{os.getpid()}-{next(self._runs)}"

    def prepare(self, lessons: Iterable[Lesson]) -> None:
        """Capture on the loopback if that is allowed, and read the families of sockets that these lessons look at.

        Where it is not allowed, snapshots say why, and what is expected of the wire will be told as unchecked.
        """
        extra = tuple(sorted({family for lesson in lessons for family in lesson.families}))
        self.monitor.set_sockets(SocketsOptions(families=("tcp", "udp", *extra)))
        try:
            self.monitor.set_capture(CaptureOptions(interface=LOOPBACK))
        except EngineError:
            return


def no_wire(snapshot: Snapshot) -> str:
    """Why packets cannot be looked at now; empty if they can."""
    status = snapshot.capture
    if status is not None and status.running:
        return _hidden(status)
    for degradation in snapshot.degradations:
        if "PACKET" in degradation.code or degradation.code == "NO_CAP_NET_RAW":
            return degradation.sentence
    dead = next((worker for worker in snapshot.workers if worker.role is Role.CAPTURE and not worker.alive), None)
    return NO_CAPTURE if dead is None else f"the capture worker has ended ({dead.ended})"


def _hidden(status: CaptureStatus) -> str:
    if not {LOOPBACK, "any"} & set(status.interface.split(",")):
        return f"the capture is on {status.interface}, not on {LOOPBACK}"
    return f"the capture shows {status.capture_filter} only" if status.capture_filter else ""


def missing(needs: Iterable[str]) -> str:
    """What of these the machine does not have, as a sentence; empty if it has all."""
    if "ipv6" in needs:
        try:
            with socket.socket(socket.AF_INET6, socket.SOCK_STREAM) as probe:
                probe.bind(("::1", 0))
        except OSError as error:
            return f"this machine has no IPv6 loopback ({error.strerror})"
    return ""
