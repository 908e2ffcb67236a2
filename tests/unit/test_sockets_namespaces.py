"""Other network namespaces: counted once each, whether by a process or by a name."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.sockets.namespaces import network_namespaces, not_shown, others
from engine.sockets.processes import Processes


class Machine:
    """A /proc whose processes live in namespaces, and names of namespaces."""

    def __init__(self, root: Path) -> None:
        self.proc, self.named = root / "proc", root / "netns"
        self.proc.mkdir()
        self.named.mkdir()
        self.process("self", "ours")

    def process(self, pid: str, namespace: str, readable: bool = True) -> None:
        """A process in a namespace; all in one have the same files under net."""
        tree = self.proc.parent / namespace
        tree.touch()
        (self.proc / pid / "net").mkdir(parents=True)
        (self.proc / pid / "net" / "tcp").hardlink_to(tree)
        (self.proc / pid / "ns").mkdir()
        if readable:
            (self.proc / pid / "ns" / "net").symlink_to(f"net:[{tree.stat().st_ino}]")

    def name(self, name: str, namespace: str) -> None:
        """A name of `ip netns`."""
        tree = self.proc.parent / namespace
        tree.touch()
        (self.named / name).hardlink_to(tree)

    def others(self) -> int:
        processes = Processes(self.proc)
        seen = {processes.network_namespace(pid): pid for pid in processes.pids()}
        return others(seen, self.named, self.proc)


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


def test_namespaces_of_processes_and_of_names_are_counted_once_each(machine: Machine) -> None:
    for pid, namespace in (("10", "ours"), ("11", "blue"), ("12", "blue"), ("13", "green")):
        machine.process(pid, namespace)
    assert machine.others() == 2
    machine.name("blue", "blue")
    machine.name("home", "ours")
    assert machine.others() == 2
    machine.name("empty", "empty")
    assert machine.others() == 3


def test_a_name_counts_for_a_namespace_whose_link_is_not_for_us(machine: Machine) -> None:
    machine.process("11", "blue", readable=False)
    machine.name("blue", "blue")
    assert machine.others() == 1
    machine.name("green", "green")
    assert machine.others() == 2


def test_without_names_and_processes_there_are_none(machine: Machine) -> None:
    assert machine.others() == 0
    assert others({}, machine.named / "nothing", machine.proc / "nothing") == 0


def test_each_other_namespace_is_told_once_by_its_oldest_process(machine: Machine) -> None:
    for pid, namespace in (("1", "ours"), ("20", "blue"), ("9", "blue")):
        machine.process(pid, namespace)
    machine.process("30", "green", readable=False)
    (machine.proc / "31").mkdir()  # gone while it was looked at
    blue = (machine.proc.parent / "blue").stat().st_ino
    assert network_namespaces(machine.proc) == [(9, blue), (30, 0)]


def test_a_machine_without_proc_has_no_other_namespaces(tmp_path: Path) -> None:
    assert network_namespaces(tmp_path) == []


def test_what_is_not_shown_is_said_with_the_command_that_shows_it() -> None:
    assert not_shown(0, "sudo sockmon") == ()
    (one,), (two,) = not_shown(1, "sudo sockmon"), not_shown(2, "sudo sockmon")
    assert (one.sentence, one.cure) == ("1 other network namespace not shown", "sudo sockmon --netns NAME|PID")
    assert two.sentence == "2 other network namespaces not shown"
    assert [each.cure for each in not_shown(1, "")] == ["--netns NAME|PID"]
