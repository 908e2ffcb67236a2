"""Names of numbers as this machine has them: users, interfaces, hosts. Each is asked for once and kept."""

from __future__ import annotations

import pwd
import socket
import sys
from collections.abc import Iterable
from functools import lru_cache
from typing import Final

from tui.host_names import HostNames

RESOLVER_THREADS: Final = 16
"""A table names dozens of peers, and a silent server costs seconds."""
RESOLVER_LIMIT_S: Final = 5.0
"""One resolver timeout (resolv.conf(5))."""


@lru_cache(maxsize=1024)
def user_name(uid: int) -> str:
    """The name of a user, or the number where it has none."""
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)


@lru_cache(maxsize=1024)
def interface_name(index: int) -> str:
    """The name of an interface, or `if` and its number where it is gone."""
    try:
        return socket.if_indextoname(index)
    except OSError:
        return f"if{index}"


_hosts = HostNames(threads=RESOLVER_THREADS)


def host_name(address: str) -> str:
    """The name of an address that `ask_hosts` asked for; empty for none."""
    return _hosts.known(address)


def ask_hosts(addresses: Iterable[str]) -> None:
    """Ask the resolver for the names of all of them at once, for as long as a person waits, and say what it left
    open."""
    unanswered = _hosts.fetch(addresses, RESOLVER_LIMIT_S)
    if unanswered:
        sys.stderr.write(f"sockmon: the resolver gave no answer for {unanswered} addresses in {RESOLVER_LIMIT_S:g} s\n")
