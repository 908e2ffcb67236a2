"""Fields of struct tcp_info are where the kernel puts them."""

from __future__ import annotations

import struct

import pytest

from engine.model.tcp_info import TCP_INFO_FIELDS, tcp_info_field


@pytest.mark.parametrize(
    ("name", "offset"),
    [
        ("state", 0),
        ("rto", 8),
        ("unacked", 24),
        ("pmtu", 60),
        ("rtt", 68),
        ("total_retrans", 100),
        ("pacing_rate", 104),
        ("bytes_acked", 120),
        ("notsent_bytes", 144),
        ("delivery_rate", 160),
        ("bytes_sent", 200),
        ("snd_wnd", 228),
        ("total_rto", 240),
        ("total_rto_time", 244),
    ],
)
def test_a_field_lies_at_the_offset_of_the_header(name: str, offset: int) -> None:
    assert TCP_INFO_FIELDS[name][0] == offset


def test_a_field_is_read_in_the_machines_byte_order() -> None:
    raw = bytearray(248)
    struct.pack_into("=I", raw, 68, 23_000)
    assert tcp_info_field(bytes(raw), "rtt") == 23_000


@pytest.mark.parametrize("length", [0, 67, 71])
def test_a_field_that_the_kernel_did_not_send_is_unknown(length: int) -> None:
    assert tcp_info_field(bytes(length), "rtt") is None


def test_a_field_that_just_fits_is_known() -> None:
    assert tcp_info_field(bytes(72), "rtt") == 0
