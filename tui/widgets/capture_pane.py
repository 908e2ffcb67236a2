"""What a pane of packets says of the capture, and the keys that change how it captures."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.content import Content
from textual.message import Message
from textual.widget import Widget
from textual.widgets import Static

from engine.model.packets import CaptureStatus
from engine.model.snapshot import Snapshot
from tui.widgets.filter_box import FilterBox
from tui.widgets.packet_words import bpf_words, interface_words, why_no_packets
from tui.widgets.pane import Pane


class CapturePane(Pane):
    """A pane that is nothing without a capture: CaptureWanted out, and words in its place where there is none."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("C", "capture", "capture on/off", show=False, id="packets.capture"),
        Binding("b", "capture_filter", "capture filter", show=False, priority=True, id="packets.capture_filter"),
        Binding("i", "interface", "interface", show=False, priority=True, id="packets.interface"),
    ]
    DEFAULT_CSS = """
    CapturePane > #no-packets { display: none; height: 1fr; padding: 1 2; }
    CapturePane.-without > #no-packets { display: block; }
    CapturePane.-without > LineTable { display: none; }
    """

    class CaptureWanted(Message):
        """Capture so from now on; `running` False for no more. None leaves what is."""

        def __init__(self, running: bool, interface: str | None = None, capture_filter: str | None = None) -> None:
            super().__init__()
            self.running = running
            self.interface = interface
            self.capture_filter = capture_filter

    def __init__(self, *, dom_id: str | None = None) -> None:
        super().__init__(dom_id=dom_id)
        self.status: CaptureStatus | None = None
        """How the capture stands; None where there never was one."""
        self._capture_box = FilterBox(bpf_words, "tcp port 65432 and host 127.0.0.1", dom_id="bpf")
        self._interface_box = FilterBox(interface_words, "lo", dom_id="interface")

    def compose_capture(self) -> Iterator[Widget]:
        """The words in place of packets, and the two boxes."""
        yield Static(id="no-packets")
        yield self._capture_box
        yield self._interface_box

    def show_capture(self, snapshot: Snapshot) -> bool:
        """Take in how the capture stands; False, and the reason on the screen, where there is none."""
        self.status = snapshot.capture
        self.set_class(self.status is None, "-without")
        words = why_no_packets(snapshot.degradations) if self.status is None else Content("")
        self.query_one("#no-packets", Static).update(words)
        return self.status is not None

    @property
    def typing(self) -> bool:
        """One of the boxes is open."""
        return any(box.is_open for box in self.query(FilterBox))

    def action_capture(self) -> None:
        self.post_message(self.CaptureWanted(self.status is None or not self.status.running))

    def action_capture_filter(self) -> None:
        self._capture_box.open(self.status.capture_filter if self.status is not None else "")

    def action_interface(self) -> None:
        self._interface_box.open(self.status.interface if self.status is not None else "lo")

    def on_filter_box_closed(self, event: FilterBox.Closed) -> None:
        """How to capture changes only when the typing is done."""
        event.stop()
        self.focus_inside()
        if event.accepted and event.box is self._capture_box:
            self.post_message(self.CaptureWanted(True, capture_filter=event.text))
        elif event.accepted and event.box is self._interface_box and event.text:
            self.post_message(self.CaptureWanted(True, interface=event.text))
