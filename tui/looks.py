"""What cells of sockets are written with on the screen: the moment's facts, and the names of this machine."""

from __future__ import annotations

from collections.abc import Callable

from engine.text.cells import Look
from tui.local_names import interface_name, user_name
from tui.messages import Moment


def look_at(moment: Moment, *, services: bool = False, host_name: Callable[[str], str] | None = None) -> Look:
    """The look of a moment; `services` and `host_name` as in Look."""
    watched = moment.watched
    return Look(
        now_ns=moment.snapshot.ts_ns,
        figures=watched.figures,
        closed=watched.closed_by_key if watched.closed else {},
        services=services,
        user_name=user_name,
        interface_name=interface_name,
        host_name=host_name,
        checked=moment.snapshot.checked,
    )
