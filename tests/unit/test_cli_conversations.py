"""`sockmon flows` and `sockmon ladder` on files: what they print, what they refuse, and how they end."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from xml.etree import ElementTree

import pytest

from tests.command import refused, sockmon
from tests.terminal import ROOT, SOCKMON
from tests.unit.capture_frames import conversation
from tests.unit.conversation_frames import capture_file, transfer

PICTURE = """\
      time 127.0.0.1:40000                                          127.0.0.1:80
           CLOSED       │                                         │ LISTEN
  0.000000 SYN-SENT     │──[SYN] Seq=0 Win=512───────────────────▶│
  0.001000 ESTABLISHED  │◀────────[SYN, ACK] Seq=0 Ack=1 Win=512──│ SYN-RECEIVED
  0.002000              │──[ACK] Seq=1 Ack=1 Win=512─────────────▶│ ESTABLISHED
  0.003000              │══[PSH, ACK] Seq=1 Ack=1 Win=512 Len=5══▶│
  0.004000              │◀─────────────[ACK] Seq=1 Ack=6 Win=512──│
  0.005000 FIN-WAIT-1   │──[FIN, ACK] Seq=6 Ack=1 Win=512────────▶│ CLOSE-WAIT
  0.006000 TIME-WAIT    │◀────────[FIN, ACK] Seq=1 Ack=7 Win=512──│ LAST-ACK
  0.007000              │──[ACK] Seq=7 Ack=2 Win=512─────────────▶│ CLOSED
"""


@pytest.fixture
def one(tmp_path: Path) -> str:
    return capture_file(tmp_path, conversation())


@pytest.fixture
def two(tmp_path: Path) -> str:
    return capture_file(tmp_path, [*transfer(50), *conversation(40001)])


def printed(*arguments: str) -> str:
    done = sockmon(*arguments)
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


def test_the_only_conversation_is_drawn_without_being_named(one: str) -> None:
    assert printed("ladder", one, "--width", "80") == PICTURE


def test_a_ladder_from_standard_input(one: str) -> None:
    with open(one, "rb") as file:
        done = subprocess.run([*SOCKMON, "ladder", "-", "--width", "80"], stdin=file, capture_output=True, cwd=ROOT,
                              timeout=60, check=True)  # fmt: skip
    assert done.stdout.decode() == PICTURE


def test_times_are_written_as_they_are_asked_for(one: str) -> None:
    lines = printed("ladder", one, "--width", "80", "--time", "delta").splitlines()
    assert [line[:10].strip() for line in lines[2:5]] == ["-", "0.001000", "0.001000"]
    absolute = printed("ladder", one, "--width", "100", "--time", "absolute").splitlines()
    assert all(line[2] == line[5] == ":" for line in absolute[2:])


def test_one_of_several_is_drawn_by_its_number_folded_or_whole(two: str) -> None:
    assert printed("ladder", two, "--stream", "1").count("\n") == 10
    assert "48 data segments" in printed("ladder", two, "--stream", "0")
    assert printed("ladder", two, "--stream", "0", "--all").count("\n") == 2 + 104


def test_several_are_drawn_together(two: str) -> None:
    assert printed("ladder", two, "--stream", "0", "--stream", "1").startswith("#0 127.0.0.1:40000 ⇄ 127.0.0.1:80\n#1 ")


def test_a_ladder_for_slides_and_for_programs(one: str) -> None:
    assert ElementTree.fromstring(printed("ladder", one, "--svg")).tag.endswith("svg")
    assert printed("ladder", one, "--mermaid").startswith("sequenceDiagram\n")
    rungs = [json.loads(line) for line in printed("ladder", one, "--json").splitlines()]
    assert [rung["number"] for rung in rungs] == list(range(1, 9))
    assert rungs[0]["second_state"] == "LISTEN"


def test_flows_are_a_table_or_json_lines_with_a_summary(two: str) -> None:
    header, *rows = printed("flows", two).splitlines()
    assert header.split()[:3] == ["Stream", "Opened", "by"]
    assert [row.split()[:3] for row in rows] == [
        ["0", "127.0.0.1:40000", "127.0.0.1:80"], ["1", "127.0.0.1:40001", "127.0.0.1:80"],
    ]  # fmt: skip
    *flows, last = map(json.loads, printed("flows", two, "--json").splitlines())
    assert [flow["first"]["payload_bytes"] for flow in flows] == [5_000, 5]
    assert (last["summary"]["received"], last["summary"]["streams"], last["summary"]["flows_evicted"]) == (112, 2, 0)


def test_flows_by_a_filter(two: str) -> None:
    assert printed("flows", two, "-Y", "tcp.port == 40001").count("\n") == 2


@pytest.mark.parametrize(("arguments", "sentence"), [
    (["ladder", "FILE"], "--stream"),
    (["ladder", "FILE", "--stream", "7"], "streams 0 to 1"),
    (["ladder", "FILE", "--stream", "x"], "--stream"),
    (["ladder", "FILE", "--stream", "0", "--width", "3"], "--width"),
    (["ladder", "nowhere"], "No such file"),
    (["ladder"], "-i"),
    (["ladder", "FILE", "--for", "1"], "-i"),
    (["flows", "nowhere"], "No such file"),
    (["flows", __file__], "neither pcap nor pcapng"),
    (["flows", "FILE", "-Y", "tcp.port =="], "tcp.port"),
    (["flows"], "-i"),
    (["flows", "FILE", "--for", "1"], "-i"),
])  # fmt: skip
def test_bad_input_is_one_sentence(two: str, arguments: list[str], sentence: str) -> None:
    refused(sockmon(*(two if word == "FILE" else word for word in arguments)), sentence)


def test_a_file_without_tcp_has_no_ladder(tmp_path: Path) -> None:
    refused(sockmon("ladder", capture_file(tmp_path, [])), "no TCP conversation")


def test_a_damaged_file_prints_what_could_be_read(one: str) -> None:
    path = Path(one)
    path.write_bytes(path.read_bytes()[:-5])
    for command in ("flows", "ladder"):
        done = sockmon(command, one)
        assert done.returncode == 2
        assert "127.0.0.1:40000" in done.stdout
        assert done.stderr.count("\n") == 1


@pytest.mark.parametrize("command", ["flows", "ladder"])
def test_help_has_examples(command: str) -> None:
    assert f"sockmon {command} capture.pcap" in printed(command, "--help")
