"""The order in which the service hears what happened."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing

import pytest

from engine.model.messages import AskSockets, SocketsOptions
from engine.sockets import service
from engine.sockets.service import SocketsService


class Heard:
    """Stands for the destroy events and for the witnesses, and notes who was asked."""

    def __init__(self) -> None:
        self.log: list[str] = []
        self.labels: dict[int, str] = {}
        self.malformed = self.received = self.dropped_by_us = 0

    def adopt(self, kinds: Sequence[str], descriptors: Sequence[int]) -> None:
        assert (tuple(kinds), tuple(descriptors)) == ((), ())

    def lost(self) -> int:
        return 0

    def degradations(self) -> tuple[()]:
        return ()

    def tell(self, entry: object) -> tuple[tuple[()], str]:
        return (), ""

    def close(self) -> None:
        self.log.append("closed")


class Events(Heard):
    def drain(self) -> bool:
        self.log.append("events")
        return False

    def take(self) -> list[object]:
        self.log.append("taken")
        return []


class Witnesses(Heard):
    def drain(self) -> None:
        self.log.append("witnesses")


@pytest.mark.linux
def test_who_opened_a_connection_is_asked_after_the_last_word_of_those_that_closed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The other way round, one that opened and closed in between has an end and no opener."""
    events, witnesses = Events(), Witnesses()
    witnesses.log = events.log
    monkeypatch.setattr(service, "DestroyEvents", lambda: events)
    monkeypatch.setattr(service, "Witnesses", lambda find: witnesses)
    with closing(SocketsService()) as served:
        served.answer(AskSockets(options=SocketsOptions(families=("udp",), owners=False)), ())
    before = events.log[: events.log.index("taken")]
    assert before[-1] == "witnesses"
    assert "events" in before
