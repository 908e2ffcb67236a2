"""Dumps as a kernel sent them, each a file of the buffers that recv() returned, and how they were recorded.

Run as root (`python -m tests.property.sockets_recording`) to record anew: in a network namespace of its own, so that
nothing of a machine is in them but a few sockets on loopback.
"""

from __future__ import annotations

import os
import socket
import struct
import subprocess
import sys
import time
from contextlib import ExitStack
from pathlib import Path
from typing import Final

from engine.sockets import netlink_diag, packet_diag, unix_diag
from engine.sockets.events import DESTROY_GROUPS
from engine.sockets.netlink import Dump
from engine.sockets.netlink_source import AF_NETLINK, NETLINK_SOCK_DIAG, RECV_SIZE
from engine.sockets.sock_diag import AF_INET, AF_INET6, dump_request

FOLDER: Final = Path(__file__).with_name("sockets_recorded")
LENGTH: Final = struct.Struct("<I")
SEQUENCE: Final = 7

REQUESTS: Final = {
    "tcp": dump_request(SEQUENCE, AF_INET, socket.IPPROTO_TCP),
    "tcp6": dump_request(SEQUENCE, AF_INET6, socket.IPPROTO_TCP),
    "udp": dump_request(SEQUENCE, AF_INET, socket.IPPROTO_UDP),
    "unix": unix_diag.dump_request(SEQUENCE),
    "packet": packet_diag.dump_request(SEQUENCE),
    "netlink": netlink_diag.dump_request(SEQUENCE),
}
EVENTS: Final = "events"


def recorded(name: str) -> list[bytes]:
    """The buffers of one recording."""
    raw = (FOLDER / name).read_bytes()
    buffers: list[bytes] = []
    while raw:
        (length,) = LENGTH.unpack_from(raw)
        buffers.append(raw[LENGTH.size : LENGTH.size + length])
        raw = raw[LENGTH.size + length :]
    return buffers


def _keep(name: str, buffers: list[bytes]) -> None:
    FOLDER.mkdir(exist_ok=True)
    (FOLDER / name).write_bytes(b"".join(LENGTH.pack(len(buffer)) + buffer for buffer in buffers))


class _Walk(Dump):
    def row(self, buffer: bytes, start: int, end: int) -> None:
        """Only the end of the dump counts."""


def _dump(request: bytes) -> list[bytes]:
    with socket.socket(AF_NETLINK, socket.SOCK_RAW, NETLINK_SOCK_DIAG) as diag:
        diag.settimeout(5)
        diag.send(request)
        buffers: list[bytes] = []
        walk = _Walk(SEQUENCE)
        while not walk.done:
            buffers.append(diag.recv(RECV_SIZE))
            walk.feed(buffers[-1])
    return buffers


def main() -> None:
    """Record everything, inside the namespace."""
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
    with ExitStack() as stack:
        for family, host in ((AF_INET, "127.0.0.1"), (AF_INET6, "::1")):
            server = stack.enter_context(socket.create_server((host, 65432), family=family, backlog=3))
            client = stack.enter_context(socket.create_connection((host, 65432)))
            client.sendall(b"unread" * 99)
            client.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
            stack.enter_context(server.accept()[0])
            short = socket.create_connection((host, 65432))
            accepted = server.accept()[0]
            short.close()
            accepted.close()  # TIME-WAIT
        dual = stack.enter_context(socket.create_server(("::", 8080), family=AF_INET6, dualstack_ipv6=True))
        stack.enter_context(socket.create_connection(("127.0.0.1", 8080)))
        stack.enter_context(dual.accept()[0])
        datagrams = stack.enter_context(socket.socket(AF_INET, socket.SOCK_DGRAM))
        datagrams.bind(("127.0.0.1", 5353))
        connected = stack.enter_context(socket.socket(AF_INET, socket.SOCK_DGRAM))
        connected.connect(("127.0.0.1", 5353))
        connected.send(b"unread")
        for each in socket.socketpair():
            stack.enter_context(each)
        abstract = stack.enter_context(socket.socket(socket.AF_UNIX))
        abstract.bind("\0sockmon recorded")
        abstract.listen(5)
        stack.enter_context(socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3)))
        events = stack.enter_context(socket.socket(AF_NETLINK, socket.SOCK_RAW, NETLINK_SOCK_DIAG))
        events.bind((0, DESTROY_GROUPS))
        events.settimeout(5)
        for name, request in REQUESTS.items():
            _keep(name, _dump(request))
        client.close()
        connected.close()
        time.sleep(0.1)
        _keep(EVENTS, [events.recv(RECV_SIZE) for _ in range(2)])


if __name__ == "__main__":
    if os.environ.get("SOCKMON_RECORDING"):
        main()
    else:
        alone = ["unshare", "--net", sys.executable, "-m", "tests.property.sockets_recording"]
        subprocess.run(alone, check=True, env=os.environ | {"SOCKMON_RECORDING": "1"})
