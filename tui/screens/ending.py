"""The window of `K`: close a socket, or end a process that holds it; it says beforehand what each would hit."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar, Final

from textual.app import ComposeResult
from textual.content import Content
from textual.message import Message
from textual.widgets import OptionList
from textual.widgets.option_list import Option

from engine.model.ending import EndingChoice, Permission, ProcessAim
from engine.model.sockets import Owner, SocketEntry
from engine.process.ending import GRACE_S
from engine.text.sanitize import printable
from tui.messages import EndingFetched, EngineFailed
from tui.screens.details import DetailScreen
from tui.widgets.choices import Choices

LEAVE: Final = "leave"
CLOSE: Final = "close"
END: Final = "end "

READING: Final = "Looking at what may be done …"


class EndingScreen(DetailScreen):
    """Asks which; the first line, under the cursor when it opens, does nothing."""

    BINDING_GROUP_TITLE = "Close or end"
    DEFAULT_CSS = """
    EndingScreen DetailPane { height: auto; max-height: 90%; max-width: 110; }
    """

    class Chosen(Message):
        """The user chose: end the process of `owner`, or without one close the socket."""

        def __init__(self, entry: SocketEntry, owner: Owner | None) -> None:
            super().__init__()
            self.entry = entry
            self.owner = owner

    class CommandWanted(Message):
        """The user chose what he may not do, and wants the command that can in the clipboard."""

        def __init__(self, command: str) -> None:
            super().__init__()
            self.command = command

    HELP: ClassVar[str | None] = """
    ## Close or end
    **Closing** (SOCK_DESTROY) takes one connection from its program, which reads ECONNABORTED; the peer reads a reset.
    **Ending** sends SIGTERM to the process, and SIGKILL if it is still there three seconds later.
    """

    def __init__(self, entry: SocketEntry) -> None:
        super().__init__()
        self._entry = entry
        self._choice: EndingChoice | None = None

    def compose_inside(self) -> ComposeResult:
        yield Choices(Option(Content(READING), disabled=True))

    def on_mount(self) -> None:
        self.title_window("Close or end", [])
        self.query_one(OptionList).focus()

    def on_ending_fetched(self, event: EndingFetched) -> None:
        event.stop()
        self._choice = event.choice
        self.title_window("Close or end", [event.choice.title])
        options = self.query_one(OptionList)
        options.clear_options()
        options.add_options(choice_options(event.choice))
        options.highlighted = 0

    def on_engine_failed(self, event: EngineFailed) -> None:
        event.stop()
        options = self.query_one(OptionList)
        options.clear_options()
        options.add_option(Option(Content(printable(event.sentence)), id=LEAVE))

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        event.stop()
        chosen = event.option_id or LEAVE
        if self._choice is not None and chosen == CLOSE:
            self._take(self._choice.close, None)
        elif self._choice is not None and chosen.startswith(END):
            aim = self._choice.processes[int(chosen.removeprefix(END))]
            self._take(aim.permission, aim.owner)
        self.dismiss(None)

    def _take(self, permission: Permission, owner: Owner | None) -> None:
        """Have it done, or hand over the command that can."""
        if permission.granted:
            self.app.post_message(self.Chosen(self._entry, owner))
        elif permission.command:
            self.app.post_message(self.CommandWanted(permission.command))


def choice_options(choice: EndingChoice) -> Iterator[Option]:
    """The lines of the window: what may not be done names the command that can, and choosing it copies that."""
    yield Option(Content.assemble(("Leave everything as it is", "bold"), "\n"), id=LEAVE)
    yield Option(_prompt("Close this socket", choice.close, choice.close_hits), CLOSE)
    for place, aim in enumerate(choice.processes):
        yield Option(_prompt(process_words(aim), aim.permission, aim.hits), f"{END}{place}")


def process_words(aim: ProcessAim) -> str:
    """`End nginx (pid 812): SIGTERM, then SIGKILL if it is there 3 s later`."""
    name = printable(aim.owner.name)
    return f"End {name} (pid {aim.owner.pid}): SIGTERM, then SIGKILL if it is still there {GRACE_S:g} s later"


def _prompt(title: str, permission: Permission, hits: tuple[str, ...]) -> Content:
    lines = [Content.styled(title, "bold" if permission.granted else "bold $foreground 60%")]
    if not permission.granted:
        lines.append(Content.styled(f"  not possible: {printable(permission.reason)}", "$text-warning"))
        if permission.command:
            lines.append(
                Content.assemble(
                    ("  this can (⏎ copies it): ", "$text-warning"), (printable(permission.command), "bold")
                )
            )
    lines += [Content.styled(f"  {printable(hit)}", "$foreground 75%") for hit in hits]
    return Content.assemble(Content("\n").join(lines), "\n")
