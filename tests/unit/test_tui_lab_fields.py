"""The lab's form: what cannot be started, what starting means, and what is started."""

from __future__ import annotations

import pytest

from tui.widgets.lab_fields import LabFields


@pytest.mark.parametrize(
    ("host", "port", "field", "why"),
    [
        ("127.0.0.1", "65432", "", ""),
        ("", "1", "host", "a host is needed; 127.0.0.1 is this machine"),
        (" ", "1", "host", "a host is needed; 127.0.0.1 is this machine"),
        ("localhost", "", "port", "a port is a number from 0 to 65,535"),
        ("localhost", "http", "port", "a port is a number from 0 to 65,535"),
        ("localhost", "-1", "port", "a port is a number from 0 to 65,535"),
        ("localhost", "70000", "port", "70,000 is no port: they go from 0 to 65,535"),
    ],
)
def test_what_cannot_be_started_and_why(host: str, port: str, field: str, why: str) -> None:
    assert LabFields(host=host, port=port).problem() == (field, why)


@pytest.mark.parametrize(
    ("host", "port", "hint", "warns"),
    [
        ("127.0.0.1", "65432", "only this machine can reach it", False),
        ("::1", "65432", "only this machine can reach it", False),
        ("0.0.0.0", "8080", "everyone on the network can reach this", True),
        ("::", "8080", "everyone on the network can reach this", True),
        ("192.168.1.4", "8080", "this network can reach it, if it is an address of this machine", True),
        ("localhost", "8080", "localhost is a name: the first address it has is used; a number is certain", False),
        ("127.0.0.1", "0", "only this machine can reach it; the kernel chooses a free port", False),
        ("127.0.0.1", "80",
         "ports below 1,024 need a right (CAP_NET_BIND_SERVICE); only this machine can reach it", True),
    ],
)  # fmt: skip
def test_what_starting_it_means(host: str, port: str, hint: str, warns: bool) -> None:
    assert LabFields(host=host, port=port).hint() == (hint, warns)


def test_a_client_needs_a_port() -> None:
    assert LabFields(kind="echo-client", port="0").hint() == (
        "a client needs the port that its server listens on",
        True,
    )


def test_the_flood_is_a_sink_and_then_a_client_each_with_its_template() -> None:
    sink, flood = LabFields(port="4000").specs("flood")
    assert (sink.kind, flood.kind) == ("sink", "flood-client")
    assert sink.knobs.port == flood.knobs.port == 4_000
    assert (sink.knobs.rcvbuf, flood.knobs.sndbuf) == (207_360, 126_976)


def test_without_a_template_the_kernel_chooses_the_buffers() -> None:
    sink, flood = LabFields(template="none").specs("flood")
    assert (sink.knobs.rcvbuf, flood.knobs.sndbuf) == (None, None)


def test_an_echo_client_sends_the_text() -> None:
    (client,) = LabFields(text="[/] grüß").specs("echo-client")
    assert client.knobs.text == "[/] grüß"
