"""Which flows are subflows of one Multipath TCP connection (RFC 8684), and the kinds of its option seen in each.

A connection is named by its key, which the first subflow sends in MP_CAPABLE; later subflows name it in MP_JOIN by the
token, the first 32 bits of the key's hash: SHA-1 in version 0 (RFC 6824), SHA-256 in version 1.
"""

from __future__ import annotations

import hashlib

from engine.flow.flow import ACK, SYN, Flow

MP_CAPABLE, MP_JOIN = 0, 1
SUBTYPES = (
    "MP_CAPABLE", "MP_JOIN", "DSS", "ADD_ADDR", "REMOVE_ADDR", "MP_PRIO", "MP_FAIL", "MP_FASTCLOSE", "MP_TCPRST",
)  # fmt: skip
"""The names of RFC 8684 section 3, by number."""

MAX_CONNECTIONS = 4096
"""Remembered at a time, the oldest go first; two tokens each."""


class MultipathConnections:
    """The Multipath TCP connections of one capture."""

    def __init__(self) -> None:
        self._kinds: dict[int, int] = {}
        self._tokens: dict[bytes, int] = {}
        self._made = 0

    def kinds(self, flow: Flow) -> int:
        """A bit for each kind of option seen in the flow's connection so far."""
        return self._kinds.get(flow.multipath, 0)

    def note(self, flow: Flow, value: bytes, flags: int) -> None:
        """Take note of a Multipath TCP option in a segment of `flow`; `value` follows the option's length byte."""
        if not value:
            return
        subtype = value[0] >> 4
        if subtype == MP_JOIN and flags & SYN and not flags & ACK and len(value) >= 6:
            flow.multipath = self._tokens.get(value[2:6], 0) or flow.multipath
        if not flow.multipath or flow.multipath not in self._kinds:
            flow.multipath = self._new()
        if subtype == MP_CAPABLE:
            self._learn_keys(flow.multipath, value)
        self._kinds[flow.multipath] |= 1 << subtype

    def _new(self) -> int:
        self._made += 1
        self._kinds[self._made] = 0
        if len(self._kinds) > MAX_CONNECTIONS:
            del self._kinds[next(iter(self._kinds))]
        return self._made

    def _learn_keys(self, connection: int, value: bytes) -> None:
        algorithm = "sha1" if value[0] & 15 == 0 else "sha256"
        for at in (2, 10):
            key = value[at : at + 8]
            if len(key) == 8:
                token = hashlib.new(algorithm, key, usedforsecurity=False).digest()[:4]
                self._tokens[token] = connection
        while len(self._tokens) > 2 * MAX_CONNECTIONS:
            del self._tokens[next(iter(self._tokens))]
