"""Explanations with the figures of the very row that was asked about."""

from __future__ import annotations

import re
from typing import Final

import msgspec

from engine.model.flows import LadderStep
from engine.model.lab import Call
from engine.model.packets import PacketRow
from engine.model.sockets import SocketEntry
from engine.model.tcp import SocketState, TcpFlags
from engine.model.verdicts import Verdict
from engine.text import cells, units
from engine.text.cells import Look
from engine.text.columns import COLUMNS
from engine.text.explain.entry import Explanation, Kind
from engine.text.explain.icmp import ICMP
from engine.text.explain.table import explained
from engine.text.socket_values import age_ns, reach

NO_LOOK: Final = Look()
LOSS_DOUBT: Final = " The capture lost packets before it, so this is uncertain."

_ERROR_NAME: Final = re.compile(r"[A-Z][A-Za-z_]+")
"""What may be an error's or its class's name in the result of a call."""

_IN_BRACKETS: Final = re.compile(r"\(.+\)")
_WORDS: Final = re.compile(r"\w+")


class Case(msgspec.Struct, frozen=True):
    """An explanation, and what it means for the row at hand."""

    explanation: Explanation
    here: str = ""
    """A sentence with this row's figures; empty where there are none."""


def of_socket(entry: SocketEntry, column: str, look: Look) -> tuple[Case, ...]:
    """What a cell of the socket table means: the state by its name, any other column with its value here."""
    state = tuple(Case(one, _state_here(entry, look)) for one in explained(entry.state.value, Kind.STATE))
    if column in ("state", "") or column not in COLUMNS:
        return state
    known = COLUMNS[column]
    here = f"Here {known.title} is {known.cell(entry, look) or units.UNKNOWN}"
    if entry.state is SocketState.LISTEN and column in ("recv_q", "send_q"):
        here = f"Here {_accept_here(entry)}"
    return (*(Case(one, f"{here}.") for one in explained(column, Kind.COLUMN)), *state)


def of_packet(row: PacketRow) -> tuple[Case, ...]:
    """What a line of the packet list means: each finding, then each flag; without those the message and protocol."""
    here = _packet_here(row)
    findings = [one for name in row.findings for one in explained(name, Kind.FINDING)]
    names = [flag.name or "" for flag in TcpFlags if row.flags & flag]
    flags = [one for name in names for one in explained(name, Kind.FLAG)]
    doubt = LOSS_DOUBT if row.uncertain else ""
    told = tuple(Case(one, here + doubt) for one in findings) + tuple(Case(one, here) for one in flags)
    return told or _of_datagram(row)


def _of_datagram(row: PacketRow) -> tuple[Case, ...]:
    """What a frame without a TCP segment is, the ICMP message before its protocol."""
    here = f"Here frame {row.number}: {row.info}."
    detail = _IN_BRACKETS.search(row.info)
    likest = (detail and _message(row.protocol, detail.group())) or _message(row.protocol, row.info)
    return tuple(Case(one, here) for one in (*likest, *explained(row.protocol, Kind.PROTOCOL)))


def _message(protocol: str, info: str) -> list[Explanation]:
    """The ICMP message whose name's words all are in these; of several the one with the most."""
    words = set(_WORDS.findall(info.casefold()))
    said = {one: set(_WORDS.findall(one.aliases[0].casefold())) for one in ICMP if one.name.startswith(f"{protocol} ")}
    return sorted((one for one in said if said[one] <= words), key=lambda one: len(said[one]))[-1:]


def of_error(name: str, sentence: str = "") -> tuple[Case, ...]:
    """What an errno or a resolver's error means, by its name; `sentence` says where it came from."""
    found = explained(name)
    return tuple(Case(one, sentence) for one in found if one.kind in (Kind.ERRNO, Kind.RESOLVER))


def of_verdict(verdict: Verdict) -> tuple[Case, ...]:
    """What a rule means, with the sentence of this case."""
    return tuple(Case(one, f"Here: {verdict.sentence}") for one in explained(verdict.rule, Kind.VERDICT))


