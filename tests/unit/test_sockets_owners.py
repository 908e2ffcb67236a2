"""Holders of sockets over a /proc that the tests make: found at once, kept true in turn."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest

from engine.model.sockets import Owner
from engine.sockets import owners
from engine.sockets.owners import OwnerTracker
from engine.sockets.processes import Processes, ProcessRefused
from tests.unit.sockets_fake_proc import FakeProc


@pytest.fixture
def proc(tmp_path: Path) -> FakeProc:
    return FakeProc(tmp_path)


@pytest.fixture
def tracker(proc: FakeProc) -> OwnerTracker:
    return OwnerTracker(Processes(proc.root))


def holders(tracker: OwnerTracker, inode: int) -> list[tuple[int, int]]:
    return [(owner.pid, owner.fd) for owner in tracker.holders[inode]]


def test_the_holder_of_a_new_socket_is_found_at_once(proc: FakeProc, tracker: OwnerTracker) -> None:
    proc.run(41210, "sink", {7: 88213, 8: 5}, cmdline=b"/usr/bin/sink\0--port\x0065432\0", others=3)
    tracker.update({88213}, {})
    (owner,) = tracker.holders[88213]
    assert owner == Owner(41210, 7, "sink", 41210, "/usr/bin/sink --port 65432")


def test_every_holder_is_listed(proc: FakeProc, tracker: OwnerTracker) -> None:
    """Forked servers share their listener; one process may hold a socket twice."""
    proc.run(10, sockets={3: 100})
    proc.run(11, sockets={3: 100, 9: 100})
    tracker.update({100}, {})
    assert holders(tracker, 100) == [(10, 3), (11, 3), (11, 9)]


def test_a_socket_opened_later_is_found_in_a_known_process(proc: FakeProc, tracker: OwnerTracker) -> None:
    proc.run(10, sockets={3: 100})
    tracker.update({100}, {})
    proc.run(10, sockets={3: 100, 4: 101})
    tracker.update({101}, {})
    assert holders(tracker, 101) == [(10, 4)]


def test_a_descriptor_that_was_used_again_is_read_again(proc: FakeProc, tracker: OwnerTracker) -> None:
    proc.run(10, sockets={3: 100})
    tracker.update({100}, {})
    proc.run(10, sockets={3: 101})
    tracker.forget([100])
    tracker.update({101}, {})
    assert holders(tracker, 101) == [(10, 3)]


def test_a_process_that_ended_holds_nothing(proc: FakeProc, tracker: OwnerTracker) -> None:
    proc.run(10, sockets={3: 100})
    proc.run(11, sockets={3: 100})
    tracker.update({100}, {})
    proc.end(10)
    assert tracker.update(set(), {}) == {100}
    assert holders(tracker, 100) == [(11, 3)]


def test_a_pid_given_to_another_process_is_noticed(proc: FakeProc, tracker: OwnerTracker) -> None:
    proc.run(10, "old", {3: 100}, start_time=5)
    tracker.update({100}, {})
    proc.run(10, "new", {3: 100}, start_time=6)
    assert tracker.update(set(), {}) == {100}
    assert [(owner.name, owner.start_time) for owner in tracker.holders[100]] == [("new", 6)]


def test_a_passed_descriptor_shows_after_a_round(proc: FakeProc, tracker: OwnerTracker) -> None:
    proc.run(10, sockets={3: 100})
    proc.run(11)
    tracker.update({100}, {})
    proc.run(10, start_time=10)
    proc.run(11, sockets={5: 100}, start_time=11)
    assert tracker.update(set(), {}) == {100}
    assert holders(tracker, 100) == [(11, 5)]


def test_a_program_that_replaced_itself_has_its_new_name(proc: FakeProc, tracker: OwnerTracker) -> None:
    proc.run(10, "sh", {3: 100})
    tracker.update({100}, {})
    proc.run(10, "python3", {3: 100})
    tracker.update(set(), {})
    assert [owner.name for owner in tracker.holders[100]] == ["python3"]


def test_the_round_is_bounded_and_reaches_everyone(
    proc: FakeProc, tracker: OwnerTracker, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Five links a refresh, of which a visit costs two: the last of 12 descriptors is reached after four refreshes."""
    monkeypatch.setattr(owners, "RECHECK_LINKS", 5)
    monkeypatch.setattr(owners, "VISIT_LINKS", 2)
    for pid in (10, 11):
        proc.run(pid, sockets={fd: 100 * pid + fd for fd in range(6)})
    inodes = {100 * pid + fd for pid in (10, 11) for fd in range(6)}
    tracker.update(set(inodes), {})
    for pid in (10, 11):
        proc.run(pid, sockets={fd: 100 * (21 - pid) + fd for fd in range(6)}, start_time=pid)
    seen: set[int] = set()
    for _ in range(8):
        seen |= tracker.update(set(), {})
    assert seen == inodes
    assert all(holders(tracker, 100 * pid + fd) == [(21 - pid, fd)] for pid in (10, 11) for fd in range(6))


