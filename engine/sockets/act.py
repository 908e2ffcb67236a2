"""Closing sockets of others: SOCK_DESTROY. The peer sees a reset, the program an error (ECONNABORTED)."""

from __future__ import annotations

import errno
from typing import Final

from engine.model.errors import NetlinkError
from engine.model.sockets import SocketEntry
from engine.sockets.addresses import packed_address
from engine.sockets.netlink import Dump
from engine.sockets.netlink_source import Conversation
from engine.sockets.sock_diag import AF_INET, AF_INET6, PROTOCOLS, destroy_request, sockid
from engine.sockets.source import nothing

REFUSALS: Final = {
    errno.EPERM: "closing a socket needs CAP_NET_ADMIN: run sockmon with sudo",
    errno.ENOENT: "it is gone already",
    errno.EOPNOTSUPP: "this kernel cannot close such sockets (CONFIG_INET_DIAG_DESTROY)",
}
"""The kernel's errno to what it means here."""


class _Acknowledgement(Dump):
    """NLMSG_ERROR with the errno, 0 for done."""

    def row(self, buffer: bytes, start: int, end: int) -> None:
        """No rows are expected."""


def destroy(conversation: Conversation, entry: SocketEntry) -> None:
    """Close the socket of one row, told from all others by its cookie. Raises NetlinkError that says why not."""
    what = f"close the {entry.netid} socket on port {entry.local_port}"
    if entry.netid not in PROTOCOLS or entry.family not in (AF_INET, AF_INET6):
        raise NetlinkError(what, errno.EOPNOTSUPP, "only TCP, UDP and raw sockets can be closed from outside")
    if entry.cookie is None:
        raise NetlinkError(what, errno.EOPNOTSUPP, "its source knows no cookie; read the table by netlink")
    local, peer = (packed_address(entry.family, text) for text in (entry.local_address, entry.peer_address))
    identity = sockid(entry.local_port, entry.peer_port, local, peer, entry.interface, entry.cookie)
    sequence = conversation.next_sequence()
    answer = _Acknowledgement(sequence)
    conversation.ask(destroy_request(sequence, entry.family, PROTOCOLS[entry.netid], identity), answer, nothing, what)
    if answer.errno:
        raise NetlinkError(what, answer.errno, REFUSALS.get(answer.errno, ""))
