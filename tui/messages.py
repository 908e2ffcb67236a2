"""Messages that cross the screen: what came back over the bridge, to whoever asked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from operator import attrgetter
from typing import Final

from textual.message import Message

from engine.model.ending import EndingChoice
from engine.model.messages import PacketsAnswer
from engine.model.packets import CaptureOptions, Dissection
from engine.model.snapshot import Snapshot
from engine.model.sockets import SocketEntry
from tui.tracks import NOTHING_WATCHED, Watched

PORTS: Final = attrgetter("local_port", "peer_port")


@dataclass(frozen=True)
class Moment:
    """A snapshot, and what watching the ones before it told. `failure` says why there is no newer one."""

    snapshot: Snapshot
    watched: Watched = NOTHING_WATCHED
    failure: str = ""

    @cached_property
    def by_ports(self) -> Sequence[SocketEntry]:
        """The rows in the order of their ports, which every other order of them starts from."""
        return sorted(self.snapshot.entries, key=PORTS)


@dataclass(frozen=True)
class Prepared:
    """A moment, and the costly part of showing it on one screen, done already."""

    moment: Moment
    screen: object = None
    work: object = None


@dataclass(frozen=True)
class PacketQuestion:
    """A window of the rows that pass."""

    first: int
    count: int
    display_filter: str
    handshakes: bool

    def same_list(self, other: PacketQuestion) -> bool:
        """Whether both speak of the same rows by the same indices."""
        return (self.display_filter, self.handshakes) == (other.display_filter, other.handshakes)


class SnapshotFetched(Message):
    """A refresh is done."""

    def __init__(self, prepared: Prepared) -> None:
        super().__init__()
        self.prepared = prepared


class PacketsFetched(Message):
    """Rows of the packet list are here."""

    def __init__(self, question: PacketQuestion, answer: PacketsAnswer) -> None:
        super().__init__()
        self.question = question
        self.answer = answer


class PacketLocated(Message):
    """Where in a list the first row stands whose number is at least the one that was sought."""

    def __init__(self, question: PacketQuestion, index: int) -> None:
        super().__init__()
        self.question = question
        self.index = index


class FrameDissected(Message):
    """A frame was taken apart."""

    def __init__(self, dissection: Dissection) -> None:
        super().__init__()
        self.dissection = dissection


class EndingFetched(Message):
    """What can be done about a socket is known."""

    def __init__(self, choice: EndingChoice) -> None:
        super().__init__()
        self.choice = choice


class Done(Message):
    """A command was carried out; `sentence` says so where the panes do not show it by themselves."""

    def __init__(self, sentence: str = "", warns: bool = False) -> None:
        super().__init__()
        self.sentence = sentence
        self.warns = warns


class Captured(Done):
    """The capture runs so now."""

    def __init__(self, options: CaptureOptions) -> None:
        words = f" {options.capture_filter}" if options.capture_filter else ""
        super().__init__(f"capturing{words} on {options.interface}")
        self.options = options


class EngineFailed(Message):
    """A question got no answer; `sentence` says why. `slot` is where it was asked."""

    def __init__(self, slot: str, sentence: str) -> None:
        super().__init__()
        self.slot = slot
        self.sentence = sentence


class BridgeBroke(Message):
    """A call ended with an error that is not one of the engine's: a mistake in sockmon."""

    def __init__(self, error: Exception) -> None:
        super().__init__()
        self.error = error
