"""A row fills its columns: what the screen and `ls` both print."""

from __future__ import annotations

import pytest

from engine.model.errors import BadInput
from engine.model.sockets import Owner, SocketEntry, SocketFigures, Timer
from engine.model.tcp import SocketState
from engine.text.cells import AcceptQueue, Look, known_by
from engine.text.columns import COLUMNS, columns, fitting
from engine.text.presets import PRESETS, preset
from tests.unit.socket_entries import entry, listener, owner, skmem, tcp_info

LOOK = Look()


def cell(name: str, row: SocketEntry, look: Look = LOOK) -> str:
    return COLUMNS[name].cell(row, look)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("netid", "tcp"),
        ("state", "ESTABLISHED"),
        ("recv_q", "408,300"),
        ("send_q", "0"),
        ("local", "127.0.0.1:65432"),
        ("peer", "127.0.0.1:53225"),
        ("process", "sink 41210"),
        ("pid", "41210"),
        ("fd", "7"),
        ("user", "1000"),
        ("in_bytes", "1,500"),
        ("out_bytes", "900"),
        ("in_packets", "12"),
        ("rtt", "0.023"),
        ("rto", "204.000"),
        ("cwnd", "10"),
        ("ssthresh", "-"),
        ("timer", "on 204 ms ×3"),
        ("cookie", "3f2"),
        ("inode", "88213"),
        ("congestion", "cubic"),
        ("rcvbuf", "131,072"),
        ("shutdown", "write"),
        ("reach", "-"),
        ("age", "12.4 s"),
        ("in_rate", "2.00 KiB/s"),
        ("out_rate", "-"),
        ("accept", "-"),
        ("mark", "-"),
        ("v6only", "-"),
        ("family", "IPv4"),
    ],
)
def test_a_connection_fills_its_cells(name: str, text: str) -> None:
    row = entry(
        recv_q=408_300,
        owners=(owner(),),
        uid=1000,
        inode=88213,
        cookie=0x3F2,
        timer=Timer("on", 204, 3),
        congestion="cubic",
        shutdown=2,
        skmem=skmem(rcvbuf=131_072),
        tcp_info=tcp_info(
            rtt=23, rto=204_000, snd_cwnd=10, snd_ssthresh=0x7FFFFFFF, segs_in=12,
            bytes_received=1500, bytes_sent=1000, bytes_retrans=100,
        ),
    )  # fmt: skip
    look = Look(now_ns=20_400_000_000, figures={1: SocketFigures(8_000_000_000, True, 2048.0)})
    assert cell(name, row, look) == text


@pytest.mark.parametrize("name", list(COLUMNS))
def test_unknown_is_a_dash_or_nothing_and_never_zero(name: str) -> None:
    bare = entry(netid="nl", family=16, state=SocketState.UNCONN, recv_q=None, send_q=None,
                 local_address="", local_port=0, peer_address="", peer_port=0)  # fmt: skip
    assert cell(name, bare) in ("-", "", "*", "nl", "UNCONN")


def test_a_listener_shows_its_accept_queue_as_each_tool_does() -> None:
    row = listener()
    queues = {
        style: (cell("recv_q", row, Look(accept_queue=style)), cell("send_q", row, Look(accept_queue=style)))
        for style in AcceptQueue
    }
    assert queues == {
        AcceptQueue.SS: ("3", "128"),
        AcceptQueue.GAUGE: ("3/128", ""),
        AcceptQueue.NETSTAT: ("0", "0"),
    }


def test_numbers_for_programs_have_no_separators() -> None:
    assert cell("recv_q", entry(recv_q=408_300), Look(separators=False)) == "408300"


