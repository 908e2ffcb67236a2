"""What a socket call means, and the error that it raised, in the words of this very call. Pure."""

from __future__ import annotations

import errno as errors
import re
from typing import Final

from engine.model.lab import Call
from engine.text.explain.case import Case, of_error
from engine.text.explain.entry import Kind
from engine.text.explain.table import explained

_RESOLVER: Final = re.compile(r"\bEAI_[A-Z]+")
"""The name of a resolver's error, as a call's result writes it."""


def of_errno(number: int, sentence: str) -> tuple[Case, ...]:
    """The error of this number on this system; none for 0 or one without a name."""
    return of_error(errors.errorcode[number], sentence) if number in errors.errorcode else ()


def of_call(call: Call) -> tuple[Case, ...]:
    """The call, and its error where it raised one."""
    outcome = "has not returned yet" if not call.result else f"{'raised' if call.raised else 'returned'} {call.result}"
    here = f"Here {call.name}({call.arguments}) {outcome}."
    resolver = _RESOLVER.search(call.result)
    error = of_error(resolver.group(), here) if resolver else of_errno(call.errno, here)
    return (*error, *(Case(one, here) for one in explained(call.name, Kind.CALL)))
