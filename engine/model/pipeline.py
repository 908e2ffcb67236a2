"""Where the bytes of a connection are: one line of boxes a direction, and the equations that tie them together.

Figures are bytes of data. SYN and FIN each take a sequence number (RFC 9293 section 3.4), which the kernel counts in
its queues and totals; here they are taken off.
"""

from __future__ import annotations

from enum import StrEnum

import msgspec


class Basis(StrEnum):
    """What a figure rests on."""

    EXACT = "exact"
    """The kernel's or the program's own count."""
    DERIVED = "derived"
    """Worked out of two counts, which may have been read a moment apart."""
    UNKNOWN = "unknown"


class Box(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A place where bytes are, or a point which they have passed."""

    name: str
    """accepted, not sent, in flight, acked, on its way, received, Recv-Q, read: the keys of `BOX_TITLES`."""
    value: int | None
    """Bytes; None is unknown."""
    basis: Basis
    source: str = ""
    """The figures it is made of: `notsent_bytes + bytes_sent - bytes_retrans`."""
    limit: int | None = None
    """Bytes at which the place is full (a buffer, a window), None where there is no such limit or it is not known."""


BOX_TITLES: dict[str, str] = {
    "accepted": "send()",
    "not sent": "not sent",
    "in flight": "in flight",
    "acked": "acked",
    "on its way": "ACK on its way",
    "received": "received",
    "Recv-Q": "Recv-Q",
    "read": "recv()",
}
"""Boxes in the order in which a byte passes them, and what stands over each."""


class Term(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A summand of an equation."""

    name: str
    value: int | None
    sign: int = 1


class Equation(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """`left = terms`, and whether it holds."""

    name: str
    """sender, receiver, between, program, at rest."""
    left: Term
    right: tuple[Term, ...]
    difference: int | None
    """left - right; None if something is unknown."""
    holds: bool | None
    """None if something is unknown, or if bytes may have moved between the reads so that a difference says nothing."""
    exact: bool
    """Its figures belong to one moment; else they were read `apart_ns` from each other."""
    note: str = ""
    """Why it is not exact, or why it need not hold now."""


class Direction(msgspec.Struct, frozen=True, gc=False):
    """The way from one program to the other."""

    sender: str
    """`flood-client (41233) 127.0.0.1:53942`. May hold foreign text: sanitize before display."""
    receiver: str
    sender_key: int
    """Key of the row; 0 if that end is not on this machine."""
    receiver_key: int
    boxes: tuple[Box, ...]
    """In the order of `BOX_TITLES`; every one of them is there, unknown or not."""
    equations: tuple[Equation, ...]
    window: int | None = None
    """What the receiver last offered, in bytes, as the sender knows it (tcpi_snd_wnd)."""

    def box(self, name: str) -> Box:
        """The box of this name. KeyError if there is none."""
        for box in self.boxes:
            if box.name == name:
                return box
        raise KeyError(name)


class Pipeline(msgspec.Struct, frozen=True, gc=False):
    """Both ways of a connection: `forward` is from the local row to its peer."""

    forward: Direction
    backward: Direction
    apart_ns: int | None = None
    """At most so far apart in time were the two ends' rows read; None if unknown or if only one end is here."""
    programs_apart_ns: int | None = None
    """At most so far apart were the rows and the programs' own counts read; None where no program of ours counts."""
    at_rest: bool = False
    """Nothing moved since the pipeline before, and no acknowledgment is owed: everything adds up to the byte."""
