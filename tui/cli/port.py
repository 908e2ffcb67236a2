"""`sockmon port`: who holds a port, and why it cannot be bound, proven by binding it."""

from __future__ import annotations

import errno
import os
import re
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final

import click
import msgspec

from engine.export.socket_table import table_lines
from engine.export.sockets import socket_object
from engine.insight.ports import judged
from engine.model.errors import BadInput
from engine.model.ports import BindOption, BindTry, PortFacts, PortReport, PortRules
from engine.sockets.bind_tries import places, tries
from engine.sockets.port_holders import elsewhere, holders
from engine.sockets.port_rules import port_rules
from engine.text.cells import AcceptQueue, Look
from engine.text.columns import columns
from engine.text.sanitize import printable, printable_within
from engine.text.services import service_name, service_port
from engine.text.socket_values import parsed_address
from tui.cli.output import json_line
from tui.local_names import interface_name, user_name

PORT_MAX: Final = 65_535
SHOWN_COLUMNS: Final = "netid,state,local,peer,process,user,timer"
ROWS_MAX: Final = 20
"""Sockets listed for a person: a busy server's port has thousands of connections; --json has all."""

IS_FREE, IS_NOT = 0, 1

_TARGET: Final = re.compile(r"(?:\[(?P<bracketed>[^\]]*)\]:|(?P<plain>[^:\[\]]*):)?(?P<port>[\w-]+)", re.ASCII)


@click.command("port", short_help="Say who holds a port and why it cannot be bound.")
@click.option("-t", "--tcp", is_flag=True, help="TCP alone.")
@click.option("-u", "--udp", is_flag=True, help="UDP alone.")
@click.option("-4", "ipv4", is_flag=True, help="IPv4 alone.")
@click.option("-6", "ipv6", is_flag=True, help="IPv6 alone.")
@click.option("--json", "as_json", is_flag=True, help="JSON Lines: sockets, tries, and a summary.")
@click.argument("target", metavar="[ADDRESS:]PORT")
def port_command(target: str, tcp: bool, udp: bool, ipv4: bool, ipv6: bool, as_json: bool) -> None:
    """Say who holds PORT, a number or a service's name, and why a program cannot bind it: a holder, TIME-WAIT, a
    wildcard, IPv4 and IPv6 together, a privilege, a policy. Proven by binding the addresses that programs bind, or
    ADDRESS. The exit code is 0 if a plain bind() works on all of them, and 1 if not.
    """
    address, port = parsed_target(target)
    netids = tuple(name for name, wanted in (("tcp", tcp), ("udp", udp)) if wanted or tcp == udp)
    versions = (4, 6) if ipv4 == ipv6 else (4,) if ipv4 else (6,)
    entries, limits = holders(port, netids)
    facts = PortFacts(
        port=port,
        rules=port_rules(),
        entries=tuple(entries),
        tries=tuple(tries(port, netids, places(address, versions))),
        namespaces=elsewhere(port, netids),
        to_see_more="" if os.geteuid() == 0 else f"sudo {Path(sys.prefix) / 'bin' / 'sockmon'} port {target}",
    )
    report = judged(facts)
    if as_json:
        sys.stdout.write("".join(f"{json_line(one)}\n" for one in json_objects(facts, report)))
    else:
        sys.stdout.write("\n".join(text_lines(facts, report)) + "\n")
    for limit in limits:
        click.echo(f"sockmon: {printable(limit.sentence)}", err=True)
    sys.exit(IS_FREE if all(verdict.free for verdict in report.verdicts) else IS_NOT)


def parsed_target(text: str) -> tuple[str, int]:
    """Address (empty for none) and port of `8080`, `:8080`, `http`, `127.0.0.1:8080`, `[::1]:8080`. Raises BadInput."""
    shown = printable_within(text, 60)
    match = _TARGET.fullmatch(text.strip())
    if match is None:
        raise BadInput(f"{shown!r} is no port", hint="8080, http, 127.0.0.1:8080 or [::1]:8080")
    address = match["bracketed"] or match["plain"] or ""
    word = match["port"]
    port = int(word) if word.isdecimal() and len(word) <= len(str(PORT_MAX)) else service_port(word)
    if port is None or not 0 < port <= PORT_MAX:
        what = "is no port" if word.isdecimal() else "is no service that sockmon knows"
        raise BadInput(f"{shown!r} {what}", hint=f"a port is a number from 1 to {PORT_MAX}")
    if address == "*":
        address = ""
    if address and parsed_address(address) is None:
        raise BadInput(f"{printable_within(address, 60)!r} is no address", hint="numeric, an IPv6 one in brackets")
    return address, port


