"""Made values of one moment on a machine: rows, frames, actors, workers, verdicts, and the snapshot that holds them."""

from __future__ import annotations

from typing import Any

import msgspec

from engine.model.health import Degradation, Role, Trust, WorkerState
from engine.model.lab import ActorReport, ActorSocket, ActorSpec, ActorState, Call, Knobs
from engine.model.packets import CaptureStatus, Dissection, Field, Layer, PacketRow
from engine.model.snapshot import ActorView, Snapshot
from engine.model.sockets import Owner, SocketEntry, Timer
from engine.model.tcp import SocketState, TcpFlags
from engine.model.tcp_info import TCP_INFO_FIELDS
from engine.model.verdicts import Certainty, Severity, Subject, SubjectKind, Verdict

NOON_NS = 1_763_726_671_000_000_000
"""2025-11-21 12:04:31 UTC."""

HOSTILE = "\x1b]0;PWN\x07[/]x"

NO_CAPTURE = Degradation(
    "NO_CAP_NET_RAW",
    "packets need the right to open a packet socket (CAP_NET_RAW)",
    "sudo /home/student/.local/bin/sockmon",
)
OWNERS_HIDDEN = Degradation(
    "OWNERS_HIDDEN", "processes of other users are not shown", "sudo /home/student/.local/bin/sockmon"
)


def tcp_info(**fields: int) -> bytes:
    """A `struct tcp_info` with these fields set."""
    raw = bytearray(max(offset + kind.size for offset, kind in TCP_INFO_FIELDS.values()))
    for name, value in fields.items():
        offset, kind = TCP_INFO_FIELDS[name]
        kind.pack_into(raw, offset, value)
    return bytes(raw)


def entry(key: int, **changes: Any) -> SocketEntry:
    """A row; an ESTABLISHED connection on the loopback unless told otherwise."""
    row = SocketEntry(
        key=key,
        netid="tcp",
        family=2,
        state=SocketState.ESTABLISHED,
        recv_q=0,
        send_q=0,
        local_address="127.0.0.1",
        local_port=40_000 + key,
        peer_address="127.0.0.1",
        peer_port=8080,
        uid=1000,
        inode=88_000 + key,
        cookie=key,
    )
    return msgspec.structs.replace(row, **changes)


def owner(name: str, pid: int, ours: str = "", fd: int = 3) -> tuple[Owner, ...]:
    return (Owner(pid, fd, name, ours=ours),)


SINK_KEY, ACCEPTED_KEY, FLOOD_KEY = 1, 2, 3


def tutorial_entries(recv_q: int = 408_300, send_q: int = 269_868) -> list[SocketEntry]:
    """The three rows of the tutorial's netstat, and some company."""
    sink, flood = owner("sink", 41_210, "sink"), owner("flood-client", 41_233, "flood-client")
    info = tcp_info(
        rtt=23, rttvar=11, min_rtt=9, rto=204_000, snd_cwnd=10, snd_ssthresh=0x7FFFFFFF, snd_mss=32_768, pmtu=65_535,
        unacked=1, notsent_bytes=send_q, bytes_sent=recv_q, bytes_acked=recv_q + 1, segs_out=41, segs_in=40, snd_wnd=0,
    )  # fmt: skip
    return [
        entry(
            SINK_KEY, state=SocketState.LISTEN, recv_q=0, send_q=128, local_port=65_432, peer_address="0.0.0.0",
            peer_port=0, owners=sink,
        ),
        entry(
            ACCEPTED_KEY, recv_q=recv_q, local_port=65_432, peer_port=53_225, owners=sink,
            tcp_info=tcp_info(rtt=31, bytes_received=recv_q, segs_in=41, segs_out=40, snd_cwnd=10, snd_mss=32_768),
        ),
        entry(
            FLOOD_KEY, send_q=send_q, local_port=53_225, peer_port=65_432, owners=flood,
            timer=Timer("persist", 1_600, 3), congestion="cubic", tcp_info=info,
        ),
        entry(4, state=SocketState.TIME_WAIT, recv_q=None, send_q=None, local_port=41_022, inode=0,
              owner_unknown="closed by program"),
        entry(5, state=SocketState.LISTEN, recv_q=3, send_q=5, local_address="0.0.0.0", local_port=8080,
              peer_address="0.0.0.0", peer_port=0, owners=owner("nginx", 812)),
        entry(6, state=SocketState.CLOSE_WAIT, recv_q=1, local_port=8080, peer_port=50_102,
              owners=owner("nginx", 812)),
        entry(7, netid="udp", state=SocketState.UNCONN, local_address="127.0.0.53%lo", local_port=53,
              peer_address="0.0.0.0", peer_port=0, uid=101, owner_unknown="other user"),
        entry(8, family=10, local_address="2001:db8:4f3:1002::1b", local_port=51_514,
              peer_address="2a00:1450:4001:82f::200e", peer_port=443, owners=owner("firefox", 3011)),
        entry(9, state=SocketState.SYN_SENT, send_q=1, local_address="192.168.1.20", local_port=39_001,
              peer_address="203.0.113.9", peer_port=443, owners=owner("curl", 42_001), timer=Timer("on", 980, 2)),
        entry(10, state=SocketState.LISTEN, send_q=4096, local_address="::1", family=10, local_port=631,
              peer_address="::", peer_port=0, uid=0, owner_unknown="other user"),
        entry(11, state=SocketState.FIN_WAIT_2, local_port=50_102, peer_port=8080, inode=0,
              owner_unknown="closed by program"),
        entry(12, local_port=43_210, peer_port=43_211, owners=owner("sockmon", 40_100, "sockmon")),
    ]  # fmt: skip


