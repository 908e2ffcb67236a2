"""Requests of inet_diag, byte by byte."""

from __future__ import annotations

import socket
import struct

from engine.sockets import sock_diag


def test_a_dump_request_is_inet_diag_req_v2() -> None:
    raw = sock_diag.dump_request(9, socket.AF_INET6, socket.IPPROTO_TCP, states=1 << 10, extensions=2)
    assert raw == struct.pack("=IHHII", 72, 20, 0x301, 9, 0) + bytes([10, 6, 2, 0]) + struct.pack("=I", 1024) + bytes(
        48
    )


def test_a_get_request_names_one_socket() -> None:
    identity = sock_diag.sockid(65432, 80, b"\x7f\0\0\1", b"\x7f\0\0\2")
    raw = sock_diag.get_request(9, socket.AF_INET, socket.IPPROTO_TCP, identity, extensions=0)
    assert struct.unpack_from("=IHH", raw) == (72, 20, 1)
    assert raw[24:28] == struct.pack(">HH", 65432, 80)
    assert raw[28:32] == b"\x7f\0\0\1"
    assert raw[44:48] == b"\x7f\0\0\2"
    assert raw[60:68] == b"\0\0\0\0" + b"\xff" * 4
    assert raw[68:] == b"\xff" * 4
