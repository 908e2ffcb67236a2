"""A pre-forked echo server: several processes wait in accept() on one listener, which therefore has several owners.

The kernel wakes one of them for each client. Closing the listener in one process closes nothing as long as another has
it: the LISTEN row stays until the last owner ends.
"""

from __future__ import annotations

import select
import socket

from engine.lab.actor import Actor
from engine.lab.endpoints import accepted, open_listener
from engine.lab.forking import Children
from engine.lab.scarcity import SCARCITY_PAUSE_S, note_scarcity
from engine.lab.servers.echo_styles import echo_until_closed
from engine.model.lab import ActorState


def serve_in_child(listener_fd: int, leash: int, recv_size: int) -> None:
    """Accept and echo, one client at a time, until the leash is let go. Plain sockets only."""
    listener = socket.socket(fileno=listener_fd)
    poll = select.poll()
    poll.register(listener_fd, select.POLLIN)
    poll.register(leash, select.POLLIN)
    while True:
        ready = dict(poll.poll())
        if leash in ready:
            return
        try:
            client, _ = listener.accept()
        except OSError:  # another process was faster (EAGAIN), or the client is gone again
            continue
        with client:
            _echo(client, leash, recv_size)


def _echo(client: socket.socket, leash: int, recv_size: int) -> None:
    poll = select.poll()
    poll.register(client.fileno(), select.POLLIN)
    poll.register(leash, select.POLLIN)
    client.setblocking(False)
    while leash not in dict(poll.poll()):
        try:
            data = client.recv(recv_size)
            if not data:
                return
            client.settimeout(None)
            client.sendall(data)
            client.setblocking(False)
        except OSError:
            return


class ForkedServer(Actor):
    """Echo by `processes` processes, this one included; clients of the others are not in this one's counts."""

    stops_by_shutdown = True

    def act(self) -> None:
        listener = open_listener(self, last=False)
        listener.setblocking(False)  # of two that were woken, one finds nobody: it must not block in accept()
        children = Children(self)
        try:
            for _ in range(self.knobs.processes - 1):
                children.fork(lambda leash: serve_in_child(listener.fileno(), leash, self.knobs.recv_size))
            self.state = ActorState.RUNNING
            while True:
                self.wait(listener.fileno())
                try:
                    client = accepted(self, listener)
                except OSError as error:
                    note_scarcity(self, error)
                    self.pause(SCARCITY_PAUSE_S)
                    continue
                self.check_stop()  # a stop before this did not see the new socket
                if client is not None:
                    echo_until_closed(self, client)
        finally:
            children.end()
