"""engine.insight.pipeline: every byte is in one box, and the boxes add up."""

from __future__ import annotations

from typing import Any

from engine.insight.counts import receiver_counts, sender_counts
from engine.insight.pipeline import ProgramCounts, pipeline, pipeline_in, program_counts
from engine.model.lab import ActorReport, ActorSocket, ActorSpec, ActorState, Knobs
from engine.model.pipeline import BOX_TITLES, Basis, Direction, Equation, Pipeline
from engine.model.snapshot import ActorView, Snapshot
from engine.model.sockets import SocketCounters, SocketEntry
from engine.model.tcp import SocketState
from tests.unit.socket_entries import entry, listener, owner, skmem, tcp_info

# 1,000 accepted: 300 not sent, 200 in flight, 50 of them arrived, 500 acknowledged; 550 received, 400 of them read.
SENT = {"notsent_bytes": 300, "bytes_sent": 720, "bytes_retrans": 20, "bytes_acked": 501, "unacked": 1, "snd_wnd": 900}


def sender(**given: Any) -> SocketEntry:
    fields = {"key": 1, "cookie": 1, "send_q": 500, "tcp_info": tcp_info(**SENT), "owners": (owner("flood", 7),)}
    return entry(local_port=53225, peer_port=65432, **(fields | given))


def receiver(**given: Any) -> SocketEntry:
    fields = {
        "key": 2, "cookie": 2, "recv_q": 150, "tcp_info": tcp_info(bytes_received=550, bytes_acked=0, snd_wnd=65_536),
        "owners": (owner("sink", 9),), "skmem": skmem(rcvbuf=131_072),
    }  # fmt: skip
    return entry(local_port=65432, peer_port=53225, **(fields | given))


def values(way: Direction) -> dict[str, int | None]:
    return {box.name: box.value for box in way.boxes}


def equation(way: Direction, name: str) -> Equation:
    return next(one for one in way.equations if one.name == name)


def test_every_byte_is_in_one_box() -> None:
    way = pipeline(sender(), receiver()).forward
    assert values(way) == {
        "accepted": 1_000, "not sent": 300, "in flight": 200, "acked": 500, "on its way": 50, "received": 550,
        "Recv-Q": 150, "read": 400,
    }  # fmt: skip
    assert list(values(way)) == list(BOX_TITLES)
    assert (way.sender, way.receiver) == ("flood (7) 127.0.0.1:53225", "sink (9) 127.0.0.1:65432")
    assert (way.sender_key, way.receiver_key, way.window) == (1, 2, 900)
    assert way.box("Recv-Q").limit == 131_072


def test_the_senders_equation_is_exact_and_the_one_at_rest_need_not_hold_in_motion() -> None:
    way = pipeline(sender(), receiver()).forward
    assert equation(way, "sender").holds is True
    assert equation(way, "sender").exact
    assert equation(way, "receiver").holds is True
    assert equation(way, "between").holds is True
    assert equation(way, "at rest").holds is None
    assert equation(way, "at rest").difference == -50


def test_the_ways_back_are_told_apart() -> None:
    both = pipeline(sender(), receiver())
    assert both.backward.sender_key == 2
    assert values(both.backward)["received"] == 0


def test_the_opener_is_told_by_its_counts_and_its_syn_is_no_byte() -> None:
    idle = {"notsent_bytes": 0, "bytes_sent": 500, "bytes_retrans": 0, "unacked": 0}
    opener = sender_counts(sender(send_q=0, tcp_info=tcp_info(**idle, bytes_acked=501)))
    accepter = sender_counts(sender(send_q=0, tcp_info=tcp_info(**idle, bytes_acked=500)))
    assert (opener.acked, opener.in_flight, opener.split_exact) == (500, 0, True)
    assert (accepter.acked, accepter.in_flight, accepter.split_exact) == (500, 0, True)


def test_without_a_sign_of_the_opener_the_split_is_derived() -> None:
    moved = sender(send_q=90_000)
    assert pipeline(moved).forward.box("in flight").basis is Basis.DERIVED
    assert pipeline(moved, opened=True).forward.box("in flight").basis is Basis.EXACT
    assert pipeline(moved).forward.box("accepted").basis is Basis.EXACT


