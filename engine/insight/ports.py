"""Judges a port: who or what keeps a program from binding it, and what to do. Pure.

The kernel's rules (net/ipv4/inet_connection_sock.c, inet_csk_get_port; ipv6_rcv_saddr_equal): two sockets of one
transport conflict on a port if their addresses are equal or one is a wildcard that covers the other. `::` covers IPv4
too unless the socket is v6-only. SO_REUSEADDR on both lifts the conflict unless one of them listens; a socket in
TIME-WAIT keeps what its program had set. SO_REUSEPORT on both, of one user, lifts it always.
"""

from __future__ import annotations

import errno
import os
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from typing import Final

from engine.model.ports import (
    BindOption,
    BindTry,
    Elsewhere,
    PortFacts,
    PortReason,
    PortReport,
    PortRules,
    PortVerdict,
)
from engine.model.sockets import SocketEntry
from engine.model.tcp import SocketState
from engine.text.sanitize import printable
from engine.text.socket_values import AF_INET6, parsed_address
from engine.text.units import endpoint

ANY_V4: Final = "0.0.0.0"
ANY_V6: Final = "::"

SHOWN_MAX: Final = 3
"""Holders named in a sentence; the others are counted, and listed below it."""

NO_FAMILY: Final = frozenset((errno.EAFNOSUPPORT, errno.EPROTONOSUPPORT))
"""What a kernel without IPv6 answers: nothing that concerns the port."""


def judged(facts: PortFacts) -> PortReport:
    """The judgement over all that was found out."""
    tried = [one for one in facts.tries if one.errno not in NO_FAMILY]
    netids = list(dict.fromkeys(one.netid for one in tried))
    verdicts = tuple(_verdict(netid, facts, [one for one in tried if one.netid == netid]) for netid in netids)
    return PortReport(_conclusion(facts.port, verdicts), verdicts, tuple(_notes(facts)))


def conflicts(entry: SocketEntry, address: str, v6only: bool | None) -> bool:
    """Whether a socket's address and one to bind exclude each other. `v6only` is None for IPv4."""
    here = _covers(address, v6only)
    there = _covers(*entry_address(entry))
    if here[0] is None or there[0] is None:
        # A wildcard of one family, or of both, against whatever shares a family with it.
        return bool(here[1] & there[1])
    return here[0] == there[0]


def entry_address(entry: SocketEntry) -> tuple[str, bool | None]:
    """The local address of a row as bind() takes it, and its IPV6_V6ONLY (None for IPv4)."""
    if entry.family != AF_INET6:
        return (ANY_V4 if entry.local_address == "*" else entry.local_address), None
    if entry.local_address in ("*", ANY_V6):
        # ss and the rows write `*` for a wildcard that takes IPv4 too.
        return ANY_V6, entry.v6only if entry.v6only is not None else entry.local_address != "*"
    return entry.local_address, bool(entry.v6only)


def _covers(address: str, v6only: bool | None) -> tuple[object, frozenset[int]]:
    """An address, None for a wildcard, and the IP versions it takes."""
    if v6only is None:
        return (None if address == ANY_V4 else parsed_address(address)), frozenset((4,))
    if address == ANY_V6:
        return None, frozenset((6,)) if v6only else frozenset((4, 6))
    parsed = parsed_address(address)  # an IPv4-mapped address is IPv4
    return parsed, frozenset((parsed.version,)) if parsed is not None else frozenset((6,))


def _verdict(netid: str, facts: PortFacts, tries: Sequence[BindTry]) -> PortVerdict:
    """What the tries of one transport say together."""
    name = f"{netid.upper()} {facts.port}"
    plain = [one for one in tries if one.option is BindOption.PLAIN]
    refused = [one for one in plain if one.refused]
    if not refused:
        return PortVerdict(netid, True, PortReason.FREE, f"{name} is free")
    number = Counter(one.errno for one in refused).most_common(1)[0][0]
    entries = [entry for entry in facts.entries if entry.netid == netid]
    if number == errno.EADDRINUSE:
        return _in_use(facts, netid, entries, tries)
    if number in (errno.EACCES, errno.EPERM):
        return _forbidden(netid, name, facts, entries)
    if number == errno.EADDRNOTAVAIL:
        addresses = ", ".join(dict.fromkeys(one.address for one in refused))
        return PortVerdict(
            netid, False, PortReason.NO_ADDRESS, f"{name} cannot be bound: {addresses} is no address of this machine",
            "ip address  # lists this machine's addresses",
        )  # fmt: skip
    return PortVerdict(netid, False, PortReason.OTHER, f"{name} cannot be bound: {os.strerror(number)}")


