"""Errors that need a network of their own: made in a child process inside new user and network namespaces.

No right is needed where the machine lets users make namespaces. A process with several threads may not enter a new user
namespace (unshare(2)), and a forked child has one thread. The child's calls come back over a pipe, and the frames that
it heard: the namespace ends with the child, so nothing of it is left to look at.
"""

from __future__ import annotations

import ctypes
import fcntl
import os
import select
import signal
import socket
import struct
import warnings
from collections.abc import Callable
from typing import Final, NoReturn

import msgspec

from engine.lab.bench import Bench, address_of
from engine.lab.calls import CallLog
from engine.lab.logged import LoggedSocket
from engine.lab.overhearing import Ear
from engine.lab.shown import error_number
from engine.model.errors import LabError
from engine.model.lab import Call, HeardFrame

CLONE_NEWUSER: Final = 0x10000000  # include/uapi/linux/sched.h
CLONE_NEWNET: Final = 0x40000000

SIOCSIFFLAGS: Final = 0x8914  # include/uapi/linux/sockios.h
SIOCADDRT: Final = 0x890B
IFF_UP: Final = 1
RTF_UP: Final = 0x0001  # include/uapi/linux/route.h
RTF_HOST: Final = 0x0004
RTF_REJECT: Final = 0x0200

SOCK_DIAG_DESTROY: Final = 21  # include/uapi/linux/sock_diag.h
NETLINK_SOCK_DIAG: Final = 4
ALL_STATES: Final = 0xFFFFFFFF

UNREACHABLE: Final = "198.51.100.7"
"""TEST-NET-2 of RFC 5737."""

ASKED: Final = "www.example.com"
"""RFC 2606: it exists for examples; here nobody can be asked for it."""

CHILD_LIMIT_S: Final = 12.0
"""The resolver's own limit, 5 s twice, is the slowest."""
REPORT_MAX: Final = 1 << 20

_IFREQ = struct.Struct("16sh22x")
_RTENTRY = struct.Struct("@L16s16s16sHhLPhPLLH0L")
"""struct rtentry of a 64-bit kernel; of its fields only destination, mask and flags are used."""


class FromNamespace(msgspec.Struct, frozen=True):
    """What the child did and how it ended."""

    calls: list[Call]
    error_class: str = ""
    errno: int = 0
    sentence: str = ""
    frames: tuple[HeardFrame, ...] = ()


def host_unreachable(bench: Bench) -> None:
    loopback_up()
    reject_route(UNREACHABLE)
    bench.tcp().connect((UNREACHABLE, 9))


def aborted(bench: Bench) -> None:
    loopback_up()
    client, server = bench.pair()
    destroy(client, server)
    client.recv(1024)


def no_name_server(bench: Bench) -> None:
    """In a network without interfaces no server of resolv.conf can be reached."""
    bench.log.made("getaddrinfo", f"{ASKED!r}, 80", lambda: socket.getaddrinfo(ASKED, 80))


def with_loopback(recipe: Callable[[Bench], None], bench: Bench) -> None:
    """A recipe that was written for the machine's own network."""
    loopback_up()
    recipe(bench)


def loopback_up() -> None:
    """Bring the namespace's loopback up."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as control:
        fcntl.ioctl(control, SIOCSIFFLAGS, _IFREQ.pack(b"lo", IFF_UP))


def reject_route(host: str) -> None:
    """Let the kernel answer for this host with EHOSTUNREACH: a route of type unreachable."""
    address = struct.pack("=H2x4s8x", socket.AF_INET, socket.inet_aton(host))
    mask = struct.pack("=H2x4s8x", socket.AF_INET, b"\xff" * 4)
    route = _RTENTRY.pack(0, address, bytes(16), mask, RTF_UP | RTF_HOST | RTF_REJECT, *([0] * 8))
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as control:
        fcntl.ioctl(control, SIOCADDRT, route)


def destroy(sock: LoggedSocket, peer: LoggedSocket) -> None:
    """Close a connection from outside, as `ss -K` does (SOCK_DESTROY, with the namespace's CAP_NET_ADMIN)."""
    (host, port), (peer_host, peer_port) = address_of(sock), address_of(peer)
    identity = struct.pack(
        "!HH16s16s",
        port,
        peer_port,
        socket.inet_aton(host).ljust(16, b"\0"),
        socket.inet_aton(peer_host).ljust(16, b"\0"),
    ) + struct.pack("=IQ", 0, sock.cookie)
    body = struct.pack("=BBBxI", socket.AF_INET, socket.IPPROTO_TCP, 0, ALL_STATES) + identity
    nlm_f_request, nlm_f_ack = 0x01, 0x04
    header = struct.pack("=IHHII", 16 + len(body), SOCK_DIAG_DESTROY, nlm_f_request | nlm_f_ack, 1, 0)
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, NETLINK_SOCK_DIAG) as diag:
        diag.send(header + body)
        answer = diag.recv(4096)
    number = -struct.unpack_from("=i", answer, 16)[0]
    if number:
        raise OSError(number, os.strerror(number))


def in_namespace(recipe: Callable[[Bench], None]) -> FromNamespace:
    """Run a recipe in a namespace of its own. Raises LabError where users may not make one."""
    reading, writing = os.pipe2(os.O_CLOEXEC)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # of forking with threads: see engine.lab.forking
        pid = os.fork()
    if pid == 0:
        _live(recipe, writing)
    os.close(writing)
    try:
        report = _read_report(reading)
    finally:
        os.close(reading)
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
    if not report:
        raise LabError("make a network namespace", hint="this machine does not let this user: user.max_user_namespaces")
    return msgspec.msgpack.decode(report, type=FromNamespace)


def _live(recipe: Callable[[Bench], None], writing: int) -> NoReturn:
    """The child. It leaves by os._exit(): the parent's clean-up is none of its own."""
    try:
        if ctypes.CDLL(None).unshare(CLONE_NEWUSER | CLONE_NEWNET) == 0:
            log = CallLog()
            ear = _ear()
            number, name, sentence = 0, "", ""
            try:
                recipe(Bench(log))
            except Exception as error:  # a fault of the recipe's own is for the parent to judge
                number, name, sentence = error_number(error), type(error).__name__, str(error)
            frames = ear.heard() if ear is not None else ()
            report = FromNamespace(list(log.account().calls), name, number, sentence, frames)
            os.write(writing, msgspec.msgpack.encode(report))
    finally:
        os._exit(0)


def _ear() -> Ear | None:
    """None in a kernel without packet sockets: the error is made all the same."""
    try:
        return Ear()
    except OSError:
        return None


def _read_report(reading: int) -> bytes:
    report = b""
    while len(report) < REPORT_MAX and select.select([reading], [], [], CHILD_LIMIT_S)[0]:
        piece = os.read(reading, 65_536)
        if not piece:
            break
        report += piece
    return report
