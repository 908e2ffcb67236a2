"""Opening the tracepoint: processors, and what is said where it cannot be had."""

from __future__ import annotations

import os
import platform
from pathlib import Path

import pytest

from engine.model.errors import NetlinkError
from engine.sockets import perf_open
from engine.sockets.perf_open import cpu_numbers, online_cpus, open_state_trace
from engine.sockets.perf_records import FORMAT


@pytest.mark.parametrize(("text", "numbers"), [("0-3,5\n", [0, 1, 2, 3, 5]), ("0", [0]), ("0-1,64-65", [0, 1, 64, 65])])
def test_processors_are_read_as_sysfs_lists_them(text: str, numbers: list[int]) -> None:
    assert cpu_numbers(text) == numbers


def test_without_sysfs_the_processors_are_those_that_may_be_used(tmp_path: Path) -> None:
    assert online_cpus(tmp_path / "none") == sorted(os.sched_getaffinity(0))
    (tmp_path / "odd").write_text("all of them")
    assert online_cpus(tmp_path / "odd") == sorted(os.sched_getaffinity(0))


def test_an_unknown_machine_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(platform, "machine", lambda: "pdp11")
    with pytest.raises(NetlinkError, match="pdp11"):
        open_state_trace()


def tracefs(folder: Path, layout: str, identifier: str = "77\n") -> Path:
    event = folder / perf_open.EVENT
    event.mkdir(parents=True)
    (event / "id").write_text(identifier)
    (event / "format").write_text(layout)
    return folder


def layout(shift: int = 0) -> str:
    return "\n".join(
        f"\tfield:__u8 {name}[4];\toffset:{at + shift};\tsize:{size};\tsigned:0;" for name, (at, size) in FORMAT.items()
    )


def test_a_tracefs_that_is_mounted_serves_where_we_may_not_mount(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[bytes] = []

    def call(number: int, *arguments: int | bytes | None, what: str) -> int:
        if what == "open tracefs":
            raise NetlinkError(what, 1, perf_open.REASONS[1])
        assert isinstance(arguments[0], bytes)
        asked.append(arguments[0])
        raise NetlinkError(what, 13, perf_open.REASONS[13])

    monkeypatch.setattr(perf_open, "_call", call)
    monkeypatch.setattr(platform, "machine", lambda: "x86_64")
    with pytest.raises(NetlinkError, match="open a perf event"):
        open_state_trace([tmp_path / "none", tracefs(tmp_path / "tracing", layout())])
    assert asked[0][8:16] == (77).to_bytes(8, "little")
    with pytest.raises(NetlinkError, match=r"open tracefs.*CAP_SYS_ADMIN"):
        open_state_trace([tmp_path / "none"])
    with pytest.raises(NetlinkError, match="other fields"):
        open_state_trace([tracefs(tmp_path / "other", layout(shift=8))])
