"""Classic BPF: instructions, programs, and how a tree of tests becomes one.

Opcodes are those of include/uapi/linux/bpf_common.h and filter.h; what a socket filter may load beyond the bytes of the
frame (its EtherType, its packet type, bytes counted from the network header) is there under SKF_AD_OFF and SKF_NET_OFF.
Tests that count from the network header hold for every link layer, and for a VLAN frame whose tag the kernel has
already taken off, so one program serves Ethernet, raw IP and `any`.

A program is written from its end to its beginning. All jumps of classic BPF go forward, so the place that a test jumps
to always stands already when the test is written.
"""

from __future__ import annotations

import struct
from typing import Final, NamedTuple, TypeAlias

import msgspec

from engine.model.errors import FilterError

LD_W: Final = 0x20
LD_H: Final = 0x28
LD_B: Final = 0x30
"""A = the word, half word or byte at [k]."""
LD_LEN: Final = 0x80
"""A = the length of the frame (BPF_LD|BPF_W|BPF_LEN)."""
LD_W_X: Final = 0x40
LD_H_X: Final = 0x48
LD_B_X: Final = 0x50
"""A = the word, half word or byte at [X + k]."""
LDX_IP_HEADER: Final = 0xB1
"""X = 4 * (byte at [k] & 0xf) (BPF_LDX|BPF_B|BPF_MSH)."""
AND_K: Final = 0x54
JA: Final = 0x05
JEQ: Final = 0x15
JGT: Final = 0x25
JGE: Final = 0x35
JSET: Final = 0x45
RET_K: Final = 0x06

SKF_AD_OFF: Final = 0x1_0000_0000 - 0x1000
AD_PROTOCOL: Final = SKF_AD_OFF + 0
AD_PACKET_TYPE: Final = SKF_AD_OFF + 4
AD_INTERFACE: Final = SKF_AD_OFF + 8
AD_HARDWARE_TYPE: Final = SKF_AD_OFF + 28
AD_VLAN_TAG: Final = SKF_AD_OFF + 44
AD_VLAN_TAG_PRESENT: Final = SKF_AD_OFF + 48
SKF_NET_OFF: Final = 0x1_0000_0000 - 0x10_0000

INSTRUCTIONS_MAX: Final = 4096
"""BPF_MAXINSNS: the kernel refuses a longer program."""
JUMP_MAX: Final = 255
"""A test's jump offsets have 8 bits; JA has 32."""

_INSTRUCTION: Final = struct.Struct("=HBBI")


class Instruction(NamedTuple):
    """struct sock_filter. `jt` and `jf` count instructions to skip, from the next one."""

    code: int
    jt: int
    jf: int
    k: int


class Program(msgspec.Struct, frozen=True):
    """A socket filter: returns how many bytes of a frame to keep, 0 for none of it."""

    instructions: tuple[Instruction, ...]

    def packed(self) -> bytes:
        """The array of struct sock_filter."""
        return b"".join(_INSTRUCTION.pack(*instruction) for instruction in self.instructions)


def unpacked(code: bytes) -> Program:
    """The program behind an array of struct sock_filter."""
    return Program(tuple(Instruction(*fields) for fields in _INSTRUCTION.iter_unpack(code)))


class Test(msgspec.Struct, frozen=True):
    """Load something into A, then compare it with `k` by `jump` (JEQ, JGT, JGE, JSET)."""

    loads: tuple[tuple[int, int], ...]
    """(opcode, k) pairs, in order."""
    jump: int
    k: int


class AllOf(msgspec.Struct, frozen=True):
    """True if every part is; true without any."""

    parts: tuple[Node, ...]


class AnyOf(msgspec.Struct, frozen=True):
    """True if one part is; false without any."""

    parts: tuple[Node, ...]


class Not(msgspec.Struct, frozen=True):
    part: Node


Node: TypeAlias = "Test | AllOf | AnyOf | Not"

