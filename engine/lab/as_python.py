"""An actor as a short plain Python program that does the same and runs as it stands: "copy as Python"."""

from __future__ import annotations

import ipaddress
import socket
from string import Template
from typing import Final

from engine.lab.catalogue import actor_kind
from engine.lab.clients.datagrams import REPLY_TIMEOUT_S
from engine.lab.errors import error_recipe
from engine.lab.option_names import level_name
from engine.lab.options import OPTIONS, Option
from engine.lab.programs.clients import CLIENTS, SEND_CALLS
from engine.lab.programs.datagrams import DATAGRAMS
from engine.lab.programs.echo import ECHO
from engine.lab.programs.errors import ERRORS
from engine.lab.programs.messages import message_program
from engine.lab.programs.servers import SERVERS
from engine.lab.unix_names import unix_address
from engine.model.lab import ActorSpec, Knobs

FOREVER_S: Final = 86_400
"""What `hold until stopped` is in a program: a day."""

DATAGRAM_KINDS: Final = frozenset(
    ("udp-echo", "udp-sink", "sntp-server", "udp-client", "udp-broadcast", "udp-multicast", "udp-flood", "sntp-client")
)
PROGRAMS: Final = {**ECHO, **SERVERS, **CLIENTS, **DATAGRAMS}

UNIX_KINDS: Final = frozenset(("unix-echo", "unix-client"))


def as_python(spec: ActorSpec) -> str:
    """The program. Raises BadInput for an unknown kind."""
    kind = actor_kind(spec.kind).kind
    program = _program(kind, spec.knobs)
    lines: list[str] = []
    for line in program.splitlines():
        lines += _expanded(line, kind, spec.knobs)
    return Template("\n".join(lines) + "\n").substitute(_blanks(spec.knobs))


def _program(kind: str, knobs: Knobs) -> str:
    if kind in ("message-server", "message-client"):
        return message_program(kind, knobs.framing)
    if kind == "error-maker":
        return ERRORS[error_recipe(knobs.error).name]
    return PROGRAMS[kind]


def _expanded(line: str, kind: str, knobs: Knobs) -> list[str]:
    """The lines that one line of a program stands for."""
    indent = line[: len(line) - len(line.lstrip())]
    match line.strip().split():
        case ["#", "options:", name]:
            return [indent + text for text in option_lines(name, kind, knobs, connected=False)]
        case ["#", "connected:", name]:
            return [indent + text for text in option_lines(name, kind, knobs, connected=True)]
        case ["#", "bind:", name]:
            own = knobs.bind_host or knobs.bind_port
            return [f"{indent}{name}.bind(({knobs.bind_host!r}, {knobs.bind_port}))"] if own else []
        case ["#", "shutdown:", name]:
            return [f"{indent}{name}.shutdown(socket.SHUT_{knobs.shutdown})"] if knobs.shutdown else []
        case ["#", "group:", name]:
            return [indent + text for text in _group_lines(name, knobs)]
        case ["$SEND"]:
            return [indent + text for text in SEND_CALLS[knobs.send_call]]
        case ["sock.settimeout($TIMEOUT)"]:
            return [line] if knobs.timeout_s is not None else []
    return [line]


def option_lines(name: str, kind: str, knobs: Knobs, *, connected: bool) -> list[str]:
    """A setsockopt() call for each option that the knobs ask for and the kind reads."""
    reads = actor_kind(kind).knobs
    family = socket.AF_UNIX if kind in UNIX_KINDS else _family(knobs)
    lines = []
    for option in OPTIONS:
        asked = getattr(knobs, option.knob)
        if asked is None or (asked is False and option.knob == "reuseaddr") or option.knob not in reads:
            continue
        if option.connected != connected or not _concerns(option, kind, family):
            continue
        value = option.encode(asked)
        lines.append(f"{name}.setsockopt(socket.{level_name(option.level)}, {_number(option)}, {value!r})")
    return lines


def _concerns(option: Option, kind: str, family: int) -> bool:
    if family == socket.AF_UNIX and option.level != socket.SOL_SOCKET:
        return False
    if option.streams_only and kind in DATAGRAM_KINDS:
        return False
    return option.family is None or option.family == family


def _number(option: Option) -> str:
    """The option as the socket module names it, or its number with the name beside."""
    return f"socket.{option.name}" if hasattr(socket, option.name) else f"{option.number}"


def _group_lines(name: str, knobs: Knobs) -> list[str]:
    """What a sender to a multicast group sets; nothing for a broadcast."""
    try:
        multicast = ipaddress.ip_address(knobs.host.partition("%")[0]).is_multicast
    except ValueError:
        return []
    if not multicast:
        return []
    index = f"socket.if_nametoindex({knobs.interface!r})"
    if ":" in knobs.host:
        return [f"{name}.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_MULTICAST_IF, {index})"]
    value = f'bytes(8) + {index}.to_bytes(4, "little")'
    return [f"{name}.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, {value})"]


def _family(knobs: Knobs) -> int:
    return socket.AF_INET6 if ":" in knobs.host or knobs.family == "inet6" else socket.AF_INET


def _payload(knobs: Knobs) -> str:
    """The expression of the bytes to send."""
    if knobs.file:
        return f'open({knobs.file!r}, "rb").read()'
    if knobs.size is not None:
        return f'b"x" * {knobs.size}'
    return repr(knobs.text.encode("utf-8", "surrogateescape"))


def _blanks(knobs: Knobs) -> dict[str, str]:
    reply_timeout_s = REPLY_TIMEOUT_S if knobs.timeout_s is None else knobs.timeout_s
    return {
        "FAMILY": f"socket.{_family_name(knobs)}",
        "HOST": repr(knobs.host),
        "PORT": str(knobs.port),
        "PATH": repr(unix_address(knobs.path)) if knobs.path else "''",
        "BACKLOG": str(knobs.backlog),
        "RECV": str(knobs.recv_size),
        "CHUNK": str(knobs.chunk),
        "REPEAT": str(knobs.repeat),
        "CONNECTIONS": str(knobs.connections),
        "PROCESSES": str(knobs.processes),
        "INTERVAL": f"{knobs.interval_s:g}",
        "RAMP": f"{knobs.ramp_s:g}",
        "DELAY": f"{knobs.delay_s:g}",
        "RETRY": f"{knobs.retry_s:g}",
        "HOLD": str(FOREVER_S) if knobs.hold_s is None else f"{knobs.hold_s:g}",
        "TIMEOUT": f"{knobs.timeout_s}",
        "REPLY_TIMEOUT": f"{reply_timeout_s:g}",
        "RATE": str(knobs.bytes_per_s if knobs.bytes_per_s is not None else 10**12),
        "TEXT": repr(knobs.text),
        "PAYLOAD": _payload(knobs),
        "SIZE": str(knobs.message_size),
        "MARK": repr(knobs.delimiter.encode("utf-8", "surrogateescape")),
        "INTERFACE": repr(knobs.interface),
    }


def _family_name(knobs: Knobs) -> str:
    return "AF_INET6" if _family(knobs) == socket.AF_INET6 else "AF_INET"
