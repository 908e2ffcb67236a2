"""What a line of the ladder means, in the figures of its own conversation. Pure."""

from __future__ import annotations

from typing import Final

from engine.model.flows import FlowSummary, LadderFold, LadderGap, LadderItem, LadderStep
from engine.model.packets import PacketRow
from engine.model.tcp import SocketState
from engine.text.explain.case import Case, of_packet
from engine.text.explain.entry import Explanation, Kind
from engine.text.explain.table import explained
from engine.text.units import count, duration_ns
from tui.conversations import Conversation
from tui.widgets.states_path import Path, flag_words, stay_ns
from tui.widgets.topics import Topic, Topics, of_numbers

FOLD: Final = Explanation(
    Kind.TERM,
    "fold",
    "A run of segments that carry data in order and of the ACKs for them: nothing was found in them and no state "
    "changed, so they are one line until Enter opens it.",
    "sockmon's own",
)
GAP: Final = Explanation(
    Kind.TERM,
    "capture loss",
    "The capture did not keep up and frames are missing here. Segments that seem lost, or states that jump, may "
    "have been among them.",
    "packet(7), PACKET_STATISTICS",
)


def row_of(step: LadderStep, flow: FlowSummary | None) -> PacketRow:
    """The segment as a line of the packet list."""
    first, second = (flow.first, flow.second) if flow is not None else (None, None)
    source, destination = (first, second) if step.forward else (second, first)
    return PacketRow(
        number=step.number,
        ts_ns=step.ts_ns,
        source=source.address if source else "",
        destination=destination.address if destination else "",
        protocol="TCP",
        length=0,
        info=step.info,
        stream=step.stream,
        flags=step.flags,
        findings=step.findings,
        sport=source.port if source else 0,
        dport=destination.port if destination else 0,
        payload_length=step.length,
        uncertain=step.uncertain,
        seq=step.seq,
        ack=step.ack,
        window=step.window,
    )


def of_item(item: LadderItem, conversation: Conversation) -> tuple[Case, ...]:
    """What a line means: findings and flags of a segment, and the states that it left both ends in."""
    if isinstance(item, LadderFold):
        here = (
            f"Here {count(item.segments)} segments with {count(item.forward_bytes + item.backward_bytes)} B and "
            f"{count(item.acks)} ACKs in {duration_ns(item.last_ns - item.first_ns)}, frames "
            f"{item.first_number} to {item.last_number}."
        )
        return (Case(FOLD, here),)
    if isinstance(item, LadderGap):
        lost = f"{count(item.frames)} frames" if item.frames else "nobody knows how many frames"
        return (Case(GAP, f"Here, before frame {item.number}: {lost}."),)
    if not isinstance(item, LadderStep):
        return ()
    states = zip(conversation.names, (item.first_state, item.second_state), strict=True)
    return of_packet(row_of(item, conversation.flow)) + tuple(
        case for name, state in states for case in _of_state_after(item, name, state)
    )


def topics_of(item: LadderItem, conversation: Conversation) -> Topics:
    """A line and, of a segment, its numbers and the states that it left each end in."""
    cases = of_item(item, conversation)
    if not isinstance(item, LadderStep):
        return (Topic("", "", cases),)
    states = zip(conversation.names, (item.first_state, item.second_state), strict=True)
    return (
        Topic(f"frame {item.number}", "", cases),
        *of_numbers(row_of(item, conversation.flow)),
        *(Topic(name, state.value, _of_state_after(item, name, state)) for name, state in states),
    )


def _of_state_after(step: LadderStep, name: str, state: SocketState) -> tuple[Case, ...]:
    here = f"Here {name} stood in {state} after this segment ({flag_words(step.flags)})."
    return tuple(Case(one, here) for one in explained(state.value, Kind.STATE))


def of_state(name: str, path: Path, now_ns: int, kernel: SocketState | None) -> tuple[Case, ...]:
    """What the state of one end means: how long it has stood there, and by what."""
    if not path:
        return ()
    visit = path[-1]
    stay = stay_ns(visit, now_ns)
    parts = [f"Here {name} is in {visit.state}"]
    if stay is not None:
        parts.append(f"for {duration_ns(stay)}")
    if visit.cause:
        parts.append(f"since it {visit.cause}" if visit.cause.startswith(("sent", "received")) else f"({visit.cause})")
    sentence = " ".join(parts) + "."
    if kernel is not None and kernel is not visit.state:
        sentence += f" The kernel says {kernel}."
    return tuple(Case(one, sentence) for one in explained(visit.state.value, Kind.STATE))
