"""Who opened or closed connections that no table had shown: by the kernel's tracepoint, or by their SYN.

Both need a descriptor that somebody with more rights has opened; without one there is nobody to ask.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from typing import Final

from msgspec.structs import replace

from engine.model.errors import BadInput
from engine.model.health import Degradation
from engine.model.sockets import Owner, SocketEntry
from engine.sockets.addresses import folded
from engine.sockets.closing import LOOKED_UP, TRACED
from engine.sockets.lookup import lookup_exact
from engine.sockets.netlink_source import Conversation
from engine.sockets.perf_records import Record
from engine.sockets.perf_ring import PerfRing
from engine.sockets.processes import Processes, ProcessGone, ProcessRefused
from engine.sockets.syn_tap import Ends, SynTap
from engine.sockets.traced import UNKNOWN_FD, Traced

TRACE: Final = "trace"
SYN: Final = "syn"

OPENED_KEPT: Final = 16_384
"""Connections looked up by their SYN and not yet closed, about 300 B each; the oldest go first."""


class Witnesses:
    """The descriptors adopted, and what they have told. `find` gives the holders of inodes."""

    def __init__(
        self, find: Callable[[set[int]], dict[int, tuple[Owner, ...]]], processes: Processes | None = None
    ) -> None:
        self._find = find
        self._processes = processes or Processes()
        self.labels: Mapping[int, str] = {}
        """Which PIDs are ours."""
        self._rings: list[PerfRing] = []
        self._traced = Traced(self._look_up)
        self._taps: list[SynTap] = []
        self._conversation: Conversation | None = None
        self._opened: dict[Ends, tuple[Owner, ...]] = {}

    def adopt(self, kinds: Sequence[str], descriptors: Sequence[int]) -> None:
        """Take descriptors over: `trace` is a perf event of `perf_ring.open_state_trace`, `syn` an AF_PACKET socket of
        protocol 0. Raises BadInput or NetlinkError; all descriptors are taken care of even so."""
        left = list(descriptors)
        try:
            for kind in kinds:
                if kind not in (TRACE, SYN) or not left:
                    raise BadInput(f"use {len(descriptors)} descriptors as {', '.join(kinds)}")
                descriptor = left.pop(0)
                if kind == TRACE:
                    self._rings.append(PerfRing(descriptor))
                else:
                    self._taps.append(SynTap(descriptor))
        finally:
            for descriptor in left:
                os.close(descriptor)

    def watch(self) -> list[int]:
        """Descriptors that become readable when there is something to drain."""
        return [ring.descriptor for ring in self._rings] + [tap.socket.fileno() for tap in self._taps]

    def drain(self) -> None:
        """Learn what happened since the last call. Raises NetlinkError."""
        records: list[Record] = []
        for ring in self._rings:
            records += ring.drain()
        if records:
            self._traced.take(records)
        syns = [ends for tap in self._taps for ends in tap.drain()]
        if syns:
            self._look_at(syns)

    def _look_at(self, syns: Sequence[Ends]) -> None:
        """Find the sockets behind SYNs, and who holds them, while they live."""
        if self._conversation is None:
            self._conversation = Conversation()
        inodes: dict[Ends, int] = {}
        for ends in syns:
            entry = lookup_exact(self._conversation, "tcp", ends.local, ends.peer, extensions=0)
            if entry is not None and entry.inode:
                inodes[ends] = entry.inode
        holders = self._find(set(inodes.values())) if inodes else {}
        for ends, inode in inodes.items():
            if owners := holders.get(inode):
                self._opened[ends] = owners
                if len(self._opened) > OPENED_KEPT:
                    del self._opened[next(iter(self._opened))]

    def tell(self, entry: SocketEntry) -> tuple[tuple[Owner, ...], str]:
        """The owners of a connection that closed, and the tier; none if nobody saw it."""
        local, peer = (folded(entry.local_address), entry.local_port), (folded(entry.peer_address), entry.peer_port)
        if owners := self._traced.owners(local, peer):
            return tuple(replace(owner, ours=self.labels.get(owner.pid, "")) for owner in owners), TRACED
        if owners := self._opened.pop(Ends(local, peer), ()):
            return owners, LOOKED_UP
        return (), ""

    def degradations(self) -> tuple[Degradation, ...]:
        """Records for which there was no room."""
        lost = sum(ring.lost for ring in self._rings)
        if not lost:
            return ()
        return (Degradation("TRACE_LOST", f"{lost} state changes were not recorded: their connections lack an owner"),)

    def _look_up(self, pid: int) -> Owner | None:
        try:
            identity = self._processes.identity(pid)
        except (ProcessGone, ProcessRefused):
            return None
        return Owner(pid, UNKNOWN_FD, identity.name, identity.start_time, identity.cmdline)

    def close(self) -> None:
        """Give up every descriptor."""
        for ring in self._rings:
            ring.close()
        for tap in self._taps:
            tap.close()
        if self._conversation is not None:
            self._conversation.close()
