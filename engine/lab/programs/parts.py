"""Beginnings that many programs share."""

from __future__ import annotations

from typing import Final

LISTEN: Final = """\
with socket.socket($FAMILY, socket.SOCK_STREAM) as listener:
    # options: listener
    listener.bind(($HOST, $PORT))
    listener.listen($BACKLOG)
"""
