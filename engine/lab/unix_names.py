"""Names of Unix sockets as a person writes them, and as the kernel takes them."""

from __future__ import annotations

import os
from typing import Final

from engine.model.errors import BadInput

PATH_MAX: Final = 107
"""Bytes of a path: sun_path of unix(7) without its closing NUL. An abstract name may use that byte too."""


def unix_address(name: str) -> str:
    """A path as it is; `@name` as the abstract name, which begins with NUL. Raises BadInput for one that is no name."""
    if not name or name == "@":
        raise BadInput("a Unix socket needs a path, or @name for an abstract one")
    if len(os.fsencode(name)) > PATH_MAX:
        raise BadInput(f"{name!r} is longer than the {PATH_MAX} bytes of a Unix socket's path")
    return "\0" + name[1:] if name.startswith("@") else name
