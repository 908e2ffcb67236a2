"""What `sockmon port` takes for a port."""

from __future__ import annotations

import pytest

from engine.sockets.bind_tries import places
from tui.cli.port import parsed_target


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("8080", ("", 8080)),
        (":8080", ("", 8080)),
        ("*:8080", ("", 8080)),
        ("http", ("", 80)),
        ("127.0.0.1:ssh", ("127.0.0.1", 22)),
        ("[::1]:443", ("::1", 443)),
        ("[fe80::1%lo]:1", ("fe80::1%lo", 1)),
        (" 65535 ", ("", 65535)),
    ],
)
def test_a_port_may_be_written_as_people_write_it(text: str, expected: tuple[str, int]) -> None:
    assert parsed_target(text) == expected


def test_an_address_is_tried_alone_and_the_ipv6_wildcard_in_both_forms() -> None:
    assert places("10.0.0.1") == [("10.0.0.1", None)]
    assert places("::") == [("::", False), ("::", True)]
    assert places("", (4,)) == [("0.0.0.0", None), ("127.0.0.1", None)]


@pytest.mark.ipv6
def test_no_address_means_those_that_programs_bind() -> None:
    assert places("") == [("0.0.0.0", None), ("127.0.0.1", None), ("::", False), ("::", True), ("::1", True)]


def test_an_address_that_this_machine_does_not_have_is_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    switched_off = (("127.0.0.1", None), ("192.0.2.99", None), ("2001:db8::99", True))  # RFC 5737, RFC 3849: nobody's
    monkeypatch.setattr("engine.sockets.bind_tries.WILDCARDS", switched_off)
    assert places("") == [("127.0.0.1", None)]
