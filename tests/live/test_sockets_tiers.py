"""Short-lived connections through the real launcher and a confined worker: each tier with the rights that it needs."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from engine.model.errors import NetlinkError
from engine.sockets.perf_open import open_state_trace
from tests.live.sockets_clients import LOADED_S, LOOKED_UP_LEAST, SHORT_S

pytestmark = [
    pytest.mark.linux,
    pytest.mark.cap_net_raw,
    pytest.mark.skipif(os.getuid() != 0, reason="only root may give the launcher rights and take them away"),
    pytest.mark.skipif(shutil.which("setpriv") is None, reason="needs setpriv (util-linux)"),
]

ROOT = Path(__file__).resolve().parents[2]
CONNECTIONS = 100
UID = "65534"
USER = ("setpriv", "--reuid", UID, "--regid", UID, "--clear-groups")
WITH_NET_RAW = (*USER, "--inh-caps=-all,+net_raw", "--ambient-caps=-all,+net_raw")


def short_lived(*rights: str, lives_s: float = SHORT_S) -> dict[str, Any]:
    """What a Monitor started so says of the connections (tests.live.sockets_short_lived)."""
    command = [*rights, sys.executable, "-m", "tests.live.sockets_short_lived", str(CONNECTIONS), str(lives_s)]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, timeout=60, check=False)
    if rights and "PermissionError" in done.stderr:
        pytest.skip("another user cannot read this Python or this checkout")
    assert done.returncode == 0, done.stderr
    told: dict[str, Any] = json.loads(done.stdout)
    assert told["closed"] == told["carried"] == CONNECTIONS
    return told


def test_root_has_the_process_of_every_connection_from_the_tracepoint() -> None:
    try:
        for descriptor in open_state_trace():
            os.close(descriptor)
    except NetlinkError as error:
        pytest.skip(f"no tracepoint: {error}")
    told = short_lived()
    assert set(told["tiers"]) <= {"traced", "polled"}
    assert told["right"] >= 0.99 * CONNECTIONS
    assert not {"NO_STATE_TRACE", "NO_SYN_TAP"} & set(told["degradations"])


def test_with_capture_rights_alone_their_syns_lead_to_the_process() -> None:
    told = short_lived(*WITH_NET_RAW, lives_s=LOADED_S)
    assert set(told["tiers"]) <= {"lookup", "polled"}
    assert told["tiers"]["lookup"] >= LOOKED_UP_LEAST * CONNECTIONS
    assert "NO_STATE_TRACE" in told["degradations"]


def test_an_ordinary_user_has_every_connection_and_no_process_that_was_not_seen() -> None:
    told = short_lived(*USER)
    assert set(told["tiers"]) <= {"polled"}
    assert told["lost"] == 0
    assert "NO_SYN_TAP" in told["degradations"]
