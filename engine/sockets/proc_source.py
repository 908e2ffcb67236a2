"""Reads socket rows from the text files of /proc/net: what every Linux has, without a right and without tcp_info."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

from engine.model.sockets import SocketEntry
from engine.sockets.proc_net import INET_FILES, keyed, parse_inet
from engine.sockets.proc_other import OTHER_FILES, parse_other
from engine.sockets.source import NoSuchTable, Rows, SourceError

PROC_NET: Final = Path("/proc/net")


class ProcSource:
    """The tables under `net`; `/proc/PID/net` shows those of another network namespace."""

    name = "proc"

    def __init__(self, net: Path = PROC_NET) -> None:
        self._net = net
        self._ticks_per_s = os.sysconf("SC_CLK_TCK")

    def read(self, family: str, previous: Mapping[int, SocketEntry], between: Callable[[], None]) -> Rows:
        """All sockets of one family."""
        entries: dict[int, SocketEntry] = {}
        malformed = 0
        for name, number in INET_FILES.get(family, ()):
            found, bad = parse_inet(self._text(name), family, number, self._ticks_per_s)
            entries |= keyed(found)
            malformed += bad
            between()
        if family in OTHER_FILES:
            found, malformed = parse_other(self._text(OTHER_FILES[family][0]), family)
            entries = keyed(found)
        elif family not in INET_FILES:
            raise NoSuchTable(f"read {family} sockets from {self._net}")
        return Rows(entries, list(entries), malformed=malformed)

    def _text(self, name: str) -> str:
        try:
            return (self._net / name).read_text("utf-8", "backslashreplace")
        except FileNotFoundError as error:
            # A kernel without IPv6 or UDP-Lite has no such file, and no such sockets.
            if (self._net / "tcp").exists():
                return ""
            raise SourceError(f"read {self._net / name}", error.errno) from error
        except OSError as error:
            raise SourceError(f"read {self._net / name}", error.errno) from error

    def close(self) -> None:
        """Nothing is held open."""
