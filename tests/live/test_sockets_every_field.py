"""Each field of a row is what ss prints of the socket, and what /proc/net says of it."""

from __future__ import annotations

import os
import re
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import closing
from pathlib import Path

import pytest

from engine.model.sockets import SocketEntry
from engine.model.tcp import SS_SPELLINGS, SocketState
from engine.sockets.netlink_source import NetlinkSource
from engine.sockets.proc_source import ProcSource
from engine.sockets.source import read_table
from engine.sockets.tcp_info import TcpInfo, decode
from tests.live.sockets_kinds import EveryKind

pytestmark = pytest.mark.linux

TURNS = 50

MOVING = frozenset(("lastsnd", "lastrcv", "lastack", "busy", "rwnd_limited", "sndbuf_limited", "timer", "class_id"))
"""What counts by itself, or is no field of ours (the traffic class of an old scheduler)."""

Fields = dict[str, str]


@pytest.fixture(scope="module")
def kinds() -> Iterator[EveryKind]:
    with EveryKind() as made:
        yield made


def inode_of(opened: socket.socket) -> int:
    return os.fstat(opened.fileno()).st_ino


def our_rows(source: NetlinkSource | ProcSource, kinds: EveryKind) -> dict[str, SocketEntry]:
    """The rows by name."""
    by_inode = {entry.inode: entry for entry in read_table([source], ("tcp", "udp"), {}).rows.entries.values()}
    return {name: by_inode[inode_of(opened)] for name, opened in kinds.made.items()}


NAMED = re.compile(r"(?<!\S)(\w+):(\([^()]*\)|\S+)")
RATE = re.compile(r"(?<!\S)(pacing_rate|delivery_rate) (\d+)bps")
ARROWS = {"<->": 0, "-->": 1, "<--": 2, "---": 3}


def of_ss(kinds: EveryKind) -> dict[str, Fields]:
    """What `ss` prints, by name: its columns and its named details."""
    command = ["ss", "-tuanHOoiem", "--tos"]
    names = {str(inode_of(opened)): name for name, opened in kinds.made.items()}
    printed: dict[str, Fields] = {}
    for line in subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines():
        columns = line.split(None, 6)
        details = columns[6] if len(columns) > 6 else ""
        fields = dict(NAMED.findall(details)) | dict(RATE.findall(details))
        if fields.get("ino") not in names:
            continue
        for name, column in zip(("netid", "state", "recv_q", "send_q", "local", "peer"), columns, strict=False):
            fields[name] = column
        fields["shutdown"] = str(next(bits for arrow, bits in ARROWS.items() if f" {arrow} " in details))
        fields["congestion"] = next((word for word in ("reno", "cubic", "bbr") if f" {word} " in f"{details} "), "")
        printed[names[fields["ino"]]] = fields
    return printed


def ends(entry: SocketEntry) -> tuple[str, str]:
    """Local and peer as ss prints them: the interface that a socket is bound to stands behind its own address."""

    def shown(address: str, port: int, interface: str = "") -> str:
        bracketed = f"[{address}]" if ":" in address else address
        return f"{bracketed}{interface}:{port or '*'}"

    interface = f"%{socket.if_indextoname(entry.interface)}" if entry.interface else ""
    return shown(entry.local_address, entry.local_port, interface), shown(entry.peer_address, entry.peer_port)


def ms(microseconds: int | None) -> str:
    return f"{(microseconds or 0) / 1000:g}"


def expected_of_tcp_info(info: TcpInfo, state: SocketState) -> Fields:
    """What ss prints of tcp_info, in its units; it leaves out zeros and defaults."""
    listening = state is SocketState.LISTEN
    counted: Mapping[str, int | None] = {
        "mss": info.snd_mss if not listening else 0,
        "pmtu": info.pmtu,
        "rcvmss": info.rcv_mss if not listening else 0,
        "advmss": info.advmss,
        "cwnd": info.snd_cwnd,
        "ssthresh": info.snd_ssthresh if (info.snd_ssthresh or 0) < 0xFFFF else 0,
        "bytes_sent": info.bytes_sent,
        "bytes_retrans": info.bytes_retrans,
        "bytes_acked": info.bytes_acked,
        "bytes_received": info.bytes_received,
        "segs_out": info.segs_out,
        "segs_in": info.segs_in,
        "data_segs_out": info.data_segs_out,
        "data_segs_in": info.data_segs_in,
        "unacked": info.unacked,
        "reordering": info.reordering if info.reordering != 3 else 0,
        "sacked": info.sacked if not listening else 0,
        "lost": info.lost,
        "delivered": info.delivered,
        "dsack_dups": info.dsack_dups,
        "reord_seen": info.reord_seen,
        "notsent": info.notsent_bytes,
        "rcv_space": info.rcv_space,
        "rcv_ssthresh": info.rcv_ssthresh if not listening else 0,
        "rcv_ooopack": info.rcv_ooopack,
        "snd_wnd": info.snd_wnd,
        "pacing_rate": 0 if (info.pacing_rate or 0) == 2**64 - 1 else 8 * (info.pacing_rate or 0),
        "delivery_rate": 8 * (info.delivery_rate or 0),
        "backoff": info.backoff,
    }
    fields = {name: str(value) for name, value in counted.items() if value}
    if info.rtt:
        fields["rtt"] = f"{ms(info.rtt)}/{ms(info.rttvar)}"
    if info.rto and info.rto != 3_000_000 and not listening:
        fields["rto"] = ms(info.rto)
    if info.ato:
        fields["ato"] = ms(info.ato)
    if info.rcv_rtt:
        fields["rcv_rtt"] = ms(info.rcv_rtt)
    if info.min_rtt and info.min_rtt != 0xFFFFFFFF and not listening:
        fields["minrtt"] = ms(info.min_rtt)
    if info.retrans or info.total_retrans:
        fields["retrans"] = f"{info.retrans}/{info.total_retrans}"
    if info.snd_wscale or info.rcv_wscale:
        fields["wscale"] = f"{info.snd_wscale},{info.rcv_wscale}"
    return fields


