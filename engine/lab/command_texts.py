"""What the texts that go with an actor's commands mean: pure, so that a form can say it as they are typed."""

from __future__ import annotations

import socket
from collections.abc import Callable, Mapping
from typing import Final

from engine.lab.knobs import RATE_MAX, SIZE_MAX
from engine.model.errors import BadInput
from engine.model.lab import ActorCommand

LISTENER: Final = "listener"
"""CLOSE and TIMEOUT with this text concern the listener and not the connection."""

DEFAULT: Final = "default"
"""TIMEOUT with this text calls setdefaulttimeout(), which holds for sockets that are made or accepted afterwards."""

TIMEOUT_MAX_S: Final = 3600.0

SHUTDOWN_HOW: Final = {"RD": socket.SHUT_RD, "WR": socket.SHUT_WR, "RDWR": socket.SHUT_RDWR}


def recv_size_of(text: str, default: int) -> int:
    """The size in a RECV command; empty means the knob's. Raises BadInput."""
    if not text.strip():
        return default
    if not text.strip().isdecimal() or not 0 < int(text) <= SIZE_MAX:
        raise BadInput(f"{text!r} is not a number of bytes", hint=f"1 to {SIZE_MAX}")
    return int(text)


def timeout_of(text: str) -> tuple[str, float | None]:
    """What a TIMEOUT command concerns (`listener`, `default`, or empty for the connection), and the seconds; None for
    a socket that blocks. Raises BadInput."""
    first, _, rest = text.strip().partition(" ")
    concerns, seconds = (first, rest.strip()) if first in (LISTENER, DEFAULT) else ("", text.strip())
    if seconds == "none":
        return concerns, None
    try:
        value = float(seconds)
    except ValueError:
        value = -1.0
    if not 0 <= value <= TIMEOUT_MAX_S:  # written so that NaN fails too
        raise BadInput(f"timeout {seconds!r} is no number of seconds up to {TIMEOUT_MAX_S:g}", hint="or none")
    return concerns, value


def shutdown_of(text: str) -> int:
    """SHUT_RD, SHUT_WR or SHUT_RDWR. Raises BadInput."""
    try:
        return SHUTDOWN_HOW[text.strip().upper()]
    except KeyError:
        raise BadInput(f"shutdown {text!r} is none of {', '.join(SHUTDOWN_HOW)}") from None


def rate_of(text: str) -> int:
    """The rate in a SLOW_DRAIN command, bytes per second; 0 stops reading. Raises BadInput."""
    if not text.strip().isdecimal() or int(text) > RATE_MAX:
        raise BadInput(f"{text!r} is not a number of bytes per second", hint=f"0 to {RATE_MAX}")
    return int(text)


CHECKS: Final[Mapping[ActorCommand, Callable[[str], object]]] = {
    ActorCommand.RECV: lambda text: recv_size_of(text, 1),
    ActorCommand.TIMEOUT: timeout_of,
    ActorCommand.SHUTDOWN: shutdown_of,
    ActorCommand.SLOW_DRAIN: rate_of,
}
"""Each raises BadInput for a text that its command cannot use. Those of the other commands may be any."""


def check_text(command: ActorCommand, text: str) -> None:
    """Raise BadInput unless the command can use this text."""
    if command in CHECKS:
        CHECKS[command](text)
