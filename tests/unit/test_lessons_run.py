"""A lesson's run over a fake lab: its steps in order, its views, its end, and what it makes of failures."""

from __future__ import annotations

import os
import threading

import msgspec
import pytest

from engine.lessons.acting import Stagehand, obeyed
from engine.lessons.cast import Cast
from engine.lessons.course import Course
from engine.lessons.doings import read_doing
from engine.lessons.lesson import Spot
from engine.lessons.results import Fault, Mark
from engine.lessons.run import LessonRun, Phase, RunView
from engine.lessons.stage import Stage, missing, no_wire
from engine.model.errors import CaptureError, EngineError, LabError
from engine.model.lab import ActorReport, ActorSpec, ActorState, Call
from engine.model.messages import SocketsOptions
from engine.model.packets import CaptureOptions, CaptureStatus
from engine.model.snapshot import Snapshot
from engine.model.tcp import TcpFlags
from tests.lab_rig import until
from tests.lessons_rig import SERVER_PORT, Lab, lab, row, two_steps
from tests.machine import has_ipv6
from tests.tui.fake_monitor import FakeMonitor
from tests.tui.fakes import NO_CAPTURE, snapshot, status, workers


class Refusing(FakeMonitor):
    """Captures nothing."""

    def set_capture(self, options: CaptureOptions) -> CaptureStatus:
        raise CaptureError("bind a packet socket")


def test_a_lesson_runs_step_by_step_and_its_actors_end_with_it() -> None:
    monitor = lab()
    views: list[RunView] = []
    run = LessonRun(two_steps(), Stage(monitor), views.append)
    assert run.step()
    assert run.view.phase is Phase.READY
    assert run.view.sights[0][0].mark is Mark.PASSED
    assert run.view.sights[1][0].mark is Mark.AHEAD
    assert run.step()
    assert run.over
    run.close()
    assert monitor.told("stop_actor") == [2, 1]  # the client before its server
    phases = [view.phase for view in views]
    assert list(dict.fromkeys(phases)) == [Phase.DOING, Phase.WATCHING, Phase.READY, Phase.DONE, Phase.ENDED]


def test_a_client_goes_where_its_server_is() -> None:
    monitor = lab()
    run = LessonRun(two_steps(), Stage(monitor))
    while not run.over and run.step():
        pass
    server, client = (spec for spec in monitor.told("start_actor") if isinstance(spec, ActorSpec))
    assert server.knobs.port == 0
    assert (client.knobs.host, client.knobs.port) == ("127.0.0.1", SERVER_PORT)
    assert monitor.told("command_actor") == [(2, "send", "Hello")]


def test_without_the_right_to_capture_a_lesson_holds_and_says_what_was_not_checked() -> None:
    run = LessonRun(two_steps(), Stage(lab()))
    while not run.over and run.step():
        pass
    fields = run.result().as_json()
    assert (fields["ok"], fields["expectations"], fields["unchecked"]) == (True, 3, 1)
    assert fields["not_checked"] == [
        {"line": 11, "expected": "packet [SYN] from client within 0.1s", "why": NO_CAPTURE.sentence}
    ]


def test_an_expectation_that_does_not_come_true_fails_the_lesson_with_its_line() -> None:
    monitor = lab(snapshot(capture=status()))
    run = LessonRun(two_steps(), Stage(monitor))
    assert run.step()
    assert not run.step()
    fields = run.result().as_json()
    assert fields["ok"] is False
    assert (fields["file"], fields["line"]) == ("both-ends.toml", 11)
    assert fields["expected"] == "packet [SYN] from client within 0.1s"
    assert fields["seen"] == "none"


def test_packets_from_before_the_lesson_are_not_of_it() -> None:
    monitor = lab(snapshot(capture=status(last_number=5)))
    monitor.all_packets = [row(5, TcpFlags.SYN, sport=40_003)]
    run = LessonRun(two_steps(), Stage(monitor))
    assert run.step()
    assert not run.step()


