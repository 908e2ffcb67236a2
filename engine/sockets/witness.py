"""Who opened or closed connections that no table had shown: by the kernel's tracepoint, or by their SYN.

Both need a descriptor that somebody with more rights has opened; without one there is nobody to ask.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from typing import Final

from msgspec.structs import replace

from engine.model.errors import BadInput, NetlinkError
from engine.model.health import Degradation
from engine.model.sockets import Owner, SocketEntry
from engine.sockets.addresses import folded
from engine.sockets.lookup import lookup_exact
from engine.sockets.netlink_source import Conversation
from engine.sockets.perf_records import Record
from engine.sockets.perf_ring import PerfRing
from engine.sockets.processes import Processes, ProcessGone, ProcessRefused
from engine.sockets.syn_tap import Ends, SynTap
from engine.sockets.tiers import LOOKED_UP, SYN, TRACE, TRACED, without
from engine.sockets.traced import UNKNOWN_FD, Traced

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
        self._namespace = self._processes.network_namespace(os.getpid())
        self._traced = Traced(self._look_up, self._is_elsewhere)
        self._taps: list[SynTap] = []
        self._conversation: Conversation | None = None
        self._opened: dict[Ends, tuple[Owner, ...]] = {}
        self._refused: dict[str, str] = {}
        """Why a kind of descriptor is of no use."""

    def adopt(self, kinds: Sequence[str], descriptors: Sequence[int]) -> None:
        """Take descriptors over: `trace` is a perf event of `perf_ring.open_state_trace`, `syn` an AF_PACKET socket of
        protocol 0, used only where there is no tracepoint. What cannot be used is told by `degradations`. Raises
        BadInput where `kinds` does not fit `descriptors`; all descriptors are taken care of even so."""
        fitting = len(kinds) <= len(descriptors) and {TRACE, SYN}.issuperset(kinds)
        offered = list(zip(kinds, descriptors, strict=False)) if fitting else []
        _close_all(descriptors[len(offered) :])
        if not fitting:
            raise BadInput(f"use {len(descriptors)} descriptors as {', '.join(kinds)}")
        self._map([descriptor for kind, descriptor in offered if kind == TRACE])
        taps = [descriptor for kind, descriptor in offered if kind == SYN]
        if self._rings:
            _close_all(taps)
        else:
            self._listen(taps)

    def _map(self, descriptors: list[int]) -> None:
        try:
            while descriptors:
                self._rings.append(PerfRing(descriptors.pop()))
        except NetlinkError as error:
            self._refused[TRACE] = str(error)
            for ring in self._rings:  # one processor's connections without the others' would be a lottery
                ring.close()
            self._rings.clear()
            _close_all(descriptors)

    def _listen(self, descriptors: list[int]) -> None:
        try:
            while descriptors:
                self._taps.append(SynTap(descriptors.pop()))
        except NetlinkError as error:
            self._refused[SYN] = str(error)
            _close_all(descriptors)

    def watch(self) -> list[int]:
        """Descriptors that become readable when there is something to drain."""
        return [ring.descriptor for ring in self._rings] + [tap.socket.fileno() for tap in self._taps]

    def drain(self) -> None:
        """Learn what happened since the last call."""
        records: list[Record] = []
        for ring in self._rings:
            records += ring.drain()
        if records:
            self._traced.take(records)
        try:
            syns = [ends for tap in self._taps for ends in tap.drain()]
            if syns:
                self._look_at(syns)
        except NetlinkError as error:
            self._refused[SYN] = str(error)
            while self._taps:
                self._taps.pop().close()

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
        """Descriptors that are of no use, and records for which there was no room."""
        told = [without(kind, why) for kind, why in self._refused.items()]
        if lost := sum(ring.lost for ring in self._rings):
            sentence = f"{lost} state changes were not recorded: their connections lack an owner"
            told.append(Degradation("TRACE_LOST", sentence))
        return tuple(told)

    @property
    def malformed(self) -> int:
        """Pieces of a ring and frames that were not what they should be."""
        return sum(ring.malformed for ring in self._rings) + sum(tap.malformed for tap in self._taps)

    def _look_up(self, pid: int) -> Owner | None:
        try:
            identity = self._processes.identity(pid)
        except (ProcessGone, ProcessRefused):
            return None
        return Owner(pid, UNKNOWN_FD, identity.name, identity.start_time, identity.cmdline, unit=identity.unit)

    def _is_elsewhere(self, pid: int) -> bool:
        return self._processes.network_namespace(pid) not in (0, self._namespace)

    def close(self) -> None:
        """Give up every descriptor."""
        for ring in self._rings:
            ring.close()
        for tap in self._taps:
            tap.close()
        if self._conversation is not None:
            self._conversation.close()


def _close_all(descriptors: Sequence[int]) -> None:
    for descriptor in descriptors:
        os.close(descriptor)
