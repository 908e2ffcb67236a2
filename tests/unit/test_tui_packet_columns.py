"""The packet list: relative times and Wireshark's colours."""

from __future__ import annotations

import pytest

from engine.export.times import TimeFormat
from engine.model.tcp import TcpFlags
from tests.tui.fakes import NOON_NS, packet
from tui.widgets.columns import Ink
from tui.widgets.packet_columns import packet_columns, relative_time, row_ink, time_text


@pytest.mark.parametrize(
    ("after_ns", "expected"),
    [(0, "0.000000"), (31_000, "0.000031"), (4_210_377_999, "4.210377"), (-1_500_000, "-0.001500")],
)
def test_time_is_seconds_since_frame_1(after_ns: int, expected: str) -> None:
    assert relative_time(NOON_NS + after_ns, NOON_NS) == expected


def test_the_three_time_formats() -> None:
    row = packet(1, ts_ns=NOON_NS + 1_500_000)
    assert time_text(row, TimeFormat.RELATIVE, NOON_NS, None) == "0.001500"
    assert time_text(row, TimeFormat.DELTA, NOON_NS, NOON_NS + 500_000) == "0.001000"
    assert time_text(row, TimeFormat.DELTA, NOON_NS, None) == "-"
    assert time_text(row, TimeFormat.ABSOLUTE, NOON_NS, None).endswith(":31.001500")


def test_the_first_of_wiresharks_rules_that_fits_colours_the_row() -> None:
    assert row_ink(packet(1)) is Ink.PLAIN
    assert row_ink(packet(1, flags=TcpFlags.SYN)) is Ink.HANDSHAKE
    assert row_ink(packet(1, flags=TcpFlags.FIN | TcpFlags.ACK)) is Ink.HANDSHAKE
    assert row_ink(packet(1, flags=TcpFlags.RST)) is Ink.RESET
    assert row_ink(packet(1, flags=TcpFlags.RST, findings=("retransmission",))) is Ink.BAD
    assert row_ink(packet(1, findings=("tcp.analysis.zero_window",))) is Ink.BAD
    assert row_ink(packet(1, findings=("window_update",))) is Ink.PLAIN
    assert row_ink(packet(1, findings=("keep_alive_ack",))) is Ink.PLAIN
    assert row_ink(packet(1, protocol="UDP", flags=0)) is Ink.DATAGRAM


def test_a_row_that_a_loss_makes_doubtful_says_so() -> None:
    info = packet_columns(lambda row: str(row.ts_ns))[-1]
    assert info.text(packet(1, info="x", uncertain=True)) == "? x"
    assert info.text(packet(1, info="x")) == "x"
