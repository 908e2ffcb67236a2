"""What the lessons of one program share: Monitor, its snapshots, and whether there is a wire to look at."""

from __future__ import annotations

import itertools
import os
import socket
import threading
import time
from collections.abc import Callable, Collection, Iterable
from typing import Final

from engine.lessons.lesson import Lesson
from engine.model.errors import EngineError
from engine.model.health import Role
from engine.model.messages import SocketsOptions
from engine.model.packets import CaptureOptions, CaptureStatus
from engine.model.snapshot import MonitorView, Snapshot

LOOPBACK: Final = "lo"

ALWAYS_SEEN: Final = "icmp or icmp6"
"""ICMP has no ports."""

NO_CAPTURE: Final = "nothing is captured"


class Stage:
    """Where lessons run. Safe for several threads: lessons that do not touch each other may run at once."""

    def __init__(self, monitor: MonitorView, refresh: Callable[[], Snapshot] | None = None) -> None:
        """`refresh` takes a snapshot; a screen, which takes them itself, hands over its own way."""
        self.monitor = monitor
        self._refresh = refresh or monitor.refresh
        self._lock = threading.Lock()
        self._ports: dict[str, frozenset[int]] = {}
        self._filter = ""
        """What the capture was narrowed to; empty where it is somebody else's."""
        self._narrowing = threading.Lock()
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
        with self._narrowing:
            self._narrow(ALWAYS_SEEN)

    def watch(self, run: str, ports: Collection[int]) -> None:
        """Have the packets of these ports captured too, where the capture is the lessons' own: what others send on a
        busy machine is never handed over. To be called before anybody speaks there; no ports ends it for a run."""
        with self._narrowing:
            before = self._ports.get(run, frozenset())
            if not self._filter or before == set(ports):
                return
            self._ports[run] = frozenset(ports)
            watched = sorted(frozenset().union(*self._ports.values()))
            self._narrow(" or ".join((ALWAYS_SEEN, *(f"port {port}" for port in watched))))

    def _narrow(self, capture_filter: str) -> None:
        try:
            self.monitor.set_capture(CaptureOptions(interface=LOOPBACK, capture_filter=capture_filter))
        except EngineError:
            return
        self._filter = capture_filter

    @property
    def narrowed(self) -> bool:
        """The capture was narrowed to what the lessons need."""
        return bool(self._filter)


def no_wire(snapshot: Snapshot, narrowed: bool = False) -> str:
    """Why packets cannot be looked at now; empty if they can. `narrowed` if the capture's filter is the lessons'."""
    status = snapshot.capture
    if status is not None and status.running:
        return "" if narrowed else _hidden(status)
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
