"""Drives real sockets into each situation that a ladder should show, and captures what the kernel sends.

Run as a program (`python -m tests.scenario.ladder_traffic FOLDER [NAME...]`) it writes a capture file of each; those
beside this module were made so. It works in a network namespace of its own, which needs no right where ordinary users
may make user namespaces. Losses are made by a socket filter (SO_ATTACH_FILTER) that lets nothing through: the frame is
on the wire and captured, and the socket never gets it.
"""

from __future__ import annotations

import contextlib
import ctypes
import mmap
import os
import socket
import struct
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

from engine.capture.files.frames import Frame
from engine.capture.files.pcap import pcap_header, pcap_record
from tests.namespace import enter_namespace
from tests.scenario.loopback_capture import captured

HOST: Final = "127.0.0.1"
PORT: Final = 8080
PAUSE_S: Final = 0.02
"""Between two things that programs do, so that the kernel has done all that follows from the first."""
LIMIT_S: Final = 10.0

_SO_ATTACH_FILTER, _SO_DETACH_FILTER = 26, 27
_RETURN_NOTHING = struct.pack("=HBBI", 0x06, 0, 0, 0)  # BPF_RET | BPF_K, 0 bytes (linux/filter.h)


def listen(backlog: int = 5) -> socket.socket:
    sock = socket.socket()
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    sock.bind((HOST, PORT))
    sock.listen(backlog)
    return sock


def both() -> tuple[socket.socket, socket.socket]:
    """A connection: its client and its server."""
    with listen() as listener:
        client = socket.create_connection((HOST, PORT))
        server = listener.accept()[0]
    time.sleep(PAUSE_S)
    return client, server


@contextlib.contextmanager
def deaf(*socks: socket.socket) -> Iterator[None]:
    """Nothing that is sent to these sockets reaches them meanwhile."""
    program = ctypes.create_string_buffer(_RETURN_NOTHING)
    for sock in socks:
        sock.setsockopt(socket.SOL_SOCKET, _SO_ATTACH_FILTER, struct.pack("HxxxxxxQ", 1, ctypes.addressof(program)))
    yield
    for sock in socks:
        if sock.fileno() >= 0:
            sock.setsockopt(socket.SOL_SOCKET, _SO_DETACH_FILTER, 0)


def close(*socks: socket.socket) -> None:
    """Close one after the other."""
    for sock in socks:
        sock.close()
        time.sleep(PAUSE_S)


def abort(sock: socket.socket) -> None:
    """Close with a reset (SO_LINGER with no time)."""
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    sock.close()
    time.sleep(PAUSE_S)


def say(sender: socket.socket, data: bytes, receiver: socket.socket) -> None:
    """Send, and have it read."""
    sender.sendall(data)
    got = 0
    while got < len(data):
        got += len(receiver.recv(len(data)))
    time.sleep(PAUSE_S)


def _handshake() -> list[socket.socket]:
    return list(both())


def _data() -> list[socket.socket]:
    client, server = both()
    say(client, b"GET / HTTP/1.0\r\n\r\n", server)
    say(server, b"HTTP/1.0 200 OK\r\n\r\nhello\n", client)
    return [client, server]


def _close_by_client() -> None:
    close(*both())


def _close_by_server() -> None:
    close(*reversed(both()))


def _half_close() -> None:
    client, server = both()
    say(client, b"all I have to say", server)
    client.shutdown(socket.SHUT_WR)
    time.sleep(PAUSE_S)
    say(server, b"and here is my answer", client)
    close(server, client)


def _simultaneous_close() -> None:
    """Two processes close at the same instant, as near as two processors can: often enough their FINs cross."""
    client, server = both()
    gate = mmap.mmap(-1, 2)
    pid = os.fork()
    mine, theirs, sock = (0, 1, client) if pid else (1, 0, server)
    gate[mine] = 1
    until = time.monotonic() + PAUSE_S
    while not gate[theirs] and time.monotonic() < until:
        pass
    sock.shutdown(socket.SHUT_WR)
    if not pid:
        os._exit(0)
    os.waitpid(pid, 0)
    time.sleep(PAUSE_S)
    close(client, server)


def _fins_cross(frames: list[Frame]) -> bool:
    """Two FINs follow each other, of which the second does not acknowledge the first: it still has the number that the
    first one was sent with."""
    fins = [frame.data for frame in frames if frame.data[47] & 0x01]
    return len(fins) == 2 and struct.unpack_from("!I", fins[1], 42)[0] == struct.unpack_from("!I", fins[0], 38)[0]


def _refused() -> None:
    with contextlib.suppress(ConnectionRefusedError):
        socket.create_connection((HOST, PORT)).close()


