"""engine.insight.verdicts.programs: what the calls of our own programs say."""

from __future__ import annotations

import errno
from collections.abc import Sequence
from typing import Any

from engine.insight.judge import Judge
from engine.model.lab import ActorReport, ActorSpec, ActorState, Call, Knobs
from engine.model.snapshot import ActorView, Snapshot
from engine.model.sockets import SocketEntry
from engine.model.tcp import SocketState
from engine.model.verdicts import Verdict
from tests.unit.socket_entries import entry, listener

NOON_NS = 1_763_726_671_000_000_000


def call(name: str, result: str = "None", **given: Any) -> Call:
    fields: dict[str, Any] = {"ts_ns": NOON_NS, "arguments": "127.0.0.1:9000", "fd": 5, "cookie": 7} | given
    return Call(1, name=name, result=result, **fields)


def said(calls: Sequence[Call], *rows: SocketEntry, after_s: float = 0.0) -> dict[str, Verdict]:
    report = ActorReport(kind="echo-client", pid=41, state=ActorState.FAILED, calls=tuple(calls))
    views = (ActorView(1, ActorSpec("echo-client", Knobs()), report),)
    snapshot = Snapshot(NOON_NS + int(after_s * 1e9), rows, actors=views, ephemeral=(32_768, 60_999))
    return {one.rule: one for one in Judge().take(snapshot) if one.subject.name.startswith("echo-client")}


REFUSED = call("connect", "ConnectionRefusedError ECONNREFUSED (111)", errno=errno.ECONNREFUSED)


def test_a_refused_connect_is_told_for_half_a_minute() -> None:
    found = said([REFUSED])["refused"]
    assert found.sentence == (
        "echo-client (41) was refused: nobody listens on 127.0.0.1:9000 (the SYN was answered by RST)."
    )
    assert found.since_exact
    assert said([REFUSED], after_s=31) == {}


def test_a_program_that_went_on_was_not_stopped_by_it() -> None:
    assert said([REFUSED, call("connect")]) == {}
    assert "refused" in said([REFUSED, call("close")])


def test_a_background_connect_tells_by_so_error() -> None:
    calls = [
        call("connect_ex", "EINPROGRESS (115)"),
        call("getsockopt", "111", arguments="SOL_SOCKET, SO_ERROR"),
    ]
    assert "nobody listens on 127.0.0.1:9000" in said(calls)["refused"].sentence
    assert "refused" in said([call("connect_ex", "ECONNREFUSED (111)")])
    assert said([calls[0], call("getsockopt", "0", arguments="SOL_SOCKET, SO_ERROR")]) == {}
    assert said([calls[0], call("getsockopt", "111", arguments="SOL_SOCKET, SO_RCVBUF")]) == {}


def test_a_reset_names_the_call_that_met_it() -> None:
    for number, name in ((errno.ECONNRESET, "recv"), (errno.EPIPE, "send")):
        found = said([call("connect"), call(name, errno=number)])["reset"]
        assert f"met {errno.errorcode[number]} in {name}()" in found.sentence


def test_no_free_port() -> None:
    assert "ports-exhausted" in said([call("connect", errno=errno.EADDRNOTAVAIL)])
    assert "ports-exhausted" not in said([call("bind", errno=errno.EADDRNOTAVAIL)])


def test_an_address_that_only_time_wait_holds() -> None:
    bind = call("bind", errno=errno.EADDRINUSE)
    rest = entry(key=9, state=SocketState.TIME_WAIT, local_port=9_000, peer_port=40_000)
    found = said([bind], rest)["time-wait-reuse"]
    assert "nobody listens there, but 1 connection of an earlier server is in TIME-WAIT" in found.sentence
    assert "time-wait-reuse" not in said([bind], rest, listener(key=3, local_port=9_000))
    assert said([bind]) == {}


def recv(number: int, result: str = "b''") -> Call:
    return call("recv", result, arguments="1024", ts_ns=NOON_NS + number * 1_000_000)


def test_reading_the_end_once_is_how_it_is_read() -> None:
    assert said([recv(0, "b'hi'"), recv(1)]) == {}


def test_reading_the_end_again_and_again_is_a_spin() -> None:
    found = said([recv(0, "b'hi'"), *(recv(number) for number in range(1, 21))])["eof-spin"]
    assert "reads b'' again and again: 20 times in a row, 1,053 a second" in found.sentence
    assert said([*(recv(number) for number in range(20))], after_s=5) == {}
    assert said([*(recv(number) for number in range(20)), recv(20, "b'x'")]) == {}


def test_sockets_without_a_cookie_are_told_apart_by_their_descriptor() -> None:
    calls = [call("recv", "b''", cookie=0, fd=number) for number in range(20)]
    assert said(calls) == {}
