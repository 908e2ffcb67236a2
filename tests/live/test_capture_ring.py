"""The ring hears real traffic in a network namespace of its own: each frame once, in order, and nothing is lost."""

from __future__ import annotations

import select
import socket
import struct
import time
from collections.abc import Callable, Iterator

import pytest

from engine.capture.bpf import compile_filter
from engine.capture.bpf_code import Program
from engine.capture.bpf_words import Conversation
from engine.capture.packet_socket import InterfaceState
from engine.capture.ring import RingSize, RingSource
from engine.capture.selection import Selection
from engine.capture.source import GAP, LINKTYPE_LINUX_SLL, Frame
from engine.model.errors import CaptureError
from tests.live.capture_namespace import Namespace

LIMIT_S = 15.0
SMALL = RingSize(blocks=128, block_bytes=64 * 1024, retire_ms=10)
"""Quick to hand over, and yet with room for a stall of a second: each block that is handed over holds up its slot."""


@pytest.fixture
def namespace() -> Iterator[Namespace]:
    made = Namespace()
    yield made
    made.close()


class Ears:
    """A ring on some interfaces of a namespace, and all that it has heard."""

    def __init__(
        self, namespace: Namespace, *names: str, text: str = "", size: RingSize = SMALL, snap: int = 256
    ) -> None:
        sock = namespace.packet_socket()
        self.selection = Selection(names, sock)
        self.source = RingSource(sock, self.selection, self.program(text, snap), size)
        self.frames: list[Frame] = []

    def program(self, text: str, snap: int = 256, followed: Conversation | None = None) -> Program:
        return compile_filter(
            text,
            hardware_types=self.selection.hardware_types,
            snap_length=snap,
            interfaces=self.selection.indexes,
            followed=followed,
        )

    def hear_until(self, enough: Callable[[], bool]) -> None:
        until = time.monotonic() + LIMIT_S
        poll = select.poll()
        poll.register(self.source.fileno(), select.POLLIN)
        while not enough():
            assert time.monotonic() < until, f"heard only {len(self.frames)} frames"
            poll.poll(50)
            while batch := self.source.read():
                self.frames += batch

    def hear(self, count: int) -> list[Frame]:
        self.hear_until(lambda: len(self.frames) >= count)
        return self.frames

    def hear_all(self) -> list[Frame]:
        """What is heard until nothing came for three times as long as a block is held back."""
        quiet_since = time.monotonic()
        poll = select.poll()
        poll.register(self.source.fileno(), select.POLLIN)
        while time.monotonic() - quiet_since < 0.06:
            poll.poll(20)
            while batch := self.source.read():
                self.frames += batch
                quiet_since = time.monotonic()
        return self.frames


@pytest.fixture
def ears(namespace: Namespace) -> Iterator[Callable[..., Ears]]:
    made: list[Ears] = []

    def make(*names: str, text: str = "", size: RingSize = SMALL, snap: int = 256) -> Ears:
        made.append(Ears(namespace, *names, text=text, size=size, snap=snap))
        return made[-1]

    yield make
    for each in made:
        each.source.close()


def flags(frame: Frame) -> int:
    """TCP flags of an IPv4 or IPv6 segment without options of IP."""
    return frame[2][47] if frame[2][12:14] == b"\x08\x00" else frame[2][67]


@pytest.mark.parametrize("address", ["127.0.0.1", "::1"])
def test_a_connection_on_lo_is_heard_once_and_in_order_with_the_kernels_times(
    namespace: Namespace, ears: Callable[..., Ears], address: str
) -> None:
    heard = ears("lo", text="tcp")
    before = time.time_ns()
    namespace.connect(address)
    frames = heard.hear(8)
    after = time.time_ns()
    assert len(heard.hear_all()) == len(frames)
    assert [flags(frame) & 0x17 for frame in frames[:3]] == [0x02, 0x12, 0x10]
    assert sum(flags(frame) & 0x02 > 0 for frame in frames) == 2
    assert sum(flags(frame) & 0x01 > 0 for frame in frames) == 2
    times = [frame[0] for frame in frames]
    assert times == sorted(times)
    assert before < times[0] <= times[-1] < after
    assert {frame[3] for frame in frames} == {1}


def test_handshakes_only_leaves_the_rest_in_the_kernel(namespace: Namespace, ears: Callable[..., Ears]) -> None:
    heard = ears("lo", text="tcp[tcpflags] & (tcp-syn|tcp-fin|tcp-rst) != 0")
    namespace.connect("127.0.0.1")
    namespace.connect("::1")
    heard.hear(8)
    assert len(heard.hear_all()) == 8
    assert heard.source.losses().passed == 8


def test_on_any_each_frame_of_lo_is_heard_once_too(namespace: Namespace, ears: Callable[..., Ears]) -> None:
    heard = ears("any", text="tcp port 40000 or tcp")
    namespace.connect("127.0.0.1")
    heard.hear(8)
    frames = heard.hear_all()
    assert sum(flags(frame) & 0x12 == 0x02 for frame in frames) == 1


def test_swapping_the_filter_while_frames_come_loses_none(namespace: Namespace, ears: Callable[..., Ears]) -> None:
    heard = ears("lo", text="udp port 9")
    namespace.begin_datagrams(9, 2000, 4000)
    filters = ("udp port 9", "udp dst port 9 or tcp", "udp", "ip and udp")
    swaps = 0

    def all_there() -> bool:
        nonlocal swaps
        swaps += 1
        heard.source.set_filter(heard.program(filters[swaps % len(filters)]))
        return bool(heard.frames) and heard.frames[-1][2][42:46] == (1999).to_bytes(4, "big")

    heard.hear_until(all_there)
    assert [int.from_bytes(frame[2][42:46], "big") for frame in heard.frames] == list(range(2000))
    assert swaps > 10
    assert heard.source.losses().dropped == 0


