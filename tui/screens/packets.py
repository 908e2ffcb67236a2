"""Screen 3: the packets above, the selected frame taken apart below: its fields beside its bytes."""

from __future__ import annotations

from typing import ClassVar, Final

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.message import Message

from engine.model.packets import PacketRow
from tui.flow_messages import ExplanationWanted
from tui.messages import EngineFailed, FrameDissected, Moment
from tui.screens.base import MonitorScreen
from tui.widgets.dissection import TAKING_APART, DissectionView
from tui.widgets.packets import PacketsPane
from tui.widgets.pane import EXPLAIN_KEY, Pane

FOLLOWING: Final = "Following the newest: ↑ or Enter stops at a frame and takes it apart."
NO_FRAME: Final = "No frame is selected."


class FramesPane(PacketsPane):
    """The packet list with all its keys in the footer."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("F", "stream", "follow stream", id="packets.stream"),
        Binding("T", "time_format", "time", id="packets.time"),
        Binding("m", "mark", "mark", id="packets.mark"),
        Binding("C", "capture", "capture on/off", id="packets.capture"),
        Binding("b", "capture_filter", "capture filter", priority=True, id="packets.capture_filter"),
        Binding("i", "interface", "interface", priority=True, id="packets.interface"),
    ]


class FramePane(Pane):
    """The frame under the cursor. While the list follows the newest it waits: frames go by faster than one reads."""

    NAME = "Frame"
    HELP = """
    ## Frame
    The layers and fields of the selected frame, as scapy reads them, beside its bytes. The field under the cursor is
    lit in the bytes; the byte under the cursor selects its field. **←** and **→** fold and unfold a layer. **e**
    explains the field, with its value in this frame.
    """
    BINDING_GROUP_TITLE = "Frame"
    BINDINGS: ClassVar[list[BindingType]] = [EXPLAIN_KEY]

    def __init__(self, *, dom_id: str | None = None) -> None:
        super().__init__(dom_id=dom_id)
        self._row: PacketRow | None = None
        self._view = DissectionView()

    def compose(self) -> ComposeResult:
        yield self._view

    def focus_inside(self) -> None:
        self._view.focus_tree()

    def focus_step(self, step: int) -> bool:
        return self._view.focus_step(step)

    def show_row(self, row: PacketRow | None, following: bool) -> bool:
        """Make room for this frame, unless the list follows the newest; whether it should be taken apart now."""
        if row is None or following:
            self._row = None
            self._view.forget(FOLLOWING if following else NO_FRAME)
            self.set_title([])
        elif self._row is None or row.number != self._row.number:
            self._row = row
            self.set_title([str(row.number), f"{row.length:,} bytes", row.info])
            self._view.forget(TAKING_APART)
            return True
        return False

    def on_frame_dissected(self, event: FrameDissected) -> None:
        event.stop()
        if self._row is not None and event.dissection.number == self._row.number:
            self._view.show(event.dissection)

    def action_explain(self) -> None:
        self.post_message(ExplanationWanted(*self._view.topics(self._row)))

    def on_engine_failed(self, event: EngineFailed) -> None:
        event.stop()
        self._view.forget(event.sentence)


class PacketsScreen(MonitorScreen):
    """The list, and the frame under its cursor."""

    TITLE = "Packets"

    class FrameWanted(Message):
        """A frame should be taken apart for this pane."""

        def __init__(self, pane: FramePane, number: int) -> None:
            super().__init__()
            self.pane = pane
            self.number = number

    def compose_body(self) -> ComposeResult:
        yield FramesPane(dom_id="frames")
        yield FramePane(dom_id="frame")

    def show(self, moment: Moment, work: object) -> None:
        super().show(moment, work)
        self.query_one(FramesPane).show(moment.snapshot)

    def pause(self, paused: bool) -> None:
        super().pause(paused)
        self.query_one(FramesPane).pause(paused)

    def on_packets_pane_opened(self, event: PacketsPane.Opened) -> None:
        """Enter goes from the list to the frame below it."""
        event.stop()
        self.query_one(FramesPane).stop_following()
        self.activate(self.query_one(FramePane))

    def on_packets_pane_highlighted(self, event: PacketsPane.Highlighted) -> None:
        pane = self.query_one(FramePane)
        if pane.show_row(event.row, event.pane.following) and event.row is not None:
            self.post_message(self.FrameWanted(pane, event.row.number))