def _forbidden(netid: str, name: str, facts: PortFacts, entries: Sequence[SocketEntry]) -> PortVerdict:
    start = facts.rules.unprivileged_from
    if start is None or facts.port < start:
        held = _also_held(entries)
        below = "" if start is None else f": ports below {start} need CAP_NET_BIND_SERVICE"
        return PortVerdict(
            netid, False, PortReason.PRIVILEGED, f"{name} is privileged{below}{held}",
            f"sudo sysctl net.ipv4.ip_unprivileged_port_start={facts.port}"
            "  # or: sudo setcap cap_net_bind_service=+ep PROGRAM",
        )  # fmt: skip
    return PortVerdict(
        netid, False, PortReason.POLICY,
        f"{name} is forbidden by a policy: SELinux, AppArmor, Landlock or a program of the cgroup",
    )  # fmt: skip


def _also_held(entries: Sequence[SocketEntry]) -> str:
    listening = [entry for entry in entries if entry.state in (SocketState.LISTEN, SocketState.UNCONN)]
    return f", and {_listed(listening, _holder)} already" if listening else ""


def _in_use(facts: PortFacts, netid: str, entries: Sequence[SocketEntry], tries: Sequence[BindTry]) -> PortVerdict:
    name = f"{netid.upper()} {facts.port}"
    plain = [one for one in tries if one.option is BindOption.PLAIN]
    refused = [one for one in plain if one.refused]
    blockers = [entry for entry in entries if any(conflicts(entry, one.address, one.v6only) for one in refused)]
    reason, holders = _reason(blockers)
    taken = "is taken" if len(refused) == len(plain) else "is partly taken"
    sentence = f"{name} {taken}: {SAID[reason](holders)}"
    if reason is PortReason.HELD:
        sentence += _scope(holders, refused)
    free = [_bind_word(one) for one in plain if one.worked]
    if free:
        sentence += f"; {_and(free)} {'are' if len(free) > 1 else 'is'} free"
    helps = _what_helps(refused, tries)
    if helps:
        sentence += f"; with {helps} bind() works"
    return PortVerdict(netid, False, reason, sentence, _cure(reason, holders, helps, facts.to_see_more))


def _reason(blockers: Sequence[SocketEntry]) -> tuple[PortReason, list[SocketEntry]]:
    """The strongest reason among the sockets in the way, and those that give it."""
    kinds: dict[PortReason, list[SocketEntry]] = {}
    for entry in blockers:
        kinds.setdefault(_kind(entry), []).append(entry)
    for reason in (PortReason.HELD, PortReason.BOUND, PortReason.CONNECTED, PortReason.TIME_WAIT):
        if reason in kinds:
            return reason, kinds[reason]
    return PortReason.UNLISTED, []


def _kind(entry: SocketEntry) -> PortReason:
    if entry.state is SocketState.TIME_WAIT:
        return PortReason.TIME_WAIT
    if entry.netid == "tcp":
        if entry.state is SocketState.LISTEN:
            return PortReason.HELD
        return PortReason.BOUND if entry.state is SocketState.CLOSED else PortReason.CONNECTED
    return PortReason.CONNECTED if entry.peer_port else PortReason.HELD


def _time_wait(holders: Sequence[SocketEntry]) -> str:
    left = max((entry.timer.expires_ms for entry in holders if entry.timer is not None), default=None)
    what = "a connection" if len(holders) == 1 else f"{len(holders)} connections"
    more = "" if left is None else f", for {-(-left // 1000)} s more"
    return f"{what} closed from here {'waits' if len(holders) == 1 else 'wait'} in TIME-WAIT{more}"


SAID: Final[dict[PortReason, Callable[[Sequence[SocketEntry]], str]]] = {
    PortReason.HELD: lambda holders: _listed(holders, _holder),
    PortReason.BOUND: lambda holders: _listed(
        holders, lambda entry: f"{_who(entry)} has bound {_where(entry)} and does nothing with it"
    ),
    PortReason.CONNECTED: lambda holders: _listed(
        holders, lambda entry: f"{_who(entry)} is connected from {_where(entry)} ({entry.state})"
    ),
    PortReason.TIME_WAIT: _time_wait,
    PortReason.UNLISTED: lambda holders: "the kernel says it is in use, and lists no socket that uses it",
}
"""What keeps the port, in words."""


NOBODY: Final = {
    "closed by program": "the kernel, for a program that has closed it,",
    "not yet accepted": "the accept queue of a listener",
}
"""Who has a socket that no descriptor stands for."""


def _holder(entry: SocketEntry) -> str:
    verb = "listens on" if entry.state is SocketState.LISTEN else "receives on"
    return f"{_who(entry)} {verb} {_where(entry)}"


def _who(entry: SocketEntry) -> str:
    """`nginx (pid 812, 813)`, or why the process is not known."""
    if not entry.owners:
        nobody = NOBODY.get(entry.owner_unknown)
        if nobody:
            return nobody
        user = "" if entry.uid is None else f" of uid {entry.uid}"
        why = printable(entry.owner_unknown)
        return f"a process{user}" + (f" that cannot be seen ({why})" if why else "")
    names = dict.fromkeys(printable(owner.name) for owner in entry.owners)
    pids = list(dict.fromkeys(str(owner.pid) for owner in entry.owners))
    more = f" and {len(pids) - SHOWN_MAX} more" if len(pids) > SHOWN_MAX else ""
    return f"{', '.join(names)} (pid {', '.join(pids[:SHOWN_MAX])}{more})"


