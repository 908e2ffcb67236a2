"""What a person can do about an errno that a call ended with: one short sentence each."""

from __future__ import annotations

import errno
from typing import Final

_BY_CALL: Final = {
    ("bind", errno.EADDRINUSE): "another socket has it: `sockmon ls` shows whose; port 0 lets the kernel choose",
    ("listen", errno.EADDRINUSE): "another socket listens there: `sockmon ls -l` shows whose",
    ("bind", errno.EACCES): "ports below net.ipv4.ip_unprivileged_port_start (1024) need CAP_NET_BIND_SERVICE",
    ("bind", errno.EADDRNOTAVAIL): "no interface of this machine has that address",
    ("connect", errno.EADDRNOTAVAIL): "no local port is left for this peer, or the address is not usable here",
    ("connect", errno.ECONNREFUSED): "nobody listens there: start the server first",
    ("connect", errno.ENOENT): "there is no such Unix socket: start the server first",
    ("connect", errno.EACCES): "a broadcast address needs SO_BROADCAST; a Unix socket needs write permission",
    ("sendto", errno.EACCES): "a broadcast address needs SO_BROADCAST",
    ("socket", errno.EACCES): "this kind of socket needs CAP_NET_RAW",
    ("socket", errno.EPERM): "this kind of socket needs CAP_NET_RAW",
}

_BY_ERRNO: Final = {
    errno.ECONNRESET: "the peer closed with unread data, was killed, or chose to reset",
    errno.EPIPE: "the peer has closed and said so by RST, or this side shut its sending down",
    errno.ETIMEDOUT: "no answer: the peer is gone, filtered, or drops what arrives",
    errno.ENETUNREACH: "there is no route to that network",
    errno.EHOSTUNREACH: "the next hop does not answer",
    errno.EMFILE: "this process may open no more descriptors: raise ulimit -n or close some",
    errno.ENFILE: "the machine may open no more files (fs.file-max)",
    errno.EMSGSIZE: "a datagram must fit into one: 65,507 bytes for UDP over IPv4",
    errno.EAFNOSUPPORT: "this machine or socket does not have that address family",
}


def hint_for(call: str, number: int) -> str:
    """What to do when `call` fails so; empty where there is nothing to say."""
    name = call.removesuffix("_ex")
    return _BY_CALL.get((name, number)) or _BY_ERRNO.get(number, "")
