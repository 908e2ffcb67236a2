"""Where the bytes of a conversation are: a pipeline each way, the equations that tie it together, a plot over time."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from typing import Final

from engine.insight.counts import SenderCounts, sender_counts
from engine.insight.ledger import unread_data
from engine.insight.pipeline import pipeline, pipeline_in
from engine.model.pipeline import Pipeline
from engine.model.snapshot import Snapshot
from tui.conversations import Conversation, End
from tui.tracks import Point
from tui.widgets.bytes_cases import topics_of
from tui.widgets.bytes_lines import box_order, direction_lines, reads_words
from tui.widgets.bytes_plot import Series, plot
from tui.widgets.flow_words import conversation_title
from tui.widgets.sheet import Lines
from tui.widgets.sheet_pane import SheetPane
from tui.widgets.topics import Topic

NS_PER_S: Final = 1_000_000_000

SAMPLES_MAX: Final = 600
"""Ten minutes at one a second."""
PLOT_NS: Final = 120 * NS_PER_S
"""What the plot shows at most."""
PLOT_LINES: Final = 12
PLOT_LINES_SMALL: Final = 6
TALL: Final = 30
"""Lines of the page from which on the plot has its full height."""

SERIES: Final = (
    ("Send-Q", "S", "$text-primary"),
    ("in flight", "F", "$text-accent"),
    ("window", "W", "$text-success"),
    ("peer's Recv-Q", "R", "$text-warning"),
)

NO_SOCKET: Final = (
    "The kernel of this machine holds no socket of this conversation now, or keeps no counts for it (TIME-WAIT): there "
    "is nothing to add up. What its segments carried is on the ladder."
)

Sample = tuple[int, tuple[int | None, ...]]
"""A time, and the values in the order of SERIES."""

Trail = Callable[[int], Sequence[Point]]
"""What was watched of a socket until now, by its key, the oldest point first."""


def no_trail(_key: int) -> Sequence[Point]:
    """Nothing was watched."""
    return ()


class BytesPane(SheetPane):
    """Snapshots in by `watch`, whether it is in view or not, so that the plot has no hole; drawn by `show`."""

    NAME = "Bytes"
    HELP = """
    ## Bytes
    Each box is a place where bytes of this connection are: given to `send()`, not sent yet, in flight, received with
    the ACK on its way, in the receiver's Recv-Q, read. Under it stand the sums: the sender's is exact at any moment,
    since all its figures come from one tcp_info; those over both ends are exact at rest.
    """
    BINDING_GROUP_TITLE = "Bytes"

    def __init__(self, *, dom_id: str | None = None) -> None:
        super().__init__(dom_id=dom_id)
        self._pipeline: Pipeline | None = None
        self._samples: tuple[deque[Sample], deque[Sample]] = (deque(maxlen=SAMPLES_MAX), deque(maxlen=SAMPLES_MAX))
        """Of the first end as sender, and of the second."""
        self._now_ns = 0

    def watch_conversation(self, conversation: Conversation, snapshot: Snapshot, trail: Trail = no_trail) -> None:
        """Take in a moment. `trail` answers the past of a socket by its key: what the plot of a conversation begins
        with."""
        if self.paused:
            return
        known = self._conversation
        if known is None or known.subject.ends not in (conversation.subject.ends, conversation.subject.turned):
            self._pipeline = None
            past = past_samples(conversation, snapshot.ts_ns, trail)
            self._samples = deque(past[0], SAMPLES_MAX), deque(past[1], SAMPLES_MAX)
        elif known.subject.ends == conversation.subject.turned != conversation.subject.ends:
            self._samples = self._samples[1], self._samples[0]
            self._pipeline = None
        self._conversation = conversation
        joined = conversation.joined
        if snapshot.ts_ns == self._now_ns and self._pipeline is not None:
            return
        self._now_ns = snapshot.ts_ns
        opened = None if conversation.flow is None or not conversation.flow.opener_seen else True
        self._pipeline = _pipeline(joined.first, joined.second, snapshot, self._pipeline, opened)
        for samples, sender, receiver in (
            (self._samples[0], joined.first, joined.second),
            (self._samples[1], joined.second, joined.first),
        ):
            samples.append((snapshot.ts_ns, _sample(sender, receiver)))

    def show(self, conversation: Conversation, snapshot: Snapshot) -> None:
        """Draw this moment."""
        self.watch_conversation(conversation, snapshot)
        self.draw()

    @property
    def pipeline(self) -> Pipeline | None:
        """What is shown."""
        return self._pipeline

    def draw(self) -> None:
        shown = self._conversation
        if shown is None or not self._sheet.is_attached:
            return
        self.set_title(conversation_title(shown, self._now_ns))
        made = self._pipeline
        if made is None:
            self._sheet.draw([[(NO_SOCKET, "italic")]])
            self.set_totals([])
            return
        room = self._sheet.room
        directions = box_order((made.forward, made.backward))
        lines: Lines = [*direction_lines(directions[0], room), []]
        samples = self._samples[0 if directions[0] is made.forward else 1]
        lines += [*self._plot(samples, room), [], *direction_lines(directions[1], room)]
        self._sheet.draw(lines)
        joined = shown.joined
        if _counts_now(joined.first) or _counts_now(joined.second):
            self.set_totals([reads_words(made.apart_ns, made.at_rest)])
        else:
            self.set_totals([("as it stood when it closed", "$text-warning")])

    def _plot(self, samples: Sequence[Sample], room: int) -> Lines:
        start_ns = max(samples[0][0], self._now_ns - PLOT_NS) if samples else self._now_ns
        series = [
            Series(name, letter, style, tuple((ts_ns, values[number]) for ts_ns, values in samples))
            for number, (name, letter, style) in enumerate(SERIES)
        ]
        height = PLOT_LINES if self._sheet.size.height >= TALL else PLOT_LINES_SMALL
        return plot(series, room, height, start_ns, self._now_ns)

    def topics(self) -> Sequence[Topic]:
        """What stands out, and every box with its figure."""
        return topics_of(self._pipeline) if self._pipeline is not None else ()


def _pipeline(
    first: End, second: End, snapshot: Snapshot, before: Pipeline | None, opened: bool | None
) -> Pipeline | None:
    """Both directions, the first end's first; from the second end's row where the first is not on this machine. Of an
    end without counts, as one in TIME-WAIT, the last ones that there were."""
    if _counts_now(first):
        return pipeline_in(snapshot, first.entry.key, before, opened) if first.entry is not None else None
    if not _counts_now(second) or second.entry is None:
        rows = (first.counted, second.counted)
        if rows[0] is not None:
            return pipeline(rows[0], rows[1], opened=opened, before=before)
        return _turned(pipeline(rows[1], opened=not opened)) if rows[1] is not None else None
    turned = _turned(before) if before is not None else None
    made = pipeline_in(snapshot, second.entry.key, turned, None if opened is None else not opened)
    return _turned(made) if made is not None else None


def _counts_now(end: End) -> bool:
    return end.live is not None and bool(end.live.tcp_info)


def _turned(made: Pipeline) -> Pipeline:
    """The same as the other end sees it."""
    return Pipeline(made.backward, made.forward, made.apart_ns, made.programs_apart_ns, made.at_rest)


def _sample(sender: End, receiver: End) -> tuple[int | None, ...]:
    counts = sender_counts(sender.live) if sender.live is not None else None
    unread = unread_data(receiver.live) if receiver.live is not None else None
    return _values(counts, unread)


def _values(counts: SenderCounts | None, unread: int | None) -> tuple[int | None, ...]:
    """In the order of SERIES."""
    if counts is None:
        return (None, None, None, unread)
    return (counts.send_q, counts.in_flight, counts.window, unread)


def past_samples(conversation: Conversation, until_ns: int, trail: Trail) -> tuple[list[Sample], list[Sample]]:
    """What the plots of both directions show of the time before `until_ns`: of the first end as sender, and of the
    second."""
    ends = (conversation.joined.first.live, conversation.joined.second.live)
    first, second = ({point.ts_ns: point for point in trail(end.key)} if end is not None else {} for end in ends)
    times = sorted(ts_ns for ts_ns in first.keys() | second.keys() if ts_ns < until_ns)
    forward = [(ts_ns, _past(first.get(ts_ns), second.get(ts_ns))) for ts_ns in times]
    return forward, [(ts_ns, _past(second.get(ts_ns), first.get(ts_ns))) for ts_ns in times]


def _past(sender: Point | None, receiver: Point | None) -> tuple[int | None, ...]:
    return _values(sender.sender if sender is not None else None, receiver.recv_q if receiver is not None else None)
