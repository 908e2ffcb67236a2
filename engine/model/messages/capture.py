"""The messages between the screen and the capture worker."""

from __future__ import annotations

import msgspec

from engine.model.flows import FlowSummary, LadderItem, StreamPiece
from engine.model.messages.failed import Failed
from engine.model.packets import CaptureOptions, CaptureStatus, PacketRow


class StartCapture(msgspec.Struct, frozen=True, tag=True, gc=False):
    """Capture so from now on. One descriptor: an unbound AF_PACKET socket of protocol 0, for source `ring`;
    for source `scapy` the same, bound by the worker. Without one the capture cannot start: `errno` says why."""

    options: CaptureOptions
    errno: int = 0


class StopCapture(msgspec.Struct, frozen=True, tag=True, gc=False):
    """Capture no more; the store stays."""


class AskPackets(msgspec.Struct, frozen=True, tag=True, gc=False):
    """A window of rows that pass `display_filter` (engine.query) and, with `handshakes`, carry SYN, FIN or RST.

    `first` is the index among the rows that pass; -1 asks for the last `count` (following the newest).
    """

    first: int
    count: int
    display_filter: str = ""
    handshakes: bool = True


class AskNewPackets(msgspec.Struct, frozen=True, tag=True, gc=False):
    """The rows numbered above `after` that pass, oldest first, at most `count`: for a listing that prints as it goes.

    In the answer `first` is the number of the first frame above `after` that is still kept, so a gap shows; the next
    question goes on after `status.last_number - pending`.
    """

    after: int
    count: int
    display_filter: str = ""
    handshakes: bool = False


class PacketsAnswer(msgspec.Struct, frozen=True, tag=True, gc=False):
    """`rows` from index `first` of the `total` that pass."""

    first: int
    total: int
    rows: list[PacketRow]
    status: CaptureStatus
    pending: int = 0
    """Frames that the filter has not looked at yet; `total` still grows by those of them that pass."""


class AskFrame(msgspec.Struct, frozen=True, tag=True, gc=False):
    """The captured bytes of one frame."""

    number: int


class FrameAnswer(msgspec.Struct, frozen=True, tag=True, gc=False):
    """`data` is empty and `link_type` -1 if the frame was evicted."""

    number: int
    ts_ns: int
    link_type: int
    """LINKTYPE_ number as in pcap."""
    wire_length: int
    data: bytes
    interface: int = 0
    """Index of the interface it was captured on."""


class AskNewFrames(msgspec.Struct, frozen=True, tag=True, gc=False):
    """The frames numbered above `after`, oldest first, until `bytes_max` captured bytes are reached or there are no
    more: for a file that is written while it is captured."""

    after: int
    bytes_max: int = 4 * 1024 * 1024
    with_rows: bool = False
    """Give each frame's line too, which costs ten times as much."""


class FramesAnswer(msgspec.Struct, frozen=True, tag=True, gc=False):
    """`first` is the number of the first frame above `after` still kept, so a gap shows; `last` the number that
    the next question goes on after."""

    first: int
    last: int
    frames: list[FrameAnswer]
    status: CaptureStatus
    rows: list[PacketRow] = []
    """One for each frame if they were asked for, else none."""


class FollowStream(msgspec.Struct, frozen=True, tag=True, gc=False):
    """Have the frames of one conversation whole from now on, whatever the snap length; -1 ends that."""

    stream: int


class AskFlows(msgspec.Struct, frozen=True, tag=True, gc=False):
    """Conversations in the order of first appearance: `count` from index `first` on of those known, -1 for the last."""

    first: int
    count: int


class FindFlow(msgspec.Struct, frozen=True, tag=True, gc=False):
    """The latest conversation between these two endpoints, whoever opened it: numeric addresses and ports."""

    address: str
    port: int
    peer_address: str
    peer_port: int


class FlowsAnswer(msgspec.Struct, frozen=True, tag=True, gc=False):
    """`flows` from index `first` of the `total` known; for FindFlow at most one."""

    first: int
    total: int
    flows: list[FlowSummary]
    status: CaptureStatus


class AskLadder(msgspec.Struct, frozen=True, tag=True, gc=False):
    """A window of the ladder of one conversation, or of several in the order of time.

    `first` is an index among its items, -1 asks for the last `count`. `unfolded` names folds that are open, by their
    first frame; an open one is shown as its segments.
    """

    streams: tuple[int, ...]
    first: int
    count: int
    unfolded: tuple[int, ...] = ()
    folded: bool = True
    """False shows every segment."""


class LadderAnswer(msgspec.Struct, frozen=True, tag=True, gc=False):
    """`items` from index `first` of the `total`; `flows` are those of the streams asked for that are still known."""

    first: int
    total: int
    items: list[LadderItem]
    flows: list[FlowSummary]
    status: CaptureStatus
    pending: int = 0
    """Frames not looked at yet; `total` may still grow by them."""
    evicted: int = 0
    """Frames that the store gave up before the first item: segments of the conversation may have been among them."""


class AskStream(msgspec.Struct, frozen=True, tag=True, gc=False):
    """The bytes that the conversation carried, in frames numbered above `after`, at most about `bytes_max`."""

    stream: int
    after: int = 0
    bytes_max: int = 1024 * 1024


class StreamAnswer(msgspec.Struct, frozen=True, tag=True, gc=False):
    """`last` is the frame number that the next question goes on after."""

    pieces: list[StreamPiece]
    last: int
    flows: list[FlowSummary]
    status: CaptureStatus
    more: bool = False
    """There are kept frames above `last` that were not looked at yet."""


class AskStatus(msgspec.Struct, frozen=True, tag=True, gc=False):
    """How the capture stands."""


class StatusAnswer(msgspec.Struct, frozen=True, tag=True, gc=False):
    status: CaptureStatus


CaptureRequest = (
    StartCapture
    | StopCapture
    | AskPackets
    | AskNewPackets
    | AskFrame
    | AskNewFrames
    | FollowStream
    | AskFlows
    | FindFlow
    | AskLadder
    | AskStream
    | AskStatus
)
CaptureReply = (
    PacketsAnswer | FrameAnswer | FramesAnswer | FlowsAnswer | LadderAnswer | StreamAnswer | StatusAnswer | Failed
)
