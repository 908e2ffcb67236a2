"""The filter of the packet list, ready to use: Wireshark's names, the socket table's words."""

from __future__ import annotations

import msgspec

from engine.model.packets import PacketRow
from engine.query.matcher import Matches, matcher
from engine.query.packet_fields import PACKET_VOCABULARY
from engine.query.parser import parse
from engine.query.sockets import NOTHING_MORE
from engine.query.syntax import Node, written
from engine.query.wording import worded


class PacketFilter(msgspec.Struct, frozen=True):
    """A display filter, ready to use."""

    text: str
    """As it was typed."""
    node: Node
    test: Matches

    def matches(self, row: PacketRow) -> bool:
        """Whether the row passes."""
        return self.test(row, NOTHING_MORE)

    def __str__(self) -> str:
        """Canonical text: parsing it gives the same filter."""
        return written(self.node)


def compile_packets(text: str) -> PacketFilter:
    """The display filter that `text` says; an empty text lets every packet pass. Raises FilterError."""
    node = parse(text, PACKET_VOCABULARY)
    return PacketFilter(text, node, matcher(node, PACKET_VOCABULARY))


def explain_packets(text: str) -> str:
    """What was understood, in words. Raises FilterError."""
    return worded(parse(text, PACKET_VOCABULARY), PACKET_VOCABULARY)
