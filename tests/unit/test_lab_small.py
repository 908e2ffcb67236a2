"""Small pure parts of the lab: names of Unix sockets, payloads, hints, option names, certificates."""

from __future__ import annotations

import datetime
import errno
import socket
import ssl
from pathlib import Path

import pytest

from engine.lab.certificate import self_signed
from engine.lab.clients.payload import payload_of, reply_text
from engine.lab.hints import hint_for
from engine.lab.option_names import level_name, option_name
from engine.lab.options import OPTIONS, port_range
from engine.lab.unix_names import unix_address
from engine.model.errors import BadInput, LabError
from engine.model.lab import Knobs


def test_an_at_sign_means_an_abstract_name() -> None:
    assert unix_address("@echo") == "\0echo"
    assert unix_address("/run/echo.sock") == "/run/echo.sock"


@pytest.mark.parametrize("name", ["", "@", "x" * 108])
def test_what_is_no_unix_name_is_refused(name: str) -> None:
    with pytest.raises(BadInput):
        unix_address(name)


def test_the_payload_is_the_file_or_made_bytes_or_the_text(tmp_path: Path) -> None:
    file = tmp_path / "payload"
    file.write_bytes(b"\x00\xff")

    assert payload_of(Knobs(text="Grüße")) == "Grüße".encode()
    assert payload_of(Knobs(size=3)) == b' !"'
    assert payload_of(Knobs(size=0)) == b""
    assert payload_of(Knobs(file=str(file), size=3)) == b"\x00\xff"


def test_a_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(LabError, match="No such file or directory"):
        payload_of(Knobs(file=str(tmp_path / "nosuch")))


def test_a_reply_is_raw_text_whatever_its_bytes() -> None:
    assert reply_text(b"\x1b[2J\xff") == "\x1b[2J\\xff"
    assert len(reply_text(bytes(100_000))) == 4_096


def test_hints_belong_to_the_call_or_to_the_number() -> None:
    assert "start the server first" in hint_for("connect", errno.ECONNREFUSED)
    assert "start the server first" in hint_for("connect_ex", errno.ECONNREFUSED)
    assert "descriptors" in hint_for("accept", errno.EMFILE)
    assert hint_for("recv", errno.EXDEV) == ""


def test_options_are_named_and_unknown_ones_are_numbers() -> None:
    assert level_name(socket.SOL_SOCKET) == "SOL_SOCKET"
    assert option_name(socket.SOL_SOCKET, socket.SO_REUSEADDR) == "SO_REUSEADDR"
    assert option_name(socket.SOL_SOCKET, 57) == "SO_COOKIE"
    assert option_name(socket.IPPROTO_TCP, 9_999) == "9999"
    assert level_name(9_999) == "9999"


def test_every_option_that_is_a_knob_has_the_name_of_its_number() -> None:
    for option in OPTIONS:
        assert option_name(option.level, option.number) == option.name


def test_a_port_range_is_two_ports() -> None:
    assert port_range("40000-40003") == (40_000, 40_003)
    for text in ("", "1", "0-5", "5-1", "1-70000", "a-b"):
        with pytest.raises(BadInput):
            port_range(text)


def test_a_certificate_is_made_that_a_strict_client_trusts(tmp_path: Path) -> None:
    now = datetime.datetime.now(datetime.UTC)
    made = self_signed("localhost", (bytes((127, 0, 0, 1)), bytes(15) + b"\x01"), now)
    (tmp_path / "both.pem").write_text(made.key + made.certificate)
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(tmp_path / "both.pem")
    client = ssl.create_default_context(cadata=made.certificate)
    to_server, to_client = ssl.MemoryBIO(), ssl.MemoryBIO()
    ours = client.wrap_bio(to_client, to_server, server_hostname="localhost")
    theirs = server.wrap_bio(to_server, to_client, server_side=True)

    for _ in range(3):
        for side in (ours, theirs):
            try:
                side.do_handshake()
            except ssl.SSLWantReadError:
                continue

    assert ours.getpeercert() is not None
    assert ours.version() == "TLSv1.3"


def test_two_certificates_are_two() -> None:
    now = datetime.datetime(2060, 1, 1, tzinfo=datetime.UTC)

    assert self_signed("localhost", (), now).certificate != self_signed("localhost", (), now).certificate
