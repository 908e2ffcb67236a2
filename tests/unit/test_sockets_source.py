"""Falling from one source to the next."""

from __future__ import annotations

import errno
from collections.abc import Callable, Mapping

import pytest

from engine.model.sockets import SocketEntry
from engine.model.tcp import SocketState
from engine.sockets.source import Rows, SourceError, nothing, read_table


def entry(key: int, netid: str = "tcp") -> SocketEntry:
    return SocketEntry(key, netid, 2, SocketState.LISTEN, 0, 0, "0.0.0.0", key, "0.0.0.0", 0)


class FakeSource:
    """Reads what it was given; a family it was not given is refused with `code`."""

    def __init__(self, name: str, tables: dict[str, list[SocketEntry]], code: int = errno.ENOENT) -> None:
        self.name = name
        self._tables = tables
        self._code = code

    def read(self, family: str, previous: Mapping[int, SocketEntry], between: Callable[[], None]) -> Rows:
        if family not in self._tables:
            raise SourceError(f"read {family} sockets by {self.name}", self._code, f"modprobe {family}_diag")
        between()
        entries = {row.key: row for row in self._tables[family]}
        return Rows(entries, list(entries), interrupted=1, malformed=2)

    def close(self) -> None: ...


def test_all_families_come_from_the_first_source_that_can() -> None:
    netlink = FakeSource("netlink", {"tcp": [entry(1)], "udp": [entry(2, "udp")]})
    reading = read_table([netlink, FakeSource("proc", {})], ("tcp", "udp"), {})
    assert sorted(reading.rows.entries) == [1, 2]
    assert (reading.source, reading.degradations) == ("netlink", ())
    assert (reading.rows.interrupted, reading.rows.malformed) == (2, 4)


def test_a_family_without_a_diag_module_falls_to_the_next_source_and_says_so() -> None:
    netlink, proc = FakeSource("netlink", {"tcp": [entry(1)]}), FakeSource("proc", {"raw": [entry(2, "raw")]})
    reading = read_table([netlink, proc], ("tcp", "raw"), {})
    assert sorted(reading.rows.entries) == [1, 2]
    assert reading.source == "netlink"
    (degradation,) = reading.degradations
    assert degradation.code == "NO_SOCK_DIAG"
    assert degradation.sentence.startswith("raw sockets are read from proc, no tcp_info")
    assert degradation.cure == "modprobe raw_diag"


def test_a_family_that_nobody_can_read_is_said_to_be_missing() -> None:
    reading = read_table([FakeSource("netlink", {"tcp": [entry(1)]})], ("tcp", "raw"), {})
    assert [degradation.code for degradation in reading.degradations] == ["FAMILY_UNREADABLE"]


def test_the_only_family_that_cannot_be_read_is_an_error() -> None:
    with pytest.raises(SourceError):
        read_table([FakeSource("netlink", {})], ("tcp",), {})


def test_events_can_be_drained_between_chunks() -> None:
    calls: list[int] = []
    read_table([FakeSource("netlink", {"tcp": [], "udp": []})], ("tcp", "udp"), {}, lambda: calls.append(1))
    assert calls == [1, 1]
    nothing()
