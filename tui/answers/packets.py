"""What the panes of packets ask: rows, places, dissections, and how to capture."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path

import msgspec

from engine.model.packets import PacketRow
from tui import questions
from tui.host import ScreenHost
from tui.listed_files import PACKET_ENDINGS, save_packets
from tui.messages import Captured
from tui.screens.details import FrameScreen
from tui.screens.packets import PacketsScreen
from tui.screens.save import SaveScreen
from tui.widgets.capture_pane import CapturePane
from tui.widgets.ladder_pane import LadderPane
from tui.widgets.packets import PacketsPane


class PacketAnswers(ScreenHost):
    """Carries the questions of PacketsPane and PacketsScreen over the bridge."""

    def on_packets_pane_asked(self, event: PacketsPane.Asked) -> None:
        self.view("packets", partial(questions.packets, self.monitor, event.question), event.pane)

    def on_packets_pane_opened(self, event: PacketsPane.Opened) -> None:
        self.open_frame(event.row, [f"{event.row.length:,} bytes", event.row.info])

    def on_ladder_pane_frame_opened(self, event: LadderPane.FrameOpened) -> None:
        self.open_frame(event.row, [event.row.info])

    def open_frame(self, row: PacketRow, parts: Sequence[str]) -> None:
        """Open a frame's window and have the frame taken apart for it."""
        window = FrameScreen(row, parts)
        self.push_screen(window)
        self.view("frame", partial(questions.dissect, self.monitor, row.number), window)

    def on_packets_pane_export_wanted(self, event: PacketsPane.ExportWanted) -> None:
        def save(path: Path | None) -> None:
            if path is not None and self.moment is not None:
                self.command(partial(save_packets, self.monitor, event.question, self.moment, path))

        self.push_screen(SaveScreen("Save the packets", "packets.pcapng", PACKET_ENDINGS), save)

    def on_packets_pane_sought(self, event: PacketsPane.Sought) -> None:
        question = partial(questions.locate, self.monitor, event.question, event.number)
        self.view("seek", question, event.pane)

    def on_capture_pane_capture_wanted(self, event: CapturePane.CaptureWanted) -> None:
        if not event.running:
            self.command(partial(questions.stop_capture, self.monitor))
            return
        options = self.capture_options
        wanted = msgspec.structs.replace(
            options,
            interface=options.interface if event.interface is None else event.interface,
            capture_filter=options.capture_filter if event.capture_filter is None else event.capture_filter,
        )
        self.command(partial(questions.capture, self.monitor, wanted))

    def on_captured(self, event: Captured) -> None:
        """What works is what the next change starts from."""
        self.capture_options = event.options
        self.on_done(event)

    def on_packets_screen_frame_wanted(self, event: PacketsScreen.FrameWanted) -> None:
        self.view("frame", partial(questions.dissect, self.monitor, event.number), event.pane)
