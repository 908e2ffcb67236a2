"""How each socket error is really made: a few calls on this machine's loopback, the last of which fails.

A recipe lets the error rise out of its last call; nothing is pretended. Those that need a network of their own are in
`error_namespace`.
"""

from __future__ import annotations

import ctypes
import os
import resource
import select
import signal
import socket
import threading
from functools import partial
from pathlib import Path
from typing import Any, Final

from engine.lab.bench import HOST, LINGER_RST, Bench, address_of, wait_for
from engine.lab.capability import CAP_NET_BIND_SERVICE, without
from engine.model.errors import LabError

DOCUMENTATION: Final = "198.51.100.1"
"""TEST-NET-2 of RFC 5737: nobody has it."""

DATAGRAM_TOO_LARGE: Final = 65_508
"""One byte more than UDP over IPv4 carries."""

UNSUPPORTED_FAMILIES: Final = (4, 5, 9)
"""AF_IPX, AF_APPLETALK, AF_X25: long left out of kernels."""

DESCRIPTORS_LEFT: Final = 4

UNKNOWN_SOCKET_TYPE: Final = 99

SYN_TIMEOUT_MS: Final = 500
TCP_SYNCNT: Final = 7  # include/uapi/linux/tcp.h
TCP_USER_TIMEOUT: Final = 18
SO_DONTROUTE: Final = 5

_PORT_START = Path("/proc/sys/net/ipv4/ip_unprivileged_port_start")


def in_use(bench: Bench) -> None:
    first = bench.listener()
    bench.tcp().bind(address_of(first))


def in_use_time_wait(bench: Bench) -> None:
    listener = bench.listener()
    address = address_of(listener)
    client = bench.tcp()
    client.connect(address)
    server, _ = listener.accept()
    server.close()  # the server closes first, so TIME-WAIT is on its side and holds the port
    wait_for(client)
    client.recv(1)
    client.close()
    listener.close()
    bench.tcp().bind(address)


def refused(bench: Bench) -> None:
    listener = bench.listener()
    address = address_of(listener)
    listener.close()
    bench.tcp().connect(address)


def refused_datagram(bench: Bench) -> None:
    server = bench.udp()
    server.bind((HOST, 0))
    address = address_of(server)
    server.close()
    client = bench.udp()
    client.connect(address)
    client.send(b"Hello, world")
    wait_for(client, select.POLLERR)
    client.recv(1024)


def _reset(bench: Bench) -> socket.socket:
    """A client whose connection was reset, the RST arrived."""
    client, server = bench.pair()
    server.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, LINGER_RST)
    server.close()
    wait_for(client, select.POLLERR | select.POLLHUP)
    return client


def reset_on_recv(bench: Bench) -> None:
    _reset(bench).recv(1024)


def reset_on_send(bench: Bench) -> None:
    _reset(bench).send(b"Hello, world")


def broken_pipe(bench: Bench) -> None:
    client, server = bench.pair()
    server.close()
    wait_for(client)
    client.recv(1024)  # b'': the FIN; sending is still allowed
    client.send(b"Hello?")  # answered with RST: nobody has that connection any more
    wait_for(client, select.POLLERR | select.POLLHUP)
    client.send(b"Hello, world")


def timed_out(bench: Bench) -> None:
    listener = bench.full_queue()
    client = bench.tcp()
    # Both for quickness alone: without them the kernel sends SYN seven times, for 127 s.
    client.setsockopt(socket.IPPROTO_TCP, TCP_SYNCNT, 1)
    client.setsockopt(socket.IPPROTO_TCP, TCP_USER_TIMEOUT, SYN_TIMEOUT_MS)
    client.connect(address_of(listener))


def own_timeout(bench: Bench) -> None:
    client, _ = bench.pair()
    client.settimeout(0.1)
    client.recv(1024)


def would_block(bench: Bench) -> None:
    client, _ = bench.pair()
    client.setblocking(False)
    client.recv(1024)


def in_progress(bench: Bench) -> None:
    listener = bench.listener()
    client = bench.tcp()
    client.setblocking(False)
    client.connect(address_of(listener))


