"""What stands as a packet's comment in a capture file: who sent it, how full both sockets were, what was found in it.

A packet says nothing of the processes at its ends and of the bytes that wait there. Both are known from the socket
table, which is read now and then; so the queues come with the age of their sample, counted from the packet.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

import msgspec

from engine.model.packets import PacketRow
from engine.model.sockets import SocketEntry
from engine.model.tcp import SocketState
from engine.text.sanitize import printable
from engine.text.socket_values import parsed_address, transport

GONE_MAX: Final = 4096
"""Sockets remembered after they are gone, for packets that are written later than they were captured."""

_Ends = tuple[str, object, int, object, int]


class Sample(msgspec.Struct, frozen=True):
    """A socket as it stood at one time, in nanoseconds since the epoch."""

    entry: SocketEntry
    ts_ns: int


class SocketSamples:
    """The latest two samples of each socket, found by the ends that its packets have."""

    def __init__(self) -> None:
        self._now: dict[_Ends, Sample] = {}
        self._before: dict[_Ends, Sample] = {}
        self._gone: dict[_Ends, Sample] = {}

    def take(self, entries: Iterable[SocketEntry], closed: Iterable[SocketEntry], ts_ns: int) -> None:
        """Take in a reading of the table, and the sockets that closed since the one before."""
        now = {ends: Sample(entry, ts_ns) for entry in entries if (ends := _ends(entry)) is not None}
        left = {ends: sample for ends, sample in self._now.items() if ends not in now}
        left |= {
            ends: Sample(entry, ts_ns) for entry in closed if (ends := _ends(entry)) is not None and ends not in left
        }
        for ends, sample in left.items():
            self._gone.pop(ends, None)
            self._gone[ends] = sample
        for ends in list(self._gone)[: max(0, len(self._gone) - GONE_MAX)]:
            del self._gone[ends]
        self._before, self._now = self._now, now

    def of(self, row: PacketRow, sender: bool, ts_ns: int) -> Sample | None:
        """The socket at one end of a packet: the latest sample not later than `ts_ns`, else a later one.

        For a packet that no connection of the table takes, the socket that listens there.
        """
        protocol = row.protocol.lower() if row.protocol == "UDP" else "tcp"
        here, there = (parsed_address(row.source), row.sport), (parsed_address(row.destination), row.dport)
        near, far = (here, there) if sender else (there, here)
        for ends in (
            (protocol, *near, *far),
            (protocol, *near, None, 0),
            (protocol, None, near[1], None, 0),
        ):
            known = [found[ends] for found in (self._now, self._before, self._gone) if ends in found]
            if known:
                return next((sample for sample in known if sample.ts_ns <= ts_ns), known[-1])
        return None


def _ends(entry: SocketEntry) -> _Ends | None:
    """Protocol, address and port, peer's address and port; None for what has no ports, or no peer and is not open to
    any. A wildcard is None."""
    if transport(entry) not in ("tcp", "udp") or not entry.local_port:
        return None
    local, peer = parsed_address(entry.local_address), parsed_address(entry.peer_address)
    return (
        transport(entry),
        None if local is None or local.is_unspecified else local,
        entry.local_port,
        None if peer is None or peer.is_unspecified else peer,
        entry.peer_port,
    )


def packet_comment(row: PacketRow, samples: SocketSamples) -> str:
    """The lines of a packet's comment; empty if nothing is known beyond the packet."""
    lines = []
    if row.sport:
        for word, sender in (("from", True), ("to", False)):
            sample = samples.of(row, sender, row.ts_ns)
            if sample is not None:
                lines.append(f"{word} {_socket_words(sample, row.ts_ns)}")
    if row.findings:
        doubt = " (uncertain: the capture missed frames before)" if row.uncertain else ""
        lines.append(f"found: {', '.join(row.findings)}{doubt}")
    return "\n".join(lines)


def _socket_words(sample: Sample, ts_ns: int) -> str:
    entry = sample.entry
    owners = [f"{printable(owner.name)} (pid {owner.pid})" for owner in entry.owners[:3]]
    owner = ", ".join(owners) or "process unknown" + (f": {printable(entry.owner_unknown)}" * bool(entry.owner_unknown))
    age_s = (ts_ns - sample.ts_ns) / 1e9
    age = f"sampled {abs(age_s):.3f} s {'before' if age_s >= 0 else 'after'}"
    if entry.state is SocketState.LISTEN:
        return f"{owner}, listening, accept queue {_count(entry.recv_q)} of {_count(entry.send_q)}, {age}"
    if entry.recv_q is None and entry.send_q is None:
        return f"{owner}, its queues were not sampled before it closed"
    return f"{owner}, Recv-Q {_count(entry.recv_q)}, Send-Q {_count(entry.send_q)}, {age}"


def _count(number: int | None) -> str:
    return "-" if number is None else str(number)