@pytest.mark.parametrize(
    ("given", "local"),
    [
        ({"local_address": "::1", "family": 10}, "[::1]:65432"),
        ({"local_address": "*", "family": 10}, "*:65432"),
        ({"local_address": "127.0.0.53", "interface": 1}, "127.0.0.53%lo:65432"),
        ({"local_address": "fe80::1", "interface": 1, "family": 10}, "[fe80::1%lo]:65432"),
        ({"local_address": "/run/\x1bx", "local_port": 0, "family": 1, "netid": "u_str"}, r"/run/\x1bx"),
        ({"local_address": "@name", "local_port": 0, "family": 1, "netid": "u_str"}, "@name"),
        ({"local_address": "", "local_port": 0, "family": 1, "netid": "u_str"}, "*"),
    ],
)
def test_local_addresses_are_written_as_ss_does(given: dict[str, object], local: str) -> None:
    assert cell("local", entry(**given), Look(interface_name={1: "lo"}.__getitem__)) == local


@pytest.mark.parametrize(
    ("given", "peer"),
    [
        ({}, "*"),
        ({"peer_inode": 4711}, "* 4711"),
        ({"peer_inode": 4711, "peer_owners": (owner(),)}, "sink 41210"),
        ({"peer_inode": 4711, "peer_owners": (owner(fd=3), owner(fd=4))}, "sink 41210"),
        ({"peer_inode": 4711, "peer_owners": (owner(),), "peer_address": "/run/x"}, "/run/x sink 41210"),
    ],
)
def test_the_peer_of_a_unix_socket_is_its_process(given: dict[str, object], peer: str) -> None:
    row = entry(**({"netid": "u_str", "family": 1, "peer_address": "*", "peer_port": 0} | given))
    assert cell("peer", row) == peer


def test_an_open_socket_tells_how_long_ago_its_holder_was_looked_at() -> None:
    row = entry(owners=(owner(pid=7), owner(pid=8)))
    look = Look(now_ns=9_400_000_000, checked={7: 8_000_000_000, 8: 9_000_000_000, 9: 0})
    assert known_by(row, look) == ("table", "the table shows it; its descriptors were all read 1.40 s ago")
    assert known_by(entry(), look) == known_by(row, LOOK) == ("-", "-")


def test_a_container_stands_in_for_its_cgroup() -> None:
    assert cell("cgroup", entry(cgroup=0x1F4)) == "0x1f4"
    assert cell("cgroup", entry(cgroup=0x1F4, owners=(owner(unit="docker:3f2a1b4c5d6e"),))) == "docker:3f2a1b4c5d6e"


def test_a_narrow_look_shortens_loopback() -> None:
    assert cell("local", entry(), Look(short_loopback=True)) == "lo:65432"


def test_services_and_host_names_stand_in_for_numbers() -> None:
    look = Look(services=True, host_name=lambda address: "localhost\x07" if address == "127.0.0.1" else "")
    assert cell("local", entry(local_port=22), look) == r"localhost\x07:ssh"
    assert cell("service", entry(peer_port=443)) == "https"


@pytest.mark.parametrize(
    ("owners", "text"),
    [
        ((owner("nginx", 812), owner("nginx", 813)), "nginx 812, 813"),
        ((owner("nginx", 812, 3), owner("nginx", 812, 4)), "nginx 812"),
        (tuple(owner("nginx", pid) for pid in range(1, 6)), "nginx 1, 2, 3 +2"),
        ((owner("a", 1), owner("b", 2)), "a 1, b 2"),
        (tuple(owner(name, pid) for pid, name in enumerate("abcdef", 1)), "a 1, b 2, c 3 +3"),
        ((owner("python3", 9, ours="sockmon"),), "python3 (sockmon) 9"),
        ((owner("\x1b]0;PWN\x07[/]x", 9),), r"\x1b]0;PWN\x07[/]x 9"),
    ],
)
def test_every_owner_is_named_or_counted(owners: tuple[Owner, ...], text: str) -> None:
    assert cell("process", entry(owners=owners)) == text


def test_an_unknown_owner_says_why() -> None:
    assert cell("process", entry(owner_unknown="closed by program")) == "- closed by program"
    assert cell("process", entry()) == "-"


def test_a_socket_that_was_there_before_us_is_at_least_that_old() -> None:
    look = Look(now_ns=5_000_000_000, figures={1: SocketFigures(2_000_000_000, opened=False)})
    assert cell("age", entry(), look) == ">3.00 s"


