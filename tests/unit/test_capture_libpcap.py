"""Capture filters that libpcap compiles for us."""

from __future__ import annotations

import ctypes.util

import pytest

from engine.capture import libpcap
from engine.capture.bpf import compile_filter
from engine.model.errors import CaptureError, FilterError
from tests.unit.capture_bpf_machine import Seen, ethernet, run

FRAME = b"\x00\x11\x22\x33\x44\x55" + bytes(6) + b"\x08\x00\x45" + bytes(60)

needs_libpcap = pytest.mark.skipif(ctypes.util.find_library("pcap") is None, reason="libpcap is not installed")


@needs_libpcap
def test_what_we_have_no_words_for_libpcap_compiles() -> None:
    program = compile_filter("ether dst 00:11:22:33:44:55", hardware_types=(1,), snap_length=128)
    assert run(program, ethernet(FRAME)) == 128
    assert run(program, ethernet(FRAME[:5] + b"\x56" + FRAME[6:])) == 0


@needs_libpcap
def test_each_kind_of_hardware_gets_its_own_program() -> None:
    program = libpcap.compile_filter("ip[0] = 0x45", (1, 772, 65534))
    assert run(program, ethernet(FRAME))
    assert run(program, ethernet(FRAME, hardware_type=772))
    assert run(program, Seen(FRAME[14:], 0x0800, 0, hardware_type=65534))
    assert not run(program, ethernet(FRAME, hardware_type=32))


@needs_libpcap
def test_a_mistake_is_refused_in_libpcaps_words() -> None:
    with pytest.raises(FilterError, match="syntax error"):
        libpcap.compile_filter("tcp prot 80", (1,))


@pytest.mark.parametrize("text", ["vlan and ether src 00:11:22:33:44:55", "tcp\0udp", "x" * 9000])
def test_what_would_go_wrong_silently_is_refused_before_libpcap_sees_it(text: str) -> None:
    with pytest.raises(FilterError):
        libpcap.compile_filter(text, (1,))


def test_hardware_that_libpcap_is_not_asked_about_is_named() -> None:
    with pytest.raises(FilterError, match="32"):
        libpcap.compile_filter("ether proto 5", (32,))


def test_a_machine_without_libpcap_is_told_so(monkeypatch: pytest.MonkeyPatch) -> None:
    def compiler() -> None:
        raise CaptureError("use libpcap: it is not installed")

    monkeypatch.setattr(libpcap, "_compiler", compiler)
    with pytest.raises(CaptureError, match="not installed"):
        libpcap.compile_filter("ether proto 5", (1,))
