"""Holders on rows, and the reasons where there are none."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from engine.model.sockets import Owner, SocketEntry
from engine.model.tcp import SocketState
from engine.sockets.attribution import attributed, keys_by_inode, unknown_reason

ROW = SocketEntry(
    1, "tcp", 2, SocketState.ESTABLISHED, 0, 0, "127.0.0.1", 65432, "127.0.0.1", 53225, uid=1000, inode=88213
)
SINK = Owner(41210, 7, "sink")


@pytest.mark.parametrize(
    ("inode", "state", "uid", "hidden", "reason"),
    [
        (0, SocketState.ESTABLISHED, 1000, False, "not yet accepted"),
        (0, SocketState.CLOSE_WAIT, 1000, False, "not yet accepted"),
        (0, SocketState.SYN_RECEIVED, 1000, True, "not yet accepted"),
        (0, SocketState.TIME_WAIT, 1000, True, "closed by program"),
        (0, SocketState.FIN_WAIT_2, 1000, False, "closed by program"),
        (0, SocketState.LAST_ACK, 1000, False, "closed by program"),
        (7, SocketState.ESTABLISHED, 1000, True, "refused"),
        (7, SocketState.ESTABLISHED, 0, True, "other user"),
        (7, SocketState.ESTABLISHED, 1000, False, "other namespace"),
        (7, SocketState.ESTABLISHED, 0, False, "other namespace"),
    ],
)
def test_the_reason_follows_from_inode_state_and_rights(
    inode: int, state: SocketState, uid: int, hidden: bool, reason: str
) -> None:
    assert unknown_reason(replace(ROW, inode=inode, state=state), uid, hidden) == reason


def test_a_row_with_holders_has_no_reason() -> None:
    row = attributed(ROW, (SINK,), 1000, True)
    assert (row.owners, row.owner_unknown) == ((SINK,), "")


def test_a_row_that_has_its_holders_stays_the_same_object() -> None:
    row = attributed(ROW, (SINK,), 1000, True)
    assert attributed(row, (SINK,), 1000, True) is row


def test_rows_are_found_by_inode() -> None:
    assert keys_by_inode({1: ROW, 2: replace(ROW, key=2, inode=5)}, {5, 6}) == [2]
