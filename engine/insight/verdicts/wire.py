"""What the segments of one conversation say: refused and reset by whom and in which state, unanswered, shut, lost.

A look at the last segments only, oldest first; what came before them is not known here. Names of findings are
Wireshark's (tcp.analysis.*).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final

from engine.insight.verdicts.rule import NS_PER_MS, NS_PER_S, Finding, Wire, figures, verdict
from engine.model.flows import FlowEnd, LadderStep
from engine.model.tcp import SocketState, TcpFlags
from engine.model.verdicts import Certainty, Severity, Subject, SubjectKind, Verdict
from engine.text.units import count, duration_ns, endpoint

SHUT_NS: Final = 300_000_000
"""A window that stays at 0 for longer than a delayed acknowledgment takes (at most 200 ms)."""

LOSS_SPAN_NS: Final = 10 * NS_PER_S
UNANSWERED: Final = 3
"""Segments sent again in a row without any answer."""

PROBES: Final = 2
STEPS_LEAST: Final = 3
"""Delayed ACKs in the window; fewer are no pattern."""

DELAY_LEAST_NS: Final = 30 * NS_PER_MS
DELAY_MOST_NS: Final = 220 * NS_PER_MS
"""An acknowledgment is delayed by 40 to 200 ms (RFC 1122 section 4.2.3.2 allows 500; TCP_DELACK_MIN and _MAX)."""

NEXT_AT_ONCE_NS: Final = 5 * NS_PER_MS
"""The write that waited for the ACK goes out with it."""

RESENT: Final = frozenset(("retransmission", "fast_retransmission", "spurious_retransmission"))
OPENING: Final = frozenset((SocketState.CLOSED, SocketState.LISTEN, SocketState.SYN_SENT, SocketState.SYN_RECEIVED))


def _ends(wire: Wire, step: LadderStep) -> tuple[FlowEnd, FlowEnd]:
    """Sender and receiver of a step."""
    pair = wire.flow.first, wire.flow.second
    return pair if step.forward else pair[::-1]


def _name(end: FlowEnd) -> str:
    return endpoint(end.address, end.port)


def _since_ns(step: LadderStep, now_ns: int) -> int:
    return max(now_ns - step.ts_ns, 0)


def _ended_by_rst(wire: Wire) -> tuple[LadderStep, SocketState, SocketState] | None:
    """The first RST that found the conversation alive, and the states of its sender and its receiver before it."""
    before = (SocketState.UNKNOWN, SocketState.UNKNOWN)
    for step in wire.steps:
        states = before if step.forward else before[::-1]
        dead = before == (SocketState.CLOSED, SocketState.CLOSED) or SocketState.TIME_WAIT in before
        if step.flags & TcpFlags.RST and not dead:
            return step, *states
        before = step.first_state, step.second_state
    return None


def _refused(wire: Wire, now_ns: int) -> Finding | None:
    ended = _ended_by_rst(wire)
    if ended is None or ended[2] is not SocketState.SYN_SENT:
        return None
    step = ended[0]
    by, asked = _ends(wire, step)
    return Finding(
        Severity.PROBLEM,
        Certainty.CERTAIN,
        f"{_name(by)} refused {_name(asked)}: it answered the SYN by RST, nobody listens there.",
        "Start the server, or see on which address and port it listens.",
        figures(("RST in frame", step.number, ""), ("state of the asking end", "SYN-SENT", "")),
        step.ts_ns,
        True,
    )


def _reset(wire: Wire, now_ns: int) -> Finding | None:
    ended = _ended_by_rst(wire)
    if ended is None or ended[2] is SocketState.SYN_SENT:
        return None
    step, by_state, to_state = ended
    by, to = _ends(wire, step)
    seen = by_state is not SocketState.UNKNOWN
    states = f" in {by_state}, while {_name(to)} was in {to_state}" if seen else ""
    return Finding(
        Severity.PROBLEM,
        Certainty.CERTAIN,
        f"{_name(by)} reset the connection{states}.",
        f"Look at the program of {_name(by)}: it closed with data unread, set SO_LINGER to 0, ended, or no longer knew "
        f"the connection.",
        figures(
            ("RST in frame", step.number, ""),
            ("state of who sent it", by_state.value if seen else None, ""),
            ("state of who got it", to_state.value if seen else None, ""),
            ("Seq", step.seq, ""),
        ),
        step.ts_ns,
        True,
    )


def _syn_unanswered(wire: Wire, now_ns: int) -> Finding | None:
    steps = wire.steps
    if not steps or wire.flow.established_ns or any(not step.flags & TcpFlags.SYN for step in steps):
        return None
    one_way = all(step.forward == steps[0].forward for step in steps)
    if not one_way or len(steps) < 2 or any(step.flags & TcpFlags.ACK for step in steps):
        return None
    by, asked = _ends(wire, steps[0])
    return Finding(
        Severity.PROBLEM,
        Certainty.CERTAIN,
        f"{_name(asked)} answers nothing at all: {_name(by)} sent {count(len(steps))} SYNs in "
        f"{duration_ns(_since_ns(steps[0], now_ns))}.",
        "The host is down, the address is wrong, a firewall drops the SYN, or the accept queue is full.",
        figures(("SYNs sent", len(steps), "segments"), ("first in frame", steps[0].number, "")),
        steps[0].ts_ns,
        True,
    )


def _zero_window(wire: Wire, now_ns: int) -> Finding | None:
    if wire.flow.over or (wire.flow.fin_ns and _ended_by_rst(wire) is not None):
        return None
    for forward in (True, False):
        begun: LadderStep | None = None
        for step in wire.steps:
            if step.forward != forward or step.flags & (TcpFlags.RST | TcpFlags.SYN):
                continue
            begun = None if step.window else begun or step
        if begun is None or _since_ns(begun, now_ns) < SHUT_NS:
            continue
        by, to = _ends(wire, begun)
        probes = sum("zero_window_probe" in step.findings for step in wire.steps if step.number > begun.number)
        return Finding(
            Severity.PROBLEM,
            Certainty.CERTAIN,
            f"The window of {_name(by)} has been 0 for {duration_ns(_since_ns(begun, now_ns))}: {_name(to)} may send "
            f"nothing but probes.",
            f"Look at the program of {_name(by)}: it does not read.",
            figures(
                ("peer's window", 0, "B"), ("first in frame", begun.number, ""), ("probes since", probes, "segments")
            ),
            begun.ts_ns,
            True,
        )
    return None


def _path_loss(wire: Wire, now_ns: int) -> Finding | None:
    lately = [step for step in wire.steps if _since_ns(step, now_ns) <= LOSS_SPAN_NS]
    again = [step for step in lately if RESENT.intersection(step.findings) and not step.flags & TcpFlags.SYN]
    data = sum(1 for step in lately if step.length)
    silent = again and all(step in again for step in lately[-UNANSWERED:])
    if not again or silent:
        return None
    by, _ = _ends(wire, again[-1])
    fast = sum("fast_retransmission" in step.findings for step in again)
    return Finding(
        Severity.WARNING,
        Certainty.LIKELY,
        f"Segments get lost: {_name(by)} sent {count(len(again))} of {count(max(data, len(again)))} again in "
        f"{duration_ns(_since_ns(lately[0], now_ns))}.",
        "See in the ladder which; where they are lost is between here and the peer.",
        figures(
            ("sent again", len(again), "segments"),
            ("of them after duplicate ACKs", fast, "segments"),
            ("last in frame", again[-1].number, ""),
        ),
        again[0].ts_ns,
        True,
    )


def _half_open(wire: Wire, now_ns: int) -> Finding | None:
    tail = wire.steps[-UNANSWERED:]
    if len(tail) < UNANSWERED or tail[-1].first_state in OPENING or wire.flow.over:
        return None
    if any(not RESENT.intersection(step.findings) or step.forward != tail[0].forward for step in tail):
        return None
    by, silent = _ends(wire, tail[0])
    heard = [step for step in wire.steps if step.forward != tail[0].forward]
    return Finding(
        Severity.PROBLEM,
        Certainty.LIKELY,
        f"{_name(silent)} no longer answers: {_name(by)} has sent the same segment again {UNANSWERED} times or more.",
        "The peer crashed or was cut off; see whether its host is up and the path stands.",
        figures(
            ("Seq", tail[-1].seq, ""),
            ("last heard of", round(_since_ns(heard[-1], now_ns) / NS_PER_S, 1) if heard else None, "s"),
        ),
        tail[0].ts_ns,
    )


def _keepalive_failing(wire: Wire, now_ns: int) -> Finding | None:
    tail = wire.steps[-PROBES:]
    if len(tail) < PROBES or any("keep_alive" not in step.findings for step in tail):
        return None
    if tail[0].forward != tail[-1].forward:
        return None
    _, silent = _ends(wire, tail[-1])
    return Finding(
        Severity.PROBLEM,
        Certainty.CERTAIN,
        f"{_name(silent)} answers no keep-alive probe: the last {PROBES} or more got nothing back.",
        "The peer is gone or cut off; after the last probe the kernel ends the connection with ETIMEDOUT.",
        figures(("last probe in frame", tail[-1].number, "")),
        tail[0].ts_ns,
    )


def _nagle_delayed_ack(wire: Wire, now_ns: int) -> Finding | None:
    """A small segment, its ACK 40 ms later and without data, and the next write at once after that: again and again."""
    delays: list[int] = []
    begun: LadderStep | None = None
    triples = zip(wire.steps, wire.steps[1:], wire.steps[2:], strict=False)
    for sent, ack, following in triples:
        delay_ns = ack.ts_ns - sent.ts_ns
        if (
            sent.length
            and not ack.length
            and ack.forward != sent.forward
            and DELAY_LEAST_NS <= delay_ns <= DELAY_MOST_NS
            and following.forward == sent.forward
            and following.length
            and following.ts_ns - ack.ts_ns <= NEXT_AT_ONCE_NS
            and not RESENT.intersection(sent.findings)
        ):
            delays.append(delay_ns)
            begun = begun or sent
    if len(delays) < STEPS_LEAST or begun is None:
        return None
    by, to = _ends(wire, begun)
    usual = sorted(delays)[len(delays) // 2]
    return Finding(
        Severity.WARNING,
        Certainty.CERTAIN,
        f"{_name(by)} waited {count(len(delays))} times about {duration_ns(usual)} for an ACK before its next small "
        f"segment: Nagle's rule waits, and {_name(to)} delays its ACK.",
        "Write each message with one send(), or set TCP_NODELAY on the sender.",
        figures(
            ("waits", len(delays), ""),
            ("usual wait", round(usual / NS_PER_MS, 1), "ms"),
            ("first in frame", begun.number, ""),
        ),
        begun.ts_ns,
    )


def _time_wait_reuse(wire: Wire, now_ns: int) -> Finding | None:
    reused = [step for step in wire.steps if "reused_ports" in step.findings]
    if not reused:
        return None
    by, to = _ends(wire, reused[-1])
    return Finding(
        Severity.NOTE,
        Certainty.CERTAIN,
        f"{_name(by)} uses its port again towards {_name(to)}: the same pair of addresses carried a connection before.",
        "Usual after TIME-WAIT, and with many connections to one peer; late segments of the old one may disturb.",
        figures(("SYN in frame", reused[-1].number, "")),
        reused[-1].ts_ns,
        True,
    )


DETECTORS: Final[tuple[tuple[str, Callable[[Wire, int], Finding | None]], ...]] = (
    ("refused", _refused),
    ("reset", _reset),
    ("syn-unanswered", _syn_unanswered),
    ("zero-window", _zero_window),
    ("path-loss", _path_loss),
    ("half-open", _half_open),
    ("keepalive-failing", _keepalive_failing),
    ("nagle-delayed-ack", _nagle_delayed_ack),
    ("time-wait-reuse", _time_wait_reuse),
)


def wire_verdicts(wire: Wire, now_ns: int) -> Iterator[Verdict]:
    """What the conversation says of itself."""
    flow = wire.flow
    name = f"{_name(flow.first)} ⇄ {_name(flow.second)}"
    subject = Subject(SubjectKind.FLOW, name, 0, flow.stream)
    for rule, find in DETECTORS:
        found = find(wire, now_ns)
        if found is not None:
            yield verdict(rule, subject, found)
