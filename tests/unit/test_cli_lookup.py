"""`sockmon lookup` shows every form of what it is given, and asks nobody for longer than it says."""

from __future__ import annotations

import json
import socket
import threading
from typing import Any

import pytest
from click.testing import CliRunner

from engine.model.errors import BadInput
from tui.cli import resolve
from tui.cli.lookup import lookup_command


def look_up(*arguments: str) -> str:
    done = CliRunner().invoke(lookup_command, list(arguments), catch_exceptions=False)
    assert done.exit_code == 0
    return done.output


def objects(*arguments: str) -> dict[str, dict[str, Any]]:
    found = [json.loads(line) for line in look_up("--json", *arguments).splitlines()]
    return {one["kind"]: one for one in found}


def test_a_number_has_both_byte_orders_and_struct_codes() -> None:
    text = look_up("0x1234")
    assert "network 12 34  struct '!H'   little-endian 34 12  struct '<H'" in text
    assert "0x3412 = 13330" in text


def test_a_small_number_is_also_a_port_and_a_protocol() -> None:
    found = objects("6")
    assert set(found) == {"number", "port", "protocol"}
    assert found["protocol"]["protocol"] == "tcp"
    assert set(objects("70000")) == {"number"}


def test_a_short_address_is_told_apart_from_a_strict_one() -> None:
    assert "refuses the short form; inet_aton takes it" in look_up("-n", "127.1")
    found = objects("-n", "127.0.0.1")["address"]
    assert (found["packed"], found["strict"], found["mapped"]) == ("7f 00 00 01", True, "::ffff:127.0.0.1")
    assert "names" not in found


def test_services_and_protocols_are_found_by_name_without_a_name_server() -> None:
    assert objects("-n", "tcp")["protocol"]["number"] == 6
    if resolve.ports_of("ssh"):
        assert objects("-n", "ssh")["service"]["ports"]["tcp"] == 22


def test_localhost_has_getaddrinfos_list_in_its_order() -> None:
    found = objects("-4", "localhost", "--service", "80")["name"]
    expected = socket.getaddrinfo("localhost", "80", socket.AF_INET, 0, 0, socket.AI_CANONNAME)
    assert [one["address"] for one in found["addresses"]] == [address[0] for *_, address in expected]
    assert {one["port"] for one in found["addresses"]} == {80}


def test_without_a_word_this_machine_is_shown() -> None:
    found = [json.loads(line) for line in look_up("-n", "--json").splitlines()]
    assert found[0]["hostname"] == socket.gethostname()
    assert {one["name"] for one in found[1:]} == {name for _, name in socket.if_nameindex()}


@pytest.mark.parametrize("text", ["no-such-thing", "\x1b]0;PWN\x07", "a" * 254])
def test_what_is_nothing_is_refused_in_a_printable_sentence(text: str) -> None:
    with pytest.raises(BadInput) as refused:
        look_up("-n", text)
    assert str(refused.value)


def test_a_resolver_that_does_not_answer_is_not_waited_for() -> None:
    never = threading.Event()
    try:
        with pytest.raises(resolve.Unanswered, match="no answer within") as refused:
            resolve.answered(never.wait, "ask", limit_s=0.01)
        assert refused.value.name == "EAI_AGAIN"
    finally:
        never.set()


@pytest.mark.parametrize(
    ("error", "name", "sentence"),
    [
        (socket.gaierror(socket.EAI_NONAME, "Name or service not known"), "EAI_NONAME", "Name or service not known"),
        (socket.herror(1, "Unknown host"), "HOST_NOT_FOUND", "Unknown host"),
        (OSError(2, "No such file"), "", "No such file"),
        (UnicodeError("label too long"), "", "no name of a host"),
    ],
)
def test_an_error_of_the_resolver_keeps_its_own_name(error: Exception, name: str, sentence: str) -> None:
    def ask() -> None:
        raise error

    with pytest.raises(resolve.Unanswered, match=sentence) as refused:
        resolve.answered(ask, "ask")
    assert refused.value.name == name
