"""What a name, address, port, service or number means, in every form that a socket program meets it."""

from __future__ import annotations

import socket
from collections.abc import Iterator, Sequence
from typing import Any, Final

import msgspec

from engine.model.errors import BadInput
from engine.text.numbers import AddressForms, NumberForms, address_forms, number_forms, parsed_number
from engine.text.sanitize import printable_within
from tui.cli import resolve

PORT_MAX: Final = 65_535
PROTOCOL_MAX: Final = 255
NAME_CHARACTERS_MAX: Final = 253
"""Of a host name (RFC 1035 section 2.3.4)."""
REVERSE_MAX: Final = 8
"""Addresses of one name whose names are asked for in turn: each may take seconds."""


class Reading(msgspec.Struct, frozen=True):
    """One thing that the text may mean."""

    kind: str
    title: str
    facts: dict[str, Any]
    """As JSON has it."""
    lines: Sequence[tuple[str, str]]
    """As people read it: label and text."""


def readings_of(text: str, family: int, service: str | None, numeric: bool) -> Iterator[Reading]:
    """Everything that the text means. Raises BadInput if it means nothing."""
    number = parsed_number(text)
    if number is not None:
        yield _number(number_forms(number))
        if number <= PORT_MAX:
            yield _port(number)
        if number <= PROTOCOL_MAX and resolve.protocol_name(number):
            yield _protocol(resolve.protocol_name(number), number)
        return
    address = address_forms(text)
    if address is not None:
        yield _address(address, numeric)
        return
    if len(text) > NAME_CHARACTERS_MAX:
        raise BadInput(f"a host name has at most {NAME_CHARACTERS_MAX} characters, this has {len(text)}")
    found = [*_service(text), *_protocol_named(text), *_interface(text)]
    yield from found
    if numeric:
        if not found:
            shown = printable_within(text, 60)
            raise BadInput(
                f"{shown!r} is no number, address, service, protocol or interface", hint="-n asks nobody else"
            )
        return
    try:
        yield _name(text, family, service)
    except resolve.Unanswered:
        # A word such as `ssh` is a service, and no host of that name is no mistake then.
        if not found:
            raise


def _number(forms: NumberForms) -> Reading:
    lines = [("decimal", forms.decimal), ("hexadecimal", forms.hexadecimal), ("binary", forms.binary)]
    for width in forms.widths:
        if width.bits == 8:
            lines.append(("8 bits", f"{width.network}  struct 'B'"))
            continue
        swap = {16: "htons", 32: "htonl"}.get(width.bits)
        swapped = f"  {swap}() on a little-endian machine {width.swapped:#x} = {width.swapped}" if swap else ""
        lines.append(
            (
                f"{width.bits} bits",
                f"network {width.network}  struct {width.struct_network!r}   "
                f"little-endian {width.little_endian}  struct {width.struct_little_endian!r}{swapped}",
            )
        )
    if forms.ipv4:
        lines.append(("IPv4 address", forms.ipv4))
    return Reading("number", f"{forms.decimal} as a number", msgspec.to_builtins(forms), lines)


def _port(port: int) -> Reading:
    services = resolve.services_on(port)
    text = ", ".join(f"{name}/{transport}" for transport, name in services.items()) or "no service has it by name"
    return Reading("port", f"{port} as a port", {"port": port, "services": services}, [("service", text)])


def _protocol(name: str, number: int) -> Reading:
    facts = {"protocol": name, "number": number}
    return Reading("protocol", f"{name} as a protocol", facts, [("number", f"{number} (IPPROTO_{name.upper()})")])


def _protocol_named(text: str) -> Iterator[Reading]:
    number = resolve.protocol_number(text)
    if number is not None:
        yield _protocol(text.lower(), number)


def _service(text: str) -> Iterator[Reading]:
    ports = resolve.ports_of(text)
    if ports:
        line = ", ".join(f"{port}/{transport}" for transport, port in ports.items())
        yield Reading("service", f"{text} as a service", {"service": text, "ports": ports}, [("port", line)])


