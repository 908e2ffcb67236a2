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

_FAST_OPEN_EXPERIMENT = b"\xf9\x89"  # RFC 7413 section 4.1.1: the ExID used before kind 34 was assigned
_ACC_ECN_EXPERIMENT = (b"\xac\xcc", b"\xac\xce")
_U32_PAIR = struct.Struct("!II")

Options = list[tuple[int, bytes]]


def parse_options(raw: bytes) -> Options:
    """All options that can be read, in order, NOPs too: kind and the bytes after the length.

    A list that breaks off, as a cut capture or a wrong length makes it, ends there.
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
            options.append((EOL, b""))
            break
        if at + 1 >= end:
            break
        length = raw[at + 1]
        if length < 2 or at + length > end:
            break
        options.append((kind, raw[at + 2 : at + length]))
        at += length
    return options


def breaks_off(raw: bytes, missing: int) -> bool:
    """Whether reading the options needs any of the `missing` bytes that were not captured."""
    at, end = 0, len(raw)
    while at < end:
        kind = raw[at]
        if kind == EOL:
            return False
        if kind == NOP:
            at += 1
            continue
        if at + 1 >= end:
            return True
        length = raw[at + 1]
        if length < 2 or at + length > end + missing:
            return False
        at += length
    return True


class Timestamps(NamedTuple):
    value: int
    echo_reply: int


def timestamps(raw: bytes) -> Timestamps | None:
    """TSval and TSecr of a header's option bytes."""
    if len(raw) == 12 and raw.startswith(TIMESTAMPS_ALONE):
        return Timestamps(*_U32_PAIR.unpack_from(raw, 4))
    for kind, value in parse_options(raw):
        if kind == TIMESTAMPS and len(value) == 8:
            return Timestamps(*_U32_PAIR.unpack(value))
    return None


def sack_blocks(value: bytes) -> list[tuple[int, int]]:
    """Left and right edges of a SACK option's blocks (RFC 2018), raw; none if the option is not whole blocks."""
    if len(value) % 8:
        return []
    return list(_U32_PAIR.iter_unpack(value))


def fast_open_cookie(kind: int, value: bytes) -> bytes | None:
    """The cookie of a Fast Open option, empty for a request; None for any other option (RFC 7413)."""
    if kind == FAST_OPEN:
        return value
    if kind in (EXPERIMENT_1, EXPERIMENT_2) and value[:2] == _FAST_OPEN_EXPERIMENT:
        return value[2:]
    return None


def is_accurate_ecn(kind: int, value: bytes) -> bool:
    """True for the AccECN options of RFC 9768, under their own kinds or an experiment's."""
    return kind in (ACC_ECN_0, ACC_ECN_1) or (kind in (EXPERIMENT_1, EXPERIMENT_2) and value[:2] in _ACC_ECN_EXPERIMENT)
