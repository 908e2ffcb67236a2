"""Clients and servers whose every call is made at a command."""

from __future__ import annotations

import pytest

from engine.model.errors import BadInput
from engine.model.lab import ActorCommand, ActorState
from tests.lab_rig import Running, until
from tests.live.lab_peers import echo, served, vanish

pytestmark = pytest.mark.linux


def test_an_interactive_client_sends_lines_and_shows_what_comes() -> None:
    with served(echo) as port, Running("interactive-client", port=port) as client:
        until(lambda: client.report().state is ActorState.RUNNING)
        client.command(ActorCommand.SEND, "one ")
        until(lambda: client.report().reply == "one ")
        client.command(ActorCommand.SEND, "two")
        until(lambda: client.report().reply == "one two")
        client.command(ActorCommand.CLOSE)

        assert client.ended().state is ActorState.DONE


def test_an_interactive_client_notes_the_end() -> None:
    with served(lambda sock: None) as port, Running("interactive-client", port=port) as client:
        until(lambda: any("recv() returned b''" in note for note in client.report().notes))


def test_by_hand_each_command_is_one_call() -> None:
    with Running("server-by-hand", port=0) as server, Running("client-by-hand", port=server.port) as client:
        until(lambda: client.report().connections == 1)
        server.command(ActorCommand.ACCEPT)
        client.command(ActorCommand.SEND, "Hello")
        server.command(ActorCommand.RECV, "3")
        until(lambda: server.report().reply == "Hel")
        server.command(ActorCommand.RECV)
        until(lambda: server.report().reply == "lo")
        client.command(ActorCommand.SHUTDOWN, "WR")
        server.command(ActorCommand.RECV)
        until(lambda: any("b''" in note for note in server.report().notes))
        server.command(ActorCommand.SEND, "bye")
        client.command(ActorCommand.RECV)
        until(lambda: client.report().reply == "bye")
        server.command(ActorCommand.CLOSE)
        client.command(ActorCommand.CLOSE)
        until(lambda: server.report().connections == client.report().connections == 0)


def test_by_hand_both_may_wait_in_recv_and_are_seen_to() -> None:
    with Running("server-by-hand", port=0) as server, Running("client-by-hand", port=server.port) as client:
        server.command(ActorCommand.ACCEPT)
        server.command(ActorCommand.RECV)
        client.command(ActorCommand.RECV)
        until(lambda: [call.name for call in server.report().waiting] == ["recv"])
        until(lambda: [call.name for call in client.report().waiting] == ["recv"])


def test_by_hand_an_error_is_told_and_the_actor_goes_on() -> None:
    with served(vanish) as port, Running("client-by-hand", port=port) as client:
        client.command(ActorCommand.RECV)
        until(lambda: client.report().errno == 104)
        assert client.report().state is ActorState.RUNNING
        client.command(ActorCommand.CONNECT)
        client.command(ActorCommand.CLOSE)
        client.command(ActorCommand.SEND)
        until(lambda: "has no connection" in client.report().error)


@pytest.mark.parametrize(
    ("command", "text"), [(ActorCommand.RECV, "-1"), (ActorCommand.RECV, "x"), (ActorCommand.SHUTDOWN, "both")]
)
def test_by_hand_a_text_that_a_command_cannot_use_is_refused_at_once(command: ActorCommand, text: str) -> None:
    with Running("server-by-hand", port=0) as server, pytest.raises(BadInput, match=text):
        server.command(command, text)
