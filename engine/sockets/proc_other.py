"""/proc/net/unix, packet and netlink: lines as entries, where the kernel lacks their diag modules. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from engine.model.errors import MalformedMessage
from engine.model.sockets import SocketEntry
from engine.model.tcp import SocketState
from engine.sockets import netlink_diag, packet_diag, unix_diag
from engine.sockets.addresses import WILDCARD
from engine.sockets.proc_net import made_key
from engine.text.sanitize import printable_within

SO_ACCEPTCON: Final = 0x10000
"""Flag of a listening socket in /proc/net/unix (__SO_ACCEPTCON)."""

SS_CONNECTED: Final = 3
"""enum socket_state of linux/net.h."""


def unix_row(line: str) -> SocketEntry:
    """Num RefCount Protocol Flags Type St Inode Path. Queues and users are not there. Raises MalformedMessage."""
    fields = line.split(None, 7)
    try:
        flags, kind, state, inode = int(fields[3], 16), int(fields[4], 16), int(fields[5], 16), int(fields[6])
    except (IndexError, ValueError) as error:
        raise MalformedMessage(f"read a line of /proc/net/unix ({error})") from error
    name = printable_within(fields[7], unix_diag.NAME_CHARACTERS_MAX) if len(fields) > 7 else WILDCARD
    named = SocketState.ESTABLISHED if state == SS_CONNECTED else SocketState.UNCONN
    return SocketEntry(
        # A connection that nobody has accepted has no inode yet; the kernel's number for it tells it from others.
        key=made_key("unix", inode or fields[0]),
        netid=unix_diag.NETIDS.get(kind, f"u_{kind}"),
        family=unix_diag.AF_UNIX,
        state=SocketState.LISTEN if flags & SO_ACCEPTCON else named,
        recv_q=None,
        send_q=None,
        local_address=name,
        local_port=0,
        peer_address=WILDCARD,
        peer_port=0,
        inode=inode,
    )


def packet_row(line: str) -> SocketEntry:
    """sk RefCnt Type Proto Iface R Rmem User Inode. Raises MalformedMessage."""
    fields = line.split()
    try:
        kind, protocol, interface = int(fields[2]), int(fields[3], 16), int(fields[4])
        recv_q, uid, inode = int(fields[6]), int(fields[7]), int(fields[8])
    except (IndexError, ValueError) as error:
        raise MalformedMessage(f"read a line of /proc/net/packet ({error})") from error
    return SocketEntry(
        key=made_key("packet", inode or fields[0]),
        netid=packet_diag.NETIDS.get(kind, f"p_{kind}"),
        family=packet_diag.AF_PACKET,
        state=SocketState.UNCONN,
        recv_q=recv_q,
        send_q=None,
        local_address=packet_diag.protocol_text(protocol),
        local_port=0,
        peer_address=WILDCARD,
        peer_port=0,
        interface=interface,
        uid=uid,
        inode=inode,
    )


def netlink_row(line: str) -> SocketEntry:
    """sk Eth Pid Groups Rmem Wmem Dump Locks Drops Inode. Raises MalformedMessage."""
    fields = line.split()
    try:
        protocol, port_id, recv_q, send_q = int(fields[1]), int(fields[2]), int(fields[4]), int(fields[5])
        inode = int(fields[9])
    except (IndexError, ValueError) as error:
        raise MalformedMessage(f"read a line of /proc/net/netlink ({error})") from error
    return SocketEntry(
        key=made_key("netlink", inode or fields[0]),
        netid="nl",
        family=netlink_diag.AF_NETLINK,
        state=SocketState.UNCONN,
        recv_q=recv_q,
        send_q=send_q,
        local_address=netlink_diag.protocol_text(protocol),
        local_port=port_id,
        peer_address=WILDCARD,
        peer_port=0,
        inode=inode,
    )


OTHER_FILES: Final[Mapping[str, tuple[str, Callable[[str], SocketEntry]]]] = {
    "unix": ("unix", unix_row),
    "packet": ("packet", packet_row),
    "netlink": ("netlink", netlink_row),
}
"""Family to its file of /proc/net and the reader of its lines."""


def parse_other(text: str, family: str) -> tuple[list[SocketEntry], int]:
    """The rows of one of `OTHER_FILES`, and how many lines did not parse."""
    entries: list[SocketEntry] = []
    malformed = 0
    read_line = OTHER_FILES[family][1]
    for line in text.split("\n")[1:]:
        if not line.strip():
            continue
        try:
            entries.append(read_line(line))
        except MalformedMessage:
            malformed += 1
    return entries, malformed
