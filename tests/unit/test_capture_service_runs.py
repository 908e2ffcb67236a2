"""How a capture starts, changes and stops: what is refused, what goes on, what is said of it."""

from __future__ import annotations

import pytest

from engine.capture import live
from engine.capture.packet_socket import InterfaceState, Losses
from engine.model.errors import BadInput, CaptureError, EngineError, FilterError
from engine.model.messages import (
    StartCapture,
    StopCapture,
)
from engine.model.packets import FULL_SNAP_LENGTH, CaptureOptions
from tests.unit.capture_bpf_machine import ethernet, run
from tests.unit.capture_frames import captured, tcp, udp
from tests.unit.capture_rig import CaptureRig


def test_stopping_reads_what_waits_and_keeps_what_was_captured(rig: CaptureRig) -> None:
    rig.start()
    rig.source.batches.append([captured(tcp())])
    rig.source.total = Losses(passed=3, dropped=2, freezes=1)
    rig.service.answer(StopCapture(), [])
    assert rig.source.closed
    status = rig.status()
    assert not status.running
    assert (status.trust.received, status.trust.dropped_by_kernel, status.trust.freezes) == (1, 2, 1)
    assert rig.packets().total == 1


def test_another_filter_is_swapped_in_place(rig: CaptureRig) -> None:
    rig.start()
    rig.deliver(tcp())
    status = rig.start(capture_filter="udp", snap_length=FULL_SNAP_LENGTH)
    assert len(rig.sources) == 1
    assert status.capture_filter == "udp"
    assert run(rig.source.programs[-1], ethernet(udp())) == FULL_SNAP_LENGTH
    assert rig.packets().total == 1


def test_handshakes_only_shows_the_filter_that_does_it(rig: CaptureRig) -> None:
    status = rig.start(handshakes_only=True, capture_filter="port 80")
    assert status.capture_filter == "(port 80) and tcp[tcpflags] & (tcp-syn|tcp-fin|tcp-rst) != 0"
    assert not run(rig.source.programs[-1], ethernet(tcp()))


def test_going_on_after_a_stop_leaves_a_line_where_the_capture_was_off(rig: CaptureRig) -> None:
    rig.start()
    rig.deliver(tcp())
    rig.service.answer(StopCapture(), [])
    rig.start()
    rig.deliver(tcp())
    assert [row.number for row in rig.packets().rows] == [1, 2, 3]
    assert "off" in rig.packets().rows[1].info
    assert rig.status().trust.received == 2


def test_another_interface_begins_a_new_list(rig: CaptureRig) -> None:
    rig.start()
    rig.deliver(tcp())
    status = rig.start(interface="any")
    assert rig.sources[0].closed
    assert (status.trust.received, status.interface) == (0, "any")


@pytest.mark.parametrize(
    ("options", "error"),
    [
        ({"interface": "nope0"}, CaptureError),
        ({"interface": ""}, CaptureError),
        ({"interface": "x" * 50}, CaptureError),
        ({"source": "crystal"}, CaptureError),
        ({"interface": "any", "capture_filter": "port 70000"}, FilterError),
        ({"capture_filter": "port 70000"}, FilterError),
        ({"store_bytes": 5}, BadInput),
    ],
)
def test_a_start_that_is_refused_leaves_the_running_capture_as_it_was(
    rig: CaptureRig, options: dict[str, object], error: type[EngineError]
) -> None:
    rig.start()
    rig.deliver(tcp())
    with pytest.raises(error):
        rig.start(**options)
    assert all(source.closed for source in rig.sources[1:])
    assert not rig.sources[0].closed
    del rig.sources[1:]
    rig.deliver(tcp())
    status = rig.status()
    assert (status.running, status.interface, status.trust.received) == (True, "lo", 2)


def test_a_refused_packet_socket_is_told_with_its_reason(rig: CaptureRig) -> None:
    with pytest.raises(CaptureError, match="Operation not permitted"):
        rig.service.answer(StartCapture(CaptureOptions(), errno=1), [])


def test_the_ssh_session_is_left_out_and_said_so_but_not_on_lo_where_it_never_is(rig: CaptureRig) -> None:
    session = ethernet(tcp(22, 50000, src="10.0.0.1", dst="10.0.0.9"))
    status = rig.start(interface="any")
    assert [degradation.code for degradation in status.degradations] == ["SSH_LEFT_OUT"]
    assert "10.0.0.9 port 50000" in status.degradations[0].sentence
    assert not run(rig.source.programs[-1], session)
    assert rig.start(interface="lo").degradations == ()
    assert rig.start(interface="any", leave_out_ssh=False).degradations == ()
    assert run(rig.source.programs[-1], session)


@pytest.mark.parametrize(
    ("state", "code"),
    [
        (InterfaceState.DOWN, "INTERFACE_DOWN"),
        (InterfaceState.GONE, "INTERFACE_GONE"),
        (InterfaceState.RENAMED, "INTERFACE_RENAMED"),
    ],
)
def test_an_interface_that_goes_is_told_and_its_return_takes_that_back(
    rig: CaptureRig, monkeypatch: pytest.MonkeyPatch, state: InterfaceState, code: str
) -> None:
    monkeypatch.setattr("engine.capture.service.TICK_S", 0.0)
    rig.start()
    rig.source.interface_states["lo"] = state
    rig.service.idle()
    assert [degradation.code for degradation in rig.status().degradations] == [code]
    rig.source.interface_states["lo"] = InterfaceState.UP
    rig.source.came_back = True
    programs = len(rig.source.programs)
    rig.service.idle()
    assert rig.status().degradations == ()
    assert len(rig.source.programs) == programs + 1


def test_a_wake_without_frames_looks_at_the_interfaces_at_once(rig: CaptureRig) -> None:
    rig.start()
    rig.source.interface_states["lo"] = InterfaceState.GONE
    rig.deliver(tcp())
    assert rig.status().degradations == ()
    rig.service.readable(rig.source.fileno())
    assert [degradation.code for degradation in rig.status().degradations] == ["INTERFACE_GONE"]


def test_scapys_socket_hears_handshakes_only_unless_a_filter_is_given() -> None:
    assert live.effective(CaptureOptions(source="scapy")).handshakes_only
    assert not live.effective(CaptureOptions(source="scapy", capture_filter="tcp")).handshakes_only
    assert not live.effective(CaptureOptions(source="ring")).handshakes_only


def test_a_snap_length_never_cuts_headers() -> None:
    assert live.effective(CaptureOptions(snap_length=1)).snap_length == live.SNAP_LENGTH_MIN
