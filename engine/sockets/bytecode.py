"""The filter programs of inet_diag (INET_DIAG_REQ_BYTECODE, net/ipv4/inet_diag.c): conditions as bytes. Pure.

A program is a chain of operations of four bytes and their arguments. Each has two relative jumps: `yes`, taken where it
holds, and `no`. The kernel accepts only programs in which `yes` leads to the next operation, and it lets a socket pass
when the jumps end exactly behind the last one; a jump four bytes further refuses it. So here:

- a condition goes on where it holds and jumps four bytes behind its end where it does not;
- A and B: A's refusals jump over B too;
- A or B: between them stands a jump over B, which A's refusals pass by those four bytes;
- not A: behind A stands a jump that refuses, which A's refusals pass likewise.
"""

from __future__ import annotations

import socket
import struct
from collections.abc import Sequence
from enum import Enum
from typing import Final

from engine.model.errors import BadInput
from engine.sockets.netlink import attribute
from engine.sockets.sock_diag import INET_DIAG_REQ_BYTECODE

_OPERATION: Final = struct.Struct("=BBH")
"""inet_diag_bc_op: code, yes, no."""
_HOST: Final = struct.Struct("=BBxxi")
"""inet_diag_hostcond: family, prefix_len, port (-1: any); the address follows."""

_JMP: Final = 1
_REFUSED: Final = 4
"""How far behind the end of a program a refusal jumps."""

PROGRAM_MAX: Final = 0xFFFF - _REFUSED
"""Jumps are 16 bits."""

Program = bytes


class End(Enum):
    """Which end of the socket a condition is about; values are the codes of GE, LE and COND."""

    LOCAL = (2, 3, 7)
    PEER = (4, 5, 8)


def port_between(end: End, low: int, high: int) -> Program:
    """The port of one end lies between two numbers, both included."""
    at_least, at_most, _ = end.value
    return both(_port(at_least, low), _port(at_most, high))


def port_is(end: End, port: int) -> Program:
    """The port of one end."""
    return port_between(end, port, port)


def port_in(end: End, ports: Sequence[int]) -> Program:
    """The port of one end is one of these, of which there must be one at least."""
    return either(*(port_between(end, low, high) for low, high in _spans(ports)))


def host_in(end: End, family: int, packed: bytes, prefix_length: int) -> Program:
    """The address of one end lies in a network. An IPv4 network holds IPv4-mapped IPv6 addresses too."""
    argument = _HOST.pack(family, prefix_length, -1) + packed
    size = _OPERATION.size + len(argument)
    return _OPERATION.pack(end.value[2], size, size + _REFUSED) + argument


def network(end: End, text: str) -> Program:
    """As `host_in`, of `10.0.0.0/8` or an address. Raises BadInput."""
    address, _, prefix = text.partition("/")
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    try:
        packed = socket.inet_pton(family, address)
        length = int(prefix) if prefix else 8 * len(packed)
    except (OSError, ValueError) as error:
        raise BadInput(f"filter by the network {text!r}") from error
    if not 0 <= length <= 8 * len(packed):
        raise BadInput(f"filter by the network {text!r}", hint="the prefix is too long")
    return host_in(end, int(family), packed, length)


def both(*programs: Program) -> Program:
    """All hold."""
    whole = programs[-1]
    for program in reversed(programs[:-1]):
        whole = _refuse_further(program, len(whole)) + whole
    return _checked(whole)


def either(*programs: Program) -> Program:
    """At least one holds."""
    whole = programs[-1]
    for program in reversed(programs[:-1]):
        whole = _checked(program + _OPERATION.pack(_JMP, _OPERATION.size, len(whole) + _OPERATION.size) + whole)
    return whole


def negated(program: Program) -> Program:
    """The condition does not hold."""
    return _checked(program + _OPERATION.pack(_JMP, _OPERATION.size, _OPERATION.size + _REFUSED))


def request_attribute(program: Program) -> bytes:
    """The attribute that goes behind `inet_diag_req_v2`."""
    return attribute(INET_DIAG_REQ_BYTECODE, program)


def _port(code: int, port: int) -> Program:
    # The argument is a second operation whose `no` is the port.
    size = 2 * _OPERATION.size
    return _OPERATION.pack(code, size, size + _REFUSED) + _OPERATION.pack(0, 0, port)


def _spans(ports: Sequence[int]) -> list[tuple[int, int]]:
    """Ports as runs of neighbours."""
    spans: list[tuple[int, int]] = []
    for port in sorted(set(ports)):
        if spans and spans[-1][1] == port - 1:
            spans[-1] = (spans[-1][0], port)
        else:
            spans.append((port, port))
    return spans


def _refuse_further(program: Program, further: int) -> Program:
    """The program with its refusals moved `further` bytes."""
    moved = bytearray(program)
    offset, end = 0, len(program)
    while offset < end:
        code, yes, no = _OPERATION.unpack_from(program, offset)
        if no == end - offset + _REFUSED:
            if no + further > 0xFFFF:
                raise BadInput("filter sockets in the kernel", hint="the filter is too long")
            _OPERATION.pack_into(moved, offset, code, yes, no + further)
        offset += yes
    return bytes(moved)


def _checked(program: Program) -> Program:
    if len(program) > PROGRAM_MAX:
        raise BadInput("filter sockets in the kernel", hint="the filter is too long")
    return program
