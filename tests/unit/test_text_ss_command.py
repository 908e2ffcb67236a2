"""The ss command that shows one socket."""

from __future__ import annotations

import pytest

from engine.model.sockets import SocketEntry
from engine.model.tcp import SocketState
from engine.text.ss_command import ss_command
from tests.unit.socket_entries import entry, listener


@pytest.mark.parametrize(
    ("row", "command"),
    [
        (entry(), "ss -tanpoemi 'src 127.0.0.1:65432 dst 127.0.0.1:53225'"),
        (listener(local_port=80), "ss -tanpoemi 'src 127.0.0.1:80'"),
        (listener(family=10, local_address="*", local_port=80), "ss -tanpoemi 'src :80'"),
        (listener(family=10, local_address="fe80::1%eth0", local_port=80), "ss -tanpoemi 'src [fe80::1]:80'"),
        (entry(netid="udp", state=SocketState.UNCONN, local_port=53), "ss -uanpoem 'src 127.0.0.1:53'"),
        (entry(netid="u_str", family=1, local_address="/run/my app", local_port=0), "ss -xanpem 'src /run/my app'"),
        (entry(netid="u_str", family=1, local_address="", local_port=0), "ss -xanpem"),
        (entry(netid="p_raw", family=17, local_address="*"), "ss -0anpem"),
        (entry(netid="nl", family=16), "ss -anpem -f netlink"),
    ],
)
def test_the_command_shows_the_socket(row: SocketEntry, command: str) -> None:
    assert ss_command(row) == command


def test_a_hostile_path_stays_one_word_of_the_shell() -> None:
    said = ss_command(entry(netid="u_str", family=1, local_address="/tmp/'; reboot; '\x1b[2J", local_port=0))
    assert "\x1b" not in said
    assert said.startswith("ss -xanpem 'src /tmp/")
