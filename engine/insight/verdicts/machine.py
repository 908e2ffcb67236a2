"""Rules on many sockets at once: ports that run out, ports held by TIME-WAIT, and connections that ended unseen."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from msgspec.structs import replace

from engine.insight.ledger import ends_of
from engine.insight.naming import connection_name, end_name, program
from engine.insight.verdicts.rule import NS_PER_S, Finding, figures, verdict
from engine.insight.watch import Track
from engine.model.sockets import SocketEntry
from engine.model.tcp import SocketState
from engine.model.verdicts import Certainty, Severity, Subject, SubjectKind, Verdict
from engine.text.units import count, duration_ns, endpoint

PORTS_WARNING: Final = 0.8
PORTS_PROBLEM: Final = 0.95
"""Shares of the ephemeral range used towards one peer."""

PORTS_NAMED: Final = 10
"""Ports held by TIME-WAIT that are named, those with the most connections first."""

KEYS_NAMED: Final = 100
"""Rows that a verdict on many of them names."""

RESET_FROM: Final = frozenset((SocketState.ESTABLISHED, SocketState.CLOSE_WAIT))
"""States out of which TcpEstabResets counts (net/ipv4/tcp.c, tcp_set_state)."""

SUBJECT: Final = Subject(SubjectKind.SYSTEM, "this machine")


def ports_verdicts(entries: Iterable[SocketEntry], ports: tuple[int, int], now_ns: int) -> list[Verdict]:
    """Peers towards which nearly all local ports are used. Looks at every row: ask it where there are many."""
    low, high = ports
    size = high - low + 1
    used: dict[tuple[str, str, int], set[int]] = {}
    resting: Counter[tuple[str, str, int]] = Counter()
    for entry in entries:
        if entry.netid != "tcp" or not entry.peer_port or not low <= entry.local_port <= high:
            continue
        address, port, peer, peer_port = ends_of(entry)
        used.setdefault((address, peer, peer_port), set()).add(port)
        resting[address, peer, peer_port] += entry.state is SocketState.TIME_WAIT
    found: list[Verdict] = []
    for (address, peer, peer_port), taken in used.items():
        share = len(taken) / size
        if share < PORTS_WARNING:
            continue
        waits = resting[address, peer, peer_port]
        finding = Finding(
            Severity.PROBLEM if share >= PORTS_PROBLEM else Severity.WARNING,
            Certainty.CERTAIN,
            f"{count(len(taken))} of {count(size)} local ports ({share:.0%}) are used from {address} towards "
            f"{endpoint(peer, peer_port)}, {count(waits)} of them by TIME-WAIT: soon connect() ends with "
            f"EADDRNOTAVAIL.",
            "Keep connections and use them again, or use a second local address; a wider net.ipv4.ip_local_port_range "
            "only helps for a while.",
            figures(
                ("ports used", len(taken), "ports"),
                ("ports in the range", size, "ports"),
                ("used", round(share * 100), "%"),
                ("in TIME-WAIT", waits, "connections"),
            ),
            now_ns,
        )
        found.append(verdict("ports-exhausted", SUBJECT, finding))
    return found


def held_ports_verdicts(
    time_waits: Mapping[int, int], listeners: Mapping[int, Sequence[Track]], now_ns: int
) -> list[Verdict]:
    """Ports of servers that no longer listen, held by TIME-WAIT, in one verdict.

    `time_waits` counts connections by local port, without the ephemeral ones, which nobody binds by number.
    """
    ports = {port: held for port, held in time_waits.items() if not listeners.get(port)}
    if not ports:
        return []
    held = sum(ports.values())
    named = sorted(ports, key=lambda port: (-ports[port], port))[:PORTS_NAMED]
    listed = ", ".join(str(port) for port in named) + (" …" if len(ports) > len(named) else "")
    what = f"Port {listed} is" if len(ports) == 1 else f"{count(len(ports))} ports ({listed}) are"
    finding = Finding(
        Severity.NOTE,
        Certainty.CERTAIN,
        f"{what} held by {count(held)} connection{'s' if held > 1 else ''} in TIME-WAIT, and nobody listens there: a "
        f"server that binds one of them without SO_REUSEADDR gets EADDRINUSE.",
        "Set SO_REUSEADDR before bind(), or wait up to 60 s.",
        figures(("ports", listed, ""), ("in TIME-WAIT on them", held, "connections")),
        now_ns,
    )
    return [verdict("time-wait-reuse", SUBJECT, finding)]


def reset_verdicts(
    gone: Sequence[SocketEntry], in_order: frozenset[tuple[str, int, str, int]], resets: int, now_ns: int
) -> list[Verdict]:
    """Connections that are gone from one reading to the next without a close, while the kernel counted `resets`.

    `in_order` are the ends of connections whose rest is in TIME-WAIT: they were closed. Where more are gone than were
    counted, some were closed so fast that nothing was seen of it, and which is not known.
    """
    suspects = [
        entry
        for entry in gone
        if entry.state in RESET_FROM and ends_of(entry) not in in_order and _turned(entry) not in in_order
    ]
    certainty = Certainty.LIKELY if len(suspects) <= resets else Certainty.POSSIBLE
    by_program: dict[str, list[SocketEntry]] = {}
    for entry in suspects:
        by_program.setdefault(program(entry), []).append(entry)
    found: list[Verdict] = []
    for name, theirs in by_program.items():
        entry, many = theirs[0], len(theirs)
        whose = f"The connection of {connection_name(entry)}" if many == 1 else f"{count(many)} connections of {name}"
        finding = Finding(
            Severity.WARNING,
            certainty,
            f"{whose} ended in {entry.state} without a FIN: one side reset {'it' if many == 1 else 'them'}.",
            "Capture says which side. Usual causes: close() with data unread, SO_LINGER 0, a program that died.",
            figures(("last state", entry.state.value, ""), ("resets counted by the kernel", resets, "connections")),
            now_ns,
            True,
            tuple(one.key for one in theirs[1:KEYS_NAMED]),
        )
        subject = Subject(SubjectKind.SOCKET, end_name(entry) if many == 1 else name, entry.key)
        found.append(replace(verdict("reset", subject, finding), rows=many))
    return found


def _turned(entry: SocketEntry) -> tuple[str, int, str, int]:
    address, port, peer, peer_port = ends_of(entry)
    return peer, peer_port, address, port


def counted_verdicts(failed: int, reset: int, span_ns: int, now_ns: int) -> list[Verdict]:
    """What the kernel counted and no row shows: connections that failed or were reset within `span_ns`."""
    found: list[Verdict] = []
    span = duration_ns(max(span_ns, NS_PER_S))
    if failed:
        finding = Finding(
            Severity.NOTE,
            Certainty.POSSIBLE,
            f"{count(failed)} attempt{'s' if failed > 1 else ''} to connect failed within {span}: refused or given up.",
            "Capture the handshakes to see whose: a SYN that RST answers was refused.",
            figures(("TcpAttemptFails", failed, "connections")),
            now_ns - span_ns,
        )
        found.append(verdict("refused", SUBJECT, finding))
    if reset:
        finding = Finding(
            Severity.NOTE,
            Certainty.POSSIBLE,
            f"{count(reset)} connection end{'s were' if reset > 1 else ' was'} reset within {span}.",
            "Capture the handshakes to see whose and by whom.",
            figures(("TcpEstabResets", reset, "connections")),
            now_ns - span_ns,
        )
        found.append(verdict("reset", SUBJECT, finding))
    return found