def _reset_in_syn_received() -> None:
    """A SYN from a port that no socket has: the kernel resets the answer to it."""
    from scapy.layers.inet import IP, TCP
    from scapy.packet import raw

    with listen(), socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_RAW) as sender:
        sender.sendto(raw(IP(src=HOST, dst=HOST) / TCP(sport=40_000, dport=PORT, flags="S")), (HOST, 0))
        time.sleep(PAUSE_S)


def _reset_in_established() -> None:
    client, server = both()
    say(client, b"hello", server)
    abort(client)
    close(server)


def _reset_by_unread_data() -> None:
    client, server = both()
    server.sendall(b"nobody reads this")
    time.sleep(PAUSE_S)
    close(client, server)


def _reset_in_fin_wait_1() -> None:
    client, server = both()
    with deaf(server):
        client.shutdown(socket.SHUT_WR)
        server.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        server.close()
        time.sleep(PAUSE_S)
    client.close()


def _reset_in_fin_wait_2() -> None:
    client, server = both()
    client.shutdown(socket.SHUT_WR)
    time.sleep(PAUSE_S)
    abort(server)
    close(client)


def _reset_in_last_ack() -> None:
    client, server = both()
    client.shutdown(socket.SHUT_WR)
    time.sleep(PAUSE_S)
    with deaf(client):
        server.close()
        time.sleep(PAUSE_S)
        abort(client)


def _retransmission() -> None:
    client, server = both()
    with deaf(server):
        client.sendall(b"is anybody there?")
        time.sleep(0.1)
    server.recv(99)
    time.sleep(0.5)
    close(client, server)


def _repaired_at_once() -> None:
    client, server = both()
    client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    with deaf(server):
        client.sendall(b"1" * 100)
    for number in b"23456":
        client.sendall(bytes([number]) * 100)
    got = 0
    while got < 600:
        got += len(server.recv(999))
    time.sleep(PAUSE_S)
    close(client, server)


def _syn_sent_again() -> None:
    with listen() as listener, socket.socket() as client:
        client.setblocking(False)
        with deaf(listener):
            client.connect_ex((HOST, PORT))
            time.sleep(0.1)
        client.settimeout(LIMIT_S)
        listener.settimeout(LIMIT_S)
        server = listener.accept()[0]
        time.sleep(PAUSE_S)
        close(client, server)


def _zero_window() -> None:
    with listen() as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
        client = socket.create_connection((HOST, PORT))
        server = listener.accept()[0]
    client.setblocking(False)
    sent = 0
    with contextlib.suppress(BlockingIOError):
        while True:
            sent += client.send(b"x" * 1_000)
            time.sleep(0.002)
            if sent >= 20_000:
                break
    time.sleep(1)
    client.setblocking(True)
    got = 0
    while got < sent:
        got += len(server.recv(65_536))
    time.sleep(0.5)
    close(client, server)


def _keep_alive() -> None:
    client, server = both()
    client.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, 1)
    client.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    time.sleep(1.2)
    close(client, server)


def _long_run() -> None:
    client, server = both()
    for _ in range(50):
        client.sendall(bytes(700))
        server.recv(700)
    time.sleep(PAUSE_S)
    close(client, server)


SITUATIONS: Final[dict[str, Callable[[], list[socket.socket] | None]]] = {
    "handshake": _handshake,
    "data": _data,
    "close-by-client": _close_by_client,
    "close-by-server": _close_by_server,
    "half-close": _half_close,
    "simultaneous-close": _simultaneous_close,
    "refused": _refused,
    "reset-in-syn-received": _reset_in_syn_received,
    "reset-in-established": _reset_in_established,
    "reset-by-unread-data": _reset_by_unread_data,
    "reset-in-fin-wait-1": _reset_in_fin_wait_1,
    "reset-in-fin-wait-2": _reset_in_fin_wait_2,
    "reset-in-last-ack": _reset_in_last_ack,
    "retransmission": _retransmission,
    "repaired-at-once": _repaired_at_once,
    "syn-sent-again": _syn_sent_again,
    "zero-window": _zero_window,
    "keep-alive": _keep_alive,
    "long-run": _long_run,
}
"""By name; those that return sockets leave them open, so that the picture ends before their close."""


CHANCE: Final[dict[str, Callable[[list[Frame]], bool]]] = {"simultaneous-close": _fins_cross}
"""Situations that do not come about each time, and whether they did."""
TRIES: Final = 300


def main() -> None:
    folder, *names = sys.argv[1:]
    enter_namespace()
    for name in names or SITUATIONS:
        happened = CHANCE.get(name, bool)
        for _ in range(TRIES):
            frames = captured(SITUATIONS[name])
            if happened(frames):
                break
        else:
            continue
        Path(folder, f"{name}.pcap").write_bytes(pcap_header(1) + b"".join(map(pcap_record, frames)))


if __name__ == "__main__":
    main()
