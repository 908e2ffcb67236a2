"""The ends of a connection in its SYN."""

from __future__ import annotations

import socket
import struct

import pytest

from engine.sockets.syn_tap import ARPHRD_ETHERNET, ARPHRD_LOOPBACK, Ends, syn_ends

ARPHRD_NONE = 65534
TCP = struct.pack(">HHIIBBHHH", 53225, 65432, 1, 0, 0x50, 2, 65535, 0, 0)


def ipv4(options: bytes = b"") -> bytes:
    first = 0x45 + len(options) // 4
    head = struct.pack(">BBHHHBBH", first, 0, 40 + len(options), 1, 0, 64, 6, 0)
    return head + socket.inet_aton("127.0.0.1") + socket.inet_aton("127.0.0.2") + options + TCP


def ipv6() -> bytes:
    head = struct.pack(">IHBB", 0x60000000, 20, 6, 64)
    return head + socket.inet_pton(socket.AF_INET6, "::1") + socket.inet_pton(socket.AF_INET6, "::2") + TCP


ETHERNET = bytes(12)


@pytest.mark.parametrize(
    ("frame", "hardware"),
    [
        (ETHERNET + b"\x08\0" + ipv4(), ARPHRD_LOOPBACK),
        (ETHERNET + b"\x08\0" + ipv4(options=bytes(8)), ARPHRD_ETHERNET),
        (ipv4(), ARPHRD_NONE),
    ],
)
def test_the_ends_of_an_ipv4_syn(frame: bytes, hardware: int) -> None:
    assert syn_ends(frame, hardware) == Ends(("127.0.0.1", 53225), ("127.0.0.2", 65432))


def test_the_ends_of_an_ipv6_syn() -> None:
    assert syn_ends(ETHERNET + b"\x86\xdd" + ipv6(), ARPHRD_LOOPBACK) == Ends(("::1", 53225), ("::2", 65432))


@pytest.mark.parametrize("whole", [ipv4(), ipv4(options=bytes(8)), ipv6()])
def test_a_frame_cut_before_its_ports_tells_nothing(whole: bytes) -> None:
    ports_end = len(whole) - len(TCP) + 4
    for cut in range(len(whole)):
        assert (syn_ends(whole[:cut], ARPHRD_NONE) is None) == (cut < ports_end)


@pytest.mark.parametrize("frame", [b"", b"\x50" * 60, b"\x41" + ipv4()[1:]])
def test_what_is_no_ip_tells_nothing(frame: bytes) -> None:
    assert syn_ends(frame, ARPHRD_NONE) is None
