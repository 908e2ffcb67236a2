"""Every error is really made: the last call fails with the number that its name promises."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from engine.lab.calls import CallLog
from engine.lab.errors import ALIASES, ERRORS, error_recipe, make_error
from engine.lab.programs.errors import ERRORS as PROGRAMS
from engine.model.errors import BadInput, LabError
from engine.model.lab import ActorState
from tests.lab_rig import Running, open_descriptors, run_to_end, until

pytestmark = pytest.mark.linux

NEEDS = {
    "EACCES-PORT": "this process may have the port",
    "EHOSTUNREACH": "no network namespace",
    "ECONNABORTED": "no network namespace",
    "EINTR": "signals are the main thread's",
}


@pytest.mark.parametrize("name", ERRORS)
def test_an_error_is_made_by_calls_of_which_the_last_fails(name: str) -> None:
    before = open_descriptors()
    log = CallLog()
    try:
        made = make_error(name, log)
    except LabError as error:
        if name in NEEDS:
            pytest.skip(str(error))
        raise
    finally:
        for sock in log.held():
            sock.close()

    assert made.errno == ERRORS[name].errno
    assert made.calls[-1].errno == made.errno
    assert made.calls[-1].result.startswith(ERRORS[name].error_class)
    assert made.meaning
    assert made.cure
    assert open_descriptors() == before


SILENT = (
    *("EADDRINUSE", "EACCES-PORT", "EACCES-BROADCAST", "EADDRNOTAVAIL", "EAFNOSUPPORT", "EMSGSIZE", "EMFILE"),
    *("ENOTCONN", "ENETUNREACH", "EHOSTUNREACH", "herror"),
)
"""Those of which nothing is sent, besides those of names."""


@pytest.mark.parametrize("name", ERRORS)
def test_an_error_is_made_in_a_network_of_its_own_too_and_its_packets_are_heard(name: str) -> None:
    before = open_descriptors()
    log = CallLog()
    try:
        made = make_error(name, log, own_network=True)
    except LabError as error:
        if "make a network namespace" in str(error) or name in ("EINTR", "EACCES-PORT"):
            pytest.skip(str(error))
        raise

    assert made.errno == ERRORS[name].errno
    assert made.calls[-1].errno == made.errno
    assert bool(made.frames) is (name not in SILENT and not name.startswith("EAI_"))
    assert log.held() == ()
    assert open_descriptors() == before


def test_names_are_found_in_any_case_and_by_their_other_name() -> None:
    assert error_recipe("econnrefused").name == "ECONNREFUSED"
    assert error_recipe("EWOULDBLOCK").name == "EAGAIN"
    assert set(ALIASES.values()) <= set(ERRORS)


def test_an_error_that_there_is_not_is_refused() -> None:
    with pytest.raises(BadInput, match="there is no error 'ENOSUCH'"):
        error_recipe("ENOSUCH")


def test_the_actor_shows_the_error_and_what_to_do() -> None:
    report = run_to_end("error-maker", error="ECONNREFUSED")

    assert report.state is ActorState.DONE
    assert report.errno == 111
    assert report.error.startswith("ConnectionRefusedError ECONNREFUSED (111): the SYN was answered with RST")
    assert report.notes[-1].startswith("what to do: start the server first")


def test_the_actor_holds_what_is_left_of_it() -> None:
    with Running("error-maker", error="EADDRINUSE", hold_s=None) as maker:
        until(lambda: maker.report().errno == 98)

        assert len(maker.report().sockets) == 2


@pytest.mark.parametrize("name", ERRORS)
def test_the_plain_program_ends_with_the_same_error(name: str, tmp_path: Path) -> None:
    script = tmp_path / "program.py"
    script.write_text(PROGRAMS[name])
    command = [sys.executable, str(script)]
    if ERRORS[name].own_network:
        setup = "ip link set lo up; ip route add unreachable 198.51.100.7;"
        command = ["unshare", "-rn", "sh", "-c", f"{setup} exec {sys.executable} {script}"]
    result = subprocess.run(command, capture_output=True, text=True, timeout=20, check=False)
    last = result.stderr.strip().rpartition("\n")[2]
    if name in NEEDS and ERRORS[name].error_class not in last:
        pytest.skip(NEEDS[name])

    assert result.returncode == 1
    assert last.rpartition(":")[0].startswith((ERRORS[name].error_class, f"socket.{ERRORS[name].error_class}")), last
    if ERRORS[name].errno:
        assert f"[Errno {ERRORS[name].errno}]" in last


def test_every_error_has_a_program() -> None:
    assert set(PROGRAMS) == set(ERRORS)
