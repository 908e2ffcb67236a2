"""Echo servers and a client that sends and never reads: what waits for it is bounded."""

from __future__ import annotations

import time

import pytest

from tests.lab_rig import Running
from tests.live.lab_callers import connected

pytestmark = pytest.mark.linux

BUFFER = 65_536
GREED = 32 * 1024 * 1024
"""Far more than the small buffers of both sockets and what a server keeps for a client."""
STANDS_S = 0.5


@pytest.mark.parametrize("kind", ["echo-server", "echo-select", "echo-asyncio", "echo-threads"])
def test_a_client_that_does_not_read_is_not_read_from_for_ever(kind: str) -> None:
    with Running(kind, port=0, sndbuf=BUFFER, rcvbuf=BUFFER) as server, connected(server) as client:
        client.setblocking(False)
        sent, moved = 0, time.monotonic()
        while sent < GREED and time.monotonic() - moved < STANDS_S:
            try:
                sent += client.send(bytes(BUFFER))
                moved = time.monotonic()
            except BlockingIOError:
                time.sleep(0.001)
        assert sent < GREED
