"""Any combination of conditions is a program that the kernel accepts and that decides as the combination does."""

from __future__ import annotations

from collections.abc import Callable

from hypothesis import given
from hypothesis import strategies as st

from engine.sockets import bytecode
from engine.sockets.bytecode import End
from tests.unit.sockets_bytecode_machine import Ends, audit, run

Case = tuple[bytes, Callable[[Ends], bool]]

PORTS = st.integers(0, 12)


def _between(end: End, low: int, high: int) -> Case:
    return (
        bytecode.port_between(end, low, high),
        lambda ends: low <= (ends.sport if end is End.LOCAL else ends.dport) <= high,
    )


CONDITIONS: st.SearchStrategy[Case] = st.recursive(
    st.builds(_between, st.sampled_from(End), PORTS, PORTS),
    lambda inner: st.one_of(
        st.lists(inner, min_size=1, max_size=4).map(
            lambda cases: (
                bytecode.both(*(program for program, _ in cases)),
                lambda ends: all(holds(ends) for _, holds in cases),
            )
        ),
        st.lists(inner, min_size=1, max_size=4).map(
            lambda cases: (
                bytecode.either(*(program for program, _ in cases)),
                lambda ends: any(holds(ends) for _, holds in cases),
            )
        ),
        inner.map(lambda case: (bytecode.negated(case[0]), lambda ends: not case[1](ends))),
    ),
    max_leaves=12,
)


@given(CONDITIONS, PORTS, PORTS)
def test_programs_decide_as_their_conditions(case: Case, sport: int, dport: int) -> None:
    program, holds = case
    audit(program)
    ends = Ends("127.0.0.1", sport, "127.0.0.1", dport)
    assert run(program, ends) is holds(ends)