def test_what_cannot_be_done_fails_the_lesson_at_that_line() -> None:
    monitor = lab()
    monitor.on_start = lambda spec: _refuse()
    run = LessonRun(two_steps(), Stage(monitor))
    assert not run.step()
    assert run.result().fault == Fault(6, "start server server-by-hand", "start an actor: no processes left")


def _refuse() -> ActorReport:
    raise LabError("start an actor: no processes left")


def test_a_run_that_is_told_to_end_ends_its_actors() -> None:
    monitor = lab(snapshot(capture=status()))
    run = LessonRun(two_steps(), Stage(monitor))
    run.step()
    run.end()
    assert not run.step()
    assert run.view.phase is Phase.ENDED
    assert monitor.told("stop_actor") == [2, 1]


def test_a_course_hands_over_every_result_and_an_engine_that_fails_is_a_lesson_s_failure() -> None:
    monitor = lab()
    course = Course([two_steps(), two_steps(), two_steps()], Stage(monitor), at_once=2)
    course.start()
    results = []
    while not course.over:
        result = course.next_result(5)
        assert result is not None
        results.append(result.ok)
    assert results == [True] * 3
    monitor.failure = EngineError("the sockets worker has ended")
    broken = Course([two_steps()], Stage(monitor))
    broken.start()
    result = broken.next_result(5)
    assert result is not None
    assert result.fault == Fault(4, "the engine goes on", "the sockets worker has ended")
    broken.end()


def carry_out(line: str, monitor: Lab, cast: Cast, started: dict[str, str]) -> None:
    Stagehand(monitor, cast, "9-1", lambda seconds: None, lambda ports: None).carry_out(
        read_doing(line, Spot(), started)
    )


def test_knobs_may_name_what_other_actors_got() -> None:
    monitor, cast = lab(), Cast()
    carry_out("start server server-by-hand", monitor, cast, {})
    carry_out("start rival server-by-hand port={server.port} host={server.host}", monitor, cast, {"server": "x"})
    carry_out("start unix unix-echo", monitor, cast, {})
    carry_out("start named unix-echo path=@lesson-{run}", monitor, cast, {})
    specs = [spec for spec in monitor.told("start_actor") if isinstance(spec, ActorSpec)]
    assert (specs[1].knobs.host, specs[1].knobs.port) == ("127.0.0.1", SERVER_PORT)
    assert [spec.knobs.path for spec in specs[2:]] == ["@sockmon-lesson-9-1", "@lesson-9-1"]


SECOND_NS = 1_000_000_000


def by_hand(messages: int, *waiting: Call, pid: int = 0) -> ActorReport:
    """An actor by hand that is behind so many commands, in these calls."""
    return ActorReport(
        kind="server-by-hand", pid=pid, state=ActorState.RUNNING, messages=messages, waiting=tuple(waiting)
    )


def test_a_command_is_done_when_the_actor_has_counted_it() -> None:
    assert obeyed(by_hand(3), 3, 0)
    assert not obeyed(by_hand(2), 3, 0)
    assert obeyed(msgspec.structs.replace(by_hand(2), state=ActorState.FAILED), 3, 0)


def test_a_command_is_done_when_its_call_waits_for_what_others_do() -> None:
    waits = Call(0, 0, "recv", "1024", "")
    assert not obeyed(by_hand(2, waits), 3, 50_000_000)
    assert obeyed(by_hand(2, waits), 3, SECOND_NS)


def test_a_process_that_runs_does_not_wait_however_long_its_call_takes() -> None:
    assert not obeyed(by_hand(2, Call(0, 0, "send", "", ""), pid=os.getpid()), 3, SECOND_NS)


def test_an_actor_that_was_killed_has_ended() -> None:
    monitor, cast = lab(), Cast()
    carry_out("start server server-by-hand", monitor, cast, {})
    carry_out("kill server", monitor, cast, {"server": "server-by-hand"})
    assert cast.troubles == "server failed: killed by SIGKILL"


