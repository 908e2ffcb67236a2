"""NETLINK_SOCK_DIAG for packet sockets (linux/packet_diag.h), which show who is sniffing. No I/O."""

from __future__ import annotations

import struct
from typing import Final

from engine.model.errors import MalformedMessage
from engine.model.sockets import SocketEntry
from engine.model.tcp import SocketState
from engine.sockets.addresses import WILDCARD
from engine.sockets.netlink import NLM_F_DUMP, NLM_F_REQUEST, Dump, attributes, message
from engine.sockets.sock_diag import SOCK_DIAG_BY_FAMILY, skmem

AF_PACKET: Final = 17

NETIDS: Final = {3: "p_raw", 2: "p_dgr"}
"""SOCK_RAW and SOCK_DGRAM to ss's netid."""

ETHERTYPES: Final = {0x0003: WILDCARD, 0x0800: "ip", 0x0806: "arp", 0x86DD: "ipv6"}
"""What a packet socket listens to, in ss's words; `*` is ETH_P_ALL. Others are printed as their number in brackets."""

_REQUEST: Final = struct.Struct("=BBHIIQ")
_MESSAGE: Final = struct.Struct("=BBHIQ")
_NUMBER: Final = struct.Struct("=I")

_SHOW: Final = 0x01 | 0x10
"""PACKET_SHOW_INFO, MEMINFO."""

_INFO, _UID, _MEMINFO = 0, 5, 6
_LEAST: Final = {_INFO: 4, _UID: 4, _MEMINFO: 4}


def dump_request(sequence: int) -> bytes:
    """Ask for every packet socket."""
    return message(
        SOCK_DIAG_BY_FAMILY, NLM_F_REQUEST | NLM_F_DUMP, sequence, _REQUEST.pack(AF_PACKET, 0, 0, 0, _SHOW, 0)
    )


def protocol_text(number: int) -> str:
    """The protocol that a packet socket takes, as ss prints it."""
    return ETHERTYPES.get(number, f"[{number}]")


class PacketDump(Dump):
    """One dump of packet sockets."""

    def __init__(self, sequence: int) -> None:
        super().__init__(sequence)
        self.entries: dict[int, SocketEntry] = {}

    def row(self, buffer: bytes, start: int, end: int) -> None:
        """Decode one row. Raises MalformedMessage."""
        if end - start < _MESSAGE.size:
            raise MalformedMessage(f"read a packet socket in {end - start} bytes where its struct has 16", start)
        family, kind, protocol, inode, cookie = _MESSAGE.unpack_from(buffer, start)
        if family != AF_PACKET:
            raise MalformedMessage(f"read a packet socket of family {family}", start)
        found: dict[int, bytes] = {}
        for number, first, last in attributes(buffer, start + _MESSAGE.size, end):
            if last - first < _LEAST.get(number, 0):
                raise MalformedMessage(f"read attribute {number} of a packet socket in {last - first} bytes", first)
            found[number] = buffer[first:last]
        memory = skmem(found[_MEMINFO]) if _MEMINFO in found else None
        self.entries[cookie] = SocketEntry(
            key=cookie,
            netid=NETIDS.get(kind, f"p_{kind}"),
            family=AF_PACKET,
            state=SocketState.UNCONN,
            recv_q=memory.rmem_alloc if memory else None,
            send_q=memory.wmem_alloc if memory else None,
            local_address=protocol_text(protocol),
            local_port=0,
            peer_address=WILDCARD,
            peer_port=0,
            interface=_NUMBER.unpack_from(found[_INFO])[0] if _INFO in found else 0,
            uid=_NUMBER.unpack_from(found[_UID])[0] if _UID in found else None,
            inode=inode,
            cookie=cookie,
            skmem=memory,
        )
