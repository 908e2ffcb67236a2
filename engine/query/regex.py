"""Regular expressions that cannot hang: searching takes time linear in the text, whatever the expression.

Theory of operation: an expression becomes a nondeterministic automaton (Thompson 1968), whose sets of states become the
states of a deterministic one while a text is read; each pair of state and character is worked out once and kept. No
step is ever taken back, so there is nothing like the exponential search of a backtracking matcher.

Understood are characters, `.`, `[a-z]` `[^…]`, `\\d \\w \\s` and their capitals, `( )`, `(?: )`, `|`, `* + ?`,
`{m} {m,} {m,n}`, `^` and `$` at any place. Upper and lower case are the same. Back-references, look-around and word
boundaries are refused: no automaton of this kind has them.
"""

from __future__ import annotations

from typing import Final

from engine.model.errors import FilterError
from engine.query.regex_parse import Anchor, Choice, One, Part, Repeat, Sequence, Test, parse

STATES_MAX: Final = 250
"""Of the nondeterministic automaton: what `{m,n}` unfolds to. A step costs at most this many."""
SUBJECT_CHARACTERS_MAX: Final = 4096
"""Characters of a text that are searched: PATH_MAX, the longest name that a kernel gives."""
CACHED_STEPS_MAX: Final = 2_000
"""Steps kept before all are forgotten and worked out anew: at most 16 MB of state sets."""


class _Program:
    """The nondeterministic automaton: numbered states. `tests[n]` leads to `nexts[n]`; a state without a test is passed
    without reading: into both of `forks[n]`, or into `nexts[n]` where `anchors[n]` holds."""

    def __init__(self, part: Part) -> None:
        self.tests: list[Test | None] = []
        self.nexts: list[int] = []
        self.forks: list[tuple[int, int] | None] = []
        self.anchors: list[str] = []
        self.accept = self.state()
        self.start = self.build(part, self.accept)

    def state(
        self, test: Test | None = None, target: int = -1, fork: tuple[int, int] | None = None, anchor: str = ""
    ) -> int:
        if len(self.tests) >= STATES_MAX:
            raise FilterError(f"the expression unfolds to more than {STATES_MAX} states", 0, "use smaller repetitions")
        self.tests.append(test)
        self.nexts.append(target)
        self.forks.append(fork)
        self.anchors.append(anchor)
        return len(self.tests) - 1

    def build(self, part: Part, target: int) -> int:
        """The state from which `part` leads to `target`."""
        match part:
            case One(test):
                return self.state(test, target)
            case Anchor(sign):
                return self.state(target=target, anchor=sign)
            case Sequence(parts):
                for one in reversed(parts):
                    target = self.build(one, target)
                return target
            case Choice(parts):
                start = self.build(parts[-1], target)
                for one in reversed(parts[:-1]):
                    start = self.state(fork=(self.build(one, target), start))
                return start
            case Repeat(inner, least, most):
                return self.repeat(inner, least, most, target)

    def repeat(self, inner: Part, least: int, most: int | None, target: int) -> int:
        if most is None:
            loop = self.state(fork=(-1, target))
            self.forks[loop] = (self.build(inner, loop), target)
            target = loop
        else:
            after = target
            for _ in range(most - least):
                target = self.state(fork=(self.build(inner, target), after))
        for _ in range(least):
            target = self.build(inner, target)
        return target


class LinearRegex:
    """A compiled expression. Raises FilterError, with a position in the pattern, for what it does not understand."""

    def __init__(self, pattern: str) -> None:
        self._program = _Program(parse(pattern))
        self._steps: dict[tuple[frozenset[int], str], frozenset[int] | None] = {}
        self._first = self._closure([self._program.start], at_start=True)
        self._again = self._closure([self._program.start], at_start=False)

    def search(self, text: str) -> bool:
        """Whether the expression is found anywhere in the first SUBJECT_CHARACTERS_MAX characters of `text`."""
        accept, steps = self._program.accept, self._steps
        states = self._first
        if accept in states:
            return True
        for character in text[:SUBJECT_CHARACTERS_MAX].lower():
            try:
                reached = steps[states, character]
            except KeyError:
                reached = self._step(states, character)
            if reached is None:
                return True
            states = reached
        return accept in self._closure(list(states), at_start=not text, at_end=True)

    def _step(self, states: frozenset[int], character: str) -> frozenset[int] | None:
        """The states after `character`, None where the expression is found."""
        program = self._program
        targets = [program.nexts[state] for state in states if (test := program.tests[state]) and test(character)]
        reached = self._closure(targets, at_start=False) | self._again
        if len(self._steps) >= CACHED_STEPS_MAX:
            self._steps.clear()
        found = None if program.accept in reached else reached
        self._steps[states, character] = found
        return found

    def _closure(self, waiting: list[int], *, at_start: bool, at_end: bool = False) -> frozenset[int]:
        """All states reached from those waiting without reading. A `$` is kept, to be tried again at the end."""
        program = self._program
        seen: set[int] = set()
        while waiting:
            state = waiting.pop()
            if state in seen:
                continue
            seen.add(state)
            fork, anchor = program.forks[state], program.anchors[state]
            if fork is not None:
                waiting += fork
            elif (anchor == "^" and at_start) or (anchor == "$" and at_end):
                waiting.append(program.nexts[state])
        return frozenset(
            state
            for state in seen
            if program.tests[state] is not None or program.anchors[state] or state == program.accept
        )