def json_objects(facts: PortFacts, report: PortReport) -> Iterator[dict[str, Any]]:
    """A line a socket and a try, then the summary."""
    for entry in facts.entries:
        yield {"kind": "socket", **socket_object(entry, user_name)}
    for one in facts.tries:
        name = errno.errorcode.get(one.errno, "") if one.refused else None
        yield {"kind": "try", **msgspec.to_builtins(one), "error": name}
    for place in facts.namespaces.found:
        for entry in place.entries:
            head = {"kind": "socket elsewhere", "namespace": place.inode or None, "namespace_pid": place.pid}
            yield {**head, **socket_object(entry, user_name)}
    summary = {
        "port": facts.port,
        "free": all(verdict.free for verdict in report.verdicts),
        **msgspec.to_builtins(report),
        "rules": msgspec.to_builtins(facts.rules),
        "other_namespaces": facts.namespaces.total,
    }
    yield {"summary": summary}


def text_lines(facts: PortFacts, report: PortReport) -> Iterator[str]:
    """The conclusion, what can be done, the sockets, the proof, the rules."""
    yield printable(report.conclusion)
    cures = dict.fromkeys(verdict.cure for verdict in report.verdicts if verdict.cure)
    for cure in cures:
        yield f"  to do: {printable(cure)}"
    for note in report.notes:
        yield f"  note:  {printable(note)}"
    if facts.entries:
        yield ""
        yield from _rows(facts)
    yield ""
    yield from try_lines(facts.tries)
    yield ""
    yield from rule_lines(facts)


def _rows(facts: PortFacts) -> Iterator[str]:
    look = Look(
        now_ns=time.time_ns(), separators=False, accept_queue=AcceptQueue.SS, user_name=user_name,
        interface_name=interface_name,
    )  # fmt: skip
    yield from table_lines(facts.entries[:ROWS_MAX], columns(SHOWN_COLUMNS), look)
    if len(facts.entries) > ROWS_MAX:
        yield f"… and {len(facts.entries) - ROWS_MAX} more (--json has all)"


def try_lines(tries: Sequence[BindTry]) -> Iterator[str]:
    """A line an address, a column an option."""
    options = [option for option in BindOption if any(one.option is option for one in tries)]
    rows: dict[tuple[str, str, bool | None], dict[BindOption, str]] = {}
    for one in tries:
        rows.setdefault((one.netid, one.address, one.v6only), {})[one.option] = _said(one)
    lines = [["bind()", "", *options]]
    for (netid, address, v6only), said in rows.items():
        kind = "" if v6only is None or address != "::" else " v6-only" if v6only else " dual-stack"
        lines.append([netid, f"{address}{kind}", *(said.get(option, "") for option in options)])
    widths = [max(len(line[place]) for line in lines) for place in range(len(lines[0]))]
    for line in lines:
        yield "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip()
    for number in dict.fromkeys(one.errno for one in tries if one.refused):
        yield f"{errno.errorcode.get(number, number)}: {os.strerror(number)}"


def _said(one: BindTry) -> str:
    if one.skipped:
        return "not tried"
    return errno.errorcode.get(one.errno, f"errno {one.errno}") if one.refused else "works"


def rule_lines(facts: PortFacts) -> Iterator[str]:
    """What the kernel's settings say of the port."""
    rules, port = facts.rules, facts.port
    names = dict.fromkeys(filter(None, (service_name(transport, port) for transport in ("tcp", "udp"))))
    others = facts.namespaces.total
    for word, text in (
        ("service", ", ".join(names) or "none by name"),
        ("privileged", _privileged(rules, port)),
        ("reserved", _reserved(rules, port)),
        ("ephemeral", _ephemeral(rules, port)),
        ("IPv6 takes IPv4", _v6only(rules)),
        ("namespaces", _namespaces(others, facts.namespaces.unreadable, len(facts.namespaces.found))),
    ):
        yield f"{word:<16} {text}"


def _privileged(rules: PortRules, port: int) -> str:
    start = rules.unprivileged_from
    if start is None:
        return "-"
    return f"{_yes(port < start)}: below {start} (net.ipv4.ip_unprivileged_port_start)"


def _reserved(rules: PortRules, port: int) -> str:
    if rules.reserved is None:
        return "-"
    spans = ",".join(str(low) if low == high else f"{low}-{high}" for low, high in rules.reserved) or "none"
    return (
        f"{_yes(any(low <= port <= high for low, high in rules.reserved))}: {spans} (net.ipv4.ip_local_reserved_ports)"
    )


def _ephemeral(rules: PortRules, port: int) -> str:
    if rules.ephemeral is None:
        return "-"
    low, high = rules.ephemeral
    return f"{_yes(low <= port <= high)}: {low} to {high} (net.ipv4.ip_local_port_range)"


def _v6only(rules: PortRules) -> str:
    return (
        "-"
        if rules.v6only is None
        else f"{_yes(not rules.v6only)}, unless a program says otherwise (net.ipv6.bindv6only)"
    )


def _namespaces(others: int, unreadable: int, using: int) -> str:
    if not others:
        return "no other network namespace has a process"
    hidden = f"; {unreadable} cannot be read" if unreadable else ""
    return f"{others} other{'s' if others > 1 else ''}, {using or 'none'} of them with a socket on this port{hidden}"


def _yes(holds: bool) -> str:
    return "yes" if holds else "no"