def _interface(text: str) -> Iterator[Reading]:
    for one in resolve.interfaces():
        if one.name == text:
            addresses = ", ".join(one.addresses) or "none"
            lines = [("index", str(one.index)), ("addresses", addresses)]
            yield Reading("interface", f"{text} as an interface", msgspec.to_builtins(one), lines)


def _address(forms: AddressForms, numeric: bool) -> Reading:
    here = [one.name for one in resolve.interfaces() if forms.text in {a.partition("%")[0] for a in one.addresses}]
    lines = [
        ("text", forms.text),
        ("bytes", forms.packed),
        ("number", f"{forms.number} = {forms.number:#x}"),
        ("belongs to", forms.scope + (f", interface {', '.join(here)} of this machine" if here else "")),
        ("inet_pton", "takes it as written" if forms.strict else "refuses the short form; inet_aton takes it"),
    ]
    if forms.exploded:
        lines.append(("all digits", forms.exploded))
    if forms.mapped:
        lines.append(("IPv4 inside" if forms.version == 6 else "as IPv6", forms.mapped))
    if forms.zone:
        lines.append(("zone", forms.zone))
    facts: dict[str, Any] = msgspec.to_builtins(forms) | {"interfaces": here}
    if not numeric:
        names, text = _reverse(forms.text)
        facts["names"] = names
        lines.append(("name", text))
    lines.append(("asked as", forms.reverse_name))
    return Reading("address", f"{forms.text} as an IPv{forms.version} address", facts, lines)


def _reverse(address: str) -> tuple[list[str], str]:
    """The names of an address, and the same for people; no name is an answer too."""
    try:
        names = list(resolve.names_of(address))
    except resolve.Unanswered as error:
        return [], f"none ({error.tried.rpartition(': ')[2]})"
    return names, ", ".join(names)


def _socket_address(one: resolve.Endpoint) -> str:
    """The address as connect() and bind() take it: of four items for IPv6."""
    if one.family == "AF_INET6":
        return repr((one.address, one.port, 0, one.scope))
    return repr((one.address, one.port))


def _name(text: str, family: int, service: str | None) -> Reading:
    found = resolve.endpoints(text, service, family)
    lines = [
        (
            "getaddrinfo" if place == 0 else "",
            f"({one.family}, {one.type}, {one.protocol}, {one.canonical!r}, {_socket_address(one)})",
        )
        for place, one in enumerate(found)
    ]
    addresses = list(dict.fromkeys(one.address for one in found))
    names: dict[str, list[str]] = {}
    for place, address in enumerate(addresses[:REVERSE_MAX]):
        names[address], shown = _reverse(address)
        lines.append(("names back" if place == 0 else "", f"{address} → {shown}"))
    if len(addresses) > REVERSE_MAX:
        lines.append(("", f"{len(addresses) - REVERSE_MAX} more addresses are not asked for their names"))
    if len(addresses) > 1:
        lines.append(("first", f"{addresses[0]} is what a program tries first"))
    facts = {"name": text, "addresses": [msgspec.to_builtins(one) for one in found], "names": names}
    return Reading("name", f"{text} as a name", facts, lines)


def machine_readings(numeric: bool) -> Iterator[Reading]:
    """This machine: what it calls itself, and its interfaces."""
    host = socket.gethostname()
    full = ""
    if not numeric:
        try:
            full = resolve.machine_names()[1]
        except resolve.Unanswered as error:
            full = f"- ({error.tried})"
    lines = [("gethostname()", host), *((("getfqdn()", full),) if full else ())]
    yield Reading("machine", "this machine", {"hostname": host, "fqdn": full or None}, lines)
    for one in resolve.interfaces():
        facts = msgspec.to_builtins(one)
        line = ("addresses", ", ".join(one.addresses) or "none")
        yield Reading("interface", f"{one.name} as an interface", facts, [("index", str(one.index)), line])
