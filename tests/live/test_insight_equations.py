"""The equations of the byte view on real sockets in motion: the kernel's rows against what the programs count."""

from __future__ import annotations

import contextlib
import socket
import sys
import threading
import time
from collections.abc import Callable, Iterator
from functools import partial

import pytest

from engine.insight.counts import receiver_counts, sender_counts
from engine.insight.pipeline import ProgramCounts, pipeline
from engine.model.sockets import SocketEntry
from engine.model.tcp_info import tcp_info_field
from engine.sockets.lookup import lookup_exact
from engine.sockets.netlink_source import Conversation
from engine.sockets.source import SourceError
from tests.lab_rig import Running, until
from tests.live.insight_rig import drop, hear_again, pair

SAMPLES = 1_000
LIMIT_S = 30.0

pytestmark = pytest.mark.linux


class Rows:
    """Rows of single sockets, asked of the kernel one at a time."""

    def __init__(self) -> None:
        try:
            self._conversation = Conversation()
        except SourceError as error:
            pytest.skip(f"no sock_diag here: {error}")

    def of(self, sock: socket.socket) -> SocketEntry:
        row = lookup_exact(self._conversation, "tcp", sock.getsockname(), sock.getpeername())
        assert row is not None
        return row

    def between(self, local: str, peer: str) -> SocketEntry:
        here, there = ((address.rpartition(":")[0], int(address.rpartition(":")[2])) for address in (local, peer))
        row = lookup_exact(self._conversation, "tcp", here, there)
        assert row is not None
        return row

    def close(self) -> None:
        self._conversation.close()


@pytest.fixture
def rows() -> Iterator[Rows]:
    asking = Rows()
    yield asking
    asking.close()