def many_entries(count: int, first: int = 1_000) -> list[SocketEntry]:
    """A large table of TIME-WAIT rows, as a flood of short connections leaves behind."""
    return [
        entry(
            key, state=SocketState.TIME_WAIT, recv_q=None, send_q=None, local_port=1_024 + key % 60_000,
            owner_unknown="closed by program",
        )
        for key in range(first, first + count)
    ]  # fmt: skip


def packet(number: int, **changes: Any) -> PacketRow:
    """A line of the packet list; an ACK unless told otherwise."""
    row = PacketRow(
        number=number,
        ts_ns=NOON_NS + number * 31_000,
        source="127.0.0.1",
        destination="127.0.0.1",
        protocol="TCP",
        length=66,
        info=f"53225 → 65432 [ACK] Seq={number} Ack=1 Win=65536 Len=0",
        stream=0,
        flags=TcpFlags.ACK,
        sport=53_225,
        dport=65_432,
    )
    return msgspec.structs.replace(row, **changes)


def handshake_and_close() -> list[PacketRow]:
    """Frames that the default list shows: a handshake, a close, a reset."""
    syn, ack, fin, rst = TcpFlags.SYN, TcpFlags.ACK, TcpFlags.FIN, TcpFlags.RST
    return [
        packet(1, info="53225 → 65432 [SYN] Seq=0 Win=65495 Len=0 MSS=65495 SACK_PERM TSval=1 TSecr=0 WS=128",
               flags=syn, length=74),
        packet(2, info="65432 → 53225 [SYN, ACK] Seq=0 Ack=1 Win=65483 Len=0 MSS=65495 SACK_PERM WS=128",
               flags=syn | ack, length=74),
        packet(3, info="53225 → 65432 [ACK] Seq=1 Ack=1 Win=65536 Len=0", flags=ack),
        packet(15, info="8080 → 41022 [FIN, ACK] Seq=149 Ack=147 Win=65536 Len=0", flags=fin | ack),
        packet(16, info="41022 → 8080 [FIN, ACK] Seq=147 Ack=150 Win=65536 Len=0", flags=fin | ack),
        packet(17, info="[TCP Retransmission] 41022 → 8080 [FIN, ACK] Seq=147 Ack=150 Win=65536 Len=0",
               flags=fin | ack, findings=("retransmission",)),
        packet(18, info="9 → 50222 [RST, ACK] Seq=1 Ack=1 Win=0 Len=0", flags=rst | ack, length=54),
        packet(19, info="5353 → 5353 Len=43", protocol="UDP", flags=0, length=85),
    ]  # fmt: skip


def dissection(number: int) -> Dissection:
    """A SYN on the loopback, taken apart."""
    data = bytes.fromhex(
        "000000000000000000000000080045000034e1d7400040065aea7f0000017f000001"
        "cfe9ff98a1b2c3d400000000a002ffd7fe2800000204ffd70402080a0000000100000000"
    )
    return Dissection(
        number,
        (
            Layer("Ethernet", (Field("dst", "00:00:00:00:00:00", 0, 6), Field("src", "00:00:00:00:00:00", 6, 6),
                               Field("type", "IPv4", 12, 2)), 0, 14),
            Layer("IP", (Field("version", "4", 14, 1), Field("ihl", "5", 14, 1), Field("len", "52", 16, 2),
                         Field("flags", "DF", 20, 1), Field("ttl", "64", 22, 1), Field("proto", "tcp", 23, 1),
                         Field("chksum", "0x5aea", 24, 2), Field("src", "127.0.0.1", 26, 4),
                         Field("dst", "127.0.0.1", 30, 4)), 14, 20),
            Layer("TCP", (Field("sport", "53225", 34, 2), Field("dport", "65432", 36, 2),
                          Field("seq", "2712847316", 38, 4), Field("ack", "0", 42, 4), Field("flags", "S", 46, 2),
                          Field("window", "65495", 48, 2), Field("chksum", "0xfe28", 50, 2),
                          Field("options", "[('MSS', 65495), ('SAckOK', b''), ('Timestamp', (1, 0))]", 54, 16)),
                  34, 36),
        ),
        data,
    )  # fmt: skip


