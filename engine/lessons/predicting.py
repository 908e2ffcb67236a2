"""What a student can be asked before a step: the file's own question, or the state or flags that the step expects."""

from __future__ import annotations

from typing import Final

from engine.lessons.lesson import Comparison, PacketSought, Prediction, Step
from engine.model.tcp import SocketState, TcpFlags

LETTERS: Final = "abcdefgh"
"""A choice may be given by its letter."""

STATES_OFFERED: Final = 4
"""Choices of a question that is made from a state."""


def prediction_of(step: Step) -> Prediction | None:
    """The question before a step; None if there is nothing to ask."""
    if step.predict is not None:
        return step.predict
    for expectation in step.expect:
        what = expectation.what
        if isinstance(what, Comparison) and what.question.fact == "state" and what.op == "==" and what.question.part:
            return _of_state(str(what.question.part), str(what.value))
        if isinstance(what, PacketSought) and what.flags is not None and what.source and not what.absent:
            shown = ", ".join(flag.name or "" for flag in TcpFlags if what.flags & flag)
            return Prediction(f"Which flags will {what.source}'s next segment carry?", shown)
    return None


def _of_state(part: str, answer: str) -> Prediction:
    """A question about a state, among those that follow each other in RFC 9293's table."""
    states = [state.value for state in SocketState if state not in (SocketState.UNKNOWN, SocketState.UNCONN)]
    if answer not in states:
        return Prediction(f"In which state will {part} be?", answer)
    start = max(0, min(states.index(answer) - STATES_OFFERED // 2, len(states) - STATES_OFFERED))
    return Prediction(f"In which state will {part} be?", answer, tuple(states[start : start + STATES_OFFERED]))


def given(prediction: Prediction, typed: str) -> str:
    """What an answer means: a letter stands for its choice."""
    word = typed.strip()
    if len(word) == 1 and word.lower() in LETTERS[: len(prediction.choices)]:
        return prediction.choices[LETTERS.index(word.lower())]
    return word


def is_right(prediction: Prediction, typed: str) -> bool:
    """Whether an answer is the right one; capitals, spaces, commas and hyphens do not count."""
    return _bare(given(prediction, typed)) == _bare(prediction.answer)


def _bare(text: str) -> str:
    return "".join(character for character in text.casefold() if character.isalnum())


def lettered(prediction: Prediction) -> list[tuple[str, str]]:
    """The choices, each with its letter."""
    return list(zip(LETTERS, prediction.choices, strict=False))
