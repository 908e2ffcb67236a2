"""The Info line of a TCP segment, as tshark 4.0 prints it with numeric ports.

`[findings] sport → dport [bits] Seq= Ack= Win= Urg= Len= options`, a Multipath TCP subflow like any other.
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from functools import lru_cache

from engine.flow import placed as marks
from engine.flow.findings import DUPLICATE_ACK, PREFIXES
from engine.flow.options import CUT, MAX_SHIFT, READ, TIMESTAMPS, TIMESTAMPS_ALONE, Options, parse_options, sack_blocks
from engine.flow.placed import ACCURATE_ECN, CUT_OPTIONS, NO_LENGTH, NO_STREAM, Placed
from engine.model.packets import Segment

_ACK, _URG = 0x010, 0x020
_ACK_URG = 0x030
_WRAP = 0xFFFFFFFF
_TIMESTAMP_PAIR = struct.Struct(">II").unpack_from
_BITS = ("FIN", "SYN", "RST", "PSH", "ACK", "URG", "ECE", "CWR", "AE")
_SYN = 0x002
_ECN_BITS = 0x1C0
_RESERVED = 0xE00
LIMITED = "[Packet size limited during capture]"
_TRANSPARENCY_KIND = 78
MALFORMED = "[Malformed Packet]"
UNREASSEMBLED = "[BoundErrorUnreassembled Packet]"
_OVERLONG = "[Malformed Packet: length of contained item exceeds length of containing item]"


@lru_cache(8192)  # 4,096 values of 12 bits, with and without accurate ECN
def flags_text(flags: int, accurate_ecn: int = 0) -> str:
    """The control bits by name: `PSH, ACK`, `<None>`; with accurate ECN (RFC 9768) `ACK, ACE=5`."""
    counted = accurate_ecn and not flags & _SYN
    names = [name for i, name in enumerate(_BITS) if flags >> i & 1 and not (counted and i >= 6)]
    if counted:
        names.append(f"ACE={ace_counter(flags)}")
    if flags & _RESERVED:
        names.append("Reserved")
    return ", ".join(names) or "<None>"


def ace_counter(flags: int) -> int:
    """The 3-bit ACE field of RFC 9768: AE, CWR, ECE from the highest."""
    return (flags >> 8 & 1) << 2 | (flags >> 7 & 1) << 1 | flags >> 6 & 1


def _hides_addresses(options: Options) -> str:
    """What tshark says first if the options carry the addresses that a WAN optimiser (Riverbed's) hides."""
    return "TRPY, " if any(kind == _TRANSPARENCY_KIND for kind, _ in options) else ""


@lru_cache(4096)
def _prefix(findings: int) -> str:
    return "".join(words for bit, words in PREFIXES if findings & bit)


def findings_text(placed: Placed) -> str:
    """The bracketed words in front of the line, each with a space behind."""
    findings = placed.findings
    words = _prefix(findings)
    if findings & DUPLICATE_ACK:
        return words.format(frame=placed.dup_ack_frame, number=placed.dup_ack_number)
    return words


def info_line(segment: Segment, placed: Placed) -> str:
    """The whole line."""
    flags = segment.flags
    if placed.marks & _UNUSUAL or segment.header_length < 20:
        return _unusual_line(segment, placed)
    if flags & _ACK_URG == _ACK:
        text = (
            f"{segment.sport} → {segment.dport} [{flags_text(flags)}] Seq={placed.seq} Ack={placed.ack} "
            f"Win={placed.window} Len={segment.len}"
        )
    else:
        text = _numbers(segment, placed)
    options = segment.options
    if options:
        if len(options) == 12 and options.startswith(TIMESTAMPS_ALONE):
            value, echo = _TIMESTAMP_PAIR(options, 4)
            text = f"{text} TSval={value} TSecr={echo}"
        else:
            parsed = parse_options(options).options
            text = f"{_hides_addresses(parsed)}{text}{_words(parsed, placed.peer_base)}"
    return findings_text(placed) + text if placed.findings else text


_UNUSUAL = ACCURATE_ECN | NO_STREAM | CUT_OPTIONS | marks.MALFORMED | NO_LENGTH
"""Marks of segments whose line differs by more than its options."""


def _numbers(segment: Segment, placed: Placed) -> str:
    flags = segment.flags
    text = f"{segment.sport} → {segment.dport} [{flags_text(flags, placed.marks & ACCURATE_ECN)}] Seq={placed.seq}"
    if flags & _ACK:
        text += f" Ack={placed.ack}"
    text += f" Win={placed.window}"
    if segment.header_captured < 20 or segment.header_length < 20:
        return text
    if flags & _URG:
        text += f" Urg={segment.urg}"
    if segment.len >= 0:
        text += f" Len={segment.len}"
    return text


def _unusual_line(segment: Segment, placed: Placed) -> str:
    """The line of a segment with accurate ECN, or whose header is not all there or says nonsense."""
    why = LIMITED if segment.truncated else UNREASSEMBLED if segment.fragmented and segment.len < 0 else MALFORMED
    if placed.marks & NO_STREAM:
        return f"{segment.sport} → {segment.dport}{why}"
    text = _numbers(segment, placed)
    if segment.header_length < 20:
        return f"{text}, bogus TCP header length ({segment.header_length}, must be at least 20)"
    if segment.header_captured < 20:
        return text + why
    raw = segment.options
    options, end = parse_options(raw, segment.header_length - 20 - len(raw))
    hidden = _hides_addresses(options)
    if end == CUT:
        kind, _ = options[-1]
        if kind not in _SAID_FIRST:
            options.pop()
        if not segment.truncated and kind != _TRANSPARENCY_KIND:
            why = _OVERLONG
    if end == READ:
        why = ""
    return f"{findings_text(placed)}{hidden}{text}{_words(options, placed.peer_base)}{why}"


_SAID_FIRST = frozenset((4, 5, 19, 29))
"""Kinds that tshark names before it finds their value cut off."""


def _words(options: Options, peer_base: int) -> str:
    return "".join(OPTION_WORDS[kind](value, peer_base) for kind, value in options if kind in OPTION_WORDS)


def _number(name: str, size: int) -> Callable[[bytes, int], str]:
    def words(value: bytes, _: int) -> str:
        return f" {name}={int.from_bytes(value, 'big')}" if len(value) == size else ""

    return words


def _window_scale(value: bytes, _: int) -> str:
    return f" WS={1 << min(value[0], MAX_SHIFT)}" if len(value) == 1 else ""


def _sack(value: bytes, peer_base: int) -> str:
    return "".join(
        f" SLE={left - peer_base & _WRAP} SRE={right - peer_base & _WRAP}" for left, right in sack_blocks(value)
    )


def _timestamps(value: bytes, _: int) -> str:
    if len(value) != 8:
        return ""
    stamp, echo = _TIMESTAMP_PAIR(value)
    return f" TSval={stamp} TSecr={echo}"


def _user_timeout(value: bytes, _: int) -> str:
    return f" USER_TO={int.from_bytes(value, 'big') & 0x7FFF}" if len(value) == 2 else ""


def _fast_open(value: bytes, _: int) -> str:
    return " TFO=C" if value else " TFO=R"


def _tarr(value: bytes, _: int) -> str:
    if len(value) > 1:
        return ""
    return f" TARR={value[0] >> 1}" if value else " TARR"


_SCPS_BITS = ((0x80, "BETS"), (0x40, "SNACK1"), (0x20, "SNACK2"), (0x10, "COMP"), (0x08, "NLTS"), (0x07, "RESERVED"))


def _scps(value: bytes, _: int) -> str:
    """SCPS-TP capabilities (CCSDS 714.0-B)."""
    if len(value) != 2:
        return ""
    names = ", ".join(name for bits, name in _SCPS_BITS if value[0] & bits)
    return f"{f' SCPS[{names}]' if names else ''} Connection ID={value[1]}"


_QUICK_START_RATES = (
    "0 bit/s", "80 Kbit/s", "160 Kbit/s", "320 Kbit/s", "640 Kbit/s", "1.28 Mbit/s", "2.56 Mbit/s", "5.12 Mbit/s",
    "10.24 Mbit/s", "20.48 Mbit/s", "40.96 Mbit/s", "81.92 Mbit/s", "163.84 Mbit/s", "327.68 Mbit/s", "655.36 Mbit/s",
    "1.31072 Gbit/s",
)  # fmt: skip
"""40 Kbit/s times 2 to the power of the 4 rate bits (RFC 4782 section 3.1)."""


def _quick_start(value: bytes, _: int) -> str:
    return f" QSresp={_QUICK_START_RATES[value[0] & 15]}" if len(value) == 6 else ""


def _accurate_ecn(order: int) -> Callable[[bytes, int], str]:
    names = ("EE0B", "ECEB", "EE1B")[::order]

    def words(value: bytes, _: int) -> str:
        if len(value) not in (0, 3, 6, 9):
            return ""
        counters = [value[at : at + 3] for at in range(0, len(value), 3)]
        return (
            "".join(f" {name}={int.from_bytes(counter, 'big')}" for name, counter in zip(names, counters, strict=False))
            or " AccECN"
        )

    return words


def _experiment(value: bytes, peer_base: int) -> str:
    """RFC 6994: two or four bytes say whose experiment it is."""
    if len(value) < 2:
        return ""
    known = _EXPERIMENTS.get(value[:2])
    if known is not None:
        return known(value[2:], peer_base)
    return f" ExID={int.from_bytes(value[:2], 'big'):X}"


_EXPERIMENTS: dict[bytes, Callable[[bytes, int], str]] = {
    b"\xf9\x89": _fast_open,
    b"\x00\xac": _tarr,
    b"\xac\xc0": _accurate_ecn(1),
    b"\xac\xc1": _accurate_ecn(-1),
}

OPTION_WORDS: dict[int, Callable[[bytes, int], str]] = {
    2: _number("MSS", 2),
    3: _window_scale,
    4: lambda value, peer_base: " SACK_PERM",
    5: _sack,
    6: _number("ECHO", 4),
    7: _number("ECHO", 4),
    TIMESTAMPS: _timestamps,
    11: _number("CC", 4),
    12: _number("CC", 4),
    13: _number("CC", 4),
    19: lambda value, peer_base: " MD5",
    20: _scps,
    27: _quick_start,
    28: _user_timeout,
    29: lambda value, peer_base: "TCP AO",
    34: _fast_open,
    172: _accurate_ecn(1),
    174: _accurate_ecn(-1),
    253: _experiment,
    254: _experiment,
}
"""What is printed for an option's value, by kind; NOP, EOL, Multipath TCP and unknown kinds print nothing."""
