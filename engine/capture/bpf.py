"""Capture filters: from the words that a person types to the program that the kernel runs."""

from __future__ import annotations

import re
from typing import Final

from engine.capture import bpf_words
from engine.capture.bpf_code import EVERYTHING, NOTHING, Node, Not, Program, all_of, assemble
from engine.capture.bpf_parse import parse
from engine.capture.bpf_words import Conversation
from engine.model.errors import CaptureError, FilterError
from engine.model.packets import FULL_SNAP_LENGTH

LIBPCAP_HINT: Final = "words beyond the built-in ones need libpcap: on Debian and Ubuntu `sudo apt install libpcap0.8`"


_PARTS: Final = re.compile(r"\b(?:src|dst|less|greater|len|inbound|outbound)\b|\[")
"""Words that tell a conversation's segments apart by direction, size or content."""


def compile_filter(
    text: str,
    *,
    hardware_types: tuple[int, ...],
    snap_length: int = FULL_SNAP_LENGTH,
    handshakes_only: bool = False,
    interfaces: tuple[int, ...] = (),
    left_out: tuple[Conversation, ...] = (),
    followed: Conversation | None = None,
) -> Program:
    """The socket filter for a capture.

    `text` is the user's filter, empty for all. `interfaces` limits a socket that hears all interfaces to these indexes,
    and is empty for no limit; `left_out` are conversations never handed over; `followed` is handed over whole, all else
    cut to `snap_length` bytes. A loopback frame's outgoing copy never passes.

    What the built-in words cannot say goes to libpcap, for `hardware_types` (ARPHRD_ numbers). Raises FilterError.
    """
    guards: list[Node] = [bpf_words.without_loopback_copies()]
    if interfaces:
        guards.append(bpf_words.on_interfaces(interfaces))
    if handshakes_only:
        guards.append(bpf_words.handshakes())
    guards.extend(Not(bpf_words.conversation(ends)) for ends in left_out)
    return assemble(
        _accept(text, hardware_types),
        snap_length,
        guard=all_of(*guards),
        whole=bpf_words.conversation(followed) if followed else NOTHING,
        whole_length=FULL_SNAP_LENGTH,
    )


def takes_parts(text: str) -> bool:
    """Whether a filter may hand over some segments of a conversation and not others, so that what its analysis finds
    missing was only left out."""
    return bool(_PARTS.search(text))


def check_filter(text: str) -> None:
    """Raise FilterError if `text` is no filter that the built-in words can say; for a look while it is typed."""
    parse(text)


def _accept(text: str, hardware_types: tuple[int, ...]) -> Node | Program:
    if not text.strip():
        return EVERYTHING
    try:
        return parse(text)
    except FilterError as ours:
        from engine.capture import libpcap

        try:
            return libpcap.compile_filter(text, hardware_types)
        except CaptureError as missing:
            raise FilterError(ours.tried, ours.position, f"{LIBPCAP_HINT}; {missing}") from missing
        except FilterError as theirs:
            raise FilterError(ours.tried, ours.position, theirs.tried) from theirs
