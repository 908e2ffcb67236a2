"""`sockmon lab error NAME`: the error with its calls, its packets, the kernel's rows, the other side, what to do."""

from __future__ import annotations

import json
import os
import re
import shutil
import socket
import subprocess
from typing import Any

import pytest

from engine.lab.errors import ERRORS
from tests.command import refused, sockmon
from tests.live.test_lab_errors import NEEDS
from tests.terminal import ROOT, SOCKMON

pytestmark = pytest.mark.linux

ORDINARY = ("setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups")

PORT = re.compile(r"127\.0\.0\.1:(\d+)")


def told(name: str) -> tuple[dict[str, list[dict[str, Any]]], dict[str, Any]]:
    """What the command says of an error as JSON: its objects by what they are, and the summary."""
    done = sockmon("lab", "error", "--json", name)
    if done.returncode and name in NEEDS:
        pytest.skip(done.stderr)
    assert done.returncode == 0, done.stderr
    objects: dict[str, list[dict[str, Any]]] = {"call": [], "packet": [], "socket": []}
    *lines, last = map(json.loads, done.stdout.splitlines())
    for line in lines:
        ((what, fields),) = line.items()
        objects[what].append(fields)
    return objects, last["summary"]


@pytest.mark.parametrize("name", ERRORS)
def test_each_error_is_made_and_told_with_its_number_its_calls_and_what_to_do(name: str) -> None:
    objects, summary = told(name)

    recipe = ERRORS[name]
    assert (summary["name"], summary["class"], summary["errno"]) == (name, recipe.error_class, recipe.errno or None)
    assert summary["other_side"]
    assert summary["what_to_do"]
    assert objects["call"][-1]["raised"]
    assert objects["call"][-1]["errno"] == recipe.errno


@pytest.fixture
def captures() -> None:
    """Skips the test where this user may not capture."""
    try:
        socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0).close()
    except PermissionError:
        pytest.skip("needs the right to open a packet socket")


@pytest.mark.usefixtures("captures")
def test_a_refused_connection_shows_syn_and_rst() -> None:
    objects, _ = told("ECONNREFUSED")

    assert ["[SYN]" in packet["info"] for packet in objects["packet"]] == [True, False]
    assert "[RST, ACK]" in objects["packet"][1]["info"]


@pytest.mark.usefixtures("captures")
def test_a_refused_datagram_shows_the_icmp_message() -> None:
    objects, _ = told("ECONNREFUSED-UDP")

    assert [packet["protocol"] for packet in objects["packet"]] == ["UDP", "ICMP"]


def test_the_kernel_shows_who_still_has_the_port() -> None:
    objects, _ = told("EADDRINUSE-TIME-WAIT")

    assert [row["state"] for row in objects["socket"]] == ["TIME-WAIT"]


def test_the_kernel_shows_the_full_accept_queue() -> None:
    objects, _ = told("ETIMEDOUT")

    (listener,) = (row for row in objects["socket"] if row["state"] == "LISTEN")
    assert listener["accept_queue"] > listener["backlog"]


def test_people_read_it_in_parts() -> None:
    done = sockmon("lab", "error", "econnreset")

    lines = done.stdout.splitlines()
    assert lines[0] == "ConnectionResetError ECONNRESET (104)"
    for heading in ("Calls", "Packets", "Kernel", "The other side", "What to do"):
        assert heading in lines
    assert "recv(1024) → ConnectionResetError ECONNRESET (104)" in done.stdout


def test_an_error_made_elsewhere_says_that_nothing_of_it_is_left() -> None:
    done = sockmon("lab", "error", "EHOSTUNREACH")
    if done.returncode:
        pytest.skip(done.stderr)

    assert "None: the call failed before anything was to be sent." in done.stdout
    assert "It was made in a network of its own, with which its sockets have ended." in done.stdout
    assert done.stdout.endswith("FAILED?\n")


@pytest.mark.skipif(os.geteuid() != 0 or shutil.which("setpriv") is None, reason="needs root and setpriv to give it up")
@pytest.mark.parametrize(("name", "words"), [("ECONNREFUSED", "[RST, ACK]"), ("EMSGSIZE", "nothing was sent")])
def test_who_may_not_capture_sees_the_packets_of_the_same_error_made_again(name: str, words: str) -> None:
    command = [*ORDINARY, *SOCKMON, "lab", "error", name]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, timeout=60, check=False)
    if "Permission denied" in done.stderr:
        pytest.skip("an ordinary user may not read this checkout")
    if "CAP_NET_RAW" in done.stdout:
        pytest.skip("this machine lets no ordinary user make a network")

    assert words in done.stdout
    assert ("Of the same error once more" in done.stdout) == (name == "ECONNREFUSED")


def test_the_packets_of_a_network_of_its_own_are_shown_without_any_right() -> None:
    objects, summary = told("ECONNABORTED")

    assert summary["own_network"]
    flags = [packet["info"].partition("[")[2].partition("]")[0] for packet in objects["packet"]]
    assert flags == ["SYN", "SYN, ACK", "ACK", "RST, ACK"]
    ports = {int(packet["info"].split()[0]) for packet in objects["packet"]}
    assert ports == {int(found) for call in objects["call"] for found in PORT.findall(json.dumps(call)) if found != "0"}
    assert objects["socket"] == []


def test_without_a_name_all_errors_are_listed_with_number_and_class() -> None:
    done = sockmon("lab", "error")

    assert [line.split()[0] for line in done.stdout.splitlines()] == list(ERRORS)
    refused_line = next(line for line in done.stdout.splitlines() if line.startswith("ECONNREFUSED "))
    assert refused_line.split()[1:3] == ["111", "ConnectionRefusedError"]


def test_the_list_is_told_as_json_too() -> None:
    done = sockmon("lab", "error", "--json")

    listed = [json.loads(line) for line in done.stdout.splitlines()]
    assert {entry["name"] for entry in listed} == set(ERRORS)
    assert all(entry["meaning"] and entry["other_side"] and entry["what_to_do"] for entry in listed)


def test_an_error_that_there_is_not_is_refused() -> None:
    refused(sockmon("lab", "error", "ENOSUCH"), "there is no error 'ENOSUCH'")
