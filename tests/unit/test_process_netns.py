"""--netns: which namespace is meant, and what is said where it cannot be entered."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from engine.model.errors import BadInput
from engine.process.netns import asked_for, enter, path_of


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


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("no such name", "No such file or directory (`ip netns` lists the names"),
        ("4194305", "No such file or directory"),
        ("..", "`ip netns` lists the names"),
        (os.devnull, "namespace"),
    ],
)
def test_what_cannot_be_entered_is_said_in_a_sentence(name: str, sentence: str) -> None:
    with pytest.raises(BadInput) as caught:
        enter(name)
    assert sentence in str(caught.value)
