"""Names of numbers as this machine has them: users and interfaces. Each is asked for once and kept."""

from __future__ import annotations

import pwd
import socket
from functools import lru_cache


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
