"""What goes with a closed socket and with an ended process, in sentences."""

from __future__ import annotations

import pytest

from engine.insight.hits import destroy_command, other_end, process_hits, socket_hits, socket_title
from engine.model.sockets import SocketEntry
from engine.model.tcp import SocketState
from tests.unit.socket_entries import entry, listener, owner

SERVER = entry(key=1, local_port=8080, peer_port=50000, owners=(owner("nginx", 10, 5), owner("nginx", 11, 5)))
CLIENT = entry(key=2, local_port=50000, peer_port=8080, recv_q=7, owners=(owner("curl", 20, 3),))
LISTENER = listener(key=3, local_port=8080, recv_q=2, owners=(owner("nginx", 10, 4),))
TABLE = (SERVER, CLIENT, LISTENER)


def test_a_connection_names_its_holders_and_its_other_end() -> None:
    held, peer = socket_hits(SERVER, TABLE)
    assert held.startswith("2 descriptors: nginx (pid 10, fd 5), nginx (pid 11, fd 5): its next call fails with ECONN")
    assert peer == "The other end, curl (pid 20), at 127.0.0.1:50000 gets a reset (RST)."


def test_a_peer_elsewhere_is_named_by_its_address() -> None:
    away = entry(peer_address="192.0.2.7", peer_port=443, owner_unknown="other user")
    assert socket_hits(away, (away,)) == (
        "No process is known to hold it (other user). "
        "`sudo ss -tanpoemi 'src 127.0.0.1:65432 dst 192.0.2.7:443'` names it.",
        "The peer at 192.0.2.7:443 gets a reset (RST).",
    )


def test_a_listener_loses_what_waits_in_its_accept_queue() -> None:
    assert socket_hits(LISTENER, TABLE)[0] == (
        "Nobody can connect to it any more. The 2 in its accept queue are reset. Connections that were accepted stay."
    )


def test_a_socket_in_time_wait_is_only_forgotten() -> None:
    [said] = socket_hits(entry(state=SocketState.TIME_WAIT), ())
    assert "forgets it" in said


def test_ending_a_process_counts_what_closes_and_what_others_hold() -> None:
    closes, shared = process_hits(owner("nginx", 10), TABLE)
    assert closes == "All its descriptors close; of the sockets listed here 1 (1 LISTEN)."
    assert shared == "1 more stay open, held by 1 other process."


def test_ending_a_process_tells_of_the_peers_that_read_a_reset() -> None:
    assert process_hits(owner("curl", 20), TABLE)[1] == (
        "1 peer reads the end of the connection, 1 of them a reset because bytes were not read."
    )


def test_ending_one_of_ours_says_so() -> None:
    assert process_hits(owner("sockmon", 30, ours="sockmon"), TABLE)[-1] == "It is one of sockmon's own (sockmon)."


@pytest.mark.parametrize(
    ("row", "command"),
    [
        (SERVER, "sudo ss -K -t -a 'src 127.0.0.1:8080 dst 127.0.0.1:50000'"),
        (LISTENER, "sudo ss -K -t -a 'src 127.0.0.1:8080'"),
        (
            entry(family=10, local_address="::1", peer_address="::1"),
            "sudo ss -K -t -a 'src [::1]:65432 dst [::1]:53225'",
        ),
        (listener(family=10, local_address="*", local_port=80), "sudo ss -K -t -a 'src :80'"),
        (entry(netid="u_str", family=1), ""),
    ],
)
def test_the_command_names_exactly_the_socket(row: SocketEntry, command: str) -> None:
    assert destroy_command(row) == command


def test_titles_leave_a_missing_peer_out_and_foreign_text_printable() -> None:
    assert socket_title(SERVER) == "tcp 127.0.0.1:8080 → 127.0.0.1:50000 ESTABLISHED"
    assert socket_title(LISTENER) == "tcp 127.0.0.1:8080 LISTEN"
    assert "\x1b" not in socket_title(entry(netid="u_str", family=1, local_address="/tmp/\x1b[31m", local_port=0))


def test_a_socket_is_not_its_own_other_end() -> None:
    looped = entry(local_port=9, peer_port=9)
    assert other_end(looped, (looped,)) is None
