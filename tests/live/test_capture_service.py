"""The capture service on live traffic: floods without loss, by the ring and by scapy's socket, and what it tells."""

from __future__ import annotations

import os
import select
import shutil
import socket
import struct
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from engine.capture.service import CaptureService
from engine.model.messages import (
    AskFrame,
    AskNewFrames,
    AskPackets,
    AskStatus,
    FollowStream,
    FrameAnswer,
    FramesAnswer,
    PacketsAnswer,
    StartCapture,
    StatusAnswer,
)
from engine.model.packets import FULL_SNAP_LENGTH, CaptureOptions, CaptureStatus, PacketRow
from tests.live.capture_namespace import Namespace
from tests.unit.capture_frames import ACK, FIN, SYN, tcp

LIMIT_S = 30.0


@pytest.fixture
def namespace() -> Iterator[Namespace]:
    made = Namespace()
    yield made
    made.close()


class Worker:
    """A capture service driven as its process drives it."""

    def __init__(self, namespace: Namespace) -> None:
        self.service = CaptureService()
        self._namespace = namespace

    def start(self, options: CaptureOptions) -> CaptureStatus:
        sock = self._namespace.packet_socket()
        answer = self.service.answer(StartCapture(options), [sock.detach()])
        assert isinstance(answer, StatusAnswer)
        return answer.status

    def turn(self) -> None:
        poll = select.poll()
        for descriptor in self.service.watch():
            poll.register(descriptor, select.POLLIN)
        pause_s = self.service.pause_s()
        ready = poll.poll(50 if pause_s is None else min(50, pause_s * 1000))
        for descriptor, _ in ready:
            self.service.readable(descriptor)
        if not ready:
            self.service.idle()

    def until(self, enough: Callable[[], bool]) -> None:
        deadline = time.monotonic() + LIMIT_S
        while not enough():
            assert time.monotonic() < deadline, self.status()
            self.turn()

    def settle(self) -> None:
        """Go on until nothing new has come for a while."""
        seen, quiet_since = self.status().last_number, time.monotonic()
        while time.monotonic() - quiet_since < 0.2:
            self.turn()
            if self.status().last_number != seen:
                seen, quiet_since = self.status().last_number, time.monotonic()

    def status(self) -> CaptureStatus:
        answer = self.service.answer(AskStatus(), [])
        assert isinstance(answer, StatusAnswer)
        return answer.status

    def rows(self, handshakes: bool = False) -> list[PacketRow]:
        answer = self.service.answer(AskPackets(-1, 1000, handshakes=handshakes), [])
        assert isinstance(answer, PacketsAnswer)
        return answer.rows


@pytest.fixture
def worker(namespace: Namespace) -> Iterator[Worker]:
    made = Worker(namespace)
    yield made
    made.service.close()


def capture_file(path: Path, frames: list[bytes], times_ns: list[int] | None = None) -> str:
    """A pcap file of Ethernet frames (the format's own header, nanoseconds)."""
    with path.open("wb") as file:
        file.write(struct.pack("=IHHiIII", 0xA1B23C4D, 2, 4, 0, 0, FULL_SNAP_LENGTH, 1))
        for data, ts_ns in zip(frames, times_ns or [0] * len(frames), strict=True):
            file.write(struct.pack("=IIII", *divmod(ts_ns, 1_000_000_000), len(data), len(data)) + data)
    return str(path)


def strangers(sport: int, seq: int, flags: int, payload: bytes = b"") -> bytes:
    """A segment between two machines that are not this one, so that no kernel answers it."""
    return tcp(sport, 80, seq, 1, flags, payload, src="10.1.1.1", dst="10.1.1.2")


def flood(tmp_path: Path, connections: int, segments: int) -> str:
    """Connections of a SYN, so many data segments of 100 bytes, and a FIN."""
    frames: list[bytes] = []
    for number in range(connections):
        port = 1024 + number
        frames.append(strangers(port, 0, SYN))
        frames += [strangers(port, 1 + 100 * at, ACK, bytes(100)) for at in range(segments)]
        frames.append(strangers(port, 1 + 100 * segments, FIN | ACK))
    return capture_file(tmp_path / "flood.pcap", frames)


