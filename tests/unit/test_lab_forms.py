"""What forms need of the lab: advice before the start, and the actor as a command."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import Any

import pytest

from engine.lab.advice import Limits, advice, read_limits
from engine.lab.as_command import as_command
from engine.lab.catalogue import KINDS
from engine.lab.knobs import parse_knob, set_knobs
from engine.model.lab import ActorSpec, Knobs


def told(kind: str, **knobs: Any) -> dict[str, str]:
    limits = Limits(congestion=("reno", "cubic"), interfaces=("eth0", "lo"))
    return advice(KINDS[kind], set_knobs(KINDS[kind].default_knobs(), knobs), limits)


def test_the_defaults_of_a_plain_server_hold_no_surprise() -> None:
    assert told("echo-server") == {}


@pytest.mark.parametrize("host", ["0.0.0.0", "::", ""])
def test_a_wildcard_can_be_reached_by_everyone(host: str) -> None:
    assert told("echo-server", host=host)["host"].startswith("everyone on the network")


def test_a_name_may_have_several_addresses_and_a_number_has_not() -> None:
    assert "the first is used" in told("echo-client", host="localhost")["host"]
    assert "host" not in told("echo-client", host="fe80::1%lo")


@pytest.mark.parametrize(
    ("kind", "knobs", "name", "words"),
    [
        ("echo-server", {"port": 80}, "port", "below 1024 need"),
        ("echo-server", {"backlog": 5_000}, "backlog", "somaxconn, 4096"),
        ("sink", {"rcvbuf": 300_000}, "rcvbuf", "rmem_max, 212992"),
        ("flood-client", {"sndbuf": 300_000}, "sndbuf", "wmem_max, 212992"),
        ("echo-client", {"keepidle_s": 10}, "keepalive", "mean nothing"),
        ("echo-client", {"linger_s": 0}, "linger_s", "RST"),
        ("echo-client", {"timeout_s": 0.0}, "timeout_s", "BlockingIOError"),
        ("echo-client", {"allow_remote": True}, "allow_remote", "leave this machine"),
        ("message-client", {"framing": "close", "repeat": 2}, "repeat", "one is sent"),
        ("message-server", {"framing": "delimiter", "delimiter": ""}, "delimiter", "ends nothing"),
        ("message-client", {"framing": "delimiter", "text": "a\nb"}, "text", "holds the delimiter"),
        ("message-client", {"framing": "fixed", "message_size": 3}, "text", "longer than a message"),
        ("unix-echo", {"path": "@"}, "path", "1 to 107 bytes"),
        ("unix-client", {"path": "x" * 108}, "path", "1 to 107 bytes"),
        ("sink", {"congestion": "vegas"}, "congestion", "not loaded that algorithm: reno, cubic"),
        ("sniffer", {"interface": "eth9"}, "interface", "no such interface: eth0, lo"),
    ],
)
def test_a_surprise_is_told_at_its_knob(kind: str, knobs: dict[str, Any], name: str, words: str) -> None:
    assert words in told(kind, **knobs)[name]


def test_a_client_may_use_a_low_port_of_others() -> None:
    assert "port" not in told("echo-client", port=80)


def test_limits_are_read_where_they_can_be(tmp_path: Path) -> None:
    (tmp_path / "core").mkdir()
    (tmp_path / "core" / "somaxconn").write_text("128\n")
    (tmp_path / "core" / "rmem_max").write_text("nonsense")
    for name in ("all", "default", "lo"):
        (tmp_path / "ipv4" / "conf" / name).mkdir(parents=True)
    (tmp_path / "ipv4" / "tcp_available_congestion_control").write_text("reno cubic\n")

    assert read_limits(tmp_path) == Limits(somaxconn=128, congestion=("reno", "cubic"), interfaces=("lo",))
    assert read_limits(tmp_path / "nowhere") == Limits()


def test_what_is_not_known_of_the_machine_surprises_nobody() -> None:
    knobs = set_knobs(KINDS["sink"].default_knobs(), {"congestion": "vegas"})
    assert advice(KINDS["sink"], knobs, Limits()) == {}


@pytest.mark.parametrize("kind", KINDS)
def test_no_default_is_a_mistake(kind: str) -> None:
    assert not {"path", "congestion", "interface", "delimiter", "text"} & set(told(kind))


def test_a_command_has_only_what_was_changed() -> None:
    assert as_command(ActorSpec("echo-server", Knobs())) == "sockmon lab echo-server"
    assert as_command(ActorSpec("sink", set_knobs(KINDS["sink"].default_knobs(), {"rcvbuf": 207_360}))) == (
        "sockmon lab sink --rcvbuf=207360"
    )


def test_a_command_is_read_back_to_the_same_knobs() -> None:
    changed: dict[str, object] = {
        "text": "it's; rm -rf / $HOME",
        "nodelay": True,
        "reuseport": None,
        "hold_s": None,
        "timeout_s": 0.25,
        "size": 7,
    }
    kind = KINDS["echo-client"]
    knobs = set_knobs(kind.default_knobs(), changed)
    words = shlex.split(as_command(ActorSpec("echo-client", knobs)))
    pairs = [word.removeprefix("--").split("=", 1) for word in words[3:]]
    typed = {name.replace("-", "_"): parse_knob(name.replace("-", "_"), text) for name, text in pairs}

    assert words[:3] == ["sockmon", "lab", "echo-client"]
    assert set_knobs(kind.default_knobs(), typed) == knobs
