"""The facts that a lesson can ask for: their names, what each is about, what kind of value it has."""

from __future__ import annotations

from enum import StrEnum
from typing import Final

import msgspec


class About(StrEnum):
    """What follows the name of a fact."""

    SOCKET = "SOCKET"
    """An actor, or one of its sockets: `server`, `server.listener`, `server.2`."""
    ACTOR = "ACTOR"
    NOTHING = ""


class Sort(StrEnum):
    """What kind of value a fact has."""

    STATE = "state"
    NUMBER = "number"
    TEXT = "text"
    ERRNO = "errno"
    VERDICT = "verdict"
    """Names of rules; `==` means that it is among them."""


class Source(StrEnum):
    """Where it is read."""

    KERNEL = "kernel"
    PROGRAM = "program"
    WIRE = "wire"


class Fact(msgspec.Struct, frozen=True):
    """One fact."""

    name: str
    about: About
    sort: Sort
    source: Source
    line: str
    argument: str = ""
    """What the word after the socket or actor is; empty for none. A `?` at the end makes it optional."""


_SOCKET: Final = About.SOCKET
_ACTOR: Final = About.ACTOR
_KERNEL: Final = Source.KERNEL
_PROGRAM: Final = Source.PROGRAM

FACTS: Final[dict[str, Fact]] = {
    fact.name: fact
    for fact in (
        Fact("state", _SOCKET, Sort.STATE, _KERNEL, "TCP state; CLOSED once the kernel has no row for it"),
        Fact("recvq", _SOCKET, Sort.NUMBER, _KERNEL, "Recv-Q; on a listener the accept queue"),
        Fact("sendq", _SOCKET, Sort.NUMBER, _KERNEL, "Send-Q; on a listener the accept queue's limit"),
        Fact("timer", _SOCKET, Sort.TEXT, _KERNEL, "the running timer: on, keepalive, timewait, persist; - for none"),
        Fact("local", _SOCKET, Sort.TEXT, _KERNEL, "local address and port"),
        Fact("peer", _SOCKET, Sort.TEXT, _KERNEL, "the peer's address and port"),
        Fact("owners", _SOCKET, Sort.NUMBER, _KERNEL, "how many processes hold it"),
        Fact("owner", _SOCKET, Sort.TEXT, _KERNEL, "who holds it: actors, `server.child`, or -"),
        Fact("info", _SOCKET, Sort.NUMBER, _KERNEL, "a field of tcp_info", "FIELD"),
        Fact("memory", _SOCKET, Sort.NUMBER, _KERNEL, "a field of skmem: rcvbuf, sndbuf, drops …", "FIELD"),
        Fact("verdict", _SOCKET, Sort.VERDICT, _KERNEL, "what sockmon makes of it: `sockmon explain` names the rules"),
        Fact("sockets", _ACTOR, Sort.NUMBER, _KERNEL, "rows of the actor, in one state or in all", "STATE?"),
        Fact("counter", About.NOTHING, Sort.NUMBER, _KERNEL, "rise of a kernel counter since the start", "NAME"),
        Fact("actor", _ACTOR, Sort.TEXT, _PROGRAM, "running, stalled, done, failed or stopped"),
        Fact("errno", _ACTOR, Sort.ERRNO, _PROGRAM, "the errno of its last error"),
        Fact("error", _ACTOR, Sort.TEXT, _PROGRAM, "its last error as Python writes it"),
        Fact("call", _ACTOR, Sort.TEXT, _PROGRAM, "what the last call of a name returned", "CALL"),
        Fact("asked", _ACTOR, Sort.TEXT, _PROGRAM, "the arguments of the last call of a name", "CALL"),
        Fact("calls", _ACTOR, Sort.NUMBER, _PROGRAM, "how often a call was made", "CALL"),
        Fact("took", _ACTOR, Sort.NUMBER, _PROGRAM, "seconds that the last call of a name took", "CALL"),
        Fact("waits", _ACTOR, Sort.TEXT, _PROGRAM, "the calls in which its threads wait, or -"),
        Fact("reply", _ACTOR, Sort.TEXT, _PROGRAM, "the text that came back"),
        Fact("note", _ACTOR, Sort.TEXT, _PROGRAM, "its remarks, one a line"),
        Fact("option", _ACTOR, Sort.TEXT, _PROGRAM, "a socket option as the kernel has it", "OPTION"),
        Fact("sent", _ACTOR, Sort.NUMBER, _PROGRAM, "bytes that send() took"),
        Fact("received", _ACTOR, Sort.NUMBER, _PROGRAM, "bytes that recv() returned"),
        Fact("full", _ACTOR, Sort.NUMBER, _PROGRAM, "send() calls that took all"),
        Fact("partial", _ACTOR, Sort.NUMBER, _PROGRAM, "send() calls that took a part"),
        Fact("refused", _ACTOR, Sort.NUMBER, _PROGRAM, "send() calls that took nothing (BlockingIOError)"),
        Fact("messages", _ACTOR, Sort.NUMBER, _PROGRAM, "messages handled"),
        Fact("connections", _ACTOR, Sort.NUMBER, _PROGRAM, "connections open now"),
        Fact("children", _ACTOR, Sort.NUMBER, _PROGRAM, "processes that it forked"),
        Fact("pid", _ACTOR, Sort.NUMBER, _PROGRAM, "its process"),
        Fact("bytes", _ACTOR, Sort.TEXT, Source.WIRE, "the payload of its last packet in hex: 12 34"),
    )
}
"""Every fact that is compared with a value; `packet`, `packets`, `finding` and `passed` have words of their own."""

OPS: Final = {
    Sort.STATE: ("==", "!="),
    Sort.ERRNO: ("==", "!="),
    Sort.VERDICT: ("==", "!="),
    Sort.TEXT: ("==", "!=", "contains"),
    Sort.NUMBER: ("==", "!=", ">=", "<=", ">", "<"),
}
"""What may stand between a fact of each sort and a value."""
