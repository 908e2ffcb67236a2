"""The judge over real sockets: looks again and again, and keeps what it said of each socket."""

from __future__ import annotations

import ctypes
import os
import socket
import struct
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from engine.insight.judge import Judge
from engine.insight.rows import Rows
from engine.model.lab import ActorReport, ActorSpec, Knobs
from engine.model.messages import AskSockets, SocketsOptions
from engine.model.snapshot import ActorView, Snapshot
from engine.model.verdicts import Verdict
from engine.sockets.service import SocketsService

LIMIT_S = 20.0
LOOK_S = 0.2
SO_COOKIE = 57  # include/uapi/asm-generic/socket.h
SO_ATTACH_FILTER = 26
SO_DETACH_FILTER = 27

OPTIONS = SocketsOptions(families=("tcp", "udp"))


def key_of(sock: socket.socket) -> int:
    """The key of a socket's row."""
    return int.from_bytes(sock.getsockopt(socket.SOL_SOCKET, SO_COOKIE, 8), "little")


def drop(sock: socket.socket, share: float = 1.0) -> None:
    """Have the kernel drop this share of what comes in for the socket, as if it were lost on the way.

    Skips the test where this user may attach no filter, as when the kernel's memory for compiled ones is used up
    (bpf_jit_charge_modmem in kernel/bpf/core.c).
    """
    load_random, jump_greater, leave = 0x20, 0x25, 0x06  # BPF_LD|W|ABS, BPF_JMP|JGT|K, BPF_RET|K
    random_word = 0xFFFF_F000 + 56  # SKF_AD_OFF + SKF_AD_RANDOM
    steps = [(load_random, 0, 0, random_word), (jump_greater, 1, 0, min(int(share * 2**32), 2**32 - 1))]
    steps += [(leave, 0, 0, 0), (leave, 0, 0, 0x40000)]
    program = b"".join(struct.pack("=HBBI", *step) for step in steps)
    held = ctypes.create_string_buffer(program, len(program))
    try:
        sock.setsockopt(socket.SOL_SOCKET, SO_ATTACH_FILTER, struct.pack("@HP", len(steps), ctypes.addressof(held)))
    except PermissionError:
        pytest.skip("this user may attach no filter to a socket")


def hear_again(sock: socket.socket) -> None:
    """Take away what `drop` did, so that the connection can end."""
    sock.setsockopt(socket.SOL_SOCKET, SO_DETACH_FILTER, 0)


def pair(sndbuf: int | None = None, rcvbuf: int | None = None) -> tuple[socket.socket, socket.socket]:
    """The client's and the server's end of a connection."""
    with socket.socket() as server:
        if rcvbuf:
            server.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, rcvbuf)
        server.bind(("127.0.0.1", 0))
        server.listen()
        client = socket.socket()
        if sndbuf:
            client.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, sndbuf)
        client.connect(server.getsockname())
        return client, server.accept()[0]


def server_below_the_ephemeral_ports(again: bool) -> socket.socket:
    """A listener on a port that no client is given; `again` has it say that the port may be taken again at once."""
    low = int(Path("/proc/sys/net/ipv4/ip_local_port_range").read_text().split()[0])
    for number in range(2_000):
        server = socket.socket()
        try:
            server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, again)
            server.bind(("127.0.0.1", low - 1 - (os.getpid() * 7 + number * 13) % (low // 2)))
            server.listen()
        except OSError:
            server.close()
        else:
            return server
    raise AssertionError("no free port")


class Court:
    """A judge that is shown the real table."""

    def __init__(self) -> None:
        self.service = SocketsService()
        self.judge = Judge()
        self.rows = Rows()
        self.verdicts: tuple[Verdict, ...] = ()
        self.said: dict[tuple[str, int], Verdict] = {}
        """The last verdict of each rule on each row, by rule and key."""
        self.look()
        if self.source != "netlink":
            pytest.skip("the rules' figures need sock_diag")

    def look(self, reports: Sequence[ActorReport] = ()) -> tuple[Verdict, ...]:
        """Show the judge the table as it is now."""
        answer = self.service.answer(AskSockets(self.rows.generation, OPTIONS, {}), [])
        entries, changes = self.rows.apply(answer)
        self.source = answer.source
        self.snapshot = Snapshot(
            time.time_ns(),
            entries,
            changes,
            answer.closed,
            answer.counters,
            answer.source,
            actors=tuple(
                ActorView(number, ActorSpec(report.kind, Knobs()), report) for number, report in enumerate(reports)
            ),
            moved=answer.moved,
            ephemeral=answer.ephemeral,
        )
        self.verdicts = self.judge.take(self.snapshot)
        self.note(self.verdicts)
        return self.verdicts

    def note(self, verdicts: Sequence[Verdict]) -> None:
        """Keep what was said."""
        self.said |= {(one.rule, key): one for one in verdicts for key in (one.subject.key, *one.keys)}

    def ask(self, *keys: int) -> None:
        """Ask about single sockets."""
        for key in keys:
            self.note(self.judge.about(key))

    def until(self, condition: Callable[[], bool], what: str, reports: Callable[[], Sequence[ActorReport]]) -> None:
        """Look until the condition holds."""
        end = time.monotonic() + LIMIT_S
        while not condition():
            assert time.monotonic() < end, f"not within {LIMIT_S} s: {what}; said was {self.verdicts}"
            time.sleep(LOOK_S)
            self.look(reports())

    def close(self) -> None:
        self.service.close()