def of_step(step: LadderStep) -> tuple[Case, ...]:
    """What a segment of the ladder means: each finding, each flag, and the states in which it left the two ends."""
    here = _step_here(step) + (LOSS_DOUBT if step.uncertain else "")
    findings = [one for name in step.findings for one in explained(name, Kind.FINDING)]
    flags = [one for flag in TcpFlags if step.flags & flag for one in explained(flag.name or "", Kind.FLAG)]
    left = f"Here frame {step.number} left the opener in {step.first_state} and the other end in {step.second_state}."
    states = dict.fromkeys((step.first_state, step.second_state))
    told = [one for state in states for one in explained(state.value, Kind.STATE)]
    return (*(Case(one, here) for one in (*findings, *flags)), *(Case(one, left) for one in told))


def of_call(call: Call) -> tuple[Case, ...]:
    """What a logged call means, and the error that it met."""
    here = f"Here {call.name}({call.arguments}) "
    if call.result:
        here += f"{'raised' if call.raised else 'returned'} {call.result} after {units.duration_ns(call.duration_ns)}."
    else:
        here += "has not returned."
    names = _ERROR_NAME.findall(call.result)
    errors = [one for name in names for one in explained(name) if one.kind in (Kind.ERRNO, Kind.RESOLVER, Kind.TERM)]
    return tuple(Case(one, here) for one in dict.fromkeys((*errors, *explained(call.name, Kind.CALL))))


About = SocketEntry | PacketRow | LadderStep | Verdict | Call


def explain_case(term: str, about: About | None = None, look: Look = NO_LOOK) -> tuple[Case, ...]:
    """What `term` means (a state, flag, finding, column, error, verdict …) with the figures of what it was asked of.

    A term that does not occur there is explained without figures; one that is not known gives nothing.
    """
    here = {case.explanation: case for case in _cases(term, about, look)}
    if not term:
        return tuple(here.values())
    return tuple(here.get(one, Case(one)) for one in explained(term))


def _cases(term: str, about: About | None, look: Look) -> tuple[Case, ...]:
    match about:
        case SocketEntry():
            columns = [one.name for one in explained(term, Kind.COLUMN)]
            return of_socket(about, columns[0] if columns else "state", look)
        case PacketRow():
            return of_packet(about)
        case LadderStep():
            return of_step(about)
        case Verdict():
            return of_verdict(about)
        case Call():
            return of_call(about)
    return ()


def _accept_here(entry: SocketEntry) -> str:
    if entry.recv_q is None or entry.send_q is None:
        return "the accept queue is not known"
    return f"{units.count(entry.recv_q)} of {units.count(entry.send_q)} places of the accept queue are taken"


def _state_here(entry: SocketEntry, look: Look) -> str:
    """Who holds it, what waits, how long it has been seen."""
    ends = f"{cells.local(entry, look)}"
    if entry.peer_port:
        ends += f" with {cells.peer(entry, look)}"
    parts = [f"Here {ends}: {_holder(entry, look)}"]
    if entry.state is SocketState.LISTEN:
        parts.append(_accept_here(entry))
    elif entry.recv_q is not None and entry.send_q is not None:
        parts.append(f"Recv-Q {units.count(entry.recv_q)} B, Send-Q {units.count(entry.send_q)} B")
    if entry.timer is not None:
        parts.append(f"timer {cells.timer(entry, look)}")
    who = reach(entry)
    if who:
        parts.append(f"reachable by {who}")
    figures = look.figures.get(entry.key)
    if figures is not None:
        at_least = "" if figures.opened else "at least "
        parts.append(f"seen for {at_least}{units.duration_ns(age_ns(figures.since_ns, look.now_ns))}")
    return "; ".join(parts) + "."


def _holder(entry: SocketEntry, look: Look) -> str:
    if entry.owners:
        return f"held by {cells.processes(entry, look)}"
    return f"no process is known ({entry.owner_unknown})" if entry.owner_unknown else "no process is known"


def _step_here(step: LadderStep) -> str:
    who = "the opener" if step.forward else "the other end"
    ack = "" if step.ack is None else f", Ack {units.count(step.ack)}"
    return (
        f"Here frame {step.number} of {who}: Seq {units.count(step.seq)}{ack}, Win {units.count(step.window)}, Len "
        f"{units.count(step.length)}."
    )


def _packet_here(row: PacketRow) -> str:
    ports = f"{row.sport} → {row.dport}, " if row.sport or row.dport else ""
    numbers = [
        f"{name} {units.count(value)}"
        for name, value in (("Seq", row.seq), ("Ack", row.ack), ("Win", row.window))
        if value is not None
    ]
    return f"Here frame {row.number}: {ports}{', '.join([*numbers, f'Len {units.count(row.payload_length)}'])}."
