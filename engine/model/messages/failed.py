"""The answer to a request that could not be carried out."""

from __future__ import annotations

import msgspec


class Failed(msgspec.Struct, frozen=True, tag=True, gc=False):
    """The request could not be carried out; `sentence` says what, on what and what to do."""

    sentence: str
    errno: int = 0
