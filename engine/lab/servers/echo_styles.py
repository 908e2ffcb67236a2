"""TCP echo in the styles that block: one client at a time, and a thread a client.

They block in accept() and recv() as a beginner's program does, so a stop shuts their sockets down.
"""

from __future__ import annotations

import threading
from typing import Final

from engine.lab.actor import Actor
from engine.lab.endpoints import accepted, open_listener
from engine.lab.logged import LoggedSocket
from engine.lab.scarcity import SCARCITY_PAUSE_S, note_scarcity

THREADS_MAX: Final = 2_000
"""Clients at a time: a thread takes 8 MiB of address space and a slot of the user's process limit."""


def next_client(actor: Actor, listener: LoggedSocket) -> LoggedSocket | None:
    """accept(); None if it was not possible this time. Raises OSError when the listener was shut down."""
    try:
        sock = accepted(actor, listener)
    except OSError as error:
        actor.check_stop()
        note_scarcity(actor, error)
        actor.pause(SCARCITY_PAUSE_S)
        return None
    if sock is not None:
        actor.check_stop()
        if actor.knobs.timeout_s is not None:
            sock.settimeout(actor.knobs.timeout_s)
    return sock


def echo_until_closed(actor: Actor, client: LoggedSocket) -> None:
    """Send back what comes until the client closes, vanishes or says nothing for the knobs' timeout."""
    try:
        while data := client.recv(actor.knobs.recv_size):
            client.sendall(data)
    except TimeoutError:
        actor.log.note(f"client {client.peer} said nothing for {actor.knobs.timeout_s:g} s")
    except OSError as error:
        if not actor.stopping:
            actor.log.note(f"client {client.peer} is gone: {error.strerror}")
    finally:
        client.close()


class EchoIterative(Actor):
    """Serves one client to its end before it accepts the next."""

    stops_by_shutdown = True

    def act(self) -> None:
        listener = open_listener(self)
        while True:
            client = next_client(self, listener)
            if client is not None:
                echo_until_closed(self, client)
            self.check_stop()


class EchoThreads(Actor):
    """A thread for each client."""

    stops_by_shutdown = True

    def act(self) -> None:
        listener = open_listener(self)
        threads: set[threading.Thread] = set()
        try:
            while True:
                client = next_client(self, listener)
                threads = {thread for thread in threads if thread.is_alive()}
                if client is None:
                    continue
                if len(threads) >= THREADS_MAX:
                    self.log.note(f"{THREADS_MAX} threads run: {client.peer} is turned away")
                    client.close()
                    continue
                thread = threading.Thread(target=echo_until_closed, args=(self, client), name=client.peer)
                thread.start()
                threads.add(thread)
        finally:
            for thread in threads:
                thread.join()
