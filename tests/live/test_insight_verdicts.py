"""Every verdict that the socket table can give, driven on real sockets over the loopback, beside its healthy lookalike.

All conditions are set up together and watched together for a few seconds; each test then reads what was said of its
own sockets.
"""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Iterator

import pytest

from engine.model.tcp import SocketState
from engine.model.verdicts import Certainty, Severity, Verdict
from tests.live.insight_rig import LOOK_S, Court, key_of, pair
from tests.live.insight_stage import LINGER_RST, Stage

pytestmark = pytest.mark.linux

LEAST_S = 6.0
"""The slowest rule: CLOSE-WAIT and FIN-WAIT-2 are told after 5 s."""
LIMIT_S = 25.0


class Said:
    """What the judge said of the stage's sockets."""

    def __init__(self, stage: Stage, court: Court) -> None:
        self.stage = stage
        self.court = court
        self.reset_keys: tuple[int, ...] = ()
        self.closed_keys: tuple[int, ...] = ()

    def of(self, rule: str, name: str) -> Verdict:
        """The verdict on a socket of the stage; the test fails if there was none."""
        found = self.court.said.get((rule, self.stage.keys[name]))
        assert found is not None, f"{rule} was not said of {name}"
        assert found.sentence.endswith(".")
        assert found.advice
        assert found.evidence
        assert found.lookalike
        assert found.ends_when
        return found

    def rules(self, name: str) -> set[str]:
        """All that was said of a socket of the stage, the remark on its address aside."""
        key = self.stage.keys[name]
        return {rule for rule, about in self.court.said if about == key} - {"open-listener"}

    def all_held(self) -> bool:
        return all((rule, self.stage.keys[name]) in self.court.said for rule, name in EXPECTED)


EXPECTED = (
    ("receiver-stalled", "stalled reader"),
    ("zero-window", "stalled sender"),
    ("queues-empty", "idle client"),
    ("app-limited", "chatty client"),
    ("accept-queue-full", "full listener"),
    ("syn-unanswered", "client 3 of the full listener"),
    ("syn-unanswered", "unanswered client"),
    ("close-wait-leak", "server that does not close"),
    ("fin-wait-2", "client that closed its side"),
    ("path-loss", "sender over a lossy path"),
    ("half-open", "sender to a silent peer"),
    ("half-open", "survivor of a crash"),
    ("half-open", "survivor of a crash while watched"),
    ("keepalive-failing", "probing in vain"),
    ("nagle-delayed-ack", "writer held by Nagle"),
    ("udp-overflow", "overflowing receiver"),
    ("open-listener", "listener for everyone"),
)


@pytest.fixture(scope="module")
def said() -> Iterator[Said]:
    """The stage, watched until all that is expected was said, and no shorter than the slowest rule needs."""
    with Stage() as stage:
        court = Court()
        try:
            result = Said(stage, court)
            reset_pair, ordered_pair = pair(), pair()
            result.reset_keys = tuple(key_of(sock) for sock in reset_pair)
            result.closed_keys = tuple(key_of(sock) for sock in ordered_pair)
            began = time.monotonic()
            while (passed_s := time.monotonic() - began) < LEAST_S or not result.all_held():
                if passed_s > LIMIT_S:
                    break  # the tests say what is missing
                court.look()
                court.ask(*(stage.keys[name] for name in ("idle client", "chatty client", "busy sender")))
                if passed_s > 1 and reset_pair[0].fileno() >= 0:
                    reset_pair[0].setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, LINGER_RST)
                    for sock in (*reset_pair, *ordered_pair):
                        sock.close()
                    stage.crash()
                time.sleep(LOOK_S)
            yield result
        finally:
            court.close()
            for sock in (*reset_pair, *ordered_pair):
                sock.close()


def figure(verdict: Verdict, name: str) -> int | float | str:
    return next(one.value for one in verdict.evidence if one.name == name)


def test_a_receiver_that_does_not_read_is_named_with_its_queue(said: Said) -> None:
    found = said.of("receiver-stalled", "stalled reader")
    assert (found.severity, found.certainty) == (Severity.PROBLEM, Certainty.CERTAIN)
    assert f"({os.getpid()}) has not read for" in found.sentence
    assert isinstance(size := figure(found, "Recv-Q"), int)
    assert size > 10_000
    assert found.keys == (said.stage.keys["stalled reader"], said.stage.keys["stalled sender"])
    assert said.rules("busy reader") <= {"app-limited", "queues-empty"}


def test_a_window_that_stays_0_is_told_of_the_sender(said: Said) -> None:
    found = said.of("zero-window", "stalled sender")
    assert figure(found, "peer's window") == 0
    assert "wait in Send-Q and only probes may be sent" in found.sentence
    assert "zero-window" not in said.rules("busy sender")


