"""The lab from the command line: what a person types, what it prints, and that bad input gets one sentence."""

from __future__ import annotations

import json
import os
import signal
import socket
from typing import Any

import pytest

from engine.lab.catalogue import KINDS
from tests.command import first_line, interrupted, refused, sockmon
from tests.live.conftest import Started
from tests.terminal import until

pytestmark = pytest.mark.linux


@pytest.mark.parametrize("host", ["127.0.0.1", pytest.param("::1", marks=pytest.mark.ipv6)])
@pytest.mark.parametrize("template", [[], ["--template", "tutorial"]])
def test_a_flood_at_rest_adds_up_exactly(host: str, template: list[str]) -> None:
    done = sockmon("lab", "flood", "--json", "--port", "0", "--host", host, *template)
    assert done.returncode == 0, done.stderr
    balance: dict[str, Any] = json.loads(done.stdout)
    assert balance["sent"] == balance["send_q"] + balance["recv_q"] > 0
    if template:
        assert balance["recv_q"] > 300_000
        assert balance["send_q"] > 100_000


def test_a_flood_holds_until_ctrl_c_and_leaves_nothing(started: Started) -> None:
    flood = started("lab", "flood", "--port", "0")
    assert flood.stdout is not None
    until(lambda: flood.stdout is not None and "✓" in flood.stdout.readline(), "a balance that adds up")
    _, err = interrupted(flood)
    assert "the flood has ended" in err


def test_the_tutorial_s_two_programs_meet(started: Started) -> None:
    sink = started("lab", "sink", "--port", "0")
    port = first_line(sink).split("127.0.0.1:")[1].split()[0]
    client = started("lab", "flood-client", "--port", port, "--template", "tutorial")
    assert "PID" in first_line(client)
    out, _ = interrupted(client)
    assert "flood-client stopped: sent" in out
    interrupted(sink)


def test_the_echo_client_shows_the_reply(started: Started) -> None:
    server = started("lab", "echo-server", "--port", "0")
    port = first_line(server).split("127.0.0.1:")[1].split()[0]
    done = sockmon("lab", "echo-client", "--port", port, "--calls")
    assert done.returncode == 0, done.stderr
    assert "reply: Hello, world" in done.stdout
    assert "recv(1024) = b'Hello, world'" in done.stdout
    interrupted(server)


def test_defaults_are_the_tutorial_s() -> None:
    shown = sockmon("lab", "echo-server", "--help").stdout
    assert "[127.0.0.1]" in shown
    assert "[65432]" in shown
    assert "[Hello, world]" in sockmon("lab", "echo-client", "--help").stdout


BAD_INPUT = {
    "a port over the highest": (("lab", "echo-server", "--port", "70000"), "port 70000 is outside 0 to 65535"),
    "a port that is no number": (("lab", "echo-server", "--port", "http"), "a number is wanted"),
    "a name nobody knows": (("lab", "echo-client", "--host", "nobody.invalid"), "nobody.invalid"),
    "an address of no interface": (("lab", "echo-server", "--host", "192.0.2.1", "--port", "0"), "192.0.2.1"),
    "nobody listens": (("lab", "echo-client", "--port", "1"), "Connection refused"),
    "no such actor": (("lab", "ehco-server"), "No such command"),
    "no such template": (("lab", "flood", "--template", "nope"), "nope"),
    "no such option": (("lab", "flood", "--prot", "1"), "--prot"),
    "no such command": (("frobnicate",), "frobnicate"),
    "control characters": (("\x1b]0;x\x07",), r"\x1b]0;x\x07"),
}


@pytest.mark.parametrize("case", BAD_INPUT)
def test_bad_input_gets_one_sentence_and_exit_code_2(case: str) -> None:
    arguments, sentence = BAD_INPUT[case]
    refused(sockmon(*arguments), sentence)


def test_a_port_in_use_gets_one_sentence() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        done = sockmon("lab", "echo-server", "--port", str(taken.getsockname()[1]))
    refused(done, "Address already in use")


def test_without_a_terminal_the_screen_names_the_commands_that_need_none() -> None:
    done = sockmon()
    assert done.returncode == 2
    assert "sockmon demo" in done.stderr
    assert "sockmon lab flood" in done.stderr
    assert done.stderr.count("\n") == 1


def test_an_actor_that_is_killed_ends_its_command_with_a_sentence(started: Started) -> None:
    server = started("lab", "echo-server", "--port", "0")
    pid = int(first_line(server).split("PID ")[1].split(")")[0])
    os.kill(pid, signal.SIGKILL)
    _, err = server.communicate(timeout=30)
    assert server.returncode == 2
    assert "killed by SIGKILL" in err


def test_the_help_of_an_actor_says_what_can_be_typed() -> None:
    assert "lines typed are asked of it: drain, slow-drain, close" in sockmon("lab", "sink", "--help").stdout
    assert "What is typed is sent" in sockmon("lab", "interactive-client", "--help").stdout


def test_every_actor_is_listed_with_its_group_and_what_it_does() -> None:
    lines = sockmon("lab", "list").stdout.splitlines()
    assert [line.split()[0] for line in lines] == list(KINDS)
    told = [json.loads(line) for line in sockmon("lab", "list", "--json").stdout.splitlines()]
    assert [one["kind"] for one in told] == list(KINDS)
    assert all(one["does"] and one["knobs"] for one in told)


def test_a_number_that_is_one_or_none_is_no_flag() -> None:
    shown = " ".join(sockmon("lab", "many-clients", "--help").stdout.split())
    assert "How many times. [1]" in shown
    assert "0 lets the kernel choose. [0]" in shown
    assert "settimeout(): empty blocks, 0 never waits. [the kernel's or none]" in shown
    assert "targets that are not this machine are allowed. [off]" in shown.replace("Targets", "targets")
