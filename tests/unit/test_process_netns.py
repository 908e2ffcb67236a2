"""--netns: which namespace is meant, and what is said where it cannot be entered."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from engine.model.errors import BadInput
from engine.process.netns import asked_for, enter, path_of
from tests.unit.sockets_fake_proc import FakeProc


@pytest.mark.parametrize(
    ("words", "name"),
    [
        ("ls -t --netns blue", "blue"),
        ("--netns=4711 ls", "4711"),
        ("ls", ""),
        ("ls --netns", ""),
        ("ls -- --netns blue", ""),
        ("ls --netns=", ""),
    ],
)
def test_the_option_is_found_wherever_it_stands(words: str, name: str) -> None:
    assert asked_for(words.split()) == name


def test_a_name_comes_before_a_pid_and_a_path_is_itself(tmp_path: Path) -> None:
    named, proc = tmp_path / "netns", tmp_path / "proc"
    named.mkdir()
    (named / "12").touch()
    assert path_of("12", named, proc) == named / "12"
    assert path_of("13", named, proc) == proc / "13" / "ns" / "net"
    assert path_of("blue", named, proc) == named / "blue"
    assert path_of("/run/docker/netns/5f0", named, proc) == Path("/run/docker/netns/5f0")


def test_a_container_is_found_by_its_oldest_process(tmp_path: Path) -> None:
    proc = FakeProc(tmp_path)
    for pid, name in ((9, "f" * 12), (30, "3f2a1b4c5d6e"), (20, "3f2a1b4c5d6e")):
        proc.run(pid)
        (tmp_path / str(pid) / "cgroup").write_text(f"0::/docker/{name}{'0' * 52}\n")
    for shown in ("docker:3f2a1b4c5d6e", "docker:3f2a"):
        assert path_of(shown, tmp_path, tmp_path) == tmp_path / "20" / "ns" / "net"
    assert path_of("podman:3f2a", tmp_path, tmp_path) == tmp_path / "0" / "ns" / "net"


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("no such name", "No such file or directory (`ip netns` lists the names"),
        ("4194305", "No such file or directory"),
        ("docker:nosuchcontainer", "docker:ID that of a container"),
        ("..", "`ip netns` lists the names"),
        (os.devnull, "namespace"),
    ],
)
def test_what_cannot_be_entered_is_said_in_a_sentence(name: str, sentence: str) -> None:
    with pytest.raises(BadInput) as caught:
        enter(name)
    assert sentence in str(caught.value)