def running_flood() -> tuple[ActorView, ActorView]:
    """A sink and a flood-client, stalled, with the sockets of `tutorial_entries`."""
    sink = ActorReport(
        kind="sink", pid=41_210, state=ActorState.RUNNING, local="127.0.0.1:65432", connections=1,
        sockets=(
            ActorSocket(3, SINK_KEY, "127.0.0.1:65432", ""),
            ActorSocket(4, ACCEPTED_KEY, "127.0.0.1:65432", "127.0.0.1:53225"),
        ),
    )  # fmt: skip
    calls = (
        Call(1, NOON_NS, "connect", "('127.0.0.1', 65432)", "None", fd=3, cookie=FLOOD_KEY, duration_ns=41_000),
        Call(2, NOON_NS + 210_000_000, "send", "1024 bytes", "1024", fd=3, cookie=FLOOD_KEY, duration_ns=3_100),
        Call(3, NOON_NS + 230_000_000, "send", "1024 bytes", "BlockingIOError EAGAIN (11)", errno=11, fd=3,
             cookie=FLOOD_KEY, duration_ns=1_900),
    )  # fmt: skip
    flood = ActorReport(
        kind="flood-client", pid=41_233, state=ActorState.STALLED, local="127.0.0.1:53225", connections=1, sent=678_168,
        full=662, refused=24, calls=calls, calls_total=687, calls_forgotten=684,
        sockets=(ActorSocket(3, FLOOD_KEY, "127.0.0.1:53225", "127.0.0.1:65432", sent=678_168),),
    )  # fmt: skip
    return (
        ActorView(1, ActorSpec("sink", Knobs(rcvbuf=207_360)), sink),
        ActorView(2, ActorSpec("flood-client", Knobs(sndbuf=126_976, chunk=1_024)), flood),
    )


def status(**changes: Any) -> CaptureStatus:
    """A running capture on the loopback that lost nothing."""
    made = CaptureStatus(
        running=True, interface="lo", source="ring", capture_filter="", trust=Trust(received=31_204, kept=31_204),
        packets_per_s=1_204.0, last_number=31_204, first_ts_ns=NOON_NS,
    )  # fmt: skip
    return msgspec.structs.replace(made, **changes)


def workers(**dead: str) -> tuple[WorkerState, ...]:
    """All workers; `capture="killed by SIGKILL"` makes that one dead."""
    return tuple(
        WorkerState(role, 40_101 + number, alive=role.value not in dead, ended=dead.get(role.value, ""),
                    lost="the captured packets are lost" if role.value in dead else "")
        for number, role in enumerate((Role.SOCKETS, Role.CAPTURE))
    )  # fmt: skip


def tutorial_verdicts() -> tuple[Verdict, ...]:
    """What the judge says of the tutorial's flood."""
    return (
        Verdict(
            "receiver-stalled", Severity.PROBLEM, Certainty.CERTAIN,
            Subject(SubjectKind.SOCKET, "sink (41210) 127.0.0.1:65432 ⇄ 127.0.0.1:53225", ACCEPTED_KEY),
            "sink (41210) has not read for 12.0 s: Recv-Q stands at 399 KiB, its window is closed, and 264 KiB of the "
            "sender wait in Send-Q.",
            "Look where the program is: it must call recv().", keys=(ACCEPTED_KEY, FLOOD_KEY),
        ),
        Verdict(
            "zero-window", Severity.PROBLEM, Certainty.CERTAIN,
            Subject(SubjectKind.SOCKET, "flood-client (41233) 127.0.0.1:53225 ⇄ 127.0.0.1:65432", FLOOD_KEY),
            "The window of sink (41210) has been 0 for 12.0 s: 264 KiB wait in Send-Q and only probes may be sent.",
            "Look at the peer: its program does not read.", keys=(FLOOD_KEY, ACCEPTED_KEY),
        ),
    )  # fmt: skip


def snapshot(**changes: Any) -> Snapshot:
    """A quiet machine with the tutorial's rows."""
    made = Snapshot(
        ts_ns=NOON_NS, entries=tutorial_entries(), sockets_source="netlink", capture=status(), workers=workers(),
        verdicts=tutorial_verdicts(),
    )  # fmt: skip
    return msgspec.structs.replace(made, **changes)
