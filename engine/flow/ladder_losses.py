"""Which segments of a conversation were sent in vain, told by those that carry the same again.

An observer sees a loss on the far side of himself only afterwards: the analysis finds a segment that was sent before
and not acknowledged. The one before it, or the acknowledgement of that, did not arrive. Most conversations have no such
segment, so nothing is kept for it; from the first one on the latest segments are known by where they begin.
"""

from __future__ import annotations

from typing import Final

from engine.flow.findings import FAST_RETRANSMISSION, OUT_OF_ORDER, RETRANSMISSION, SPURIOUS_RETRANSMISSION
from engine.flow.ladder_rungs import BACKWARD, BARE_SYN, SYN_OR_FIN, Rungs

LOOK_BACK: Final = 8_192
"""Rungs among which the first sending is looked for: more than a window of the largest buffers holds."""

_AGAIN: Final = RETRANSMISSION | FAST_RETRANSMISSION | OUT_OF_ORDER


class Losses:
    """The lost segments among some rungs."""

    def __init__(self, rungs: Rungs) -> None:
        self.lost: set[int] = set()
        """Their frames."""
        self.active = False
        """Every segment has to be told by `sent`, since the latest ones are kept."""
        self._rungs = rungs
        self._first_sent: dict[int, int] = {}  # frames that carry again what was lost, and the one that first did
        self._latest: dict[tuple[int, int], int] = {}  # by direction and sequence number: the frame
        self._since = 0

    def sent(self, number: int, kind: int, seq: int, length: int, findings: int) -> int:
        """Take a segment in before it becomes a rung: one with findings, or any while `active`. The earlier frame that
        it shows to be lost, or 0."""
        again = bool(findings & _AGAIN) and not findings & SPURIOUS_RETRANSMISSION
        if again:
            self._since = 0
            if not self.active:
                self._look_back()
        if not self.active:
            return 0
        self._since += 1
        if self._since > LOOK_BACK:
            self.active = False
            self._latest.clear()
            return 0
        if length <= 0 and not kind & SYN_OR_FIN:
            return 0
        if len(self._latest) > 2 * LOOK_BACK:
            self._look_back()
        place = kind & BACKWARD, seq
        lost = self._latest.pop(place, 0) if again else 0
        self._latest[place] = number
        if not lost or (kind & SYN_OR_FIN and self._answered(lost, kind)):
            return 0
        self.lost.add(lost)
        self._first_sent[number] = self._first_sent.get(lost, lost)
        return lost

    def first_sending(self, number: int) -> int:
        """The frame that first carried what frame `number` carries again; 0 for one that carries something new."""
        return self._first_sent.get(number, 0)

    def candidates(self) -> set[int]:
        """Frames that may still turn out to be lost."""
        return set(self._rungs.numbers[-LOOK_BACK:]).union(self._latest.values())

    def forget_before(self, oldest: int) -> None:
        """Let go of earlier frames."""
        self.lost = {number for number in self.lost if number >= oldest}
        self._first_sent = {number: first for number, first in self._first_sent.items() if first >= oldest}

    def _answered(self, number: int, kind: int) -> bool:
        """Whether a SYN was not sent again but is a part of the answer to the other end's own: simultaneous open (RFC
        9293 section 3.5)."""
        position = self._rungs.position(number)
        return position is not None and bool(self._rungs.kind(position) & BARE_SYN) and not kind & BARE_SYN

    def _look_back(self) -> None:
        """Know the latest rungs that take sequence numbers by where they begin."""
        rungs = self._rungs
        latest = zip(
            rungs.numbers[-LOOK_BACK:], rungs.seqs[-LOOK_BACK:], rungs.lengths[-LOOK_BACK:], rungs.kinds[-LOOK_BACK:],
            strict=True,
        )  # fmt: skip
        self._latest = {
            (kind & BACKWARD, seq): number for number, seq, length, kind in latest if length or kind & SYN_OR_FIN
        }
        self.active = True
