"""One socket by its addresses, without a dump: what a packet that was just seen belongs to."""

from __future__ import annotations

from errno import ENOENT
from typing import Final

from engine.model.sockets import SocketEntry
from engine.sockets.addresses import packed_address
from engine.sockets.inet_dump import InetDump
from engine.sockets.netlink_source import Conversation
from engine.sockets.sock_diag import AF_INET, AF_INET6, EXTENSIONS, PROTOCOLS, get_request, sockid
from engine.sockets.source import SourceError, nothing

SWAPPED: Final = frozenset(("udp", "udpl"))
"""For these the kernel takes source and destination the other way round (net/ipv4/udp_diag.c: historical reasons)."""

ABSENT: Final = frozenset((ENOENT,))
"""What the kernel answers when no such socket is there."""


def lookup_exact(
    conversation: Conversation,
    netid: str,
    local: tuple[str, int],
    peer: tuple[str, int],
    interface: int = 0,
    extensions: int = EXTENSIONS,
) -> SocketEntry | None:
    """The socket with exactly these ends (numeric address, port), None if there is none. Takes about 25 µs.

    The kernel falls back to a listener where it has no connection; that is none. An address of an IPv4-mapped IPv6
    socket may be given either way. Raises BadInput for addresses that are none, SourceError where the kernel has no
    diag module.
    """
    if netid not in PROTOCOLS:
        raise SourceError(f"look up a {netid} socket")
    family = AF_INET6 if ":" in local[0] else AF_INET
    here, there = ((packed_address(family, address), port) for address, port in (local, peer))
    if netid in SWAPPED:
        here, there = there, here
    sequence = conversation.next_sequence()
    request = get_request(
        sequence, family, PROTOCOLS[netid], sockid(here[1], there[1], here[0], there[0], interface), extensions
    )
    answer = InetDump(netid, sequence)
    conversation.ask(request, answer, nothing, f"a {netid} socket")
    if answer.errno and answer.errno not in ABSENT:
        raise SourceError(f"look up a {netid} socket by sock_diag", answer.errno)
    for entry in answer.entries.values():
        if (entry.local_port, entry.peer_port) == (local[1], peer[1]):
            return entry
    return None
