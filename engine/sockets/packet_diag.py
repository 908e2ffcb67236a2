"""NETLINK_SOCK_DIAG for packet sockets (linux/packet_diag.h), which show who is sniffing. No I/O."""

from __future__ import annotations

import struct
from collections.abc import Mapping
from typing import Any, ClassVar, Final

from engine.model.sockets import SocketEntry
from engine.model.tcp import SocketState
from engine.sockets.addresses import WILDCARD
from engine.sockets.netlink import NLM_F_DUMP, NLM_F_REQUEST, message
from engine.sockets.other_dump import OtherDump, memory, number
from engine.sockets.sock_diag import SOCK_DIAG_BY_FAMILY

AF_PACKET: Final = 17

NETIDS: Final = {3: "p_raw", 2: "p_dgr"}
"""SOCK_RAW and SOCK_DGRAM to ss's netid."""

ETHERTYPES: Final = {0x0003: WILDCARD, 0x0800: "ip", 0x0806: "arp", 0x86DD: "ipv6"}
"""What a packet socket listens to, in ss's words; `*` is ETH_P_ALL. Others are printed as their number in brackets."""

_REQUEST: Final = struct.Struct("=BBHIIQ")

_SHOW: Final = 0x01 | 0x10
"""PACKET_SHOW_INFO, MEMINFO."""

_INFO, _UID, _MEMINFO = 0, 5, 6


def dump_request(sequence: int) -> bytes:
    """Ask for every packet socket."""
    return message(
        SOCK_DIAG_BY_FAMILY, NLM_F_REQUEST | NLM_F_DUMP, sequence, _REQUEST.pack(AF_PACKET, 0, 0, 0, _SHOW, 0)
    )


def protocol_text(number: int) -> str:
    """The protocol that a packet socket takes, as ss prints it."""
    return ETHERTYPES.get(number, f"[{number}]")


class PacketDump(OtherDump):
    """One dump of packet sockets."""

    what = "a packet socket"
    family = AF_PACKET
    fields = struct.Struct("=BBHIQ")
    least: ClassVar = {_INFO: 4, _UID: 4, _MEMINFO: 4}

    def entry(self, values: tuple[Any, ...], found: Mapping[int, bytes]) -> SocketEntry:
        """The row as an entry; the local address is the protocol it listens to."""
        _, kind, protocol, inode, cookie = values
        skmem = memory(found, _MEMINFO)
        return SocketEntry(
            key=cookie,
            netid=NETIDS.get(kind, f"p_{kind}"),
            family=AF_PACKET,
            state=SocketState.UNCONN,
            recv_q=skmem.rmem_alloc if skmem else None,
            send_q=skmem.wmem_alloc if skmem else None,
            local_address=protocol_text(protocol),
            local_port=0,
            peer_address=WILDCARD,
            peer_port=0,
            interface=number(found, _INFO) or 0,
            uid=number(found, _UID),
            inode=inode,
            cookie=cookie,
            skmem=skmem,
        )
