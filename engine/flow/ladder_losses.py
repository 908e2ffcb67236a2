"""Which segments of a conversation were sent in vain, told by those that carry the same again.

An observer sees a loss on the far side of himself only afterwards: a segment that begins where an earlier one began,
before that was acknowledged. The earlier one, or the acknowledgement of it, did not arrive.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable
from typing import Final

from engine.flow.findings import (
    FAST_RETRANSMISSION,
    OUT_OF_ORDER,
    RETRANSMISSION,
    SPURIOUS_RETRANSMISSION,
)

WAITING_MAX: Final = 8_192
"""Segments of one side remembered until they are acknowledged: more than a window of the largest buffers holds."""

_AGAIN: Final = RETRANSMISSION | FAST_RETRANSMISSION | OUT_OF_ORDER
_WRAP: Final = 0xFFFFFFFF
_HALF: Final = 0x80000000
_SYN, _SYN_FIN, _ACK = 0x002, 0x003, 0x010


class Waiting:
    """What one side has sent and the other has not acknowledged, by sequence number."""

    def __init__(self) -> None:
        self._frames: OrderedDict[int, int] = OrderedDict()
        self._bare_syn = 0

    @property
    def numbers(self) -> Iterable[int]:
        """The frames that may still turn out to be lost."""
        return self._frames.values()

    def sent(self, number: int, seq: int, flags: int, length: int, findings: int) -> int:
        """Take frame `number` in; the number of the earlier frame that it shows to be lost, or 0."""
        if length <= 0 and not flags & _SYN_FIN:
            return 0
        frames = self._frames
        again = findings & _AGAIN and not findings & SPURIOUS_RETRANSMISSION
        lost = frames.pop(seq, 0) if again else 0
        if flags & _SYN:
            if not flags & _ACK:
                self._bare_syn = number
            elif lost == self._bare_syn:
                lost = 0  # simultaneous open: the SYN is answered, not sent again (RFC 9293 section 3.5)
        frames[seq] = number
        if len(frames) > WAITING_MAX:
            frames.popitem(last=False)
        return lost

    def acknowledged(self, ack: int) -> None:
        """The other side has everything before `ack`."""
        frames = self._frames
        while frames:
            seq = next(iter(frames))
            if not 0 < (ack - seq & _WRAP) < _HALF:
                return
            del frames[seq]
