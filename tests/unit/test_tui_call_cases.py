"""Calls and their errors, explained in the words of this very call."""

from __future__ import annotations

import errno

from engine.model.lab import Call
from tui.widgets.call_cases import of_call, of_errno


def names(call: Call) -> list[str]:
    return [case.explanation.name for case in of_call(call)]


def test_a_call_that_returned_is_explained_with_what_it_returned() -> None:
    cases = of_call(Call(1, 0, "recv", "1024", "b'hi'"))
    assert cases[0].here == "Here recv(1024) returned b'hi'."


def test_an_error_comes_before_the_call_that_raised_it() -> None:
    call = Call(1, 0, "connect", "('::1', 9)", "ConnectionRefusedError ECONNREFUSED (111)", errno=errno.ECONNREFUSED,
                raised=True)  # fmt: skip
    assert names(call)[0] == "ECONNREFUSED"
    assert "connect" in [name.removesuffix("()") for name in names(call)]
    assert of_call(call)[0].here.startswith("Here connect(('::1', 9)) raised ConnectionRefusedError")


def test_a_resolvers_error_is_told_by_its_name() -> None:
    call = Call(1, 0, "getaddrinfo", "'nowhere.invalid'", "gaierror EAI_NONAME (-2)", errno=-2, raised=True)
    assert names(call)[0] == "EAI_NONAME"


def test_a_call_that_waits_says_so() -> None:
    assert of_call(Call(1, 0, "accept", "", ""))[0].here == "Here accept() has not returned yet."


def test_no_error_is_no_case() -> None:
    assert of_errno(0, "") == ()
    assert of_errno(99_999, "") == ()
