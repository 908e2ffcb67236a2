"""inet_diag's filter machine, as net/ipv4/inet_diag.c runs and audits it, for the tests."""

from __future__ import annotations

import ipaddress
import socket
import struct
from typing import NamedTuple


class Ends(NamedTuple):
    """The two ends that a program looks at."""

    source: str
    sport: int
    destination: str
    dport: int


def audit(program: bytes) -> None:
    """Refuse what the kernel refuses with EINVAL."""
    starts: set[int] = set()
    offset = 0
    while offset < len(program):
        starts.add(offset)
        code, yes, no = struct.unpack_from("=BBH", program, offset)
        least = {1: 4, 2: 8, 3: 8, 4: 8, 5: 8, 7: 12, 8: 12}[code]
        if code in (7, 8):
            least += 4 if program[offset + 4] == socket.AF_INET else 16
        left = len(program) - offset
        if code != 1:
            assert least <= no <= left + 4
            assert no % 4 == 0
        assert least <= yes <= left + 4
        assert yes % 4 == 0
        offset += yes
    assert offset == len(program)
    for start in starts:
        target = start + struct.unpack_from("=BBH", program, start)[2]
        assert target in starts or target in (len(program), len(program) + 4)


def run(program: bytes, ends: Ends) -> bool:
    """Whether a socket passes."""
    offset, left = 0, len(program)
    while left > 0:
        code, yes, no = struct.unpack_from("=BBH", program, offset)
        step = yes if _holds(code, program, offset, ends) else no
        offset, left = offset + step, left - step
    return left == 0


def _holds(code: int, program: bytes, offset: int, ends: Ends) -> bool:
    if code == 1:
        return False
    if code in (2, 3, 4, 5):
        port = struct.unpack_from("=H", program, offset + 6)[0]
        value = ends.sport if code in (2, 3) else ends.dport
        return bool(value >= port if code in (2, 4) else value <= port)
    family, prefix = program[offset + 4], program[offset + 5]
    size = 4 if family == socket.AF_INET else 16
    packed = program[offset + 12 : offset + 12 + size]
    address = ipaddress.ip_address(ends.source if code == 7 else ends.destination)
    network = ipaddress.ip_network((packed, prefix), strict=False)
    if isinstance(address, ipaddress.IPv6Address) and family == socket.AF_INET and address.ipv4_mapped:
        address = address.ipv4_mapped
    return address in network
