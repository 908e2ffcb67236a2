"""The situations of `tests/scenario/ladders`, driven anew on this machine's kernel, show what they are for."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.scenario.ladder_pictures import picture_of_file
from tests.scenario.ladder_traffic import CHANCE, SITUATIONS
from tests.terminal import ROOT

pytestmark = pytest.mark.linux

SHOWN: dict[str, tuple[str, ...]] = {
    "handshake": ("SYN-SENT", "[SYN]", "ESTABLISHED", "SYN-RECEIVED", "│ ESTABLISHED"),
    "data": ("══[PSH, ACK]", "[PSH, ACK]", "══│"),
    "close-by-client": ("FIN-WAIT-1", "│ CLOSE-WAIT", "TIME-WAIT", "│ LAST-ACK", "│ CLOSED"),
    "close-by-server": ("CLOSE-WAIT", "│ FIN-WAIT-1", "LAST-ACK", "│ TIME-WAIT", "CLOSED"),
    "simultaneous-close": ("[FIN, ACK]", "CLOSING", "[FIN, ACK]", "CLOSING", "TIME-WAIT", "TIME-WAIT"),
    "half-close": ("FIN-WAIT-1", "FIN-WAIT-2", "══│", "TIME-WAIT"),
    "refused": ("SYN-SENT", "CLOSED", "[RST, ACK]", "│ CLOSED"),
    "reset-in-syn-received": ("│ SYN-RECEIVED", "CLOSED", "[RST]", "│ LISTEN"),
    "reset-in-established": ("│ ESTABLISHED", "CLOSED", "[RST, ACK]", "│ CLOSED"),
    "reset-by-unread-data": ("══│", "CLOSED", "[RST, ACK]", "│ CLOSED"),
    "reset-in-fin-wait-1": ("FIN-WAIT-1", "CLOSED", "[RST, ACK]"),
    "reset-in-fin-wait-2": ("FIN-WAIT-2", "CLOSED", "[RST, ACK]"),
    "reset-in-last-ack": ("│ LAST-ACK", "CLOSED", "[RST, ACK]", "│ CLOSED"),
    "retransmission": ("✕", "[Retransmission]", "═▶│"),
    "repaired-at-once": ("Len=100═ ✕", "Seq=1 "),
    "syn-sent-again": ("[SYN]", "✕", "[Retransmission] [SYN]", "─▶│"),
    "zero-window": ("[ZeroWindow]", "[Keep-Alive]", "[Window Update]"),
    "keep-alive": ("[Keep-Alive]", "FIN-WAIT-1"),
    "long-run": ("data segments", "KiB ▶", "FIN-WAIT-1"),
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A capture of each, made now."""
    made = tmp_path_factory.mktemp("ladders")
    command = [sys.executable, "-m", "tests.scenario.ladder_traffic", str(made)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120, check=False)
    if "unshare" in done.stderr:
        pytest.skip("no network namespace can be made here")
    assert done.returncode == 0, done.stderr
    return made


def test_all_situations_are_looked_at() -> None:
    assert set(SHOWN) == set(SITUATIONS)


@pytest.mark.parametrize("name", SHOWN)
def test_a_situation_shows_what_it_is_for(folder: Path, name: str) -> None:
    if name in CHANCE and not (folder / f"{name}.pcap").exists():
        pytest.skip("did not come about in all tries, as on a machine with one processor")
    picture = picture_of_file(folder / f"{name}.pcap")
    at = 0
    for words in SHOWN[name]:
        at = picture.find(words, at)
        assert at >= 0, f"{words!r} does not follow in\n{picture}"
        at += len(words)