def expected(entry: SocketEntry) -> Fields:
    """What ss should print of a row."""
    local, peer = ends(entry)
    memory = entry.skmem
    assert memory is not None
    assert entry.cookie is not None
    fields = {
        "netid": entry.netid,
        "state": SS_SPELLINGS.get(entry.state, entry.state.value),
        "recv_q": str(entry.recv_q),
        "send_q": str(entry.send_q),
        "local": local,
        "peer": peer,
        "ino": str(entry.inode),
        "sk": f"{entry.cookie:x}",
        "shutdown": str(entry.shutdown),
        "congestion": entry.congestion,
        "tos": f"{entry.tos:#x}" if entry.tos else "0",
        "skmem": f"(r{memory.rmem_alloc},rb{memory.rcvbuf},t{memory.wmem_alloc},tb{memory.sndbuf},f{memory.fwd_alloc},"
        f"w{memory.wmem_queued},o{memory.optmem},bl{memory.backlog},d{memory.drops})",
    }
    if entry.tclass is not None:
        fields["tclass"] = f"{entry.tclass:#x}" if entry.tclass else "0"
    if entry.uid:
        fields["uid"] = str(entry.uid)
    if entry.mark:
        fields["fwmark"] = f"{entry.mark:#x}"
    if entry.v6only is not None and entry.state in (SocketState.LISTEN, SocketState.UNCONN):
        fields["v6only"] = str(int(entry.v6only))
    if entry.tcp_info:
        fields |= expected_of_tcp_info(decode(entry.tcp_info), entry.state)
    return fields


def compared(fields: Mapping[str, Fields]) -> dict[str, Fields]:
    return {
        name: {k: v for k, v in each.items() if k not in MOVING | {"cgroup", "bbr"}} for name, each in fields.items()
    }


@pytest.mark.skipif(shutil.which("ss") is None, reason="needs ss (iproute2)")
def test_each_field_of_each_kind_is_what_ss_prints(kinds: EveryKind) -> None:
    with closing(NetlinkSource()) as source:
        after = compared(of_ss(kinds))
        for _ in range(TURNS):
            before = after
            ours = {name: expected(entry) for name, entry in our_rows(source, kinds).items()}
            after = compared(of_ss(kinds))
            if before == after:
                break
            time.sleep(0.02)
    assert before == after, "the sockets never stood still"
    assert set(ours) == set(kinds.made)
    differing = {
        f"{name}: {field}": (ours[name].get(field), theirs.get(field))
        for name, theirs in before.items()
        for field in ours[name].keys() | theirs.keys()
        if ours[name].get(field) != theirs.get(field)
    }
    assert differing == {}


@pytest.mark.skipif(shutil.which("ss") is None, reason="needs ss (iproute2)")
def test_the_cgroup_is_the_one_that_ss_names(kinds: EveryKind) -> None:
    root = Path("/sys/fs/cgroup")
    if not (root / "cgroup.controllers").exists():
        pytest.skip("no cgroup2 is mounted")
    with closing(NetlinkSource()) as source:
        ours = our_rows(source, kinds)
    for name, fields in of_ss(kinds).items():
        kind, _, number = fields["cgroup"].partition(":")  # ss cannot walk to every one
        shown = int(number, 16) if kind == "unreachable" else (root / kind.lstrip("/")).stat().st_ino
        assert ours[name].cgroup == shown


def test_proc_net_says_the_same_as_far_as_it_goes(kinds: EveryKind) -> None:
    """It has neither the limit of an accept queue nor v6only, and shows an IPv6 wildcard as that of both."""
    with closing(NetlinkSource()) as source:
        netlink = our_rows(source, kinds)
    proc = our_rows(ProcSource(), kinds)
    for name, theirs in netlink.items():
        ours = proc[name]
        assert (ours.netid, ours.family, ours.state, ours.uid) == (
            theirs.netid,
            theirs.family,
            theirs.state,
            theirs.uid,
        )
        assert (ours.local_port, ours.peer_port) == (theirs.local_port, theirs.peer_port)
        assert ours.recv_q == theirs.recv_q
        assert ours.send_q == (None if theirs.state is SocketState.LISTEN else theirs.send_q)
        for here, there in ((ours.local_address, theirs.local_address), (ours.peer_address, theirs.peer_address)):
            assert here == there or {here, there} == {"*", "::"}
