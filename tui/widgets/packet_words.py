"""What the packets pane says in words: why there are none, how the capture stands, what a box means. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from textual.content import Content

from engine.export.times import TimeFormat
from engine.model.health import Degradation
from engine.model.packets import CaptureStatus
from engine.text.sanitize import printable
from tui.widgets.pane import Words

WHY_NO_PACKETS: Final = ("NO_CAP_NET_RAW", "NO_PACKET_SOCKET")
"""Degradations that leave the pane without packets."""

NO_PACKETS: Final = {
    True: "No handshake, FIN or RST yet. a lists all packets.",
    False: "No packet yet.",
}


def bpf_words(text: str) -> str:
    return f"Enter captures only what tcpdump's words say: {text}"


def interface_words(text: str) -> str:
    return f"Enter captures on {text}; several are joined by commas, any means all"


def list_words(
    status: CaptureStatus, handshakes: bool, display_filter: str, times: TimeFormat, *, following: bool
) -> list[Words | str]:
    """Which list it is and how it stands, for the border above it."""
    said: list[Words | str] = ["handshakes, FIN, RST" if handshakes else "all"]
    if display_filter:
        said.append((display_filter, "$text-primary"))
    if following:
        said.append(("following", "$text-success"))
    if not status.running:
        said.append(("capture off", "bold $text-warning"))
    if times is not TimeFormat.RELATIVE:
        said.append((f"time: {times}", "$text-primary"))
    return said


def capture_totals(status: CaptureStatus) -> list[Words | str]:
    trust = status.trust
    said: list[Words | str] = [f"{status.interface} by {status.source}"]
    if status.capture_filter:
        said.append(f"capture filter {status.capture_filter}")
    if trust.evicted:
        said.append((f"{trust.evicted:,} given up for room", "$text-warning"))
    if trust.undecodable:
        said.append((f"{trust.undecodable:,} undecodable", "$text-warning"))
    return said


def _sentence(words: str) -> str:
    text = printable(words)
    return text[:1].upper() + text[1:] + ("" if text.endswith(".") else ".")


def why_no_packets(degradations: Sequence[Degradation]) -> Content:
    """Why nothing is captured, and the command that cures it."""
    lines = [Content.styled("No packets are captured.", "bold")]
    reason = next((one for one in degradations if one.code in WHY_NO_PACKETS), None)
    if reason is not None:
        lines = [Content.styled(_sentence(reason.sentence), "bold")]
        if reason.cure:
            cure = Content.styled(f"  {printable(reason.cure)}", "bold $text-warning")
            lines += [Content(""), Content("The right comes with"), cure]
        lines += [Content(""), Content.styled("Everything else works without it.", "$foreground 65%")]
    return Content("\n").join(lines)
