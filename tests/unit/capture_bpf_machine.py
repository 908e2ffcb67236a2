"""A classic BPF machine for tests: what the kernel's does for a socket filter, with the loads that ours use."""

from __future__ import annotations

import msgspec

from engine.capture import bpf_code as code
from engine.capture.bpf_code import Program


class Seen(msgspec.Struct, frozen=True):
    """A frame as the kernel shows it to a filter."""

    data: bytes
    protocol: int
    network: int
    """Offset of the network header."""
    packet_type: int = 0
    interface: int = 1
    hardware_type: int = 1
    vlan: int | None = None


def ethernet(data: bytes, **more: int) -> Seen:
    """A frame whose network header follows the Ethernet header."""
    return msgspec.structs.replace(Seen(data, int.from_bytes(data[12:14], "big"), 14), **more)


def run(program: Program, seen: Seen) -> int:
    """What the program returns for a frame: the bytes to keep. 0 also for a load beyond the frame, as in the kernel."""
    a = x = at = 0
    memory = [0] * 16
    try:
        while True:
            opcode, jt, jf, k = program.instructions[at]
            at += 1
            kind = opcode & 0x07
            operand = x if opcode & 0x08 else k
            if kind == 0x06:
                return a if opcode == 0x16 else k
            if kind == 0x05:
                if opcode == code.JA:
                    at += k
                else:
                    holds = {0x10: a == operand, 0x20: a > operand, 0x30: a >= operand, 0x40: bool(a & operand)}
                    at += jt if holds[opcode & 0xF0] else jf
            elif kind == 0x00:
                a = memory[k] if opcode == 0x60 else k if opcode == 0x00 else _load(seen, opcode, k, x)
            elif kind == 0x01:
                match opcode:
                    case 0x01:
                        x = k
                    case 0x61:
                        x = memory[k]
                    case 0x81:
                        x = len(seen.data)
                    case _:
                        x = 4 * (_at(seen, k, 1) & 0xF)
            elif kind in (0x02, 0x03):
                memory[k] = a if kind == 0x02 else x
            elif kind == 0x07:
                a, x = (x, x) if opcode == 0x87 else (a, a)
            else:
                a = _compute(opcode & 0xF0, a, operand)
    except IndexError:
        return 0


def _compute(operation: int, a: int, operand: int) -> int:
    match operation:
        case 0x00:
            return (a + operand) & 0xFFFFFFFF
        case 0x10:
            return (a - operand) & 0xFFFFFFFF
        case 0x40:
            return a | operand
        case 0x50:
            return a & operand
        case 0x60:
            return (a << operand) & 0xFFFFFFFF
        case 0x70:
            return a >> operand
    raise AssertionError(f"operation {operation:#x}")


def _load(seen: Seen, opcode: int, k: int, x: int) -> int:
    if opcode == code.LD_LEN:
        return len(seen.data)
    size = {0x00: 4, 0x08: 2, 0x10: 1}[opcode & 0x18]
    if opcode & 0xE0 == 0x40:
        return _at(seen, (x + k) & 0xFFFFFFFF, size)
    return _at(seen, k, size)


def _at(seen: Seen, offset: int, size: int) -> int:
    beside = {
        code.AD_PROTOCOL: seen.protocol,
        code.AD_PACKET_TYPE: seen.packet_type,
        code.AD_INTERFACE: seen.interface,
        code.AD_HARDWARE_TYPE: seen.hardware_type,
        code.AD_VLAN_TAG: seen.vlan or 0,
        code.AD_VLAN_TAG_PRESENT: int(seen.vlan is not None),
    }
    if offset in beside:
        return beside[offset]
    start = offset - code.SKF_NET_OFF + seen.network if offset >= code.SKF_NET_OFF else offset
    if start < 0 or start + size > len(seen.data):
        raise IndexError(offset)
    return int.from_bytes(seen.data[start : start + size], "big")