@pytest.mark.parametrize(
    ("capture", "sentence"),
    [
        (None, NO_CAPTURE.sentence),
        (status(running=False), NO_CAPTURE.sentence),
        (status(interface="eth0"), "the capture is on eth0, not on lo"),
        (status(interface="eth0,lo"), ""),
        (status(interface="any"), ""),
        (status(capture_filter="port 80"), "the capture shows port 80 only"),
        (status(), ""),
    ],
)
def test_why_there_is_no_wire_is_said(capture: CaptureStatus | None, sentence: str) -> None:
    assert no_wire(snapshot(capture=capture, degradations=(NO_CAPTURE,))) == sentence


def test_nothing_is_captured_where_nobody_began_or_the_worker_died() -> None:
    assert no_wire(snapshot(capture=None)) == "nothing is captured"
    dead = snapshot(capture=None, workers=workers(capture="killed by SIGKILL"))
    assert no_wire(dead) == "the capture worker has ended (killed by SIGKILL)"


def test_a_stage_reads_the_families_of_its_lessons_and_goes_on_without_a_capture() -> None:
    monitor = Refusing()
    unix = msgspec.structs.replace(two_steps(), families=("unix",))
    Stage(monitor).prepare([two_steps(), unix])
    assert monitor.told("set_sockets") == [SocketsOptions(families=("tcp", "udp", "unix"))]


def test_a_stage_narrows_its_own_capture_to_the_ports_of_its_runs() -> None:
    monitor = FakeMonitor()
    stage = Stage(monitor)
    stage.watch("1", {80})
    assert monitor.told("set_capture") == []  # the capture is not the lessons' own
    stage.prepare([two_steps()])
    stage.watch("1", {80})
    stage.watch("2", {90, 443})
    stage.watch("2", {90, 443})
    stage.watch("1", ())
    filters = [options.capture_filter for options in monitor.told("set_capture") if isinstance(options, CaptureOptions)]
    assert filters == [
        "icmp or icmp6",
        "icmp or icmp6 or port 80",
        "icmp or icmp6 or port 80 or port 90 or port 443",
        "icmp or icmp6 or port 90 or port 443",
    ]
    assert stage.narrowed
    assert no_wire(snapshot(capture=status(capture_filter="icmp or icmp6")), narrowed=True) == ""


def test_a_run_watches_its_ports_before_anybody_speaks_there() -> None:
    monitor = lab(snapshot(capture=status()))
    stage = Stage(monitor)
    stage.prepare([two_steps()])
    run = LessonRun(two_steps(), stage)
    run.step()
    run.step()
    run.close()
    told = [name for name, _ in monitor.asked if name in ("set_capture", "start_actor", "stop_actor")]
    assert told == [
        "set_capture",
        "start_actor",
        "set_capture",
        "start_actor",
        "stop_actor",
        "stop_actor",
        "set_capture",
    ]


def test_a_look_that_another_thread_began_after_this_one_asked_does_for_both() -> None:
    monitor = lab()
    entered, go_on = threading.Semaphore(0), threading.Event()

    def refresh() -> Snapshot:
        entered.release()
        go_on.wait(5)
        return monitor.refresh()

    stage = Stage(monitor, refresh)
    threads = [threading.Thread(target=stage.look) for _ in range(5)]
    threads[0].start()
    assert entered.acquire(timeout=5)
    for thread in threads[1:]:
        thread.start()
    until(lambda: all(thread.is_alive() for thread in threads))
    go_on.set()
    for thread in threads:
        thread.join(5)
    assert 1 < monitor.refreshes <= 5


def test_what_a_machine_lacks_is_said() -> None:
    assert missing(()) == ""
    assert ("IPv6" in missing(("ipv6",))) is not has_ipv6()


def test_an_unchecked_step_starts_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("engine.lessons.run.missing", lambda needs: "this machine has no IPv6 loopback")
    monitor = lab()
    run = LessonRun(two_steps(), Stage(monitor))
    while not run.over and run.step():
        pass
    assert monitor.told("start_actor") == []
    assert {sight.why for sight in run.result().of(Mark.UNCHECKED)} == {"this machine has no IPv6 loopback"}
    assert run.result().ok
