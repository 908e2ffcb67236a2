"""engine.insight.verdicts.datagrams: datagrams that a full receive buffer cost."""

from __future__ import annotations

from engine.model.sockets import SocketEntry
from engine.model.tcp import SocketState
from tests.unit.judges_day import Day
from tests.unit.socket_entries import entry, owner, skmem


def test_drops_that_stand_are_of_long_ago(day: Day) -> None:
    def receiver(drops: int) -> SocketEntry:
        return entry(
            key=5, netid="udp", state=SocketState.UNCONN, skmem=skmem(drops=drops, rcvbuf=4_096), owners=(owner(),)
        )

    assert day.at(0, receiver(40)) == []
    assert day.at(1, receiver(40)) == []
    assert day.at(2, receiver(43)) == ["udp-overflow"]
    assert "lost 3 datagrams" in day.only().sentence
    assert day.at(13, receiver(43)) == []
