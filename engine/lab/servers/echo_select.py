"""TCP echo for many clients with `select.select`, whose three lists are in the log of calls."""

from __future__ import annotations

import select
from typing import Final

from engine.lab.actor import Actor
from engine.lab.endpoints import accepted, open_listener
from engine.lab.logged import LoggedSocket
from engine.lab.scarcity import SCARCITY_PAUSE_S, note_scarcity
from engine.lab.servers.serving import PENDING_MAX

FD_SETSIZE: Final = 1_024
"""select() knows no descriptor of this number or above (select(2))."""

Lists = tuple[list[int], list[int], list[int]]


def shown_lists(lists: Lists) -> str:
    """The three lists as descriptors."""
    return ", ".join(str(one) for one in lists)


class EchoSelect(Actor):
    """Asks select() who can be read from and who can be written to."""

    def act(self) -> None:
        listener = open_listener(self)
        listener.setblocking(False)
        clients: dict[int, LoggedSocket] = {}
        pending: dict[int, bytearray] = {}
        ended: set[int] = set()
        while True:
            readers = [fd for fd in clients if fd not in ended and len(pending[fd]) < PENDING_MAX]
            writers = [fd for fd in clients if pending[fd]]
            readable, writable, _ = self._select([listener.fileno(), *readers], writers, list(clients))
            for fd in readable:
                if fd == listener.fileno():
                    self._accept(listener, clients, pending)
                elif not self._read(clients[fd], pending[fd]):
                    ended.add(fd)
            for fd in set(writable) & set(clients):
                self._write(clients[fd], pending[fd], ended)
            for fd in [fd for fd in ended if not pending[fd]]:
                clients.pop(fd).close()
                del pending[fd]
                ended.discard(fd)

    def _select(self, readers: list[int], writers: list[int], exceptional: list[int]) -> Lists:
        wakeup = self.wakeup.fd

        def call() -> Lists:
            ready = select.select([*readers, wakeup], writers, exceptional)
            return [fd for fd in ready[0] if fd != wakeup], ready[1], ready[2]

        lists = self.log.made("select", shown_lists((readers, writers, exceptional)), call, shown_lists)
        self.check_stop()
        return lists

    def _accept(self, listener: LoggedSocket, clients: dict[int, LoggedSocket], pending: dict[int, bytearray]) -> None:
        try:
            sock = accepted(self, listener)
        except OSError as error:
            note_scarcity(self, error)
            self.pause(SCARCITY_PAUSE_S)
            return
        if sock is None:
            return
        if sock.fileno() >= FD_SETSIZE:
            self.log.note(f"select() cannot watch descriptor {sock.fileno()}: {sock.peer} is turned away")
            sock.close()
            return
        sock.setblocking(False)
        clients[sock.fileno()] = sock
        pending[sock.fileno()] = bytearray()

    def _read(self, sock: LoggedSocket, pending: bytearray) -> bool:
        """Take what came; False at the end of the stream."""
        try:
            data = sock.recv(self.knobs.recv_size)
        except BlockingIOError:
            return True
        except OSError as error:
            self.log.note(f"client {sock.peer} is gone: {error.strerror}")
            pending.clear()
            return False
        pending += data
        return bool(data)

    def _write(self, sock: LoggedSocket, pending: bytearray, ended: set[int]) -> None:
        try:
            del pending[: sock.send(pending)]
        except BlockingIOError:
            return
        except OSError as error:
            self.log.note(f"client {sock.peer} is gone: {error.strerror}")
            pending.clear()
            ended.add(sock.fileno())
