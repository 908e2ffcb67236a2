"""Messages about conversations that cross the screen: what is wanted, and what came back over the bridge."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from textual.message import Message

from engine.model.flows import FlowSummary, LadderItem
from engine.model.messages import FlowsAnswer, LadderAnswer, StreamAnswer
from engine.model.verdicts import Verdict
from tui.conversations import Subject, Wanted
from tui.widgets.topics import Topic


@dataclass(frozen=True)
class LadderQuestion:
    """A window of a ladder."""

    streams: tuple[int, ...]
    first: int
    count: int
    unfolded: tuple[int, ...] = ()
    folded: bool = True

    def same_list(self, other: LadderQuestion) -> bool:
        """Whether both speak of the same items by the same indices."""
        return (self.streams, self.unfolded, self.folded) == (other.streams, other.unfolded, other.folded)


class FlowWanted(Message):
    """The user wants to see a conversation, or to choose one."""

    def __init__(self, wanted: Wanted) -> None:
        super().__init__()
        self.wanted = wanted


class ExplanationWanted(Message):
    """The user asked what this means; of the topics `first` is asked about first."""

    def __init__(self, topics: Sequence[Topic], first: int = 0) -> None:
        super().__init__()
        self.topics = tuple(topics)
        self.first = first


class TextCopied(Message):
    """The user wants these lines in the clipboard; empty for nothing."""

    def __init__(self, lines: Sequence[str]) -> None:
        super().__init__()
        self.lines = tuple(lines)


class FlowFound(Message):
    """The latest conversation between two endpoints; None if no segment of one was captured."""

    def __init__(self, subject: Subject, flow: FlowSummary | None) -> None:
        super().__init__()
        self.subject = subject
        self.flow = flow


class FlowsFetched(Message):
    """Conversations of the list are here."""

    def __init__(self, answer: FlowsAnswer) -> None:
        super().__init__()
        self.answer = answer


class LadderFetched(Message):
    """Items of a ladder are here."""

    def __init__(self, question: LadderQuestion, answer: LadderAnswer) -> None:
        super().__init__()
        self.question = question
        self.answer = answer


class WalkFetched(Message):
    """The beginning and the end of a conversation's ladder, with a gap between them where they do not meet."""

    def __init__(self, stream: int, flow: FlowSummary | None, items: Sequence[LadderItem]) -> None:
        super().__init__()
        self.stream = stream
        self.flow = flow
        self.items = tuple(items)


class VerdictsFetched(Message):
    """What holds a conversation is known."""

    def __init__(self, verdicts: Sequence[Verdict]) -> None:
        super().__init__()
        self.verdicts = tuple(verdicts)


class Followed(Message):
    """The capture keeps the frames of another conversation whole, or of none."""


class StreamFetched(Message):
    """More bytes of a stream are here."""

    def __init__(self, stream: int, after: int, answer: StreamAnswer) -> None:
        super().__init__()
        self.stream = stream
        self.after = after
        self.answer = answer
