"""The whole table in a line: sockets by state, bytes in queues, ports in use, and counters that moved. Pure.

Counters are the kernel's own of /proc/net/netstat and snmp, under nstat's names: `TcpExtListenOverflows`,
`TcpRetransSegs`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Final

import msgspec

from engine.model.sockets import SocketEntry
from engine.model.tcp import SocketState

WATCHED: Final = (
    "TcpRetransSegs",
    "TcpExtListenOverflows",
    "TcpExtListenDrops",
    "TcpExtTCPBacklogDrop",
    "TcpExtTCPRcvQDrop",
    "TcpExtTCPZeroWindowDrop",
    "TcpExtTCPTimeouts",
    "TcpExtTCPFastRetrans",
    "TcpExtTCPSynRetrans",
    "TcpExtTCPLossProbes",
    "TcpExtTCPOFOQueue",
    "TcpExtTCPAbortOnData",
    "TcpExtTCPAbortOnTimeout",
    "TcpExtTCPAbortOnClose",
    "TcpExtTCPReqQFullDrop",
    "TcpExtTCPTimeWaitOverflow",
    "TcpEstabResets",
    "TcpOutRsts",
    "TcpAttemptFails",
    "UdpRcvbufErrors",
    "UdpSndbufErrors",
    "UdpNoPorts",
)
"""Counters worth a line when they move: something was sent again, dropped, overflowed or reset."""


class Totals(msgspec.Struct, frozen=True):
    """The table summed up."""

    sockets: int
    states: dict[SocketState, int]
    """Sockets of TCP by state; states without a socket are absent."""
    netids: dict[str, int]
    recv_q: int
    """Bytes that wait to be read: LISTEN rows, whose queues are connections, are not in it."""
    send_q: int
    """Bytes that wait to be acknowledged."""
    waiting_connections: int
    """In the accept queues of all listeners."""
    ephemeral_used: int
    """Distinct local TCP ports within the ephemeral range, TIME-WAIT included."""
    ephemeral_range: int
    """Ports in that range; 0 if unknown."""
    time_wait: int


def totals(entries: Iterable[SocketEntry], port_range: tuple[int, int] | None = None) -> Totals:
    """Sum up rows; `port_range` is net.ipv4.ip_local_port_range, both ends included."""
    states: Counter[SocketState] = Counter()
    netids: Counter[str] = Counter()
    ports: set[int] = set()
    recv_q = send_q = waiting = 0
    low, high = port_range or (1, 0)
    for entry in entries:
        netids[entry.netid] += 1
        if entry.netid == "tcp":
            states[entry.state] += 1
            if low <= entry.local_port <= high:
                ports.add(entry.local_port)
        if entry.state is SocketState.LISTEN:
            waiting += entry.recv_q or 0
        else:
            recv_q += entry.recv_q or 0
            send_q += entry.send_q or 0
    return Totals(
        sockets=netids.total(),
        states=dict(states),
        netids=dict(netids),
        recv_q=recv_q,
        send_q=send_q,
        waiting_connections=waiting,
        ephemeral_used=len(ports),
        ephemeral_range=max(high - low + 1, 0),
        time_wait=states[SocketState.TIME_WAIT],
    )


def counters(text: str) -> dict[str, int]:
    """The counters in the text of /proc/net/netstat or snmp: pairs of lines, names and then values, with one prefix.
    What does not pair up is left out."""
    found: dict[str, int] = {}
    lines = text.splitlines()
    for names, values in zip(lines[::2], lines[1::2], strict=False):
        prefix, _, words = names.partition(":")
        same, _, numbers = values.partition(":")
        if prefix != same:
            continue
        for name, number in zip(words.split(), numbers.split(), strict=False):
            if number.lstrip("-").isdecimal():
                found[prefix + name] = int(number)
    return found


def moved(before: Mapping[str, int], now: Mapping[str, int]) -> dict[str, int]:
    """How far each of `WATCHED` went up, those that stood still left out. A counter that went down began anew."""
    deltas = {name: now[name] - before.get(name, 0) for name in WATCHED if name in now and name in before}
    return {name: delta if delta > 0 else now[name] for name, delta in deltas.items() if delta}


def port_range(text: str) -> tuple[int, int] | None:
    """The text of ip_local_port_range; None for what is none."""
    words = text.split()
    if len(words) != 2 or not all(word.isdecimal() for word in words):
        return None
    return int(words[0]), int(words[1])
