"""What the calls of our own programs say of their sockets: refused, reset, no port, a taken address, an end read on.

A socket that was refused or reset stands in no table any more; the log of the program that held it remains.
"""

from __future__ import annotations

import errno
from collections.abc import Callable, Iterator, Sequence
from typing import Final

from engine.insight.verdicts.flow_control import RECEIVING_CALLS
from engine.insight.verdicts.rule import NS_PER_MS, NS_PER_S, Finding, Scene, figures, verdict
from engine.model.lab import ActorReport, Call
from engine.model.sockets import SocketEntry
from engine.model.tcp import SocketState
from engine.model.verdicts import Certainty, Severity, Subject, SubjectKind, Verdict
from engine.text.units import count

CALL_NS: Final = 30 * NS_PER_S
"""What a call met is told for so long."""

SPIN_CALLS: Final = 10
"""recv() that returned b'' so often in a row; once is how the end is read."""

SPIN_NS: Final = 2 * NS_PER_S
"""The last of them is no older than this."""

EMPTY: Final = "b''"
CONNECTS: Final = frozenset(("connect", "connect_ex", "getsockopt"))
"""connect_ex() in the background tells its error by SO_ERROR."""

RESETS: Final = {errno.ECONNRESET: "ECONNRESET", errno.EPIPE: "EPIPE", errno.ECONNABORTED: "ECONNABORTED"}


class ProgramCase:
    """The calls that a program of ours made on one socket, and the socket's row if it has one."""

    def __init__(
        self, report: ActorReport, calls: Sequence[Call], entry: SocketEntry | None, scene: Scene, now_ns: int
    ) -> None:
        self.report = report
        self.calls = calls
        self.entry = entry
        self.scene = scene
        self.now_ns = now_ns

    @property
    def who(self) -> str:
        return f"{self.report.kind} ({self.report.pid})"

    def met(self, *errors: int) -> Call | None:
        """The last call, if it failed so and not long ago; close() after it aside."""
        calls = [call for call in self.calls if call.name not in ("close", "detach")]
        if not calls or number_of(calls[-1]) not in errors or self.now_ns - calls[-1].ts_ns > CALL_NS:
            return None
        return calls[-1]


def number_of(call: Call) -> int:
    """The errno that a call raised, or returned as connect_ex() and SO_ERROR do; 0 for none."""
    told = call.result
    if call.errno or not (call.name == "connect_ex" or (call.name == "getsockopt" and "SO_ERROR" in call.arguments)):
        return call.errno
    digits = told.rpartition("(")[2].removesuffix(")")
    return int(digits) if digits.isdecimal() else 0


def _refused(case: ProgramCase) -> Finding | None:
    call = case.met(errno.ECONNREFUSED)
    if call is None or call.name not in CONNECTS:
        return None
    return _met(
        case,
        call,
        f"{case.who} was refused: nobody listens on {_target(case, call)} (the SYN was answered by RST).",
        "Start the server, or see on which address and port it listens.",
    )


def _reset(case: ProgramCase) -> Finding | None:
    call = case.met(*RESETS)
    if call is None:
        return None
    return _met(
        case,
        call,
        f"{case.who} met {RESETS[number_of(call)]} in {call.name}(): the peer ended the connection by RST.",
        "See what the peer did: it closed with data unread, set SO_LINGER to 0, or its program died.",
    )


def _no_port(case: ProgramCase) -> Finding | None:
    call = case.met(errno.EADDRNOTAVAIL)
    if call is None or call.name not in CONNECTS:
        return None
    return _met(
        case,
        call,
        f"{case.who} found no free local port towards {_target(case, call)}: EADDRNOTAVAIL.",
        "Close connections, or keep them and use them again; TIME-WAIT frees a port after 60 s.",
    )


