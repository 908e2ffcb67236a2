"""Filter programs, run by a machine as the kernel's."""

from __future__ import annotations

import pytest

from engine.model.errors import BadInput
from engine.sockets import bytecode
from engine.sockets.bytecode import End
from tests.unit.sockets_bytecode_machine import Ends, audit, run

SSH = Ends("127.0.0.1", 22, "10.1.2.3", 53225)


@pytest.mark.parametrize(
    ("program", "passes"),
    [
        (bytecode.port_is(End.LOCAL, 22), True),
        (bytecode.port_is(End.LOCAL, 23), False),
        (bytecode.port_is(End.PEER, 22), False),
        (bytecode.port_between(End.PEER, 50000, 60000), True),
        (bytecode.port_in(End.LOCAL, [80, 443, 21, 22, 23]), True),
        (bytecode.port_in(End.LOCAL, [80, 443]), False),
        (bytecode.network(End.PEER, "10.0.0.0/8"), True),
        (bytecode.network(End.PEER, "10.1.2.3"), True),
        (bytecode.network(End.PEER, "11.0.0.0/8"), False),
        (bytecode.network(End.PEER, "::1"), False),
        (bytecode.negated(bytecode.port_is(End.LOCAL, 22)), False),
        (bytecode.negated(bytecode.port_is(End.LOCAL, 23)), True),
        (bytecode.both(bytecode.port_is(End.LOCAL, 22), bytecode.network(End.PEER, "10.0.0.0/8")), True),
        (bytecode.both(bytecode.port_is(End.LOCAL, 22), bytecode.network(End.PEER, "11.0.0.0/8")), False),
        (bytecode.either(bytecode.port_is(End.LOCAL, 80), bytecode.port_is(End.PEER, 53225)), True),
    ],
)
def test_conditions_hold_where_they_should(program: bytes, passes: bool) -> None:
    audit(program)
    assert run(program, SSH) is passes


def test_a_mapped_address_lies_in_an_ipv4_network() -> None:
    assert run(bytecode.network(End.LOCAL, "127.0.0.0/8"), Ends("::ffff:127.0.0.1", 1, "::1", 2))


@pytest.mark.parametrize("text", ["nonsense", "10.0.0.0/33", "10.0.0.0/x", "::1/129", "10.0.0.0/-1"])
def test_a_network_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(BadInput):
        bytecode.network(End.LOCAL, text)


def test_a_filter_beyond_the_jumps_of_16_bits_is_refused() -> None:
    with pytest.raises(BadInput):
        bytecode.port_in(End.LOCAL, range(0, 65536, 2))
