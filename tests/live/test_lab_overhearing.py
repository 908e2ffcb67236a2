"""What an error's own network is overheard to carry: every frame once, in order, and an end that is no guess."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable

import pytest

from engine.lab.bench import Bench
from engine.lab.error_namespace import in_namespace, loopback_up
from engine.lab.overhearing import FRAMES_MAX
from engine.model.errors import LabError
from engine.model.lab import HeardFrame

pytestmark = pytest.mark.linux


def heard(recipe: Callable[[Bench], None]) -> tuple[HeardFrame, ...]:
    """What is heard of a recipe in a network of its own."""
    try:
        told = in_namespace(recipe)
    except LabError as error:
        pytest.skip(str(error))
    assert told.sentence == ""
    return told.frames


def talk(datagrams: int) -> Callable[[Bench], None]:
    """Sends so many numbered datagrams to itself."""

    def recipe(_bench: Bench) -> None:
        loopback_up()
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as talker:
            talker.bind(("127.0.0.1", 0))
            for number in range(datagrams):
                talker.sendto(b"%04d" % number, talker.getsockname())

    return recipe


def test_each_frame_is_heard_once_in_order_with_its_time() -> None:
    before = time.time_ns()
    frames = heard(talk(20))

    assert [frame.data[-4:] for frame in frames] == [b"%04d" % number for number in range(20)]
    assert {frame.data[12:14] for frame in frames} == {b"\x08\x00"}  # an Ethernet header, the EtherType of IPv4
    times = [frame.ts_ns for frame in frames]
    assert times == sorted(times)
    assert before <= times[0] <= times[-1] <= time.time_ns()


def test_of_a_flood_the_beginning_is_told() -> None:
    assert [frame.data[-4:] for frame in heard(talk(FRAMES_MAX + 20))] == [b"%04d" % n for n in range(FRAMES_MAX)]


def test_nothing_is_heard_of_a_network_whose_loopback_is_down() -> None:
    assert heard(lambda bench: None) == ()
