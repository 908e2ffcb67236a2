"""A server that speaks in messages: each one that is whole comes back in the same framing.

What breaks the framing is noted with the byte where it shows, and ends the connection: after that nobody can tell where
the next message begins.
"""

from __future__ import annotations

from collections.abc import Iterable

from engine.lab.logged import LoggedSocket
from engine.lab.messages.framing import Message, framing_of
from engine.lab.servers.serving import Conversation, Server
from engine.model.errors import MalformedMessage


class MessageConversation(Conversation):
    """One client's messages."""

    def __init__(self, actor: Server, sock: LoggedSocket) -> None:
        super().__init__(actor, sock)
        self._framing = framing_of(actor.knobs)

    def received(self, data: bytes) -> None:
        try:
            self._answer(self._framing.feed(data))
        except MalformedMessage as error:
            self._give_up(error)

    def end(self) -> None:
        try:
            self._answer(self._framing.end())
        except MalformedMessage as error:
            self._give_up(error)
        self.closing = True

    def _answer(self, messages: Iterable[Message]) -> None:
        for message in messages:
            self.pending += self._framing.encode(message.body)
            self.actor.log.message()

    def _give_up(self, error: MalformedMessage) -> None:
        self.actor.log.note(f"{self.sock.peer} broke the {self.actor.knobs.framing} framing: {error}")
        self.closing = True


class MessageServer(Server):
    """Echo of messages."""

    conversation = MessageConversation

    def open(self) -> LoggedSocket:
        """The listener; a framing that the knobs cannot mean is refused before anybody connects."""
        framing_of(self.knobs)
        return super().open()
