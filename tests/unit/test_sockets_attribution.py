"""Holders on rows, and the reasons where there are none."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from engine.model.health import Degradation
from engine.model.sockets import Owner, SocketEntry
from engine.model.tcp import SocketState
from engine.sockets.attribution import attributed, hidden_owners, keys_by_inode, unknown_reason

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
        (7, SocketState.ESTABLISHED, 0, True, "refused"),
        (7, SocketState.ESTABLISHED, 1000, False, "other namespace"),
        (7, SocketState.ESTABLISHED, 0, False, "other namespace"),
        (7, SocketState.ESTABLISHED, 1, True, "other user"),
    ],
)
def test_the_reason_follows_from_inode_state_and_rights(
    inode: int, state: SocketState, uid: int, hidden: bool, reason: str
) -> None:
    assert unknown_reason(replace(ROW, inode=inode, state=state), uid, hidden) == reason


def test_a_row_with_holders_has_no_reason() -> None:
    row = attributed(ROW, (SINK,), 1000, True)
    assert (row.owners, row.owner_unknown) == ((SINK,), "")


def test_a_unix_socket_has_the_holders_of_its_other_end() -> None:
    row = attributed(replace(ROW, netid="u_str", peer_inode=9), (), 1000, False, (SINK,))
    assert (row.owners, row.peer_owners) == ((), (SINK,))
    assert attributed(row, (), 1000, False, (SINK,)) is row
    assert attributed(row, (), 1000, False, ()).peer_owners == ()


def test_a_row_that_has_its_holders_stays_the_same_object() -> None:
    row = attributed(ROW, (SINK,), 1000, True)
    assert attributed(row, (SINK,), 1000, True) is row


@pytest.mark.parametrize(
    ("uid", "refused", "hidepid", "code", "why", "cure"),
    [
        (1000, 90, False, "OWNERS_HIDDEN", "90 processes may not be looked into", "sudo it"),
        (1000, 0, True, "OWNERS_HIDDEN", "/proc hides other users' processes (hidepid)", "sudo it"),
        (0, 1, False, "OWNERS_REFUSED", "process 7 may not be looked into", ""),
    ],
)
def test_what_hides_owners_is_said_and_cured_where_a_right_would(
    uid: int, refused: int, hidepid: bool, code: str, why: str, cure: str
) -> None:
    said = Degradation(code, f"3 sockets without process: {why}", cure)
    assert hidden_owners(3, uid, refused, 7, hidepid, "sudo it") == said


def test_rows_are_found_by_inode() -> None:
    assert keys_by_inode({1: ROW, 2: replace(ROW, key=2, inode=5)}, {5, 6}) == [2]
