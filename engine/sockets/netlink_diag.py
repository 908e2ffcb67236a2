"""NETLINK_SOCK_DIAG for netlink sockets themselves (linux/netlink_diag.h). No I/O."""

from __future__ import annotations

import struct
from typing import Final

from engine.model.errors import MalformedMessage
from engine.model.sockets import SocketEntry
from engine.model.tcp import SocketState
from engine.sockets.addresses import WILDCARD
from engine.sockets.netlink import NLM_F_DUMP, NLM_F_REQUEST, Dump, attributes, message
from engine.sockets.sock_diag import SOCK_DIAG_BY_FAMILY, skmem

AF_NETLINK: Final = 16

NDIAG_PROTO_ALL: Final = 0xFF

NAMES: Final = {
    0: "rtnl",
    2: "usersock",
    3: "fw",
    4: "tcpdiag",
    5: "nflog",
    6: "xfrm",
    7: "selinux",
    8: "iscsi",
    9: "audit",
    10: "fiblookup",
    11: "connector",
    12: "nft",
    13: "ip6fw",
    15: "uevent",
    16: "genl",
    18: "scsi-trans",
    19: "ecryptfs",
    20: "rdma",
    21: "crypto",
}
"""NETLINK_* protocol (linux/netlink.h) to ss's word (iproute2's nl_protos)."""

_REQUEST: Final = struct.Struct("=BBHIIQ")
_MESSAGE: Final = struct.Struct("=BBBBIIIIQ")

_SHOW_MEMINFO: Final = 0x01
_MEMINFO: Final = 0


def dump_request(sequence: int) -> bytes:
    """Ask for every netlink socket."""
    body = _REQUEST.pack(AF_NETLINK, NDIAG_PROTO_ALL, 0, 0, _SHOW_MEMINFO, 0)
    return message(SOCK_DIAG_BY_FAMILY, NLM_F_REQUEST | NLM_F_DUMP, sequence, body)


def protocol_text(number: int) -> str:
    """The name of a netlink protocol, its number where it has none here."""
    return NAMES.get(number, str(number))


class NetlinkDump(Dump):
    """One dump of netlink sockets. The local port is the port id (0: the kernel's own socket)."""

    def __init__(self, sequence: int) -> None:
        super().__init__(sequence)
        self.entries: dict[int, SocketEntry] = {}

    def row(self, buffer: bytes, start: int, end: int) -> None:
        """Decode one row. Raises MalformedMessage."""
        if end - start < _MESSAGE.size:
            raise MalformedMessage(f"read a netlink socket in {end - start} bytes where its struct has 28", start)
        family, _, protocol, _, port_id, peer_id, _, inode, cookie = _MESSAGE.unpack_from(buffer, start)
        if family != AF_NETLINK:
            raise MalformedMessage(f"read a netlink socket of family {family}", start)
        memory = None
        for number, first, last in attributes(buffer, start + _MESSAGE.size, end):
            if number == _MEMINFO:
                memory = skmem(buffer[first:last])
        self.entries[cookie] = SocketEntry(
            key=cookie,
            netid="nl",
            family=AF_NETLINK,
            state=SocketState.UNCONN,
            recv_q=memory.rmem_alloc if memory else None,
            send_q=memory.wmem_alloc if memory else None,
            local_address=protocol_text(protocol),
            local_port=port_id,
            peer_address=WILDCARD,
            peer_port=peer_id,
            inode=inode,
            cookie=cookie,
            skmem=memory,
        )
