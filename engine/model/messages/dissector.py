"""The messages between the screen and the dissector."""

from __future__ import annotations

import msgspec

from engine.model.messages.capture import FrameAnswer
from engine.model.messages.failed import Failed
from engine.model.packets import Dissection


class Dissect(msgspec.Struct, frozen=True, tag=True, gc=False):
    """Take one frame apart."""

    frame: FrameAnswer


class DissectAnswer(msgspec.Struct, frozen=True, tag=True, gc=False):
    dissection: Dissection


DissectorRequest = Dissect
DissectorReply = DissectAnswer | Failed
