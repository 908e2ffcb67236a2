"""The kernel's part of a filter."""

from __future__ import annotations

import pytest

from engine.query.kernel import KernelFilter
from engine.query.sockets import compile_sockets
from engine.sockets.pushed import EVERYTHING, families_for, pushed
from tests.unit.sockets_bytecode_machine import Ends, audit, run

ATTRIBUTE_HEADER = 4


@pytest.mark.parametrize(
    ("text", "sport", "dport", "passes"),
    [
        ("port 80", 80, 5, True),
        ("port 80", 5, 80, True),
        ("port 80", 5, 6, False),
        ("sport = :80", 80, 5, True),
        ("sport = :80", 5, 80, False),
        ("dport = :80 and sport = :81", 81, 80, True),
        ("dport = :80 and sport = :81", 80, 81, False),
        ("dport = :80 or dport = :82", 1, 82, True),
    ],
)
def test_ports_become_a_program(text: str, sport: int, dport: int, passes: bool) -> None:
    program = pushed(compile_sockets(text).kernel).attached[ATTRIBUTE_HEADER:]
    audit(program)
    assert run(program, Ends("127.0.0.1", sport, "127.0.0.1", dport)) is passes


def test_states_become_bits() -> None:
    assert pushed(compile_sockets("state listening").kernel).states == 1 << 10


def test_no_filter_asks_for_everything() -> None:
    assert pushed(compile_sockets("").kernel) == EVERYTHING


def test_what_nothing_can_pass_asks_for_nothing() -> None:
    assert pushed(KernelFilter(local_ports=frozenset())).nothing
    assert pushed(KernelFilter(ports=frozenset())).nothing


def test_families_that_cannot_pass_are_not_read() -> None:
    conditions = KernelFilter(netids=frozenset(("udp", "u_dgr")))
    assert families_for(("tcp", "udp", "unix"), conditions) == ("udp", "unix")
    assert families_for(("tcp", "udp"), KernelFilter()) == ("tcp", "udp")