def test_addresses_sort_by_number_and_unknown_sorts_lowest() -> None:
    rows = [entry(local_address=address) for address in ("10.0.0.10", "10.0.0.9", "::1", "*", "9.0.0.0", "/run/x")]
    ordered = sorted(rows, key=lambda row: COLUMNS["local"].sort_key(row, LOOK))
    assert [row.local_address for row in ordered] == ["*", "9.0.0.0", "10.0.0.9", "10.0.0.10", "::1", "/run/x"]
    assert COLUMNS["rtt"].sort_key(entry(), LOOK) < COLUMNS["rtt"].sort_key(entry(tcp_info=tcp_info(rtt=0)), LOOK)


@pytest.mark.parametrize("name", list(COLUMNS))
def test_the_keys_of_a_column_can_be_compared(name: str) -> None:
    rows = [
        entry(), listener(local_address="*"), entry(owners=(owner(),), tcp_info=tcp_info(), skmem=skmem(), uid=0),
        entry(family=1, netid="u_str", local_address="/run/x", local_port=0, recv_q=None, timer=Timer("on", 1, 0)),
    ]  # fmt: skip
    sorted(rows, key=lambda row: COLUMNS[name].sort_key(row, LOOK))


def test_columns_are_chosen_by_name() -> None:
    assert [chosen.name for chosen in columns("netid, Recv-Q,rtt")] == ["netid", "recv_q", "rtt"]


@pytest.mark.parametrize("names", ["", " , ", "netid,colour", "\x1b"])
def test_a_column_that_does_not_exist_is_named(names: str) -> None:
    with pytest.raises(BadInput, match="column") as caught:
        columns(names)
    assert str(caught.value).isprintable()


def test_a_narrow_table_drops_the_highest_priority_first() -> None:
    chosen = columns("netid,state,recv_q,process,cookie,rtt,rto")
    width = sum(one.width + 1 for one in chosen) - 1
    assert fitting(chosen, width) == chosen
    assert [one.name for one in fitting(chosen, width - 1)] == ["netid", "state", "recv_q", "process", "rtt", "rto"]
    assert [one.name for one in fitting(chosen, 45)] == ["netid", "state", "recv_q"]
    assert [one.name for one in fitting(chosen, 1)] == ["netid", "state", "recv_q"]


def line(preset_name: str, row: SocketEntry) -> list[str]:
    chosen = preset(preset_name)
    look = Look(separators=False, accept_queue=chosen.accept_queue)
    return [one.cell(row, look) for one in chosen.columns]


def test_presets_look_like_the_tools() -> None:
    listening = listener(owners=(owner(),), inode=5)
    flowing = entry(recv_q=408_300, owners=(owner(),), state=SocketState.TIME_WAIT)
    assert line("ss", listening) == ["tcp", "LISTEN", "3", "128", "127.0.0.1:65432", "0.0.0.0:*", "sink 41210"]
    assert line("netstat", listening) == ["tcp4", "0", "0", "127.0.0.1.65432", "*.*", "LISTEN"]
    assert line("netstat", flowing) == ["tcp4", "408300", "0", "127.0.0.1.65432", "127.0.0.1.53225", "TIME_WAIT"]
    assert line("tcpview", flowing)[:8] == [
        "sink", "41210", "tcp", "TIME-WAIT", "127.0.0.1", "65432", "127.0.0.1", "53225",
    ]  # fmt: skip
    assert line("lsof", listening)[-2:] == ["TCP", "127.0.0.1:65432 (LISTEN)"]
    assert line("lsof", flowing)[-1] == "127.0.0.1:65432->127.0.0.1:53225 (TIME-WAIT)"


def test_netstat_knows_both_families_and_the_dual_stack() -> None:
    assert line("netstat", listener(family=10, local_address="*", peer_address="*"))[0] == "tcp46"
    assert line("netstat", entry(family=10, local_address="::1", peer_address="::1"))[:4:3] == ["tcp6", "::1.65432"]
    assert line("netstat", entry(netid="udp", state=SocketState.UNCONN))[-1] == ""


def test_an_unknown_preset_is_named() -> None:
    with pytest.raises(BadInput, match="lsof"):
        preset("top")
    assert list(PRESETS) == ["ss", "netstat", "tcpview", "lsof"]