def _where(entry: SocketEntry) -> str:
    return printable(endpoint(entry.local_address, entry.local_port))


def _listed(holders: Sequence[SocketEntry], say: Callable[[SocketEntry], str]) -> str:
    said = list(dict.fromkeys(map(say, holders)))
    shown = said[:SHOWN_MAX]
    more = len(said) - len(shown)
    return _and([*shown, f"{more} more"] if more else shown)


def _scope(holders: Sequence[SocketEntry], refused: Sequence[BindTry]) -> str:
    """Why the holders' addresses exclude those that were tried, where they are not the same."""
    held = {entry_address(entry) for entry in holders}
    if any(address == ANY_V6 and v6only is False for address, v6only in held):
        return ", dual-stack: IPv6 and IPv4 alike"
    if any(address == ANY_V6 and v6only for address, v6only in held) and not any(a == ANY_V4 for a, _ in held):
        return ", v6-only: every IPv6 address"
    if any(address == ANY_V4 for address, _ in held):
        return ", which is every IPv4 address" if len(held) == 1 else ""
    if any(one.address in (ANY_V4, ANY_V6) for one in refused):
        return ", and a wildcard covers that too"
    return ""


def _bind_word(one: BindTry) -> str:
    if one.v6only is None or one.address != ANY_V6:
        return one.address
    return f"{one.address} (v6-only)" if one.v6only else f"{one.address} (dual-stack)"


def _what_helps(refused: Sequence[BindTry], tries: Sequence[BindTry]) -> str:
    """The option with which everything that was refused works."""
    places = {(one.address, one.v6only) for one in refused}
    for option in (BindOption.REUSEADDR, BindOption.REUSEPORT):
        if places <= {(one.address, one.v6only) for one in tries if one.option is option and one.worked}:
            return option.value
    return ""


def _cure(reason: PortReason, holders: Sequence[SocketEntry], helps: str, to_see_more: str) -> str:
    if helps:
        return f"set {helps} before bind()"
    if reason is PortReason.TIME_WAIT:
        return "wait, or let the program that closes set SO_REUSEADDR before its bind()"
    pids = list(dict.fromkeys(owner.pid for entry in holders for owner in entry.owners))
    if pids:
        return "kill " + " ".join(map(str, pids[:SHOWN_MAX])) + "  # or bind another port"
    if to_see_more and holders:
        return f"{to_see_more}  # names the process"
    return "bind another port"


def _conclusion(port: int, verdicts: Sequence[PortVerdict]) -> str:
    """One sentence over all transports."""
    if verdicts and all(verdict.free for verdict in verdicts):
        names = _and([verdict.netid.upper() for verdict in verdicts])
        return f"{names} {port} {'are' if len(verdicts) > 1 else 'is'} free: bind() works."
    held = [verdict for verdict in verdicts if not verdict.free]
    free = [verdict for verdict in verdicts if verdict.free]
    return "; ".join(verdict.sentence for verdict in (*held, *free)) + "."


def _notes(facts: PortFacts) -> Iterable[str]:
    rules, port = facts.rules, facts.port
    if _within(rules.ephemeral, port) and not _reserved(rules, port):
        low, high = rules.ephemeral or (0, 0)
        yield (
            f"{port} is ephemeral ({low} to {high}): any outgoing connection may take it before you do; "
            f"sudo sysctl net.ipv4.ip_local_reserved_ports={port} keeps it for bind()"
        )
    if _reserved(rules, port):
        yield f"{port} is reserved: the kernel never chooses it, and bind() may still name it"
    if rules.unprivileged_from is not None and port < rules.unprivileged_from:
        yield f"{port} is privileged: below {rules.unprivileged_from} bind() needs CAP_NET_BIND_SERVICE"
    for one in facts.namespaces.found:
        yield _elsewhere(one, port)
    yield from dict.fromkeys(
        f"{one.netid.upper()} with {one.option}: {one.skipped}" for one in facts.tries if one.skipped
    )


def _elsewhere(one: Elsewhere, port: int) -> str:
    name = f" {one.inode}" if one.inode else ""
    kinds = _and(sorted({f"{entry.netid} {entry.state}" for entry in one.entries}))
    return (
        f"another network namespace{name} (pid {one.pid}) uses {port} too ({kinds}); that hinders nobody here: "
        f"sudo nsenter -t {one.pid} -n ss -tulnp sport = :{port}"
    )


def _within(span: tuple[int, int] | None, port: int) -> bool:
    return span is not None and span[0] <= port <= span[1]


def _reserved(rules: PortRules, port: int) -> bool:
    return any(_within(span, port) for span in rules.reserved or ())


def _and(words: Sequence[str]) -> str:
    return " and ".join([", ".join(words[:-1]), words[-1]] if len(words) > 2 else words)
