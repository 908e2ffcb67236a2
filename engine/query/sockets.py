"""The filter of the socket table, ready to use: whether a row passes, and what the kernel may leave out of its dump."""

from __future__ import annotations

from typing import Final

import msgspec

from engine.model.sockets import SocketEntry
from engine.query.kernel import KernelFilter, kernel_filter
from engine.query.matcher import Matches, matcher
from engine.query.parser import parse
from engine.query.socket_fields import SOCKET_VOCABULARY
from engine.query.syntax import Node, looks_for_words, names_of, written
from engine.query.wording import worded
from engine.text.cells import Look

NOTHING_MORE: Final = Look()
"""For rows alone: no time, no figures, numbers as their own names."""

_OWNER_FIELDS: Final = frozenset(("process", "cmdline", "pid", "fd", "ours", "owner", "unit"))
_FIGURE_FIELDS: Final = frozenset(("age", "inrate", "outrate"))


class SocketFilter(msgspec.Struct, frozen=True):
    """A filter of the socket table, ready to use."""

    text: str
    """As it was typed."""
    node: Node
    kernel: KernelFilter
    """What may be left out of the dump itself."""
    test: Matches
    names: frozenset[str]
    """Canonical names of the fields that it looks at."""
    words: bool
    """It looks for texts in all that a row shows."""

    def matches(self, entry: SocketEntry, look: Look = NOTHING_MORE) -> bool:
        """Whether the row passes. `look` brings the time, figures and names that the row itself lacks."""
        return self.test(entry, look)

    @property
    def needs_owners(self) -> bool:
        """It cannot decide without the processes that hold a socket."""
        return self.words or bool(self.names & _OWNER_FIELDS)

    @property
    def needs_figures(self) -> bool:
        """It cannot decide without what only watching over time tells."""
        return bool(self.names & _FIGURE_FIELDS)

    def __str__(self) -> str:
        """Canonical text: parsing it gives the same filter."""
        return written(self.node)


def compile_sockets(text: str) -> SocketFilter:
    """The filter of the socket table that `text` says; an empty text lets every row pass. Raises FilterError."""
    node = parse(text, SOCKET_VOCABULARY)
    return SocketFilter(
        text, node, kernel_filter(node), matcher(node, SOCKET_VOCABULARY), names_of(node), looks_for_words(node)
    )


def explain_sockets(text: str) -> str:
    """What was understood, in words. Raises FilterError."""
    return worded(parse(text, SOCKET_VOCABULARY), SOCKET_VOCABULARY)
