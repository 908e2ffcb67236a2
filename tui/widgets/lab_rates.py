"""How fast actors send and receive, from one refresh to the next. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from engine.model.snapshot import ActorView

NS_PER_S = 1_000_000_000


@dataclass(frozen=True)
class Rate:
    """Bytes a second, by the program's own counts; None before there are two readings."""

    sent_per_s: float | None = None
    received_per_s: float | None = None


@dataclass(frozen=True)
class Rates:
    """The readings of one refresh and what they say beside those before."""

    ts_ns: int = 0
    totals: tuple[tuple[int, int, int], ...] = ()
    """Number of the actor, bytes sent, bytes received."""
    by_actor: tuple[tuple[int, Rate], ...] = ()

    def of(self, number: int) -> Rate:
        return dict(self.by_actor).get(number, Rate())

    def next(self, ts_ns: int, actors: Sequence[ActorView]) -> Rates:
        """The rates at a later moment; the same ones again for the same moment."""
        if ts_ns == self.ts_ns:
            return self
        before = {number: (sent, received) for number, sent, received in self.totals}
        seconds = (ts_ns - self.ts_ns) / NS_PER_S
        rates = []
        for actor in actors:
            if actor.number in before and seconds > 0:
                sent, received = before[actor.number]
                rate = Rate((actor.report.sent - sent) / seconds, (actor.report.received - received) / seconds)
                rates.append((actor.number, rate))
        totals = tuple((actor.number, actor.report.sent, actor.report.received) for actor in actors)
        return Rates(ts_ns, totals, tuple(rates))
