"""TCP options: from the header's bytes to (kind, value) pairs, and the numbers inside the values.

Kinds are IANA's. The list follows RFC 9293 section 3.1: 0 ends it, 1 is a byte of padding, every other kind has a
length that counts kind and length themselves. A length under 2 or past the header's end makes the rest unreadable.
"""

from __future__ import annotations

import struct
from typing import NamedTuple

EOL, NOP, MSS, WINDOW_SCALE, SACK_PERMITTED, SACK, TIMESTAMPS = 0, 1, 2, 3, 4, 5, 8
MPTCP, FAST_OPEN = 30, 34
ACC_ECN_0, ACC_ECN_1 = 172, 174
EXPERIMENT_1, EXPERIMENT_2 = 253, 254

MAX_SHIFT = 14
"""The largest window shift; a larger one counts as this (RFC 7323 section 2.3)."""

TIMESTAMPS_ALONE = b"\x01\x01\x08\x0a"
"""How nearly every segment of a connection with timestamps starts its 12 bytes of options (RFC 7323 appendix A)."""

TIMESTAMPS_HEADER_BYTES = 32
"""The TCP header that has only those 12 bytes of options."""

_FAST_OPEN_EXPERIMENT = b"\xf9\x89"  # RFC 7413 section 4.1.1: the ExID used before kind 34 was assigned
_ACC_ECN_EXPERIMENT = (b"\xac\xc0", b"\xac\xc1")  # before kinds 172 and 174
_U32_PAIR = struct.Struct("!II")

_SMALLEST_SACK = 8
_SNACK = 21
_SNACK_BYTES = 4
"""Wireshark 4.0, which this follows, cannot read a SNACK option of its proper size, and none that stands after it."""

_MPTCP_SMALLEST: dict[int, int] = {0: 2, 3: 2, 6: 10, 7: 10, 8: 2}
"""The same by subtype of Multipath TCP: MP_CAPABLE, ADD_ADDR, MP_FAIL, MP_FASTCLOSE, MP_TCPRST."""

_DSS = 2

Options = list[tuple[int, bytes]]
"""Kind and the bytes after the length, in order, NOPs and EOLs too."""


READ, ENDED, CUT, UNREADABLE = range(4)
"""How a list of options ends: with the header; where bytes of the header are missing; there, inside an option; at a
value too short for its kind."""


class ParsedOptions(NamedTuple):
    options: Options
    end: int
    """READ or how the list breaks off."""


def parse_options(raw: bytes, missing: int = 0) -> ParsedOptions:
    """Every option up to the end of the list, or to where it cannot be read on.

    `missing` is how many bytes of the header's options were not captured. An option of which they cut off the end is
    the last one, with what there is of its value.
    """
    options: Options = []
    at, end = 0, len(raw)
    while at < end:
        kind = raw[at]
        if kind == NOP:
            options.append((NOP, b""))
            at += 1
            continue
        if kind == EOL:
            while at < end and not raw[at]:
                options.append((EOL, b""))
                at += 1
            break
        if at + 1 >= end:
            break
        length = raw[at + 1]
        if length < 2 or at + length > end + missing:
            break
        value = raw[at + 2 : at + length]
        if at + length > end:
            options.append((kind, value))
            return ParsedOptions(options, CUT)
        if kind in _CHECKED and _too_short(kind, value):
            if kind == SACK:
                options.append((kind, value))  # half a block has a left edge
            return ParsedOptions(options, UNREADABLE)
        options.append((kind, value))
        at += length
    return ParsedOptions(options, ENDED if missing > 0 else READ)


_CHECKED = frozenset((SACK, _SNACK, MPTCP))


def _too_short(kind: int, value: bytes) -> bool:
    size = len(value)
    if kind == SACK:
        return size < _SMALLEST_SACK
    if kind == _SNACK:
        return size == _SNACK_BYTES
    if not size:
        return True
    subtype = value[0] >> 4
    if subtype != _DSS:
        return size < _MPTCP_SMALLEST.get(subtype, 1)
    if size < 2:
        return True
    # RFC 8684 section 3.3: which of data ACK and mapping are there, and whether each has 4 or 8 bytes
    present = value[1]
    acknowledgement = (8 if present & 2 else 4) if present & 1 else 0
    mapping = (8 if present & 8 else 4) + 6 if present & 4 else 0
    return size < 2 + acknowledgement + mapping


class Timestamps(NamedTuple):
    value: int
    echo_reply: int


def timestamps(raw: bytes) -> Timestamps | None:
    """TSval and TSecr of a header's option bytes."""
    if len(raw) == 12 and raw.startswith(TIMESTAMPS_ALONE):
        return Timestamps(*_U32_PAIR.unpack_from(raw, 4))
    for kind, value in parse_options(raw).options:
        if kind == TIMESTAMPS and len(value) == 8:
            return Timestamps(*_U32_PAIR.unpack(value))
    return None


def sack_blocks(value: bytes) -> list[tuple[int, int]]:
    """Left and right edges of a SACK option's whole blocks (RFC 2018), raw sequence numbers."""
    return list(_U32_PAIR.iter_unpack(value[: len(value) & ~7]))


def is_duplicate_sack(blocks: list[tuple[int, int]], ack: int) -> bool:
    """Whether the first block reports a duplicate (RFC 2883 section 4): it lies below the ACK or inside the second."""
    if not blocks:
        return False
    left, right = blocks[0]
    if (ack - right & 0xFFFFFFFF) < 0x80000000:
        return True
    if len(blocks) < 2:
        return False
    outer_left, outer_right = blocks[1]
    return (left - outer_left & 0xFFFFFFFF) < 0x80000000 and (outer_right - right & 0xFFFFFFFF) < 0x80000000


def fast_open_cookie(kind: int, value: bytes) -> bytes | None:
    """The cookie of a Fast Open option, empty for a request; None for any other option (RFC 7413)."""
    if kind == FAST_OPEN:
        return value
    if kind in (EXPERIMENT_1, EXPERIMENT_2) and value[:2] == _FAST_OPEN_EXPERIMENT:
        return value[2:]
    return None


def is_accurate_ecn(kind: int, value: bytes) -> bool:
    """True for the AccECN options of RFC 9768, under their own kinds or an experiment's, with up to three counters."""
    if kind in (EXPERIMENT_1, EXPERIMENT_2):
        return value[:2] in _ACC_ECN_EXPERIMENT and len(value) in (2, 5, 8, 11)
    return kind in (ACC_ECN_0, ACC_ECN_1) and len(value) in (0, 3, 6, 9)