EVERYTHING: Final = AllOf(())
NOTHING: Final = AnyOf(())


def all_of(*parts: Node) -> Node:
    return AllOf(parts)


def any_of(*parts: Node) -> Node:
    return AnyOf(parts)


class _Tail:
    """The end of a program as far as it is written, last instruction first.

    A place in it is named by the number of instructions from there to the end, itself included.
    """

    def __init__(self) -> None:
        self.reversed: list[Instruction] = []

    def put(self, code: int, k: int) -> int:
        self.reversed.append(Instruction(code, 0, 0, k))
        return len(self.reversed)

    def distance(self, place: int) -> int:
        """From an instruction that would be written next, how many to skip to reach `place`."""
        return len(self.reversed) - place

    def jump(self, place: int) -> int:
        return self.put(JA, self.distance(place))

    def test(self, code: int, k: int, yes: int, no: int) -> int:
        if self.distance(no) >= JUMP_MAX:  # one less, for the jump that the next line may put between
            no = self.jump(no)
        if self.distance(yes) > JUMP_MAX:
            yes = self.jump(yes)
        self.reversed.append(Instruction(code, self.distance(yes), self.distance(no), k))
        return len(self.reversed)

    def node(self, node: Node, yes: int, no: int) -> int:
        """Write `node` in front, to go on at `yes` or at `no`; the place where it begins."""
        match node:
            case Test(loads, jump, k):
                place = self.test(jump, k, yes, no)
                for code, k in reversed(loads):
                    place = self.put(code, k)
                return place
            case AllOf(parts):
                for part in reversed(parts):
                    yes = self.node(part, yes, no)
                return yes
            case AnyOf(parts):
                for part in reversed(parts):
                    no = self.node(part, yes, no)
                return no
            case Not(part):
                return self.node(part, no, yes)

    def foreign(self, program: Program, yes: int, no: int) -> int:
        """Write a whole program in front, going on at `yes` or `no` where it returned not 0 or 0."""
        for instruction in reversed(program.instructions):
            if instruction.code == RET_K:
                self.jump(yes if instruction.k else no)
            else:
                self.reversed.append(instruction)
        return len(self.reversed)

    def start_at(self, place: int) -> None:
        """Make `place` what runs first: nothing may stand in front of it but a jump to it."""
        if place != len(self.reversed):
            self.jump(place)


def assemble(
    accept: Node | Program, snap_length: int, *, guard: Node = EVERYTHING, whole: Node = NOTHING, whole_length: int = 0
) -> Program:
    """The program that keeps `snap_length` bytes of what both `guard` and `accept` let pass, and `whole_length` bytes
    of those frames among them that also pass `whole`.

    Raises FilterError if it would be longer than the kernel allows.
    """
    tail = _Tail()
    no = tail.put(RET_K, 0)
    yes = tail.put(RET_K, snap_length)
    if whole != NOTHING:
        yes = tail.node(whole, tail.put(RET_K, whole_length), yes)
    yes = tail.foreign(accept, yes, no) if isinstance(accept, Program) else tail.node(accept, yes, no)
    tail.start_at(tail.node(guard, yes, no))
    if len(tail.reversed) > INSTRUCTIONS_MAX:
        raise FilterError(
            f"compile the capture filter: it takes {len(tail.reversed)} instructions, the kernel allows "
            f"{INSTRUCTIONS_MAX}",
            hint="use fewer words",
        )
    return Program(tuple(reversed(tail.reversed)))


def first_of(cases: tuple[tuple[Node, Program], ...]) -> Program:
    """The program that runs the first of `cases` whose test holds, and accepts nothing if none does."""
    tail = _Tail()
    no = tail.put(RET_K, 0)
    yes = tail.put(RET_K, 1)
    place = no
    for node, program in reversed(cases):
        place = tail.node(node, tail.foreign(program, yes, no), place)
    tail.start_at(place)
    return Program(tuple(reversed(tail.reversed)))
