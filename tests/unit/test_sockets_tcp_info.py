"""struct tcp_info: each field where the kernel has it, None beyond the kernel's end."""

from __future__ import annotations

import socket
import struct

import msgspec
import pytest

from engine.model.tcp_info import TCP_INFO_FIELDS
from engine.sockets.tcp_info import TIMES_END, TIMES_START, TcpInfo, decode
from tests.unit.sockets_messages import tcp_info_bytes


@pytest.mark.parametrize(("name", "offset"), [(name, offset) for name, (offset, _) in TCP_INFO_FIELDS.items()])
def test_fields_lie_where_the_header_says(name: str, offset: int) -> None:
    raw = tcp_info_bytes()
    kind = TCP_INFO_FIELDS[name][1]
    assert getattr(decode(raw), name) == kind.unpack_from(raw, offset)[0]


def test_the_newest_fields_follow() -> None:
    raw = tcp_info_bytes()
    assert decode(raw).received_ce == struct.unpack_from("=I", raw, 248)[0]
    assert decode(raw).received_ce_bytes == struct.unpack_from("=I", raw, 272)[0]


def test_window_scales_are_nibbles() -> None:
    """The compiler of a little-endian kernel puts snd_wscale into the low bits."""
    raw = bytearray(tcp_info_bytes())
    raw[6] = 0xA7
    raw[7] = 0b101
    info = decode(bytes(raw))
    low_first = struct.pack("=H", 1) == b"\1\0"
    assert (info.snd_wscale, info.rcv_wscale) == ((7, 10) if low_first else (10, 7))
    if low_first:
        assert (info.delivery_rate_app_limited, info.fastopen_client_fail) == (1, 2)


def test_a_shorter_struct_leaves_the_rest_unknown() -> None:
    """Linux 4.6 sent 192 bytes at most: no bytes_sent, no snd_wnd."""
    info = decode(tcp_info_bytes(192))
    assert info.sndbuf_limited is not None
    assert info.delivered is None
    assert info.bytes_sent is None


def test_every_cut_keeps_the_fields_before_it() -> None:
    whole = msgspec.structs.asdict(decode(tcp_info_bytes()))
    known = 0
    for size in range(281):
        cut = msgspec.structs.asdict(decode(tcp_info_bytes(size)))
        assert all(cut[name] in (None, whole[name]) for name in whole)
        count = sum(value is not None for value in cut.values())
        assert count >= known
        known = count


def test_a_longer_struct_of_a_later_kernel_is_read_as_far_as_known() -> None:
    assert decode(tcp_info_bytes(400)) == decode(tcp_info_bytes(280))


def test_the_times_that_count_by_themselves() -> None:
    assert TCP_INFO_FIELDS["last_data_sent"][0] == TIMES_START
    assert TCP_INFO_FIELDS["pmtu"][0] == TIMES_END


@pytest.mark.linux
def test_a_real_connection_has_its_window_scales(tmp_path: object) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server, socket.create_connection(server.getsockname()) as client:
        info = decode(client.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 512))
    assert isinstance(info, TcpInfo)
    assert info.state == 1
    assert info.snd_mss is not None
    assert info.snd_mss > 0
