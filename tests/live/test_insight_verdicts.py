"""Every verdict that the socket table can give, driven on real sockets over the loopback, beside its healthy lookalike.

All conditions are set up together and watched together for a few seconds; each test then reads what was said of its
own sockets.
"""

from __future__ import annotations

import contextlib
import os
import socket
import struct
import sys
import threading
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pytest

from engine.model.tcp import SocketState
from engine.model.verdicts import Certainty, Severity, Verdict
from tests.live.insight_rig import LOOK_S, Court, drop, hear_again, key_of, pair

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="reads Linux's sock_diag")

LEAST_S = 6.0
"""The slowest rule: CLOSE-WAIT and FIN-WAIT-2 are told after 5 s."""
LIMIT_S = 25.0
LINGER_RST = struct.pack("ii", 1, 0)


class Stage:
    """All conditions at once. `keys` names their rows."""

    def __init__(self) -> None:
        self.keys: dict[str, int] = {}
        self.ports: dict[str, int] = {}
        self._held = contextlib.ExitStack()
        self._over = threading.Event()
        self._threads: list[threading.Thread] = []
        self._deaf: list[socket.socket] = []

    def __enter__(self) -> Stage:
        for condition in (
            self.stalled_and_busy, self.idle_and_chatty, self.accept_queues, self.syn_into_nothing, self.unclosed,
            self.half_closed, self.lossy, self.cut_off, self.crash_before, self.keep_alive, self.small_writes,
            self.datagrams, self.reach, self.rest_of_servers,
        ):  # fmt: skip
            try:
                condition()
            except BaseException:
                self.__exit__()
                raise
        return self

    def __exit__(self, *exc: object) -> None:
        self._over.set()
        for thread in self._threads:
            thread.join(LIMIT_S)
        for sock in self._deaf:
            if sock.fileno() >= 0:
                hear_again(sock)
        self._held.close()

    def deafen(self, sock: socket.socket, share: float = 1.0) -> None:
        """Lose this share of what comes in for the socket, until the stage is over."""
        drop(sock, share)
        self._deaf.append(sock)

    def hold(self, name: str, sock: socket.socket) -> socket.socket:
        self.keys[name] = key_of(sock)
        return self._held.enter_context(sock)

    def pair(self, client: str, server: str, **buffers: int) -> tuple[socket.socket, socket.socket]:
        one, other = pair(**buffers)
        return self.hold(client, one), self.hold(server, other)

    def keep(self, step: Callable[[], object], pause_s: float = 0.0) -> None:
        """Do the step again and again in a thread of its own; it may end by itself with an error of its socket."""

        def run() -> None:
            with contextlib.suppress(OSError):
                while not self._over.is_set():
                    step()
                    self._over.wait(pause_s)

        self._threads.append(threading.Thread(target=run, daemon=True))
        self._threads[-1].start()

    # --- the conditions --------------------------------------------------------------------------------------------

    def stalled_and_busy(self) -> None:
        sender, _ = self.pair("stalled sender", "stalled reader", sndbuf=32_768, rcvbuf=32_768)
        sender.setblocking(False)
        with contextlib.suppress(BlockingIOError):
            while True:
                sender.send(bytes(8_192))
        sender, reader = self.pair("busy sender", "busy reader", sndbuf=32_768)
        for sock in (sender, reader):
            sock.settimeout(0.2)
        self.keep(lambda: _quiet(lambda: sender.send(bytes(30_000))))
        self.keep(lambda: _quiet(lambda: reader.recv(10_000)), pause_s=0.005)

    def idle_and_chatty(self) -> None:
        one, other = self.pair("idle client", "idle server")
        one.sendall(b"hello")
        other.recv(5)
        client, server = self.pair("chatty client", "chatty server")

        def question() -> None:
            client.sendall(b"question")
            server.recv(100)
            server.sendall(b"answer")
            client.recv(100)

        self.keep(question, pause_s=0.05)

    def accept_queues(self) -> None:
        full = self.hold("full listener", socket.create_server(("127.0.0.1", 0), backlog=1))
        for number in range(4):
            client = socket.socket()
            client.setblocking(False)
            with contextlib.suppress(BlockingIOError):
                client.connect(full.getsockname())
            self.hold(f"client {number} of the full listener", client)
        roomy = self.hold("roomy listener", socket.create_server(("127.0.0.1", 0), backlog=8))
        for number in range(8):
            self.hold(f"client {number} of the roomy listener", socket.create_connection(roomy.getsockname()))

    def syn_into_nothing(self) -> None:
        deaf = self.hold("deaf listener", socket.create_server(("127.0.0.1", 0)))
        self.deafen(deaf)
        client = socket.socket()
        client.setblocking(False)
        with contextlib.suppress(BlockingIOError):
            client.connect(deaf.getsockname())
        self.hold("unanswered client", client)

    def unclosed(self) -> None:
        client, _ = self.pair("client that closed its side", "server that does not close")
        client.shutdown(socket.SHUT_WR)

    def half_closed(self) -> None:
        client, server = self.pair("half-closed client", "server that still answers")
        client.shutdown(socket.SHUT_WR)

        def answer() -> None:
            server.sendall(b"more")
            client.recv(100)

        self.keep(answer, pause_s=0.1)

    def lossy(self) -> None:
        sender, reader = self.pair("sender over a lossy path", "reader over a lossy path", sndbuf=65_536)
        for sock in (sender, reader):
            sock.settimeout(0.2)
        self.deafen(reader, 0.03)
        self.keep(lambda: _quiet(lambda: sender.send(bytes(50_000))), pause_s=0.002)
        self.keep(lambda: _quiet(lambda: reader.recv(65_536)))

    def cut_off(self) -> None:
        sender, silent = self.pair("sender to a silent peer", "silent peer")
        self.deafen(silent)
        sender.sendall(b"is anybody there?")

    def crash_before(self) -> None:
        self.about_to_crash("survivor of a crash")()
        self.crash = self.about_to_crash("survivor of a crash while watched")

    def about_to_crash(self, name: str) -> Callable[[], None]:
        """A connection of which one end goes without a word to the other, once what is returned is called."""
        survivor, crashing = self.pair(name, f"crashing peer of the {name}")

        def crash() -> None:
            self.deafen(survivor)
            crashing.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, LINGER_RST)
            crashing.close()

        return crash

    def keep_alive(self) -> None:
        for name, deaf in (("probing in vain", True), ("probing with answers", False)):
            prober, probed = self.pair(name, f"peer of {name}")
            if deaf:
                self.deafen(probed)
            prober.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
            for option, value in ((socket.TCP_KEEPIDLE, 1), (socket.TCP_KEEPINTVL, 1), (socket.TCP_KEEPCNT, 20)):
                prober.setsockopt(socket.IPPROTO_TCP, option, value)

    def small_writes(self) -> None:
        for name, nodelay in (("writer held by Nagle", 0), ("writer without Nagle", 1)):
            client, server = self.pair(name, f"peer of {name}")
            client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, nodelay)

            def exchange(client: socket.socket = client, server: socket.socket = server) -> None:
                client.send(b"head")
                client.send(b"body")
                got = b""
                while len(got) < 8:
                    server.setsockopt(socket.IPPROTO_TCP, socket.TCP_QUICKACK, 0)
                    got += server.recv(8 - len(got))
                server.send(b"ok")
                client.recv(2)

            self.keep(exchange, pause_s=0.01)

    def datagrams(self) -> None:
        sender = self._held.enter_context(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
        for name in ("overflowing receiver", "receiver with old drops"):
            receiver = self.hold(name, socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
            receiver.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
            receiver.bind(("127.0.0.1", 0))
            target = receiver.getsockname()
            for _ in range(50):
                sender.sendto(bytes(500), target)
            if name == "overflowing receiver":
                self.keep(partial(sender.sendto, bytes(500), target), pause_s=0.02)

    def reach(self) -> None:
        self.hold("listener for everyone", socket.create_server(("0.0.0.0", 0)))
        self.hold("listener for this machine", socket.create_server(("127.0.0.1", 0)))

    def rest_of_servers(self) -> None:
        """Servers on ports that no client is given, which close first and so keep TIME-WAIT; one of them is back."""
        for name, back in (("port held by TIME-WAIT", False), ("port of a server that is back", True)):
            server = _server_below_the_ephemeral_ports(again=back)
            address = server.getsockname()
            for _ in range(3):
                with socket.create_connection(address) as client:
                    server.accept()[0].close()
                    client.recv(1)
            server.close()
            self.ports[name] = address[1]
            if back:
                self._held.enter_context(socket.create_server(address))


def _quiet(step: Callable[[], object]) -> None:
    """A step whose time-out is no matter."""
    with contextlib.suppress(TimeoutError):
        step()


def _server_below_the_ephemeral_ports(again: bool) -> socket.socket:
    """A listener on a port that nothing has; `again` has it say that the port may be taken again at once."""
    low = int(Path("/proc/sys/net/ipv4/ip_local_port_range").read_text().split()[0])
    for number in range(2_000):
        server = socket.socket()
        try:
            server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, again)
            server.bind(("127.0.0.1", low - 1 - (os.getpid() * 7 + number * 13) % (low // 2)))
            server.listen()
        except OSError:
            server.close()
        else:
            return server
    raise AssertionError("no free port")


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