needs_tcpreplay = pytest.mark.skipif(shutil.which("tcpreplay") is None, reason="tcpreplay is not installed")


def replay(namespace: Namespace, path: str, per_s: int) -> Callable[[], str]:
    """Begin to send a file's frames on `lo`; call the answer for what tcpreplay says of it at its end."""
    namespace.begin("tcpreplay", "--quiet", "-i", "lo", f"--pps={per_s}", path)
    return namespace.end


@needs_tcpreplay
def test_a_flood_of_25_000_segments_a_second_is_decoded_analysed_and_kept_without_loss(
    namespace: Namespace, worker: Worker, tmp_path: Path
) -> None:
    worker.start(CaptureOptions(store_bytes=8 * 1024 * 1024))
    ended = replay(namespace, flood(tmp_path, 250, 98), 25_000)
    worker.until(lambda: worker.status().trust.received >= 25_000)
    assert "25000 packets" in ended()
    status = worker.status()
    trust = status.trust
    assert (trust.received, trust.dropped_by_kernel, trust.dropped_by_us, trust.undecodable) == (25_000, 0, 0, 0)
    assert trust.kept + trust.evicted == 25_000
    assert status.last_number == 25_000
    assert {row.stream for row in worker.rows()[-100:]} == {249}
    assert not any(row.findings for row in worker.rows())


@needs_tcpreplay
def test_scapys_socket_keeps_every_handshake_of_a_flood_that_it_could_not_read_whole(
    namespace: Namespace, worker: Worker, tmp_path: Path
) -> None:
    status = worker.start(CaptureOptions(source="scapy"))
    assert status.source == "scapy"
    assert "tcp-syn" in status.capture_filter
    ended = replay(namespace, flood(tmp_path, 250, 98), 25_000)
    worker.until(lambda: worker.status().trust.received >= 500)
    assert "25000 packets" in ended()
    trust = worker.status().trust
    assert (trust.received, trust.dropped_by_kernel) == (500, 0)
    rows = worker.rows()
    assert [row.flags for row in rows] == [SYN, FIN | ACK] * 250
    assert {row.stream for row in rows} == set(range(250))


def test_what_scapys_socket_has_no_room_for_is_counted_and_its_place_is_marked(
    namespace: Namespace, worker: Worker
) -> None:
    worker.start(CaptureOptions(source="scapy", capture_filter="udp dst port 9"))
    for descriptor in worker.service.watch():
        sock = socket.socket(fileno=os.dup(descriptor))
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        sock.close()
    namespace.send_datagrams(9, 500, 100_000)
    worker.until(lambda: worker.status().trust.dropped_by_kernel > 0)
    namespace.send_datagrams(9, 1, 1)
    received = worker.status().trust.received
    worker.until(lambda: worker.status().trust.received > received)
    trust = worker.status().trust
    assert trust.received + trust.dropped_by_kernel == 501
    assert [row.protocol for row in worker.rows()][-2:] == ["(lost)", "UDP"]


def test_ring_and_scapys_socket_see_the_same_of_the_same_connection(namespace: Namespace) -> None:
    seen: list[list[str]] = []
    workers = [Worker(namespace) for _ in range(2)]
    for each, source in zip(workers, ("ring", "scapy"), strict=True):
        each.start(CaptureOptions(source=source, capture_filter="tcp"))
    namespace.connect("::1")
    for each in workers:
        each.until(lambda each=each: len(each.rows()) >= 8)  # type: ignore[misc]
        seen.append([row.info for row in each.rows()])
        each.service.close()
    assert seen[0] == seen[1]


def test_scapys_socket_hears_an_interface_without_ethernet_as_the_ring_does(namespace: Namespace) -> None:
    namespace.make_tun("tun0")
    namespace.ip("addr", "add", "10.9.9.1/24", "dev", "tun0")
    namespace.ip("link", "set", "tun0", "up")
    workers = [Worker(namespace) for _ in range(2)]
    for each, source in zip(workers, ("ring", "scapy"), strict=True):
        each.start(CaptureOptions("tun0", source, "udp dst port 7777"))
    namespace.send_datagram("10.9.9.2", 7777)
    seen: list[list[tuple[str, str, int, str]]] = []
    for each in workers:
        each.until(lambda each=each: len(each.rows()) >= 1)  # type: ignore[misc]
        seen.append([(row.source, row.destination, row.length, row.info) for row in each.rows()])
        each.service.close()
    assert seen[0] == seen[1]
    assert seen[0][0][:3] == ("10.9.9.1", "10.9.9.2", 16 + 28 + len(b"hello"))


