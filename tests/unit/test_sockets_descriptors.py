"""Descriptors to inodes, dense and scattered."""

from __future__ import annotations

from engine.sockets.descriptors import DENSE_MAX, Descriptors

HIGH = DENSE_MAX + 5


def made(*pairs: tuple[int, int]) -> Descriptors:
    descriptors = Descriptors()
    for fd, inode in pairs:
        descriptors.put(fd, inode)
    return descriptors


def test_what_was_put_is_found() -> None:
    descriptors = made((3, 100), (7, 101), (HIGH, 102))
    assert [descriptors.get(fd) for fd in (3, 7, HIGH)] == [100, 101, 102]
    assert [descriptors.get(fd) for fd in (0, 5, 8, HIGH + 1)] == [0, 0, 0, 0]
    assert list(descriptors) == [(3, 100), (7, 101), (HIGH, 102)]


def test_inode_0_forgets() -> None:
    descriptors = made((3, 100), (HIGH, 102), (3, 0), (HIGH, 0))
    assert list(descriptors) == []


def test_unknown_and_closed_descriptors_are_told() -> None:
    descriptors = made((3, 100), (7, 101), (HIGH, 102))
    names = ["0", "7", "9", str(HIGH), str(HIGH + 1)]
    assert descriptors.unknown(names) == ["0", "9", str(HIGH + 1)]
    assert descriptors.closed(names) == [3]
