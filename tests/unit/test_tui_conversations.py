"""Which conversation lies under a cursor, and the sockets at its two ends."""

from __future__ import annotations

import msgspec
import pytest

from engine.model.flows import FlowEnd
from engine.model.lab import ActorReport, ActorSocket, ActorSpec, ActorState, Knobs
from engine.model.messages import ClosedSocket
from engine.model.packets import PacketRow
from engine.model.snapshot import ActorView, RowChange
from engine.model.sockets import SocketEntry
from engine.model.tcp import SocketState
from tests.tui import fakes, flows
from tests.tui.fakes import ACCEPTED_KEY, FLOOD_KEY, SINK_KEY, entry, snapshot
from tui.conversations import (
    Conversation,
    Subject,
    Wanted,
    calls_of,
    join,
    of_actor,
    of_entry,
    of_flow,
    of_packet,
    split_endpoint,
)

ENDS = ("127.0.0.1", 53_225, "127.0.0.1", 65_432)


def by_key(key: int) -> SocketEntry:
    return next(row for row in fakes.tutorial_entries() if row.key == key)


def test_a_connected_socket_stands_for_its_conversation() -> None:
    assert of_entry(by_key(FLOOD_KEY)) == Wanted(Subject(ENDS))


def test_a_mapped_address_is_the_same_as_its_ipv4_one() -> None:
    mapped = entry(1, family=10, local_address="::ffff:127.0.0.1", peer_address="::ffff:127.0.0.1")
    wanted = of_entry(mapped)
    assert wanted is not None
    assert wanted.subject is not None
    assert wanted.subject.ends == ("127.0.0.1", 40_001, "127.0.0.1", 8080)


def test_a_listener_stands_for_those_on_its_port_and_udp_for_none() -> None:
    assert of_entry(by_key(SINK_KEY)) == Wanted(filter=":65432")
    assert of_entry(entry(7, netid="udp")) is None


@pytest.mark.parametrize(
    ("row", "wanted"),
    [(fakes.packet(1), Wanted(Subject(ENDS, 0))), (fakes.packet(1, stream=-1, protocol="ARP"), None)],
)
def test_a_frame_stands_for_its_stream(row: PacketRow, wanted: Wanted | None) -> None:
    assert of_packet(row) == wanted


def test_an_actor_with_one_connection_stands_for_it_and_with_several_for_its_port() -> None:
    sink, flood = fakes.running_flood()
    assert of_actor(flood) == Wanted(Subject(ENDS))
    two = msgspec.structs.replace(
        sink.report, sockets=(*sink.report.sockets, ActorSocket(5, 9, "127.0.0.1:65432", "127.0.0.1:53226"))
    )
    assert of_actor(ActorView(1, sink.spec, two)) == Wanted(filter=":65432")
    nothing = ActorReport(kind="echo-client", pid=1, state=ActorState.FAILED)
    assert of_actor(ActorView(1, ActorSpec("echo-client", Knobs()), nothing)) is None


@pytest.mark.parametrize(
    ("shown", "expected"),
    [("127.0.0.1:80", ("127.0.0.1", 80)), ("[::1]:80", ("::1", 80)), ("/tmp/x", ("/tmp/x", 0)), ("", ("", 0))],
)
def test_endpoints_are_split(shown: str, expected: tuple[str, int]) -> None:
    assert split_endpoint(shown) == expected


def test_both_sockets_are_joined_and_named() -> None:
    joined = join(snapshot(), Subject(ENDS))
    assert joined.first.live is not None
    assert joined.first.live.key == FLOOD_KEY
    assert joined.second.live is not None
    assert joined.second.live.key == ACCEPTED_KEY
    assert Conversation(Subject(ENDS), None, joined).names == ("flood-client 41233", "sink 41210")


def test_a_socket_that_went_is_kept_with_its_name_and_when_it_went() -> None:
    before = join(snapshot(), Subject(ENDS))
    gone = by_key(FLOOD_KEY)
    rest = [row for row in fakes.tutorial_entries() if row.key != FLOOD_KEY]
    by_event = join(snapshot(entries=rest, closed=(ClosedSocket(gone, 77, True),)), Subject(ENDS), before)
    assert by_event.first.live is None
    assert (by_event.first.entry, by_event.first.gone_ns) == (gone, 77)
    assert by_event.first.name == "flood-client 41233"
    marked = snapshot(changes={FLOOD_KEY: RowChange.CLOSED})
    assert join(marked, Subject(ENDS), before).first.gone_ns == marked.ts_ns
    assert join(snapshot(entries=rest), Subject(ENDS), by_event).first.gone_ns == 77


def test_what_the_wire_tells_puts_the_opener_first() -> None:
    turned = Subject((*ENDS[2:], *ENDS[:2]))
    shown = Conversation(turned).at(snapshot())
    assert shown.names == ("sink 41210", "flood-client 41233")
    found = shown.found(flows.flow(3))
    assert (found.subject.stream, found.subject.ends) == (3, ENDS)
    assert found.names == ("flood-client 41233", "sink 41210")
    assert found.found(flows.flow(3)).names == found.names


def test_the_state_is_the_kernels_while_there_is_a_socket() -> None:
    flow = flows.flow(first=FlowEnd("127.0.0.1", 53_225, SocketState.FIN_WAIT_2))
    assert Conversation(of_flow(flow), flow).states == (SocketState.FIN_WAIT_2, SocketState.ESTABLISHED)
    assert Conversation(of_flow(flow), flow).at(snapshot()).states[0] is SocketState.ESTABLISHED
    assert Conversation(Subject(ENDS)).states == (None, None)


def test_the_calls_of_an_actor_on_this_socket_are_found() -> None:
    joined = join(snapshot(), Subject(ENDS))
    assert [call.name for call in calls_of(joined.first, ENDS, fakes.running_flood())] == ["connect", "send", "send"]
    assert calls_of(joined.second, (*ENDS[2:], *ENDS[:2]), fakes.running_flood()) == ()


def test_an_end_that_closed_before_it_was_looked_at_is_named_from_the_past() -> None:
    gone = by_key(FLOOD_KEY)
    past = (ClosedSocket(gone, 77, True),)
    joined = join(snapshot(entries=[]), Subject(ENDS), past=past)
    assert (joined.first.name, joined.first.gone_ns) == ("flood-client 41233", 77)
    assert joined.second.name == ""


def test_an_end_that_nobody_was_seen_with_is_named_after_who_listens_there() -> None:
    joined = join(snapshot(entries=[by_key(SINK_KEY)]), Subject(ENDS))
    assert joined.second.entry is None
    assert joined.second.name == "sink 41210"


def test_an_actor_that_is_done_still_names_its_end() -> None:
    done = ActorReport(kind="echo-client", pid=77, state=ActorState.DONE, local="127.0.0.1:53225")
    moment = snapshot(entries=[], actors=(ActorView(1, ActorSpec("echo-client", Knobs()), done),))
    assert join(moment, Subject(ENDS)).first.name == "echo-client 77"