def test_a_fin_is_no_byte_wherever_it_is() -> None:
    behind_data = sender(state=SocketState.FIN_WAIT_1, send_q=501, tcp_info=tcp_info(**SENT | {"notsent_bytes": 301}))
    assert sender_counts(behind_data).accepted == 1_000
    assert sender_counts(behind_data).send_q == 500
    acked = tcp_info(bytes_sent=10, bytes_acked=12, unacked=0)
    assert sender_counts(sender(state=SocketState.FIN_WAIT_2, send_q=0, tcp_info=acked)).acked == 10
    got = receiver(state=SocketState.CLOSE_WAIT, recv_q=151, tcp_info=tcp_info(bytes_received=551))
    assert (receiver_counts(got).received, receiver_counts(got).recv_q, receiver_counts(got).read) == (550, 150, 400)


def test_what_the_programs_count_is_compared_at_rest() -> None:
    counts = ProgramCounts(sent=1_000), ProgramCounts(received=400)
    rest_sender = sender(send_q=450, tcp_info=tcp_info(**SENT | {"bytes_acked": 551}))
    first = pipeline(rest_sender, receiver(), *counts, programs_apart_ns=1)
    again = pipeline(rest_sender, receiver(), *counts, programs_apart_ns=1, before=first)
    assert not first.at_rest
    assert again.at_rest
    assert [(one.name, one.holds, one.exact) for one in again.forward.equations] == [
        ("sender", True, True), ("receiver", True, True), ("between", True, False), ("program", True, True),
        ("at rest", True, True),
    ]  # fmt: skip


def test_a_byte_that_is_nowhere_shows_at_rest_only() -> None:
    counts = ProgramCounts(sent=1_001), ProgramCounts(received=400)
    rest_sender = sender(send_q=450, tcp_info=tcp_info(**SENT | {"bytes_acked": 551}))
    first = pipeline(rest_sender, receiver(), *counts)
    assert equation(first.forward, "program").holds is None
    assert equation(pipeline(rest_sender, receiver(), *counts, before=first).forward, "program").holds is False


def test_an_owed_acknowledgment_is_no_rest() -> None:
    first = pipeline(sender(), receiver())
    assert not pipeline(sender(), receiver(), before=first).at_rest


def test_of_an_end_that_is_elsewhere_nothing_is_made_up() -> None:
    alone = pipeline(sender(), apart_ns=5)
    assert values(alone.forward)["received"] is None
    assert alone.forward.box("received").basis is Basis.UNKNOWN
    assert equation(alone.forward, "at rest").holds is None
    assert alone.forward.receiver == "127.0.0.1:65432"
    assert (alone.forward.receiver_key, alone.apart_ns) == (0, None)


def test_a_source_without_tcp_info_says_nothing_but_the_queues() -> None:
    way = pipeline(sender(tcp_info=b""), receiver(tcp_info=b"")).forward
    assert {name for name, value in values(way).items() if value is not None} == {"Recv-Q"}
    assert equation(way, "sender").holds is None


def snapshot(*sockets: ActorSocket) -> Snapshot:
    report = ActorReport(kind="flood-client", pid=7, state=ActorState.RUNNING, sockets=sockets)
    return Snapshot(
        ts_ns=1,
        entries=[sender(), receiver(), listener(key=3, local_port=65432)],
        actors=(ActorView(1, ActorSpec("flood-client", Knobs()), report),),
        counters=SocketCounters(dump_ms=0.5),
    )


def test_a_snapshot_gives_the_other_end_the_programs_counts_and_the_distance() -> None:
    found = pipeline_in(snapshot(ActorSocket(5, 1, "127.0.0.1:53225", "127.0.0.1:65432", sent=990)), 1)
    assert isinstance(found, Pipeline)
    assert equation(found.forward, "program").difference == -10
    assert found.apart_ns == 500_000


def test_what_is_no_connection_has_no_pipeline() -> None:
    assert pipeline_in(snapshot(), 3) is None
    assert pipeline_in(snapshot(), 99) is None


def test_a_socket_that_two_processes_count_is_left_to_the_kernel() -> None:
    twice = [ActorSocket(5, 1, "a:1", "b:2", sent=4), ActorSocket(5, 1, "a:1", "b:2", sent=5)]
    assert program_counts(twice) == {}
