"""Names of addresses without waiting for them: threads ask the resolver, and who draws takes what is known.

A resolver may take seconds for one address and never answer for another, so nothing that draws may call it. What was
asked is kept, an address without a name too.
"""

from __future__ import annotations

import socket
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable
from typing import Final

from engine.text.socket_values import parsed_address

THREADS: Final = 4
"""Questions at a time: one address whose server is silent must not hold up the others."""
NAMES_MAX: Final = 4_096
"""Names kept, the oldest forgotten first: more peers than a screen ever shows."""
WAITING_MAX: Final = 512
"""Addresses that wait to be asked for. What finds no room is asked for when it is drawn again."""
NAME_CHARACTERS_MAX: Final = 253
"""Of a host name (RFC 1035 section 2.3.4); an answer that is longer is none."""


def reverse_name(address: str) -> str:
    """What the resolver says (getnameinfo(3)); empty for nothing. Waits."""
    try:
        name = socket.getnameinfo((address, 0), socket.NI_NAMEREQD)[0]
    except (OSError, UnicodeError):
        return ""
    return name if len(name) <= NAME_CHARACTERS_MAX else ""


def _may_have_a_name(address: str) -> bool:
    """It is an address, and not a wildcard or a path."""
    parsed = parsed_address(address)
    return parsed is not None and not parsed.is_unspecified


class HostNames:
    """Asks for names in threads that begin with the first question and end with the process."""

    def __init__(self, ask: Callable[[str], str] = reverse_name, threads: int = THREADS) -> None:
        self.version = 0
        """Grows with every answer: what was drawn before it may say more now."""
        self._ask = ask
        self._threads = threads
        self._names: dict[str, str] = {}
        self._waiting: deque[str] = deque()
        self._asked: set[str] = set()
        """Waiting, or being asked for now."""
        self._changed = threading.Condition()
        self._started = False

    def known(self, address: str) -> str:
        """The name, or nothing where there is none or none yet; asks for it if nobody has. From any thread."""
        name = self._names.get(address)
        if name is not None:
            return name
        if not _may_have_a_name(address):
            return ""
        with self._changed:
            if address not in self._asked and address not in self._names and len(self._waiting) < WAITING_MAX:
                self._begin(address)
        return ""

    def fetch(self, addresses: Iterable[str], limit_s: float) -> int:
        """Ask for all of them and wait for at most `limit_s`; how many have not been answered."""
        deadline = time.monotonic() + limit_s
        wanted = dict.fromkeys(filter(_may_have_a_name, addresses))
        with self._changed:
            for address in wanted:
                if address not in self._asked and address not in self._names:
                    self._begin(address)
            self._changed.wait_for(lambda: self._names.keys() >= wanted.keys(), max(0.0, deadline - time.monotonic()))
            return len(wanted.keys() - self._names.keys())

    def _begin(self, address: str) -> None:
        """Have an address asked for; the lock is held."""
        self._asked.add(address)
        self._waiting.append(address)
        if not self._started:
            self._started = True
            for _ in range(self._threads):
                threading.Thread(target=self._run, name="sockmon-names", daemon=True).start()
        self._changed.notify_all()

    def _run(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._waiting)
                address = self._waiting.popleft()
            name = self._ask(address)
            with self._changed:
                self._asked.discard(address)
                self._names[address] = name
                if len(self._names) > NAMES_MAX:
                    del self._names[next(iter(self._names))]
                self.version += 1
                self._changed.notify_all()
