"""What the panes of connections ask: details, the families to read, an end, a copy, a file."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import msgspec

from engine.text.sanitize import printable
from tui import questions
from tui.host import ScreenHost
from tui.listed_files import SOCKET_ENDINGS, save_sockets
from tui.screens.columns import ColumnsScreen
from tui.screens.copying import CopyScreen
from tui.screens.details import SocketScreen
from tui.screens.ending import EndingScreen
from tui.screens.save import SaveScreen
from tui.widgets.connections import ConnectionsPane
from tui.widgets.sockets import SocketsPane


class SocketAnswers(ScreenHost):
    """Carries what ConnectionsPane and SocketsPane ask."""

    def on_connections_pane_opened(self, event: ConnectionsPane.Opened) -> None:
        if self.moment is not None:
            self.push_screen(SocketScreen(event.entry, self.moment, self.tracks))

    def on_connections_pane_export_wanted(self, event: ConnectionsPane.ExportWanted) -> None:
        view, moment = event.view, event.moment

        def save(path: Path | None) -> None:
            if path is not None:
                rows = partial(view.entries, moment)
                self.command(partial(save_sockets, rows, event.columns, view.look(moment), path))

        self.push_screen(SaveScreen("Save the sockets", "sockets.csv", SOCKET_ENDINGS), save)

    def on_connections_pane_families_chosen(self, event: ConnectionsPane.FamiliesChosen) -> None:
        self.sockets_options = msgspec.structs.replace(self.sockets_options, families=event.families)
        self.command(partial(questions.read_sockets, self.monitor, self.sockets_options))

    def on_connections_pane_ending_wanted(self, event: ConnectionsPane.EndingWanted) -> None:
        if self.moment is None or self.read_only:
            return
        window = EndingScreen(event.entry)
        self.push_screen(window)
        self.view("ending", partial(questions.ending, self.monitor, event.entry, self.moment.snapshot.entries), window)

    def on_ending_screen_command_wanted(self, event: EndingScreen.CommandWanted) -> None:
        self.copy_to_clipboard(printable(event.command))
        self.say("copied the command")

    def on_ending_screen_chosen(self, event: EndingScreen.Chosen) -> None:
        if event.owner is None:
            self.command(partial(questions.close_socket, self.monitor, event.entry))
        else:
            self.command(partial(questions.end_process, self.monitor, event.owner))

    def on_sockets_pane_columns_wanted(self, event: SocketsPane.ColumnsWanted) -> None:
        self.push_screen(ColumnsScreen(event.choices))

    def on_columns_screen_chosen(self, event: ColumnsScreen.Chosen) -> None:
        if self.base_screen is not None:
            for pane in self.base_screen.query(SocketsPane):
                pane.choose_columns(event.columns)

    def on_sockets_pane_copy_wanted(self, event: SocketsPane.CopyWanted) -> None:
        self.push_screen(CopyScreen(event.texts))

    def on_copy_screen_copied(self, event: CopyScreen.Copied) -> None:
        self.copy_to_clipboard(printable(event.text))
        self.say(f"copied {event.what}")