def test_a_look_up_too_large_for_one_refresh_goes_on_in_the_next(
    proc: FakeProc, tracker: OwnerTracker, monkeypatch: pytest.MonkeyPatch
) -> None:
    tracker.update(set(), {})
    monkeypatch.setattr(owners, "LOOKUP_LINKS", 1)
    monkeypatch.setattr(owners, "RECHECK_LINKS", 0)
    for pid in (10, 11, 12):
        proc.run(pid)
    tracker.update(set(), {})
    for pid in (10, 11, 12):
        proc.run(pid, sockets={3: pid})
    tracker.update({10, 11, 12}, {})
    assert tracker.behind == 2
    assert len(tracker.update(set(), {})) == 1
    tracker.update(set(), {})
    assert [holders(tracker, inode) for inode in (10, 11, 12)] == [[(10, 3)], [(11, 3)], [(12, 3)]]


def test_kernel_threads_are_not_looked_into(proc: FakeProc, tracker: OwnerTracker) -> None:
    proc.run(2, "kthreadd", {3: 100}, flags=0x00208040)
    tracker.update({100}, {})
    assert tracker.holders[100] == ()


def test_hostile_names_arrive_printable(proc: FakeProc, tracker: OwnerTracker) -> None:
    proc.run(10, b"\x1b]0;PWN\x07[/]x", {3: 100}, cmdline=b"a\xff\x00b\nc\x00")
    tracker.update({100}, {})
    (owner,) = tracker.holders[100]
    assert (owner.name, owner.cmdline) == ("\\x1b]0;PWN\\x07[/]x", "a\\xff b\\nc")


def test_a_name_with_parentheses_is_read_to_its_last(proc: FakeProc, tracker: OwnerTracker) -> None:
    proc.run(10, "a) S 1 (b", {3: 100}, start_time=77)
    tracker.update({100}, {})
    assert [(owner.name, owner.start_time) for owner in tracker.holders[100]] == [("a) S 1 (b", 77)]


def test_a_name_that_the_kernel_cut_is_taken_from_the_command_line(proc: FakeProc, tracker: OwnerTracker) -> None:
    proc.run(10, "gnome-terminal-", {3: 100}, cmdline=b"/usr/libexec/gnome-terminal-server\0")
    tracker.update({100}, {})
    assert [owner.name for owner in tracker.holders[100]] == ["gnome-terminal-server"]


def test_a_holder_is_told_with_its_container(proc: FakeProc, tracker: OwnerTracker) -> None:
    proc.run(10, sockets={3: 100})
    (proc.root / "10" / "cgroup").write_text(f"0::/docker/{'3f2a1b4c5d6e' + '0' * 52}\n")
    tracker.update({100}, {})
    assert [owner.unit for owner in tracker.holders[100]] == ["docker:3f2a1b4c5d6e"]


def test_each_holder_is_told_with_the_time_of_its_last_check(proc: FakeProc, tracker: OwnerTracker) -> None:
    proc.run(10, sockets={3: 100})
    proc.run(11, sockets={3: 5})
    before_ns = time.time_ns()
    tracker.update({100}, {})
    first = tracker.checked()
    assert first.keys() == {10}
    assert before_ns <= first[10] <= time.time_ns()
    tracker.update(set(), {})
    assert tracker.checked()[10] > first[10]


def test_labels_say_what_is_ours_and_may_come_later(proc: FakeProc, tracker: OwnerTracker) -> None:
    proc.run(10, sockets={3: 100})
    tracker.update({100}, {})
    assert tracker.update(set(), {10: "sink"}) == {100}
    assert [owner.ours for owner in tracker.holders[100]] == ["sink"]
    assert tracker.update(set(), {10: "sink"}) == set()


def test_what_is_forgotten_is_no_longer_kept(proc: FakeProc, tracker: OwnerTracker) -> None:
    proc.run(10, sockets={3: 100, 4: 101})
    tracker.update({100, 101}, {})
    tracker.forget([100])
    assert list(tracker.holders) == [101]


class Moody(Processes):
    """A /proc in which some processes refuse, and some end between the list of their descriptors and the links."""

    def __init__(self, root: Path) -> None:
        super().__init__(root)
        self.refusing: set[int] = set()
        self.ending: set[int] = set()
        self.proc: FakeProc | None = None

    def descriptors(self, pid: int) -> list[str]:
        if pid in self.refusing:
            raise ProcessRefused
        return super().descriptors(pid)

    def sockets(self, pid: int, descriptors: Iterable[str]) -> Iterator[tuple[int, int]]:
        if pid in self.ending and self.proc:
            self.proc.end(pid)
        return super().sockets(pid, descriptors)


def test_refusing_processes_are_counted_and_asked_again(proc: FakeProc) -> None:
    processes = Moody(proc.root)
    processes.refusing = {10}
    tracker = OwnerTracker(processes)
    proc.run(10, sockets={3: 100})
    tracker.update({100}, {})
    assert (tracker.refused, tracker.holders[100]) == (1, ())
    processes.refusing = set()
    tracker.update(set(), {})
    assert (tracker.refused, holders(tracker, 100)) == (0, [(10, 3)])


def test_processes_that_end_under_our_eyes_are_counted(proc: FakeProc) -> None:
    processes = Moody(proc.root)
    processes.ending, processes.proc = {10}, proc
    tracker = OwnerTracker(processes)
    proc.run(10, sockets={3: 100})
    tracker.update({100}, {})
    assert (tracker.vanished, tracker.holders[100]) == (1, ())


def test_a_proc_that_is_gone_altogether_is_survived(tmp_path: Path) -> None:
    tracker = OwnerTracker(Processes(tmp_path / "nowhere"))
    assert tracker.update({100}, {}) == set()
    assert tracker.holders[100] == ()
