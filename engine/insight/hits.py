"""What goes with a socket that is closed from outside, and with a process that is ended: sentences for a person. Pure.

SOCK_DESTROY (net/ipv4/tcp.c, tcp_abort) makes the holder's next call fail with ECONNABORTED and sends the peer a reset;
a listener resets what waits in its accept queue; a socket in TIME-WAIT is forgotten without a word.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Final

from engine.insight.ledger import Ends, ends_of
from engine.model.sockets import Owner, SocketEntry
from engine.model.tcp import SS_SPELLINGS, SocketState
from engine.text.sanitize import printable
from engine.text.socket_values import AF_INET, AF_INET6
from engine.text.ss_command import ss_command, ss_filter
from engine.text.units import endpoint

HOLDERS_SHOWN_MAX: Final = 4
"""Holders named in a sentence; the others are counted."""

CLOSABLE: Final = frozenset(("tcp", "udp", "udpl", "raw", "icmp"))
"""Netids that SOCK_DESTROY takes."""

HIDDEN: Final = frozenset(("other user", "refused"))
"""Why an owner is unknown, where root would know it."""

WITHOUT_PEER: Final = frozenset((SocketState.LISTEN, SocketState.UNCONN, SocketState.CLOSED))


def socket_title(entry: SocketEntry) -> str:
    """`tcp 127.0.0.1:8080 → 127.0.0.1:53225 ESTABLISHED`."""
    local = printable(endpoint(entry.local_address, entry.local_port))
    peer = printable(endpoint(entry.peer_address, entry.peer_port))
    arrow = "" if entry.state in WITHOUT_PEER else f" → {peer}"
    return f"{entry.netid} {local}{arrow} {entry.state}"


def destroy_command(entry: SocketEntry) -> str:
    """The command that closes exactly this socket; empty where none can."""
    if entry.netid not in CLOSABLE or entry.family not in (AF_INET, AF_INET6):
        return ""
    kind = {"tcp": "-t", "udp": "-u"}.get(entry.netid, "-w")
    return f"sudo ss -K {kind} -a '{ss_filter(entry)}'"


def socket_hits(entry: SocketEntry, entries: Sequence[SocketEntry]) -> tuple[str, ...]:
    """What closing this socket does, to its holders and to its peer; `entries` is the whole table."""
    said: list[str] = []
    if entry.state is SocketState.TIME_WAIT:
        return ("The kernel forgets it; its port can be bound at once, and a late segment meets a reset.",)
    if entry.state is SocketState.LISTEN:
        waiting = f" The {entry.recv_q} in its accept queue are reset." if entry.recv_q else ""
        said.append(f"Nobody can connect to it any more.{waiting} Connections that were accepted stay.")
    if entry.owners:
        said.append(f"{_held_by(entry.owners)}: its next call fails with ECONNABORTED, and the descriptor stays open.")
    elif entry.owner_unknown:
        named = f" `sudo {ss_command(entry)}` names it." if entry.owner_unknown in HIDDEN else ""
        said.append(f"No process is known to hold it ({printable(entry.owner_unknown)}).{named}")
    if entry.netid == "tcp" and entry.state not in WITHOUT_PEER:
        other = other_end(entry, entries)
        who = "The peer" if other is None else f"The other end, {_who(other)},"
        said.append(f"{who} at {printable(endpoint(entry.peer_address, entry.peer_port))} gets a reset (RST).")
    return tuple(said)


def process_hits(owner: Owner, entries: Sequence[SocketEntry]) -> tuple[str, ...]:
    """What ending a process does to the sockets of the table: all of its own close, but for those that others hold."""
    held = [entry for entry in entries if any(one.pid == owner.pid for one in entry.owners)]
    shared = [entry for entry in held if any(one.pid != owner.pid for one in entry.owners)]
    kept = {entry.key for entry in shared}
    closing = [entry for entry in held if entry.key not in kept]
    said = [f"All its descriptors close; of the sockets listed here {len(closing):,}{_states(closing)}."]
    if shared:
        others = {one.pid for entry in shared for one in entry.owners} - {owner.pid}
        said.append(
            f"{len(shared):,} more stay open, held by {_count(len(others), 'other process', 'other processes')}."
        )
    connected = [entry for entry in closing if entry.netid == "tcp" and entry.state not in WITHOUT_PEER]
    own_ends = {ends_of(entry) for entry in connected}
    peers = [entry for entry in connected if _turned(ends_of(entry)) not in own_ends]
    if peers:
        resets = sum(bool(entry.recv_q) for entry in peers)
        reset = f", {resets:,} of them a reset because bytes were not read" if resets else ""
        said.append(f"{_count(len(peers), 'peer reads', 'peers read')} the end of the connection{reset}.")
    if owner.ours:
        said.append(f"It is one of sockmon's own ({printable(owner.ours)}).")
    return tuple(said)


def other_end(entry: SocketEntry, entries: Sequence[SocketEntry]) -> SocketEntry | None:
    """The socket of the same connection at the other end, if it is of this machine."""
    address, port, peer_address, peer_port = ends_of(entry)
    wanted = (peer_address, peer_port, address, port)
    candidates = (
        one for one in entries if one.local_port == peer_port and one.netid == entry.netid and one is not entry
    )
    return next((one for one in candidates if ends_of(one) == wanted), None)


def _turned(ends: Ends) -> Ends:
    """The same connection as the other end sees it."""
    address, port, peer_address, peer_port = ends
    return peer_address, peer_port, address, port


def _held_by(owners: Sequence[Owner]) -> str:
    names = [f"{printable(owner.name)} (pid {owner.pid}, fd {owner.fd})" for owner in owners[:HOLDERS_SHOWN_MAX]]
    more = len(owners) - len(names)
    held = ", ".join(names) + (f" and {more} more" if more else "")
    return f"{_count(len(owners), 'descriptor', 'descriptors')}: {held}" if len(owners) > 1 else held


def _who(entry: SocketEntry) -> str:
    if not entry.owners:
        return printable(entry.owner_unknown) or "unknown"
    return f"{printable(entry.owners[0].name)} (pid {entry.owners[0].pid})"


def _states(entries: Sequence[SocketEntry]) -> str:
    states = Counter(entry.state for entry in entries)
    named = [f"{states[state]:,} {SS_SPELLINGS.get(state, state.value)}" for state in SocketState if states[state]]
    return f" ({', '.join(named)})" if named else ""


def _count(number: int, one: str, many: str) -> str:
    return f"{number:,} {one if number == 1 else many}"
