"""Whatever processes do with their descriptors, after a round the holders are those that /proc tells."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from hypothesis import given, settings
from hypothesis import strategies as st

from engine.sockets.owners import OwnerTracker
from engine.sockets.processes import Identity, Processes, ProcessGone

PIDS = st.integers(1, 5)
FDS = st.integers(0, 4)
ROUNDS = 8
"""Refreshes in which a round over five processes surely ends."""

STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("open"), PIDS, FDS),
        st.tuples(st.just("close"), PIDS, FDS),
        st.tuples(st.just("pass"), PIDS, FDS, PIDS, FDS),
        st.tuples(st.just("fork"), PIDS, PIDS),
        st.tuples(st.just("exec"), PIDS),
        st.tuples(st.just("exit"), PIDS),
        st.tuples(st.just("look")),
    ),
    max_size=40,
)


class Machine(Processes):
    """Processes and their descriptors in memory."""

    def __init__(self) -> None:
        super().__init__()
        self.running: dict[int, dict[int, int]] = {}
        self.started: dict[int, int] = {}
        self.names: dict[int, str] = {}
        self.clock = 0
        self.inodes = 100

    def pids(self) -> set[int]:
        return set(self.running)

    def identity(self, pid: int) -> Identity:
        if pid not in self.running:
            raise ProcessGone
        return Identity(self.started[pid], self.names[pid], "", kernel_thread=False)

    def network_namespace(self, pid: int) -> int:
        return 0

    def descriptors(self, pid: int) -> list[str]:
        if pid not in self.running:
            raise ProcessGone
        return [str(fd) for fd in self.running[pid]]

    def sockets(self, pid: int, descriptors: Iterable[str]) -> Iterator[tuple[int, int]]:
        if pid not in self.running:
            raise ProcessGone
        for fd in map(int, descriptors):
            if fd in self.running[pid]:
                yield fd, self.running[pid][fd]

    def process(self, pid: int) -> dict[int, int]:
        """The descriptors of a process, which is started if it does not run."""
        if pid not in self.running:
            self.clock += 1
            self.running[pid], self.started[pid], self.names[pid] = {}, self.clock, f"born {self.clock}"
        return self.running[pid]

    def do(self, step: tuple[object, ...]) -> None:
        match step:
            case ("open", int(pid), int(fd)):
                self.inodes += 1
                self.process(pid)[fd] = self.inodes
            case ("close", int(pid), int(fd)):
                self.process(pid).pop(fd, None)
            case ("pass", int(pid), int(fd), int(to), int(into)):
                if fd in self.process(pid):
                    self.process(to)[into] = self.process(pid)[fd]
            case ("fork", int(pid), int(child)) if pid != child:
                held = dict(self.process(pid))
                self.running.pop(child, None)
                self.process(child).update(held)
            case ("exec", int(pid)):
                self.process(pid)
                self.clock += 1
                self.names[pid] = f"turned {self.clock}"
            case ("exit", int(pid)):
                self.running.pop(pid, None)

    def truth(self) -> dict[int, list[tuple[int, int, str]]]:
        """Holders by inode: PID, descriptor, name."""
        held: dict[int, list[tuple[int, int, str]]] = {}
        for pid, descriptors in sorted(self.running.items()):
            for fd, inode in sorted(descriptors.items()):
                held.setdefault(inode, []).append((pid, fd, self.names[pid]))
        return held


def look(machine: Machine, tracker: OwnerTracker) -> set[int]:
    """A refresh: the table has the sockets that somebody holds."""
    live = set(machine.truth())
    tracker.forget(tracker.holders.keys() - live)
    return tracker.update(live - tracker.holders.keys(), {})


@settings(deadline=None)
@given(STEPS)
def test_after_a_round_every_holder_is_known_and_nobody_else(steps: list[tuple[object, ...]]) -> None:
    machine = Machine()
    tracker = OwnerTracker(machine)
    for step in steps:
        machine.do(step)
        if step[0] == "look":
            look(machine, tracker)
    for _ in range(ROUNDS):
        look(machine, tracker)
    told = {inode: [(owner.pid, owner.fd, owner.name) for owner in owners] for inode, owners in tracker.holders.items()}
    assert told == machine.truth()


@settings(deadline=None)
@given(STEPS)
def test_what_changed_is_told(steps: list[tuple[object, ...]]) -> None:
    """Who asks again about the inodes that were told, and about new ones, has what the tracker has."""
    machine = Machine()
    tracker = OwnerTracker(machine)
    copy: dict[int, object] = {}
    for step in [*steps, ("look",), ("look",)]:
        machine.do(step)
        if step[0] == "look":
            before = set(tracker.holders)
            changed = look(machine, tracker)
            for inode in (*changed, *(tracker.holders.keys() - before)):
                if inode in tracker.holders:
                    copy[inode] = tracker.holders[inode]
            copy = {inode: owners for inode, owners in copy.items() if inode in tracker.holders}
            assert copy == tracker.holders
