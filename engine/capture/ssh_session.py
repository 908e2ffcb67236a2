"""The SSH session that sockmon is used over, which a capture leaves out: each line drawn would be packets to draw.

sshd names it in SSH_CONNECTION (ssh(1), ENVIRONMENT): client address and port, server address and port. sudo takes the
variable away, so where it is missing the processes above us are asked, as far as we may read them.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from engine.capture.bpf_words import Conversation

ANCESTORS_MAX: Final = 16
"""Processes above us that are asked: terminal, shell, sudo, tmux and sshd are fewer."""


def parse_connection(text: str) -> Conversation | None:
    """The conversation that SSH_CONNECTION names; None for anything else than its four words."""
    words = text.split()
    if len(words) != 4 or not (words[1].isdigit() and words[3].isdigit()):
        return None
    try:
        client, server = (ipaddress.ip_address(words[at].partition("%")[0]) for at in (0, 2))
    except ValueError:
        return None
    ports = int(words[1]), int(words[3])
    packed = tuple(
        (address.ipv4_mapped or address).packed if isinstance(address, ipaddress.IPv6Address) else address.packed
        for address in (client, server)
    )
    if len(packed[0]) != len(packed[1]) or max(ports) > 0xFFFF:
        return None
    return Conversation(packed[0], ports[0], packed[1], ports[1])


def find_session(environment: Mapping[str, str], pid: int, proc: Path = Path("/proc")) -> Conversation | None:
    """The session of process `pid`, whose environment is given, or of the nearest process above it that has one."""
    found = parse_connection(environment.get("SSH_CONNECTION", ""))
    for _ in range(ANCESTORS_MAX):
        if found or pid <= 1:
            return found
        try:
            stat = (proc / str(pid) / "stat").read_bytes()
            pid = int(stat.rpartition(b")")[2].split()[1])
            entries = (proc / str(pid) / "environ").read_bytes().split(b"\0")
        except (OSError, ValueError, IndexError):
            return None  # another user's process, or one that has ended: nobody can tell
        named = next((entry for entry in entries if entry.startswith(b"SSH_CONNECTION=")), b"")
        found = parse_connection(named.partition(b"=")[2].decode("ascii", "replace"))
    return found
