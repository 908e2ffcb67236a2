"""What went wrong in an actor, in one sentence: the call that failed, its errno, and what can be done."""

from __future__ import annotations

from engine.lab.addresses import UnresolvedError
from engine.lab.calls import CallLog
from engine.lab.hints import hint_for
from engine.lab.shown import error_number
from engine.model.errors import EngineError, LabError


def sentence_for(error: EngineError | OSError, log: CallLog) -> tuple[str, int]:
    """The sentence, and the number: errno, or getaddrinfo's negative one. `log` knows which call failed."""
    if isinstance(error, UnresolvedError):
        return str(error), error.eai
    if isinstance(error, EngineError):
        return str(error), error.errno or 0
    number = error_number(error)
    failure = log.failure
    if failure is None or failure.error is not error:
        return str(error), number
    if not number:
        return f"{failure.tried}: {error}", 0
    return str(LabError(failure.tried, number, hint_for(failure.name, number))), number