def test_all_queues_empty_and_silence_is_told_of_who_is_asked_about(said: Said) -> None:
    found = said.of("queues-empty", "idle client")
    assert found.severity is Severity.NOTE
    assert found.certainty is Certainty.POSSIBLE
    assert "queues-empty" not in said.rules("chatty client")


def test_a_sender_that_goes_at_its_own_pace_is_told_from_one_held_back(said: Said) -> None:
    found = said.of("app-limited", "chatty client")
    assert "its own pace is the limit" in found.sentence
    assert "app-limited" not in said.rules("busy sender")


def test_a_full_accept_queue_and_the_clients_it_costs(said: Said) -> None:
    found = said.of("accept-queue-full", "full listener")
    assert (figure(found, "accept queue"), figure(found, "limit")) == (2, 1)
    client = said.of("syn-unanswered", "client 3 of the full listener")
    assert "Its listener's accept queue is full (2 wait, 1 are allowed)" in client.sentence
    assert said.rules("roomy listener") == set()


def test_a_syn_into_nothing(said: Said) -> None:
    found = said.of("syn-unanswered", "unanswered client")
    assert "answers nothing at all" in found.sentence
    assert isinstance(sent := figure(found, "SYNs sent"), int)
    assert sent >= 2


def test_close_wait_with_the_program_that_has_not_closed(said: Said) -> None:
    found = said.of("close-wait-leak", "server that does not close")
    assert figure(found, "PID") == os.getpid()
    assert "has not closed its connection with" in found.sentence
    assert said.rules("server that still answers") == set()


def test_fin_wait_2_waits_for_the_peer(said: Said) -> None:
    found = said.of("fin-wait-2", "client that closed its side")
    assert figure(found, "peer's state") == SocketState.CLOSE_WAIT
    assert "fin-wait-2" not in said.rules("half-closed client")


def test_a_path_that_loses_packets(said: Said) -> None:
    found = said.of("path-loss", "sender over a lossy path")
    assert "loses packets" in found.sentence
    assert "half-open" not in said.rules("sender over a lossy path")
    assert "path-loss" not in said.rules("busy sender")


def test_a_peer_that_no_longer_answers(said: Said) -> None:
    found = said.of("half-open", "sender to a silent peer")
    assert found.certainty is Certainty.LIKELY
    assert "no longer answers" in found.sentence
    assert "path-loss" not in said.rules("sender to a silent peer")


def test_an_end_that_went_while_it_was_watched_is_told_from_one_that_was_never_seen(said: Said) -> None:
    found = said.of("half-open", "survivor of a crash while watched")
    assert found.certainty is Certainty.CERTAIN
    assert "which no longer exists" in found.sentence
    earlier = said.of("half-open", "survivor of a crash")
    assert earlier.certainty is Certainty.POSSIBLE
    assert "which is no socket here" in earlier.sentence
    assert "half-open" not in said.rules("idle client")


def test_keep_alive_probes_that_nobody_answers(said: Said) -> None:
    found = said.of("keepalive-failing", "probing in vain")
    assert "answers no keep-alive probe" in found.sentence
    assert "keepalive-failing" not in said.rules("probing with answers")


def test_small_writes_that_wait_for_a_delayed_ack(said: Said) -> None:
    found = said.of("nagle-delayed-ack", "writer held by Nagle")
    assert isinstance(rtt_ms := figure(found, "RTT"), float)
    assert 15 < rtt_ms < 220
    assert "nagle-delayed-ack" not in said.rules("writer without Nagle")


def test_datagrams_that_are_dropped_now_and_not_long_ago(said: Said) -> None:
    found = said.of("udp-overflow", "overflowing receiver")
    assert isinstance(dropped := figure(found, "dropped"), int)
    assert dropped > 0
    assert said.rules("receiver with old drops") == set()


def test_a_listener_open_to_everyone(said: Said) -> None:
    found = said.of("open-listener", "listener for everyone")
    assert found.severity is Severity.NOTE
    assert ("open-listener", said.stage.keys["listener for this machine"]) not in said.court.said


def test_a_port_that_time_wait_holds(said: Said) -> None:
    [found] = [one for one in said.court.verdicts if one.rule == "time-wait-reuse"]
    told = str(figure(found, "ports")).removesuffix(" …").split(", ")
    if len(told) < 10:  # else it may be one of those that are not named
        assert str(said.stage.ports["port held by TIME-WAIT"]) in told
    assert str(said.stage.ports["port of a server that is back"]) not in told


def test_a_connection_that_was_reset_is_told_from_one_that_was_closed(said: Said) -> None:
    found = {key for rule, key in said.court.said if rule == "reset"}
    assert set(said.reset_keys) & found
    assert not set(said.closed_keys) & found
