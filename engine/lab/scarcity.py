"""What a server does when accept() fails for want of descriptors or memory: say so, wait, go on."""

from __future__ import annotations

import errno
from typing import Final

from engine.lab.actor import Actor

SCARCITY_PAUSE_S: Final = 0.2
"""The listener stays readable while the client waits in the accept queue; without a pause the loop would spin."""

_SCARCE: Final = frozenset((errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM))


def note_scarcity(actor: Actor, error: OSError) -> None:
    """Note that accept() failed for want of something; raise the error again if it failed for another reason."""
    if error.errno not in _SCARCE:
        raise error
    held = len(actor.log.held())
    actor.log.note(f"accept() failed: {error.strerror}; {held} sockets are open, the client waits in the queue")