def test_the_kernel_cuts_frames_to_the_snap_length_but_not_a_followed_conversation(
    namespace: Namespace, ears: Callable[..., Ears]
) -> None:
    heard = ears("lo", text="tcp", snap=96)
    namespace.connect("127.0.0.1", 5000)
    frames = heard.hear(8)
    data = [frame for frame in frames if frame[1] > 5000]
    assert [len(frame[2]) for frame in data] == [96]
    client, server = struct.unpack_from("!HH", data[0][2], 34)
    local = socket.inet_aton("127.0.0.1")
    heard.source.set_filter(heard.program("tcp", 96, Conversation(local, client, local, server)))
    heard.frames.clear()
    namespace.send_frame("lo", data[0][2].ljust(data[0][1], b"\0"))  # the same conversation once more
    namespace.connect("127.0.0.1", 5000)
    frames = heard.hear(9)
    assert [len(frame[2]) for frame in frames if frame[1] > 5000] == [data[0][1], 96]


def test_frames_that_find_no_room_are_counted_and_their_place_is_marked(
    namespace: Namespace, ears: Callable[..., Ears]
) -> None:
    heard = ears("lo", text="udp dst port 9", size=RingSize(blocks=2, block_bytes=64 * 1024, retire_ms=5))
    namespace.send_datagrams(9, 5000, 100_000)
    heard.hear_all()
    namespace.send_datagrams(9, 1, 1)
    heard.hear_until(lambda: heard.frames[-1][2][42:46] == bytes(4))
    losses = heard.source.losses()
    *before, gap, after = heard.frames
    numbers = [int.from_bytes(frame[2][42:46], "big") for frame in before]
    assert numbers == list(range(len(before)))
    assert (gap[4], gap[1]) == (GAP, 5000 - len(before))
    assert after[4] != GAP
    assert (losses.passed, losses.dropped) == (5001, gap[1])
    assert losses.freezes > 0


def test_copies_on_several_interfaces_are_told_apart(namespace: Namespace, ears: Callable[..., Ears]) -> None:
    namespace.make_cable()
    heard = ears("left", "right", text="ether proto 0x88b5")
    namespace.send_frame("left", b"\xff" * 6 + bytes(6) + b"\x88\xb5" + bytes(46))
    frames = heard.hear(2)
    assert len({frame[3] for frame in frames}) == 2
    assert sorted(frame[4] for frame in frames) == [1, 4]  # PACKET_BROADCAST in, PACKET_OUTGOING out


def test_a_vlan_tag_is_where_it_was_on_the_wire(namespace: Namespace, ears: Callable[..., Ears]) -> None:
    namespace.make_cable()
    sent = b"\xff" * 6 + bytes(6) + b"\x81\x00\x00\x07\x08\x00" + bytes(46)
    heard = ears("right", text="vlan 7")
    namespace.send_frame("left", sent)
    assert heard.hear(1)[0][2] == sent


def test_an_interface_without_ethernet_gives_cooked_frames(namespace: Namespace, ears: Callable[..., Ears]) -> None:
    namespace.make_tun("tun0")
    namespace.ip("addr", "add", "10.9.9.1/24", "dev", "tun0")
    namespace.ip("link", "set", "tun0", "up")
    heard = ears("tun0", text="udp dst port 7777 and dst host 10.9.9.2")
    namespace.send_datagram("10.9.9.2", 7777)
    _, length, data, _, kind, link_type = heard.hear(1)[0]
    assert (kind, link_type) == (4, LINKTYPE_LINUX_SLL)
    assert data[:4] == b"\0\x04\xff\xfe"  # outgoing, ARPHRD_NONE
    assert data[14:17] == b"\x08\0\x45"
    assert data.endswith(b"hello")
    assert length == len(data)


def test_an_interface_that_goes_down_is_gone_or_renamed_is_told_and_heard_again(
    namespace: Namespace, ears: Callable[..., Ears]
) -> None:
    broadcast = b"\xff" * 6 + bytes(6) + b"\x88\xb5" + bytes(46)
    namespace.make_cable()
    heard = ears("right", text="ether proto 0x88b5")
    assert heard.source.states() == {"right": InterfaceState.UP}
    namespace.ip("link", "set", "right", "down")
    heard.hear_all()
    assert heard.source.states() == {"right": InterfaceState.DOWN}
    namespace.raise_cable()
    assert heard.source.states() == {"right": InterfaceState.UP}
    namespace.send_frame("left", broadcast)
    heard.hear(1)
    namespace.ip("link", "set", "right", "name", "other")
    assert heard.source.states() == {"right": InterfaceState.RENAMED}
    namespace.ip("link", "del", "left")
    heard.hear_all()
    assert heard.source.states() == {"right": InterfaceState.GONE}
    assert not heard.source.renew()
    namespace.make_cable()
    assert heard.source.renew()
    assert heard.source.states() == {"right": InterfaceState.UP}
    namespace.send_frame("left", broadcast)
    heard.hear(2)


def test_an_interface_that_does_not_exist_is_one_sentence(namespace: Namespace) -> None:
    with namespace.packet_socket() as sock, pytest.raises(CaptureError, match="capture on nope0: No such device"):
        Selection(("nope0",), sock)