def interrupted(bench: Bench) -> None:
    """recv() of the C library, not Python's: that one would go on by itself (PEP 475)."""
    if threading.current_thread() is not threading.main_thread():
        raise LabError("make EINTR outside the main thread: only that one hears signals")
    client, _ = bench.pair()
    before = signal.signal(signal.SIGALRM, lambda number, frame: None)
    try:
        signal.setitimer(signal.ITIMER_REAL, 0.05)
        bench.log.made("recv (C library)", "1024", lambda: _c_recv(client.fileno()), repr, client)
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def _c_recv(fd: int) -> int:
    library = ctypes.CDLL(None, use_errno=True)
    signal.siginterrupt(signal.SIGALRM, True)
    count = library.recv(fd, ctypes.create_string_buffer(1024), 1024, 0)
    if count < 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
    return int(count)


def bad_descriptor(bench: Bench) -> None:
    client, _ = bench.pair()
    client.close()
    client.recv(1024)


def not_connected(bench: Bench) -> None:
    bench.tcp().recv(1024)


def is_connected(bench: Bench) -> None:
    client, server = bench.pair()
    client.connect(address_of(server))


class NeedsOwnNetworkError(LabError):
    """This machine's settings allow what a recipe is to be refused; a fresh network namespace has the kernel's own."""


def low_port(bench: Bench) -> None:
    try:
        start = int(_PORT_START.read_text())
    except (OSError, ValueError):
        start = 1024
    if start < 2:
        raise NeedsOwnNetworkError("net.ipv4.ip_unprivileged_port_start lets everybody have low ports")
    with without(CAP_NET_BIND_SERVICE):
        bench.tcp().bind((HOST, start - 1))


def broadcast(bench: Bench) -> None:
    bench.udp().sendto(b"to all", ("127.255.255.255", 9))


def not_available(bench: Bench) -> None:
    bench.tcp().bind((DOCUMENTATION, 0))


def unsupported_family(bench: Bench) -> None:
    for family in UNSUPPORTED_FAMILIES:
        bench.log.made("socket", f"{socket.AddressFamily(family).name}, SOCK_DGRAM", partial(_open_and_close, family))


def _open_and_close(family: int) -> None:
    socket.socket(family, socket.SOCK_DGRAM).close()


def network_unreachable(bench: Bench) -> None:
    client = bench.tcp()
    client.setsockopt(socket.SOL_SOCKET, SO_DONTROUTE, 1)  # no gateway: and that network is not on any link
    client.connect((DOCUMENTATION, 9))


def message_size(bench: Bench) -> None:
    bench.udp().sendto(bytes(DATAGRAM_TOO_LARGE), (HOST, 9))


def too_many_files(bench: Bench) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    lowest_free = os.dup(2)
    os.close(lowest_free)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(lowest_free + DESCRIPTORS_LEFT, soft), hard))
    try:
        for _ in range(soft):
            bench.tcp()
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def text_payload(bench: Bench) -> None:
    client, _ = bench.pair()
    text: Any = "Hello, world"
    client.send(text)


def _look_up(bench: Bench, host: str | None, service: str | int | None, *hints: int) -> None:
    bench.log.made(
        "getaddrinfo",
        ", ".join(getattr(argument, "name", repr(argument)) for argument in (host, service, *hints)),
        lambda: socket.getaddrinfo(host, service, *hints),
    )


def no_name(bench: Bench) -> None:
    _look_up(bench, "nosuch.invalid", 80, 0, 0, 0, socket.AI_NUMERICHOST)


def no_service(bench: Bench) -> None:
    _look_up(bench, HOST, "nosuch-service", socket.AF_INET, socket.SOCK_STREAM)


def no_family(bench: Bench) -> None:
    _look_up(bench, HOST, 80, 99)


def other_family(bench: Bench) -> None:
    _look_up(bench, "::1", 80, socket.AF_INET, 0, 0, socket.AI_NUMERICHOST)


def no_socket_type(bench: Bench) -> None:
    _look_up(bench, HOST, 80, socket.AF_INET, UNKNOWN_SOCKET_TYPE)


def bad_flags(bench: Bench) -> None:
    _look_up(bench, HOST, 80, 0, 0, 0, 1 << 30)


def no_reverse_name(bench: Bench) -> None:
    bench.log.made("gethostbyaddr", repr(DOCUMENTATION), lambda: socket.gethostbyaddr(DOCUMENTATION))
