"""Takes one frame apart with scapy: layers, fields, values, and where in the frame each lies.

scapy knows many protocols and trusts its input more than we do, so each frame gets a time limit, whatever it raises
becomes a note, and every text of it is made printable. Nothing is resolved: no name of a host, no maker of a card.
"""

from __future__ import annotations

import importlib
import logging
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from types import FrameType
from typing import Any, Final

from engine.capture.dissect_fields import header_places, layer_fields
from engine.model.errors import EngineError
from engine.model.messages import FrameAnswer
from engine.model.packets import Dissection, Layer
from engine.text.sanitize import printable_within

TIME_LIMIT_S: Final = 2.0
"""Of one frame. Most take a tenth of a millisecond; a person waits for this one."""
RETRY_S: Final = 0.05
"""The alarm rings again at this distance, should the first fall into code that swallows it."""
LAYERS_MAX: Final = 32

PROTOCOLS: Final = ("l2", "inet", "inet6", "ppp", "dns", "dhcp", "dhcp6", "ntp", "sctp", "vxlan", "http", "tls")
"""Modules of scapy.layers that are loaded, in this order: what a socket monitor meets. All of them would cost three
times the memory, and each is more that parses hostile bytes."""
OPTIONAL: Final = ("http", "tls")
"""May be missing: tls wants the package `cryptography` for parts of it."""


class _TimeUp(BaseException):
    """The alarm. No Exception, since scapy catches those and goes on."""


class Dissector:
    """scapy, loaded and made quiet."""

    def __init__(self, time_limit_s: float = TIME_LIMIT_S) -> None:
        """Raises EngineError if scapy is missing or too old."""
        self._time_limit_s = time_limit_s
        try:
            logging.getLogger("scapy").setLevel(logging.CRITICAL)
            from scapy.config import conf

            conf.route_autoload = False
            conf.route6_autoload = False
            for name in PROTOCOLS:
                _load(name)
            from scapy.layers.inet import TCP, UDP
            from scapy.packet import NoPayload, Packet
        except ImportError as error:
            raise EngineError("take frames apart: scapy cannot be imported", None, f"it says {error}") from error
        conf.debug_dissector = False
        conf.verb = 0
        self._conf = conf
        self._raw = conf.raw_layer
        self._packet_class = Packet
        self._no_payload = NoPayload
        self._transports = (TCP, UDP)

    def dissect(self, frame: FrameAnswer) -> Dissection:
        """The layers of a frame. Never raises on any bytes: what could not be done stands in the note."""
        if frame.link_type < 0:
            return Dissection(frame.number, (), b"", "the frame is no longer kept: newer ones took its place")
        if not frame.data:  # of nothing scapy would make a packet of its defaults
            return Dissection(frame.number, (), b"", "nothing of the frame was captured")
        notes: list[str] = []
        link = self._conf.l2types.num2layer.get(frame.link_type, self._raw)
        layers: tuple[Layer, ...] | None = None
        for first, last in ((link, None), (link, self._transports), (self._raw, None)):
            layers = self._within_limit(partial(self._layers, frame, first, last), notes)
            if layers is not None:
                break
        if len(frame.data) < frame.wire_length:
            notes.append(f"cut by the snap length: {len(frame.data):,} of {frame.wire_length:,} bytes were kept")
        return Dissection(frame.number, layers or (), frame.data, "; ".join(dict.fromkeys(notes)))

    def _within_limit(self, take_apart: Callable[[], tuple[Layer, ...]], notes: list[str]) -> tuple[Layer, ...] | None:
        try:
            with _time_limit(self._time_limit_s):
                return take_apart()
        except _TimeUp:
            notes.append(f"scapy took longer than {self._time_limit_s:g} s")
        except Exception as error:  # whatever a protocol's code raises on bytes it did not foresee
            notes.append(printable_within(f"scapy gave up: {type(error).__name__} {error}", 200))
        return None

    def _layers(self, frame: FrameAnswer, first: Any, last: tuple[Any, ...] | None) -> tuple[Layer, ...]:
        """Taken apart from the protocol `first` on, to any of `last` and what it carries as one piece."""
        layer = first(frame.data, stop_dissection_after=last)
        layers: list[Layer] = []
        offset = 0
        while not isinstance(layer, self._no_payload) and len(layers) < LAYERS_MAX:
            start = _start_of(layer.original, frame.data, offset)
            places, size = header_places(layer, self._packet_class) if start >= 0 else ({}, 0)
            offset = max(start, 0)
            fields = layer_fields(layer, places, offset)
            layers.append(Layer(printable_within(layer.name, 80), fields, offset, size))
            offset += size
            layer = layer.payload
        return tuple(layers)


def _start_of(original: bytes, data: bytes, offset: int) -> int:
    """Where in the frame a layer starts that should at `offset`; -1 if its bytes are none of the frame's there."""
    if data.startswith(original, offset):
        return offset
    # What follows a payload, as Ethernet padding does, is the end of the frame.
    return (
        len(data) - len(original)
        if original and data.endswith(original) and len(data) - len(original) >= offset
        else -1
    )


def _load(name: str) -> None:
    try:
        importlib.import_module(f"scapy.layers.{name}")
    except ImportError:
        if name not in OPTIONAL:
            raise


@contextmanager
def _time_limit(seconds: float) -> Iterator[None]:
    """Raise _TimeUp in the block after so long. Only the main thread can be interrupted so; elsewhere there is no
    limit, and nothing but tests is elsewhere."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def ring(number: int, frame: FrameType | None) -> None:
        raise _TimeUp

    before = signal.signal(signal.SIGALRM, ring)
    signal.setitimer(signal.ITIMER_REAL, seconds, RETRY_S)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
