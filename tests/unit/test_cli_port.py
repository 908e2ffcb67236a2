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
    assert len(places("")) == 5
