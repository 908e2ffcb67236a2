"""How an end of a connection, a listener or a program is named in a sentence."""

from __future__ import annotations

from typing import Final

from engine.model.sockets import Owner, SocketEntry
from engine.model.tcp import SocketState
from engine.text.units import endpoint

UNKNOWN_PROGRAM: Final = "a program that is not known"

NAMELESS: Final = {
    "other user": "a program of another user",
    "refused": "a program that may not be looked into",
    "other namespace": "a program in another namespace",
    "not yet accepted": "no program yet",
    "closed by program": "no program any more",
    "gone": "a program that has ended",
    "kernel": "the kernel",
}
"""The reasons of SocketEntry.owner_unknown, as the subject of a sentence."""


def program(entry: SocketEntry) -> str:
    """`sink (41210)`, `nginx (812) and 3 more`, or what is known instead of a name."""
    if not entry.owners:
        return NAMELESS.get(entry.owner_unknown, UNKNOWN_PROGRAM)
    first = entry.owners[0]
    others = len({owner.pid for owner in entry.owners}) - 1
    return owner_name(first) + (f" and {others} more" if others else "")


def begun(sentence: str) -> str:
    """A sentence with a capital where it begins with a word of ours; a program's name stays as it is written."""
    ours = sentence.startswith((*NAMELESS.values(), UNKNOWN_PROGRAM))
    return sentence[0].upper() + sentence[1:] if ours else sentence


def owner_name(owner: Owner) -> str:
    """`sink (41210)`."""
    return f"{owner.name} ({owner.pid})"


def local_end(entry: SocketEntry) -> str:
    """`127.0.0.1:65432`."""
    return endpoint(entry.local_address, entry.local_port)


def peer_end(entry: SocketEntry) -> str:
    """`127.0.0.1:53225`."""
    return endpoint(entry.peer_address, entry.peer_port)


def end_name(entry: SocketEntry) -> str:
    """`sink (41210) 127.0.0.1:65432`; the address alone where nobody is known to hold it."""
    return f"{owner_name(entry.owners[0])} {local_end(entry)}" if entry.owners else local_end(entry)


def connection_name(entry: SocketEntry) -> str:
    """`sink (41210) 127.0.0.1:65432 ⇄ 127.0.0.1:53225`."""
    if entry.state in (SocketState.LISTEN, SocketState.UNCONN) or not entry.peer_port:
        return end_name(entry)
    return f"{end_name(entry)} ⇄ {peer_end(entry)}"
