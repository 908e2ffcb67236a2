"""What the kernel may leave out is never what the filter lets pass."""

from __future__ import annotations

import pytest

from engine.model.tcp import SocketState
from engine.query.kernel import ALL_STATE_BITS, ANYTHING, KernelFilter
from engine.query.sockets import compile_sockets

LISTEN, ESTABLISHED = frozenset((SocketState.LISTEN,)), frozenset((SocketState.ESTABLISHED,))


def ports(*numbers: int) -> frozenset[int]:
    return frozenset(numbers)


@pytest.mark.parametrize(
    ("text", "pushed"),
    [
        ("", ANYTHING),
        ("sink", ANYTHING),
        ("8080", ANYTHING),
        ("state listen", KernelFilter(states=LISTEN)),
        ("state != listen", KernelFilter(states=frozenset(SocketState) - LISTEN)),
        ("not state listen", KernelFilter(states=frozenset(SocketState) - LISTEN)),
        ("not not state listen", KernelFilter(states=LISTEN)),
        ("not (state != listen)", KernelFilter(states=LISTEN)),
        ("state listen or state established", KernelFilter(states=LISTEN | ESTABLISHED)),
        ("state listen and recvq>0", KernelFilter(states=LISTEN)),
        ("state listen or recvq>0", ANYTHING),
        ("tcp state listen", KernelFilter(states=LISTEN, netids=frozenset(("tcp",)))),
        ("sport = 80", KernelFilter(local_ports=ports(80))),
        ("sport != 80", ANYTHING),
        ("not sport = 80", ANYTHING),
        ("sport > 80", ANYTHING),
        ("sport = 80 and dport = 90", KernelFilter(local_ports=ports(80), peer_ports=ports(90))),
        ("sport = 80 or sport = 81", KernelFilter(local_ports=ports(80, 81))),
        ("sport = 80 or dport = 81", KernelFilter(ports=ports(80, 81))),
        ("port:80-83", KernelFilter(ports=ports(80, 81, 82, 83))),
        ("port:80-65535", ANYTHING),
        ("dst 10.0.0.1:22", KernelFilter(peer_ports=ports(22))),
        ("dst 10.0.0.1", ANYTHING),
    ],
)
def test_states_and_ports_are_pushed_down(text: str, pushed: KernelFilter) -> None:
    assert compile_sockets(text).kernel == pushed


@pytest.mark.parametrize(
    ("text", "bits"),
    [
        ("", ALL_STATE_BITS),
        ("state listen", 1 << 10),
        ("state established", 1 << 1),
        ("state syn-recv", 1 << 3),
        ("state unconnected", 1 << 7),
        ("state all", ALL_STATE_BITS),
        ("state = unknown", ALL_STATE_BITS),
    ],
)
def test_states_become_the_kernels_bits(text: str, bits: int) -> None:
    assert compile_sockets(text).kernel.state_bits() == bits
