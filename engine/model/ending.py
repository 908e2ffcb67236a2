"""What `K` may do to a socket and to the processes that hold it, what each would hit, and what this user may not do."""

from __future__ import annotations

import msgspec

from engine.model.sockets import Owner


class Permission(msgspec.Struct, frozen=True, gc=False):
    """Whether something may be done now; if not, why not, and the exact command that can."""

    granted: bool
    reason: str = ""
    command: str = ""


GRANTED = Permission(True)


class ProcessAim(msgspec.Struct, frozen=True, gc=False):
    """A process that could be ended."""

    owner: Owner
    permission: Permission
    hits: tuple[str, ...]
    """What goes with it, a sentence each."""


class EndingChoice(msgspec.Struct, frozen=True, gc=False):
    """What can be done about one socket."""

    title: str
    """The socket: netid, ends, state."""
    close: Permission
    """Closing it by SOCK_DESTROY."""
    close_hits: tuple[str, ...]
    processes: tuple[ProcessAim, ...]
    """Those that hold it, each once."""