def _address_taken(case: ProgramCase) -> Finding | None:
    """bind() met EADDRINUSE, and nobody listens there: it is the server's own past."""
    call = case.met(errno.EADDRINUSE)
    if call is None or call.name != "bind":
        return None
    port = call.arguments.rpartition(":")[2]
    if not port.isdecimal() or case.scene.listeners.get(int(port)) or not case.scene.time_waits.get(int(port)):
        return None
    held = case.scene.time_waits[int(port)]
    return _met(
        case,
        call,
        f"{case.who} cannot bind {call.arguments}: nobody listens there, but {count(held)} connection"
        f"{'s' if held > 1 else ''} of an earlier server {'are' if held > 1 else 'is'} in TIME-WAIT (EADDRINUSE).",
        "Set SO_REUSEADDR before bind(), or wait up to 60 s.",
        ("in TIME-WAIT on this port", held, "connections"),
    )


def _eof_spin(case: ProgramCase) -> Finding | None:
    spins: list[Call] = []
    for call in reversed(case.calls):
        if call.name not in RECEIVING_CALLS:
            continue
        if call.result != EMPTY:
            break
        spins.append(call)
    if len(spins) < SPIN_CALLS or case.now_ns - spins[0].ts_ns > SPIN_NS:
        return None
    span_ns = max(spins[0].ts_ns - spins[-1].ts_ns, NS_PER_MS)
    rate = round(len(spins) * NS_PER_S / span_ns)
    at_least = " at least" if len(spins) == len(case.calls) else ""
    return Finding(
        Severity.PROBLEM,
        Certainty.CERTAIN,
        f"{case.who} reads b'' again and again:{at_least} {count(len(spins))} times in a row, {count(rate)} a second, "
        f"long after the peer has closed.",
        "b'' is the end of the data: leave the loop and close() the socket.",
        figures(("b'' in a row", len(spins), "calls"), ("rate", rate, "calls/s"), ("PID", case.report.pid, "")),
        spins[-1].ts_ns,
    )


def _met(
    case: ProgramCase, call: Call, sentence: str, advice: str, *more: tuple[str, int | float | str | None, str]
) -> Finding:
    return Finding(
        Severity.PROBLEM,
        Certainty.CERTAIN,
        sentence,
        advice,
        figures(
            ("call", f"{call.name}({call.arguments})", ""),
            ("errno", number_of(call), ""),
            ("PID", case.report.pid, ""),
            *more,
        ),
        call.ts_ns,
        True,
    )


def _target(case: ProgramCase, call: Call) -> str:
    """The address that connect() was given."""
    for earlier in reversed(case.calls):
        if earlier.name in ("connect", "connect_ex"):
            return earlier.arguments
    return call.arguments


DETECTORS: Final[tuple[tuple[str, Callable[[ProgramCase], Finding | None]], ...]] = (
    ("refused", _refused),
    ("reset", _reset),
    ("ports-exhausted", _no_port),
    ("time-wait-reuse", _address_taken),
    ("eof-spin", _eof_spin),
)


def program_verdicts(reports: Sequence[ActorReport], scene: Scene, now_ns: int) -> Iterator[Verdict]:
    """What the programs' own calls say."""
    for report in reports:
        by_socket: dict[tuple[int, int], list[Call]] = {}
        for call in report.calls:
            if call.fd >= 0 or call.cookie:
                by_socket.setdefault((call.cookie, 0 if call.cookie else call.fd), []).append(call)
        for (cookie, _), calls in by_socket.items():
            entry = scene.by_cookie(cookie)
            case = ProgramCase(report, calls, entry, scene, now_ns)
            for name, find in DETECTORS:
                found = find(case)
                if found is not None:
                    yield verdict(name, _subject(case, calls), found)


def _subject(case: ProgramCase, calls: Sequence[Call]) -> Subject:
    entry = case.entry
    if entry is None:
        return Subject(SubjectKind.SOCKET, f"{case.who} fd {calls[-1].fd}")
    kind = SubjectKind.LISTENER if entry.state is SocketState.LISTEN else SubjectKind.SOCKET
    return Subject(kind, f"{case.who} fd {calls[-1].fd}", entry.key)
