"""Names of hosts for a command that prints once: all are asked for together, for as long as a person waits."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from typing import Final

from tui.host_names import HostNames

RESOLVER_THREADS: Final = 16
"""A table names dozens of peers, and a silent server costs seconds."""
RESOLVER_LIMIT_S: Final = 5.0
"""One resolver timeout (resolv.conf(5))."""


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
