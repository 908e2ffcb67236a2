"""Subflows of Multipath TCP: which connection they belong to."""

from __future__ import annotations

import hashlib

from engine.flow.flow import Direction, Flow
from engine.flow.multipath import MAX_CONNECTIONS, MultipathConnections

SYN, ACK = 2, 16


def flow(stream: int) -> Flow:
    return Flow(stream, b"a", 1, b"b", 2, 0, 0, 1, Direction(), Direction())


def capable(version: int, *keys: bytes) -> bytes:
    return bytes([version, 0x81]) + b"".join(keys)


def join(token: bytes) -> bytes:
    return bytes([0x10, 0]) + token + bytes(4)


def test_a_later_subflow_joins_by_the_token_of_either_key() -> None:
    for version, algorithm in ((0, "sha1"), (1, "sha256")):
        connections = MultipathConnections()
        first, second = flow(0), flow(1)
        ours, theirs = b"12345678", b"abcdefgh"
        connections.note(first, capable(version, ours, theirs), ACK)
        connections.note(second, join(hashlib.new(algorithm, theirs).digest()[:4]), SYN)
        assert first.multipath == second.multipath != 0
        assert connections.kinds(first) == 0b11


def test_an_unknown_token_is_a_connection_of_its_own() -> None:
    connections = MultipathConnections()
    first, second = flow(0), flow(1)
    connections.note(first, capable(0, b"12345678"), SYN)
    connections.note(second, join(b"nope"), SYN)
    assert first.multipath != second.multipath


def test_connections_and_tokens_are_bounded() -> None:
    connections = MultipathConnections()
    for number in range(MAX_CONNECTIONS + 500):
        connections.note(
            flow(number), capable(0, number.to_bytes(8, "big"), (number + 1 << 40).to_bytes(8, "big")), ACK
        )
    assert len(connections._kinds) <= MAX_CONNECTIONS
    assert len(connections._tokens) <= 2 * MAX_CONNECTIONS


def test_an_empty_option_is_nothing() -> None:
    connections = MultipathConnections()
    one = flow(0)
    connections.note(one, b"", ACK)
    assert one.multipath == 0
