"""How each fact of a lesson is read off the actors' reports and the kernel's rows; None where it is not known."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from engine.lab.shown import error_name
from engine.lessons.cast import Cast, Member, Rows
from engine.lessons.lesson import Part, Question
from engine.model.sockets import SkMem, SocketEntry
from engine.model.tcp import SocketState
from engine.model.tcp_info import TCP_INFO_FIELDS, tcp_info_field
from engine.text.units import endpoint

Value = float | str | None

GONE: Final = SocketState.CLOSED.value
"""The state of a socket that the kernel has no row for any more (RFC 9293 section 3.3.2: no connection at all)."""


class Facts:
    """What is known at one moment of a run."""

    def __init__(self, cast: Cast, rows: Rows, counters: dict[str, int]) -> None:
        """`counters` is by how much each of the kernel's counters rose since the lesson began."""
        self.cast = cast
        self.rows = rows
        self.counters = counters

    def value(self, question: Question) -> Value:
        """The answer to a question."""
        if question.part is None:
            return float(self.counters.get(question.argument, 0))
        if question.fact in _OF_SOCKET:
            return self._of_socket(question.part, question)
        member = self.cast.members.get(question.part.actor)
        if member is None:
            return None
        if question.fact == "sockets":
            entries = self.cast.rows(member, self.rows)
            return float(sum(not question.argument or entry.state.value == question.argument for entry in entries))
        return _OF_ACTOR[question.fact](member, question.argument)

    def row(self, part: Part) -> SocketEntry | None:
        """The kernel's row of a socket."""
        seen = self.cast.socket(part)
        return None if seen is None else self.rows.of(seen)

    def _of_socket(self, part: Part, question: Question) -> Value:
        seen = self.cast.socket(part)
        if seen is None:
            return None
        entry = self.rows.of(seen)
        if question.fact == "state":
            return GONE if entry is None else entry.state.value
        if entry is None:
            # Its names are known although its row is gone.
            return {"local": seen.local, "peer": seen.peer}.get(question.fact) or None
        if question.fact == "owner":
            return ", ".join(dict.fromkeys(self.cast.name_of(owner.pid) for owner in entry.owners)) or "-"
        return _OF_SOCKET[question.fact](entry, question.argument)


def _number(value: int | None) -> float | None:
    return None if value is None else float(value)


def _info(entry: SocketEntry, field: str) -> float | None:
    return _number(tcp_info_field(entry.tcp_info, field)) if field in TCP_INFO_FIELDS else None


def _memory(entry: SocketEntry, field: str) -> float | None:
    return (
        _number(getattr(entry.skmem, field)) if entry.skmem is not None and field in SkMem.__struct_fields__ else None
    )


_OF_SOCKET: Final[dict[str, Callable[[SocketEntry, str], Value]]] = {
    "state": lambda entry, _: entry.state.value,
    "recvq": lambda entry, _: _number(entry.recv_q),
    "sendq": lambda entry, _: _number(entry.send_q),
    "timer": lambda entry, _: entry.timer.name if entry.timer is not None else "-",
    "local": lambda entry, _: endpoint(entry.local_address, entry.local_port),
    "peer": lambda entry, _: endpoint(entry.peer_address, entry.peer_port),
    "owners": lambda entry, _: float(len({owner.pid for owner in entry.owners})),
    "owner": lambda entry, _: ", ".join(str(owner.pid) for owner in entry.owners),
    "info": _info,
    "memory": _memory,
}


def _errno(member: Member) -> str:
    """The errno of the report, which tells why an actor failed; else of the last call that raised."""
    failure = member.last_failure
    number = member.report.errno or (failure.errno if failure is not None else 0)
    return error_name(number) or "-"


def _error(member: Member) -> str:
    failure = member.last_failure
    return failure.result if failure is not None else member.report.error or "-"


def _call(member: Member, name: str) -> str | None:
    call = member.last_call(name)
    return None if call is None else call.result


def _asked(member: Member, name: str) -> str | None:
    call = member.last_call(name)
    return None if call is None else call.arguments


def _took(member: Member, name: str) -> float | None:
    call = member.last_call(name)
    return None if call is None else call.duration_ns / 1e9


def _option(member: Member, name: str) -> str | None:
    return next((reading.got for reading in reversed(member.report.options) if reading.name == name), None)


def _waits(member: Member) -> str:
    return ", ".join(sorted({call.name for call in member.report.waiting})) or "-"


def _counted(field: str) -> Callable[[Member, str], Value]:
    return lambda member, _: float(getattr(member.report, field))


_OF_ACTOR: Final[dict[str, Callable[[Member, str], Value]]] = {
    "actor": lambda member, _: member.report.state.value,
    "errno": lambda member, _: _errno(member),
    "error": lambda member, _: _error(member),
    "call": _call,
    "asked": _asked,
    "calls": lambda member, name: float(member.calls_by_name.get(name, 0)),
    "took": _took,
    "waits": lambda member, _: _waits(member),
    "reply": lambda member, _: member.report.reply,
    "note": lambda member, _: "\n".join(member.report.notes),
    "option": _option,
    "children": lambda member, _: float(len(member.report.children)),
    **{name: _counted(name) for name in
       ("sent", "received", "full", "partial", "refused", "messages", "connections", "pid")},
}  # fmt: skip
