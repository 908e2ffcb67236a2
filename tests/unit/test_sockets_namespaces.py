"""Finding other network namespaces by the inodes of their /proc trees."""

from __future__ import annotations

import os
from pathlib import Path

from engine.sockets.namespaces import network_namespaces


def process(proc: Path, name: str, tree: Path, link: str = "") -> None:
    (proc / name / "net").mkdir(parents=True)
    os.link(tree, proc / name / "net" / "tcp")
    if link:
        (proc / name / "ns").mkdir()
        (proc / name / "ns" / "net").symlink_to(link)


def test_each_other_namespace_is_told_once_by_its_oldest_process(tmp_path: Path) -> None:
    trees = [tmp_path / name for name in ("ours", "theirs", "hidden")]
    for tree in trees:
        tree.touch()
    proc = tmp_path / "proc"
    process(proc, "self", trees[0])
    process(proc, "1", trees[0])
    process(proc, "20", trees[1], "net:[4026532000]")
    process(proc, "9", trees[1], "net:[4026532000]")
    process(proc, "30", trees[2])
    (proc / "31").mkdir()  # gone while it was looked at
    assert network_namespaces(proc) == [(9, 4026532000), (30, 0)]


def test_a_machine_without_proc_has_no_other_namespaces(tmp_path: Path) -> None:
    assert network_namespaces(tmp_path) == []
