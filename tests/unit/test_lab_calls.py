"""engine.lab.calls: what was called, with what result, and how much was forgotten."""

from __future__ import annotations

import threading

import pytest

from engine.lab.calls import CALLS_REPORTED, NOTES_MAX, CallLog


def fail() -> int:
    raise ConnectionResetError(104, "Connection reset by peer")


def test_a_call_is_logged_with_its_result_and_how_long_it_took() -> None:
    log = CallLog()

    assert log.made("recv", "1024", lambda: b"Hello", repr) == b"Hello"

    (call,) = log.account().calls
    assert (call.number, call.name, call.arguments, call.result, call.errno) == (1, "recv", "1024", "b'Hello'", 0)
    assert call.ts_ns > 0
    assert call.duration_ns >= 0


def test_a_call_that_fails_is_logged_and_fails() -> None:
    log = CallLog()

    with pytest.raises(ConnectionResetError):
        log.made("recv", "1024", fail)

    (call,) = log.account().calls
    assert (call.result, call.errno) == ("ConnectionResetError ECONNRESET (104)", 104)
    assert log.failure is not None
    assert log.failure.name == "recv"


def test_only_calls_after_a_number_are_reported() -> None:
    log = CallLog()
    for number in range(5):
        log.made("send", str(number), lambda: 1)

    assert [call.number for call in log.account(calls_after=3).calls] == [4, 5]


def test_the_log_is_bounded_and_says_what_it_forgot() -> None:
    log = CallLog(calls_max=10)
    for number in range(25):
        log.made("send", str(number), lambda: 1)

    account = log.account()
    assert [call.number for call in account.calls] == list(range(16, 26))
    assert account.calls_total == 25
    assert account.calls_forgotten == 15


def test_one_report_carries_a_bounded_number_of_calls_the_newest() -> None:
    log = CallLog()
    for number in range(CALLS_REPORTED + 5):
        log.made("send", str(number), lambda: 1)

    calls = log.account().calls
    assert len(calls) == CALLS_REPORTED
    assert calls[-1].number == CALLS_REPORTED + 5


def test_without_the_log_calls_are_made_all_the_same() -> None:
    log = CallLog(keep_calls=False)

    assert log.made("send", "", lambda: 7) == 7
    assert log.account().calls == ()
    assert log.account().calls_total == 0


def test_a_call_that_has_not_returned_is_shown_as_waiting() -> None:
    log = CallLog()
    begun, leave = threading.Event(), threading.Event()

    def block() -> None:
        begun.set()
        leave.wait()

    thread = threading.Thread(target=lambda: log.made("accept", "", block))
    thread.start()
    begun.wait()
    (waiting,) = log.account().waiting
    leave.set()
    thread.join()

    assert (waiting.name, waiting.result) == ("accept", "")
    assert log.account().waiting == ()


def test_the_same_note_twice_in_a_row_is_one() -> None:
    log = CallLog()
    for note in ("a", "a", "b", "a"):
        log.note(note)
    log.note("a", again=True)

    assert log.account().notes == ("a", "b", "a", "a")


def test_notes_are_bounded_and_the_forgotten_are_counted() -> None:
    log = CallLog()
    for number in range(NOTES_MAX + 3):
        log.note(str(number))

    assert log.account().notes[0] == "3"
    assert log.account().notes_forgotten == 3
