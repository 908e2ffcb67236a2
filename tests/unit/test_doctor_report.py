"""tui.cli.doctor: verdicts as a person and as a program reads them."""

from __future__ import annotations

import json

import msgspec
import pytest
from click.testing import CliRunner

from engine.model.verdicts import Certainty, Figure, Severity, Subject, SubjectKind, Verdict
from tui.cli.doctor import Watched, doctor_command, figure_text, report_lines, verdict_object

STALLED = Verdict(
    "receiver-stalled", Severity.PROBLEM, Certainty.CERTAIN, Subject(SubjectKind.SOCKET, "sink (41210)", 2),
    "sink (41210) has not read for 12.0 s: Recv-Q stands at 399 KiB.", "It must call recv().",
    (Figure("Recv-Q", 408_300, "B"), Figure("not read for", 12.0, "s")), "A busy reader.", "the program calls recv()",
    1, False, (2, 3),
)  # fmt: skip
OPEN = Verdict(
    "open-listener", Severity.NOTE, Certainty.POSSIBLE, Subject(SubjectKind.LISTENER, "nginx (812)", 5),
    "nginx (812) listens on 0.0.0.0:80: everyone who reaches this machine reaches it.", "Bind it to 127.0.0.1.",
)  # fmt: skip


def lines(*verdicts: Verdict, width: int = 80) -> list[str]:
    return report_lines(Watched(verdicts, 143, 3.0, 0, ()), width)


def test_a_problem_is_told_whole_and_a_note_in_a_sentence() -> None:
    assert lines(STALLED, OPEN) == [
        "PROBLEM  receiver-stalled (certain)",
        "  sink (41210) has not read for 12.0 s: Recv-Q stands at 399 KiB.",
        "  Recv-Q 408,300 B · not read for 12.0 s",
        "  Do: It must call recv().",
        "  Not this: A busy reader.",
        "  Ends when the program calls recv().",
        "",
        "As often right as wrong:",
        "  open-listener: nginx (812) listens on 0.0.0.0:80: everyone who reaches this",
        "    machine reaches it.",
        "",
        "1 problem, 0 warnings, 1 note among 143 sockets in 3 s.",
    ]


def test_no_finding_is_worded_as_that() -> None:
    assert " ".join(lines()) == (
        "No finding among 143 sockets in 3 s. That is not to say that all is well: only what the figures can show was "
        "looked at (`sockmon explain no-finding`)."
    )
    assert " ".join(lines(OPEN)).count("No finding among 143 sockets in 3 s, but 1 note.") == 1


WARNED = msgspec.structs.replace(STALLED, severity=Severity.WARNING)


def test_a_warning_alone_is_a_finding() -> None:
    assert lines(WARNED)[-1] == "0 problems, 1 warning, 0 notes among 143 sockets in 3 s."


@pytest.mark.parametrize(("verdict", "finding"), [(STALLED, True), (WARNED, True), (OPEN, False)])
def test_the_summary_says_whether_there_is_a_finding(
    verdict: Verdict, finding: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tui.cli.doctor.watch", lambda seconds: Watched((verdict,), 143, seconds, 0, ()))
    done = CliRunner().invoke(doctor_command, ["--json"])
    assert json.loads(done.stdout.splitlines()[-1])["summary"]["finding"] is finding


def test_foreign_names_stay_text() -> None:
    hostile = msgspec.structs.replace(STALLED, sentence="\x1b]0;PWN\x07 has not read.")
    assert "\x1b" not in "\n".join(lines(hostile))


def test_figures_have_their_units() -> None:
    told = [figure_text(Figure("x", value, unit)) for value, unit in (
        (408_300, "B"), (1_500_000, "B/s"), (3.5, "s"), (41_210, ""), ("CLOSE-WAIT", ""), (12, "probes"),
    )]  # fmt: skip
    assert told == ["408,300 B", "1.43 MiB/s", "3.5 s", "41210", "CLOSE-WAIT", "12 probes"]


def test_json_has_every_field_by_its_name() -> None:
    found = msgspec.json.decode(msgspec.json.encode(verdict_object(STALLED)))
    assert found["subject"] == {"kind": "socket", "name": "sink (41210)", "key": 2, "stream": -1}
    assert found["evidence"][0] == {"name": "Recv-Q", "value": 408_300, "unit": "B"}
    assert set(found) == set(Verdict.__struct_fields__)
