"""The one table of explanations, and how a word is looked up in it."""

from __future__ import annotations

import difflib
import re
from typing import Final

from engine.text.explain.calls import CALLS
from engine.text.explain.columns import COLUMNS
from engine.text.explain.constants import CONSTANTS, FAMILIES
from engine.text.explain.counters import COUNTERS
from engine.text.explain.entry import Explanation, Kind
from engine.text.explain.errors import ERRORS, RESOLVER
from engine.text.explain.errors_rare import RARE_ERRORS
from engine.text.explain.fields import FIELDS
from engine.text.explain.findings import FINDINGS
from engine.text.explain.flags import FLAGS
from engine.text.explain.icmp import ICMP
from engine.text.explain.lists import LISTS, PLACES
from engine.text.explain.options import OPTIONS
from engine.text.explain.protocols import PROTOCOLS
from engine.text.explain.states import STATES
from engine.text.explain.terms import TERMS
from engine.text.explain.verdicts import VERDICTS

EXPLANATIONS: Final[tuple[Explanation, ...]] = (
    *STATES, *FLAGS, *FINDINGS, *COLUMNS, *LISTS, *ERRORS, *RARE_ERRORS, *RESOLVER, *ICMP, *CALLS, *OPTIONS, *FAMILIES,
    *CONSTANTS, *VERDICTS, *TERMS, *PLACES, *COUNTERS, *FIELDS, *PROTOCOLS,
)  # fmt: skip

SUGGESTIONS_MAX: Final = 5
SUGGESTION_LIKENESS: Final = 0.6
"""difflib's ratio from which a known word is offered for one that is not."""
WORD_CHARACTERS_MAX: Final = 100
"""Of a word looked up: longer than any name."""

_FILLING: Final = re.compile(r"[\s_.\-]+")


def _plain(word: str) -> str:
    """A word as it is looked up: any case, without the signs that names are joined by."""
    return _FILLING.sub("", word[:WORD_CHARACTERS_MAX].casefold())


def _indexed() -> dict[str, tuple[Explanation, ...]]:
    found: dict[str, list[Explanation]] = {}
    for explanation in EXPLANATIONS:
        for word in (explanation.name, *explanation.aliases):
            listed = found.setdefault(_plain(word), [])
            if explanation not in listed:
                listed.append(explanation)
    return {word: tuple(listed) for word, listed in found.items()}


_BY_WORD: Final = _indexed()

_NUMBERED: Final = (*ERRORS, *RARE_ERRORS, *RESOLVER)

_ERRORS_BY_NUMBER: Final = {
    number: tuple(
        one for one in _NUMBERED
        if one.numbers and number in (one.numbers.linux, one.numbers.macos, one.numbers.windows)
    )
    for one in _NUMBERED if one.numbers
    for number in (one.numbers.linux, one.numbers.macos, one.numbers.windows) if number is not None
}  # fmt: skip


def explained(word: str, kind: Kind | None = None) -> tuple[Explanation, ...]:
    """All that the word means, `kind` narrowing it; empty if it is not known.

    Upper and lower case, spaces, `-` and `_` make no difference; a number is an error's on any of the three systems.
    """
    text = word.strip()
    found = _BY_WORD.get(_plain(text), ())
    if not found and re.fullmatch(r"-?[0-9]{1,6}", text):
        found = _ERRORS_BY_NUMBER.get(int(text), ())
    return tuple(one for one in found if kind is None or one.kind is kind)


def suggestions(word: str) -> tuple[str, ...]:
    """Names that are like a word that is not known, the likest first."""
    like = difflib.get_close_matches(_plain(word), _BY_WORD, SUGGESTIONS_MAX, SUGGESTION_LIKENESS)
    return tuple(dict.fromkeys(_BY_WORD[one][0].name for one in like))
