"""Who holds a connection worked by hand: copies of a descriptor, a forked child; and how long its calls wait."""

from __future__ import annotations

import pytest

from engine.lab.command_texts import timeout_of
from engine.model.errors import BadInput
from engine.model.lab import ActorCommand
from tests.lab_rig import Running, until

pytestmark = pytest.mark.linux


def test_closing_one_of_two_descriptors_closes_nothing() -> None:
    with Running("server-by-hand", port=0) as server, Running("client-by-hand", port=server.port) as client:
        server.command(ActorCommand.ACCEPT)
        for command in (ActorCommand.DUP, ActorCommand.CLOSE, ActorCommand.SEND):
            client.command(command)
        server.command(ActorCommand.RECV)
        until(lambda: server.report().reply == "Hello, world")
        client.command(ActorCommand.CLOSE)
        server.command(ActorCommand.RECV)
        until(lambda: server.report().notes)


def test_a_child_keeps_a_connection_that_its_parent_closed_until_it_ends() -> None:
    with Running("server-by-hand", port=0) as server:
        with Running("client-by-hand", port=server.port) as client:
            server.command(ActorCommand.ACCEPT)
            client.command(ActorCommand.FORK)
            until(lambda: client.report().children)
            client.command(ActorCommand.CLOSE)
            until(lambda: not client.report().connections)
            server.command(ActorCommand.RECV)
            until(lambda: server.report().waiting)  # no end came: the child has the connection
        until(lambda: server.report().notes)


def test_a_timeout_may_be_the_connection_s_or_the_listener_s() -> None:
    with Running("server-by-hand", port=0) as server, Running("client-by-hand", port=server.port):
        server.command(ActorCommand.ACCEPT)
        server.command(ActorCommand.TIMEOUT, "0.05")
        server.command(ActorCommand.RECV)
        until(lambda: "timed out" in server.report().error)
        server.command(ActorCommand.TIMEOUT, "listener 0.05")
        server.command(ActorCommand.ACCEPT)
        until(lambda: server.report().calls[-1].name == "accept" and server.report().calls[-1].raised)


def test_drain_reads_to_the_end() -> None:
    with Running("server-by-hand", port=0) as server, Running("client-by-hand", port=server.port) as client:
        server.command(ActorCommand.ACCEPT)
        client.command(ActorCommand.SEND, "x" * 200_000)
        client.command(ActorCommand.CLOSE)
        server.command(ActorCommand.DRAIN)
        until(lambda: server.report().notes)
        assert server.report().received == 200_000


@pytest.mark.parametrize("text", ["", "soon", "-1", "nan", "listener", "default x", "1e9"])
def test_a_timeout_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(BadInput, match="is no number of seconds"):
        timeout_of(text)
    assert timeout_of("default none") == ("default", None)
    assert timeout_of("0.5") == ("", 0.5)
