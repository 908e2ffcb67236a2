"""Puts the holders that were found on the rows, and a reason where there are none. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from msgspec.structs import replace

from engine.model.health import Degradation
from engine.model.sockets import Owner, SocketEntry
from engine.model.tcp import SocketState

OTHER_USER: Final = "other user"
GONE: Final = "gone"
OTHER_NAMESPACE: Final = "other namespace"
NOT_YET_ACCEPTED: Final = "not yet accepted"
CLOSED_BY_PROGRAM: Final = "closed by program"
REFUSED: Final = "refused"
KERNEL: Final = "kernel"

HIDDEN_REASONS: Final = frozenset((OTHER_USER, REFUSED))
"""Reasons that more rights would cure."""

ACCEPT_QUEUE_STATES: Final = frozenset((SocketState.SYN_RECEIVED, SocketState.ESTABLISHED, SocketState.CLOSE_WAIT))
"""States in which a connection may wait in its listener's accept queue. Without an inode, no program can have it yet;
in any other state without an inode, a program had it and closed it."""


def unknown_reason(entry: SocketEntry, uid: int, hidden: bool) -> str:
    """Why nobody was found to hold `entry`. `uid` is ours; `hidden`: some processes may not be looked into.

    With every process in view the holder is in another PID namespace, or it is the kernel itself. Whom root may not
    look into refuses for another cause than its user.
    """
    if entry.inode == 0:
        return NOT_YET_ACCEPTED if entry.state in ACCEPT_QUEUE_STATES else CLOSED_BY_PROGRAM
    if entry.netid == "nl" and not entry.local_port:
        return KERNEL
    if not hidden:
        return OTHER_NAMESPACE
    return REFUSED if uid in (0, entry.uid) else OTHER_USER


def attributed(
    entry: SocketEntry, holders: tuple[Owner, ...], uid: int, hidden: bool, peers: tuple[Owner, ...] = ()
) -> SocketEntry:
    """The row with its holders and those of its peer, the same object where it has them already."""
    reason = "" if holders else unknown_reason(entry, uid, hidden)
    if entry.owners == holders and entry.owner_unknown == reason and entry.peer_owners == peers:
        return entry
    return replace(entry, owners=holders, owner_unknown=reason, peer_owners=peers)


def hidden_owners(ownerless: int, uid: int, refused: int, first: int, hidepid: bool, cure: str) -> Degradation:
    """That `ownerless` sockets show no process, since `refused` processes may not be looked into, of which `first` is
    the first PID, or since /proc hides some (`hidepid`). Root has every right there is: nothing cures it."""
    without = f"{ownerless} socket{'s' if ownerless > 1 else ''} without process"
    if hidepid:
        why = "/proc hides other users' processes (hidepid)"
    elif refused == 1:
        why = f"process {first} may not be looked into"
    else:
        why = f"{refused} processes may not be looked into"
    code = "OWNERS_HIDDEN" if uid else "OWNERS_REFUSED"
    return Degradation(code, f"{without}: {why}", cure if uid else "")


def keys_by_inode(entries: Mapping[int, SocketEntry], inodes: set[int]) -> list[int]:
    """The keys of the rows behind some inodes."""
    return [key for key, entry in entries.items() if entry.inode in inodes]
