"""NETLINK_SOCK_DIAG for netlink sockets themselves (linux/netlink_diag.h). No I/O."""

from __future__ import annotations

import struct
from collections.abc import Mapping
from typing import Any, ClassVar, Final

from engine.model.sockets import SocketEntry
from engine.model.tcp import SocketState
from engine.sockets.addresses import WILDCARD
from engine.sockets.netlink import NLM_F_DUMP, NLM_F_REQUEST, message
from engine.sockets.other_dump import OtherDump, memory
from engine.sockets.sock_diag import SOCK_DIAG_BY_FAMILY

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

_SHOW_MEMINFO: Final = 0x01
_MEMINFO: Final = 0


def dump_request(sequence: int) -> bytes:
    """Ask for every netlink socket."""
    body = _REQUEST.pack(AF_NETLINK, NDIAG_PROTO_ALL, 0, 0, _SHOW_MEMINFO, 0)
    return message(SOCK_DIAG_BY_FAMILY, NLM_F_REQUEST | NLM_F_DUMP, sequence, body)


def protocol_text(number: int) -> str:
    """The name of a netlink protocol, its number where it has none here."""
    return NAMES.get(number, str(number))


class NetlinkDump(OtherDump):
    """One dump of netlink sockets."""

    what = "a netlink socket"
    family = AF_NETLINK
    fields = struct.Struct("=BBBBIIIIQ")
    least: ClassVar = {_MEMINFO: 4}

    def entry(self, values: tuple[Any, ...], found: Mapping[int, bytes]) -> SocketEntry:
        """The row as an entry; the local port is the port id (0: the kernel's own socket)."""
        _, _, protocol, _, port_id, peer_id, _, inode, cookie = values
        skmem = memory(found, _MEMINFO)
        return SocketEntry(
            key=cookie,
            netid="nl",
            family=AF_NETLINK,
            state=SocketState.UNCONN,
            recv_q=skmem.rmem_alloc if skmem else None,
            send_q=skmem.wmem_alloc if skmem else None,
            local_address=protocol_text(protocol),
            local_port=port_id,
            peer_address=WILDCARD,
            peer_port=peer_id,
            inode=inode,
            cookie=cookie,
            skmem=skmem,
        )
