"""Which SSH session sockmon is used over."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.capture.bpf_words import Conversation
from engine.capture.ssh_session import ANCESTORS_MAX, find_session, parse_connection

SESSION = "10.0.0.9 50000 10.0.0.1 22"
ENDS = Conversation(b"\x0a\0\0\x09", 50000, b"\x0a\0\0\x01", 22)


def process(proc: Path, pid: int, parent: int, environment: bytes = b"", name: str = "sh") -> None:
    folder = proc / str(pid)
    folder.mkdir()
    (folder / "stat").write_text(f"{pid} ({name}) S {parent} 1 1")
    (folder / "environ").write_bytes(environment)


def test_the_variable_names_both_ends() -> None:
    assert parse_connection(SESSION) == ENDS
    assert parse_connection("fe80::9%eth0 1 fe80::1%eth0 22") == Conversation(
        bytes.fromhex("fe80" + "00" * 13 + "09"), 1, bytes.fromhex("fe80" + "00" * 13 + "01"), 22
    )
    assert parse_connection("::ffff:10.0.0.9 50000 ::ffff:10.0.0.1 22") == ENDS


@pytest.mark.parametrize(
    "text",
    ["", "10.0.0.9 50000", "a b c d", "10.0.0.9 x 10.0.0.1 22", "10.0.0.9 1 ::1 22", "10.0.0.9 70000 10.0.0.1 22"],
)
def test_anything_else_names_none(text: str) -> None:
    assert parse_connection(text) is None


def test_our_own_environment_is_asked_first(tmp_path: Path) -> None:
    assert find_session({"SSH_CONNECTION": SESSION}, 100, tmp_path) == ENDS


def test_where_sudo_took_it_away_a_process_above_still_has_it(tmp_path: Path) -> None:
    process(tmp_path, 100, 90, b"A=1\0", name="a) b (c")
    process(tmp_path, 90, 80, b"B=2\0")
    process(tmp_path, 80, 1, b"C=3\0SSH_CONNECTION=" + SESSION.encode() + b"\0D=4\0")
    assert find_session({}, 100, tmp_path) == ENDS


def test_without_one_and_where_nobody_may_look_there_is_none(tmp_path: Path) -> None:
    process(tmp_path, 100, 1)
    process(tmp_path, 1, 0)
    assert find_session({}, 100, tmp_path) is None
    assert find_session({}, 555, tmp_path) is None


def test_processes_that_are_each_others_parents_end_the_search(tmp_path: Path) -> None:
    process(tmp_path, 100, 101)
    process(tmp_path, 101, 100)
    assert find_session({}, 100, tmp_path) is None
    assert ANCESTORS_MAX < 100