@pytest.fixture(autouse=True)
def quick_turns() -> Iterator[None]:
    """Threads take turns often, so that a thousand samples take a second and not ten."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(0.0002)
    yield
    sys.setswitchinterval(before)


class Program:
    """One end of a connection with its own counts. A call and its count are one step: `standing` waits for its end, and
    keeps the program, not the kernel, from going on."""

    def __init__(self, sock: socket.socket) -> None:
        self.sock = sock
        self.sent = self.received = 0
        self._between_calls = threading.Lock()
        sock.setblocking(False)

    def send(self, chunk: bytes) -> bool:
        with self._between_calls:
            try:
                self.sent += self.sock.send(chunk)
            except BlockingIOError:
                return False
            return True

    def recv(self, size: int) -> bool:
        with self._between_calls:
            try:
                self.received += len(self.sock.recv(size))
            except BlockingIOError:
                return False
            return True

    @contextlib.contextmanager
    def standing(self) -> Iterator[None]:
        with self._between_calls:
            yield


class Traffic:
    """Two programs joined over the loopback, with threads that send and read until the block ends."""

    def __init__(self, sndbuf: int | None = None, rcvbuf: int | None = None) -> None:
        client, server = pair(sndbuf, rcvbuf)
        self.opener, self.accepter = Program(client), Program(server)
        self._over = threading.Event()
        self._threads: list[threading.Thread] = []

    def keep(self, step: Callable[[], bool], pause_s: float = 0.0) -> None:
        """Do the step again and again, with a pause after each (after a refused one, a short one)."""

        def run() -> None:
            while not self._over.is_set():
                if not step():
                    self._over.wait(0.0005)
                elif pause_s:
                    self._over.wait(pause_s)

        self._threads.append(threading.Thread(target=run))
        self._threads[-1].start()

    def rest(self) -> None:
        """No program goes on from here; the kernel may."""
        self._over.set()
        for thread in self._threads:
            thread.join(LIMIT_S)

    def __enter__(self) -> Traffic:
        return self

    def __exit__(self, *exc: object) -> None:
        self.rest()
        self.opener.sock.close()
        self.accepter.sock.close()


def check_sender(rows: Rows, program: Program) -> int:
    """accepted by send() = not sent + in flight + acked, to the byte. What was accepted."""
    with program.standing():
        row, told = rows.of(program.sock), program.sent
    counts = sender_counts(row)
    assert counts.accepted == told
    assert counts.not_sent is not None
    assert counts.in_flight is not None
    assert counts.acked is not None
    assert counts.not_sent + counts.in_flight + counts.acked == told
    return told


def check_receiver(rows: Rows, program: Program) -> int:
    """received = Recv-Q + read. Recv-Q and the received bytes are two reads of the kernel, so between them bytes may
    arrive: the sum lies between what an earlier row had received and what this one has. What was received."""
    with program.standing():
        earlier, row, read = rows.of(program.sock), rows.of(program.sock), program.received
    before, counts = receiver_counts(earlier), receiver_counts(row)
    assert counts.recv_q is not None
    assert before.received is not None
    assert counts.received is not None
    assert before.received <= counts.recv_q + read <= counts.received
    return counts.received


def sample(*checks: Callable[[], int]) -> list[int]:
    """A thousand rounds of the checks; how far each moved meanwhile."""
    first = [check() for check in checks]
    last = first
    end = time.monotonic() + LIMIT_S
    for done in range(SAMPLES):
        assert time.monotonic() < end, f"only {done} samples in {LIMIT_S} s"
        last = [check() for check in checks]
        time.sleep(0.0002)  # other threads have their turn between two samples
    return [now - then for then, now in zip(first, last, strict=True)]


def test_a_running_flood_adds_up_at_each_of_a_thousand_samples(rows: Rows) -> None:
    with Traffic() as traffic:
        sender, reader = traffic.opener, traffic.accepter
        traffic.keep(lambda: sender.send(bytes(40_000)))
        traffic.keep(lambda: reader.recv(65_536))
        moved = sample(lambda: check_sender(rows, sender), lambda: check_receiver(rows, reader))
        assert min(moved) > 1_000_000


def test_a_slow_reader_adds_up_at_each_of_a_thousand_samples(rows: Rows) -> None:
    with Traffic(sndbuf=32_768, rcvbuf=32_768) as traffic:
        sender, reader = traffic.accepter, traffic.opener  # the accepter sends: it has sent no SYN of its own
        traffic.keep(lambda: sender.send(bytes(3_000)))
        traffic.keep(lambda: reader.recv(1_000), pause_s=0.001)
        moved = sample(lambda: check_sender(rows, sender), lambda: check_receiver(rows, reader))
        assert min(moved) > 10_000


def test_a_two_way_flow_adds_up_at_each_of_a_thousand_samples(rows: Rows) -> None:
    with Traffic(sndbuf=65_536) as traffic:
        one, other = traffic.opener, traffic.accepter
        for program in (one, other):
            traffic.keep(partial(program.send, bytes(5_000)))
            traffic.keep(partial(program.recv, 7_000))
        moved = sample(
            lambda: check_sender(rows, one),
            lambda: check_receiver(rows, other),
            lambda: check_sender(rows, other),
            lambda: check_receiver(rows, one),
        )
        assert min(moved) > 100_000


def test_a_path_that_loses_packets_adds_up_at_each_of_a_thousand_samples(rows: Rows) -> None:
    with Traffic(sndbuf=65_536) as traffic:
        sender, reader = traffic.opener, traffic.accepter
        drop(reader.sock, 0.05)
        traffic.keep(lambda: sender.send(bytes(20_000)))
        traffic.keep(lambda: reader.recv(65_536))
        moved = sample(lambda: check_sender(rows, sender), lambda: check_receiver(rows, reader))
        until(lambda: tcp_info_field(rows.of(sender.sock).tcp_info, "bytes_retrans"))
        check_sender(rows, sender)
        hear_again(reader.sock)
        assert min(moved) > 10_000


@pytest.mark.parametrize("ending", ["open", "half-closed", "closed behind data"])
def test_at_rest_everything_adds_up_to_the_byte(rows: Rows, ending: str) -> None:
    with Traffic(sndbuf=65_536, rcvbuf=32_768) as traffic:
        sender, reader = traffic.opener, traffic.accepter
        if ending != "closed behind data":
            traffic.keep(lambda: reader.recv(900), pause_s=0.001)
        traffic.keep(lambda: sender.send(bytes(8_000)))
        until(lambda: sender.sent > 100_000)
        traffic.rest()
        if ending != "open":
            sender.sock.shutdown(socket.SHUT_WR)
        if ending == "half-closed":
            while reader.recv(65_536) and reader.received < sender.sent:
                continue
        counts = (ProgramCounts(sender.sent, sender.received), ProgramCounts(reader.sent, reader.received))
        found = pipeline(rows.of(sender.sock), rows.of(reader.sock), *counts)
        end = time.monotonic() + LIMIT_S
        while not found.at_rest:
            assert time.monotonic() < end, found
            time.sleep(0.05)
            found = pipeline(rows.of(sender.sock), rows.of(reader.sock), *counts, before=found)
        assert [(one.name, one.holds) for one in (*found.forward.equations, *found.backward.equations)] == [
            (name, True) for name in ("sender", "receiver", "between", "program", "at rest")
        ] * 2
        assert found.forward.box("accepted").value == sender.sent
        assert found.forward.box("on its way").value == 0


def test_what_the_actors_report_brackets_the_kernels_word(rows: Rows) -> None:
    chunk = 8_192
    with Running("slow-reader", port=0, bytes_per_s=2_000_000) as reader:
        knobs = {"port": reader.port, "chunk": chunk, "sndbuf": 65_536, "retry_s": 0.001}
        with Running("flood-client", **knobs) as flood:
            until(lambda: flood.report().sent > 500_000)
            equal = 0
            for _ in range(SAMPLES):
                before = flood.report()
                [sock] = before.sockets
                accepted = sender_counts(rows.between(sock.local, sock.peer)).accepted
                after = flood.report()
                assert accepted is not None
                # A send() that is under way may have been taken already and not be counted yet.
                assert before.sent <= accepted <= after.sent + chunk
                equal += before.sent == accepted == after.sent
            assert equal > SAMPLES // 20
