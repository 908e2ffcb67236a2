"""`sockmon lookup`: a name, address, port, service or number, in every form that a socket program meets it."""

from __future__ import annotations

import socket
import sys

import click

from engine.text.sanitize import printable
from tui.cli.output import json_line
from tui.cli.readings import Reading, machine_readings, readings_of


@click.command("lookup", short_help="Look up a name, address, port, service or number.")
@click.option("-4", "ipv4", is_flag=True, help="IPv4 addresses only.")
@click.option("-6", "ipv6", is_flag=True, help="IPv6 addresses only.")
@click.option("-n", "--numeric", is_flag=True, help="Ask no name server: numbers, /etc/services and interfaces alone.")
@click.option("--service", metavar="NAME", help="Service or port to look up together with a name.")
@click.option("--json", "as_json", is_flag=True, help="JSON Lines, one object a reading.")
@click.argument("text", metavar="X", default="")
def lookup_command(text: str, ipv4: bool, ipv6: bool, numeric: bool, service: str | None, as_json: bool) -> None:
    """Show X in every form: getaddrinfo's list for a name, bytes and names of an address, both byte orders of a number,
    the service on a port. Without X: this machine's names and interfaces.
    """
    family = socket.AF_UNSPEC if ipv4 == ipv6 else socket.AF_INET if ipv4 else socket.AF_INET6
    readings = (
        list(readings_of(text.strip(), family, service, numeric)) if text.strip() else list(machine_readings(numeric))
    )
    if as_json:
        sys.stdout.write("".join(f"{json_line({'kind': one.kind} | one.facts)}\n" for one in readings))
        return
    sys.stdout.write("\n".join(_paragraph(one) for one in readings))


def _paragraph(reading: Reading) -> str:
    widest = max((len(label) for label, _ in reading.lines), default=0)
    lines = [f"  {label:<{widest}}  {text}".rstrip() for label, text in reading.lines]
    return "\n".join([printable(reading.title), *map(printable, lines)]) + "\n"
