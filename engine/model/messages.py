"""Every message of every channel between two of sockmon's processes.

The screen asks, the worker answers: one answer a request, in order. A channel is typed by the two unions at the end of
each section; a message of another type ends the channel. Descriptors travel beside a message (SCM_RIGHTS), in the order
that the message's docstring gives.
"""

from __future__ import annotations

import msgspec

from engine.model.flows import FlowSummary, LadderItem, StreamPiece
from engine.model.health import Degradation, Role
from engine.model.lab import ActorCommand, ActorReport, ActorSpec
from engine.model.packets import CaptureOptions, CaptureStatus, Dissection, PacketRow
from engine.model.sockets import SocketCounters, SocketEntry


class Failed(msgspec.Struct, frozen=True, tag=True, gc=False):
    """The request could not be carried out; `sentence` says what, on what and what to do."""

    sentence: str
    errno: int = 0


# --- screen and sockets worker -------------------------------------------------------------------------------------


class SocketsOptions(msgspec.Struct, frozen=True, gc=False):
    """How the sockets worker reads the table."""

    source: str = "auto"
    """auto, netlink, proc or psutil."""
    families: tuple[str, ...] = ("tcp", "udp")
    """Any of tcp, udp, udpl, raw, icmp, unix, packet, netlink."""
    owners: bool = True
    filter: str = ""
    """Rows that this filter (engine.query) does not let pass may be left out: what of it the kernel can apply, it
    applies. The rest is for the asker to match."""
    details: bool = True
    """tcp_info, memory, congestion control and TOS too; without them a dump costs half."""


class AskSockets(msgspec.Struct, frozen=True, tag=True, gc=False):
    """What changed in the table since `since`, the generation of an earlier answer; 0 asks for all of it."""

    since: int = 0
    options: SocketsOptions = SocketsOptions()
    labels: dict[int, str] = {}
    """PID to what it is of ours: `sockmon`, or an actor's kind."""
    carries: tuple[str, ...] = ()
    """What each descriptor beside the message is, to be used from now on for telling the owners of short-lived
    connections: `trace`, an opened perf event of engine.sockets.perf_open (exact), or `syn`, an AF_PACKET socket of
    protocol 0 (a SYN leads to a look-up), which is closed unused where the tracepoint works. Descriptors beyond these
    are closed."""


class ClosedSocket(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A socket that is gone: its last known row and when it went. `by_event` if the kernel told, not its absence."""

    entry: SocketEntry
    ts_ns: int
    by_event: bool
    tier: str = ""
    """Where its owners are from: `polled` (the table had shown it), `listener` (inferred: the process that listens on
    its port), `lookup` (asked for when its SYN was seen), `traced` (the kernel's tracepoint); empty if unknown."""


class SocketsAnswer(msgspec.Struct, frozen=True, tag=True, gc=False):
    """The difference from generation `since` to `generation`; `full` if it is the whole table instead."""

    generation: int
    full: bool
    changed: list[SocketEntry]
    gone: list[int]
    """Keys."""
    closed: list[ClosedSocket]
    counters: SocketCounters
    source: str
    """netlink, proc or psutil: the one in use."""
    degradations: tuple[Degradation, ...] = ()
    moved: dict[str, int] = {}
    """The kernel's counters that went up since the answer before, by nstat's names (`TcpRetransSegs`), and how far;
    only those that tell of loss, overflow or reset."""
    moved_in_all: dict[str, int] = {}
    """The same since the worker began."""
    ephemeral: tuple[int, int] | None = None
    """The first and the last port that connect() and bind() to 0 choose from (net.ipv4.ip_local_port_range)."""


class DestroySockets(msgspec.Struct, frozen=True, tag=True, gc=False):
    """Close sockets by SOCK_DESTROY, named by their keys: their programs read ECONNABORTED, their peers get a reset. If
    one cannot be closed the answer is Failed and says why."""

    keys: tuple[int, ...]


class SocketsDestroyed(msgspec.Struct, frozen=True, tag=True, gc=False):
    """All of them are closed."""


SocketsRequest = AskSockets | DestroySockets
SocketsReply = SocketsAnswer | SocketsDestroyed | Failed

# --- screen and capture worker -------------------------------------------------------------------------------------


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


class FramesAnswer(msgspec.Struct, frozen=True, tag=True, gc=False):
    """`first` is the number of the first frame above `after` still kept, so a gap shows; `last` the number that
    the next question goes on after."""

    first: int
    last: int
    frames: list[FrameAnswer]
    status: CaptureStatus


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

# --- screen and dissector ------------------------------------------------------------------------------------------


class Dissect(msgspec.Struct, frozen=True, tag=True, gc=False):
    """Take one frame apart."""

    frame: FrameAnswer


class DissectAnswer(msgspec.Struct, frozen=True, tag=True, gc=False):
    dissection: Dissection


DissectorRequest = Dissect
DissectorReply = DissectAnswer | Failed

# --- screen and actor ----------------------------------------------------------------------------------------------


class RunActor(msgspec.Struct, frozen=True, tag=True, gc=False):
    """The first message to an actor's process: what it is."""

    spec: ActorSpec


class AskActor(msgspec.Struct, frozen=True, tag=True, gc=False):
    """How the actor stands, with the calls numbered above `calls_after`."""

    calls_after: int = 0


class CommandActor(msgspec.Struct, frozen=True, tag=True, gc=False):
    command: ActorCommand
    text: str = ""


class ActorAnswer(msgspec.Struct, frozen=True, tag=True, gc=False):
    report: ActorReport


ActorRequest = RunActor | AskActor | CommandActor
ActorReply = ActorAnswer | Failed

# --- front (screen or command) and launcher ------------------------------------------------------------------------


class StartProcess(msgspec.Struct, frozen=True, tag=True, gc=False):
    """Start a worker or an actor; `name` tells several actors apart and is shown by `ps`."""

    role: Role
    name: str = ""


class ProcessStarted(msgspec.Struct, frozen=True, tag=True, gc=False):
    """One descriptor: our end of the new process's channel."""

    role: Role
    pid: int


class OpenPacketSocket(msgspec.Struct, frozen=True, tag=True, gc=False):
    """Open an AF_PACKET socket of protocol 0 (it hears nothing until bound)."""


class PacketSocketOpened(msgspec.Struct, frozen=True, tag=True, gc=False):
    """One descriptor, or none and the `errno` that says why."""

    errno: int = 0


class OpenStateTrace(msgspec.Struct, frozen=True, tag=True, gc=False):
    """Open the kernel's tracepoint of TCP's state changes (engine.sockets.perf_open), which names the process of every
    connection, however short."""


class StateTraceOpened(msgspec.Struct, frozen=True, tag=True, gc=False):
    """One descriptor a processor, or none and the sentence that says what is missing."""

    refused: str = ""


class ProcessEnded(msgspec.Struct, frozen=True, tag=True, gc=False):
    """Sent unasked. `how` in words: `killed by SIGKILL`, `exit code 1`; `last_words` is the end of its stderr."""

    role: Role
    pid: int
    how: str
    last_words: str = ""


class EndProcess(msgspec.Struct, frozen=True, tag=True, gc=False):
    """Kill a process that the launcher started (one that no longer answers)."""

    pid: int


LauncherRequest = StartProcess | OpenPacketSocket | OpenStateTrace | EndProcess
LauncherReply = ProcessStarted | PacketSocketOpened | StateTraceOpened | ProcessEnded | Failed