def test_a_followed_stream_comes_whole_and_another_in_headers(namespace: Namespace, worker: Worker) -> None:
    def captured_bytes(number: int) -> int:
        answer = worker.service.answer(AskFrame(number), [])
        assert isinstance(answer, FrameAnswer)
        return len(answer.data)

    worker.start(CaptureOptions(capture_filter="tcp", snap_length=96))
    namespace.send_frame("lo", strangers(1024, 0, SYN))
    worker.until(lambda: worker.status().last_number == 1)
    worker.service.answer(FollowStream(0), [])
    for port in (1024, 1025):
        namespace.send_frame("lo", strangers(port, 1, ACK, bytes(3000)))
    worker.until(lambda: worker.status().last_number == 3)
    assert (captured_bytes(2), captured_bytes(3)) == (3054, 96)


needs_tshark = pytest.mark.skipif(shutil.which("tshark") is None, reason="tshark is not installed")


@needs_tshark
def test_live_rows_read_as_tshark_reads_the_same_frames(namespace: Namespace, worker: Worker, tmp_path: Path) -> None:
    worker.start(CaptureOptions(capture_filter="tcp", snap_length=FULL_SNAP_LENGTH))
    for address, payload in (("127.0.0.1", 500), ("::1", 200_000), ("127.0.0.1", 0), ("127.0.0.1", 3_000_000)):
        namespace.connect(address, payload)
    worker.until(lambda: sum("[FIN" in row.info for row in worker.rows()) >= 8)
    worker.settle()
    rows = worker.rows()
    answer = worker.service.answer(AskNewFrames(0), [])
    assert isinstance(answer, FramesAnswer)
    path = capture_file(
        tmp_path / "seen.pcap", [frame.data for frame in answer.frames], [frame.ts_ns for frame in answer.frames]
    )
    expected = tshark_info(path, tmp_path / "wireshark")
    assert len(expected) == len(rows) > 40
    assert [(str(row.stream), row.info) for row in rows] == expected


TCP_ALONE = {"frame", "eth", "ethertype", "ip", "ipv6", "tcp"}


def tshark_info(path: str, configuration: Path) -> list[tuple[str, str]]:
    """Stream and Info of each frame, by TCP's own dissector alone: the ports are chance, and some are a protocol's."""
    known = subprocess.run(["tshark", "-G", "protocols"], capture_output=True, text=True, check=True, timeout=60).stdout
    names = {line.split("\t")[2] for line in known.splitlines()}
    configuration.mkdir()
    (configuration / "disabled_protos").write_text(
        "\n".join(sorted(name for name in names - TCP_ALONE if not name.startswith("tcp.options.")))
    )
    command = ["tshark", "-n", "-r", path, "-T", "fields", "-e", "tcp.stream", "-e", "_ws.col.Info"]
    command += ["-o", "tcp.desegment_tcp_streams:FALSE"]
    environment = {**os.environ, "WIRESHARK_CONFIG_DIR": str(configuration)}
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60, env=environment)
    return [(stream, info) for stream, _, info in (line.partition("\t") for line in done.stdout.splitlines())]


def test_an_interface_that_vanishes_is_told_and_heard_again_when_it_is_back(
    namespace: Namespace, worker: Worker
) -> None:
    def codes() -> list[str]:
        return [degradation.code for degradation in worker.status().degradations]

    namespace.make_cable()
    assert worker.start(CaptureOptions(interface="lo,right", capture_filter="less 400")).degradations == ()
    namespace.ip("link", "del", "left")
    worker.until(lambda: codes() == ["INTERFACE_GONE"])
    namespace.make_cable()
    worker.until(lambda: codes() == [])
    before = worker.status().trust.received
    namespace.send_frame("left", strangers(1024, 0, SYN))
    worker.until(lambda: worker.status().trust.received > before)
