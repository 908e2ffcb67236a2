"""Real sockets in every condition that the socket table can tell, each beside its healthy lookalike."""

from __future__ import annotations

import contextlib
import socket
import struct
import threading
from collections.abc import Callable
from functools import partial

from tests.live.insight_rig import drop, hear_again, key_of, pair, server_below_the_ephemeral_ports

JOIN_S = 25.0
"""How long a thread of the stage may take to end."""
LINGER_RST = struct.pack("ii", 1, 0)


class Stage:
    """All conditions at once. `keys` names their rows."""

    def __init__(self) -> None:
        self.keys: dict[str, int] = {}
        self.ports: dict[str, int] = {}
        self._held = contextlib.ExitStack()
        self._over = threading.Event()
        self._threads: list[threading.Thread] = []
        self._deaf: list[socket.socket] = []

    def __enter__(self) -> Stage:
        for condition in (
            self.stalled_and_busy, self.idle_and_chatty, self.accept_queues, self.syn_into_nothing, self.unclosed,
            self.half_closed, self.lossy, self.cut_off, self.crash_before, self.keep_alive, self.small_writes,
            self.datagrams, self.reach, self.rest_of_servers,
        ):  # fmt: skip
            try:
                condition()
            except BaseException:
                self.__exit__()
                raise
        return self

    def __exit__(self, *exc: object) -> None:
        self._over.set()
        for thread in self._threads:
            thread.join(JOIN_S)
        for sock in self._deaf:
            if sock.fileno() >= 0:
                hear_again(sock)
        self._held.close()

    def deafen(self, sock: socket.socket, share: float = 1.0) -> None:
        """Lose this share of what comes in for the socket, until the stage is over."""
        drop(sock, share)
        self._deaf.append(sock)

    def hold(self, name: str, sock: socket.socket) -> socket.socket:
        self.keys[name] = key_of(sock)
        return self._held.enter_context(sock)

    def pair(self, client: str, server: str, **buffers: int) -> tuple[socket.socket, socket.socket]:
        one, other = pair(**buffers)
        return self.hold(client, one), self.hold(server, other)

    def keep(self, step: Callable[[], object], pause_s: float = 0.0) -> None:
        """Do the step again and again in a thread of its own; it may end by itself with an error of its socket."""

        def run() -> None:
            with contextlib.suppress(OSError):
                while not self._over.is_set():
                    step()
                    self._over.wait(pause_s)

        self._threads.append(threading.Thread(target=run, daemon=True))
        self._threads[-1].start()

    # --- the conditions --------------------------------------------------------------------------------------------

    def stalled_and_busy(self) -> None:
        sender, _ = self.pair("stalled sender", "stalled reader", sndbuf=32_768, rcvbuf=32_768)
        sender.setblocking(False)
        with contextlib.suppress(BlockingIOError):
            while True:
                sender.send(bytes(8_192))
        sender, reader = self.pair("busy sender", "busy reader", sndbuf=32_768)
        for sock in (sender, reader):
            sock.settimeout(0.2)
        self.keep(lambda: _quiet(lambda: sender.send(bytes(30_000))))
        self.keep(lambda: _quiet(lambda: reader.recv(10_000)), pause_s=0.005)

    def idle_and_chatty(self) -> None:
        one, other = self.pair("idle client", "idle server")
        one.sendall(b"hello")
        other.recv(5)
        client, server = self.pair("chatty client", "chatty server")

        def question() -> None:
            client.sendall(b"question")
            server.recv(100)
            server.sendall(b"answer")
            client.recv(100)

        self.keep(question, pause_s=0.05)

    def accept_queues(self) -> None:
        full = self.hold("full listener", socket.create_server(("127.0.0.1", 0), backlog=1))
        for number in range(4):
            client = socket.socket()
            client.setblocking(False)
            with contextlib.suppress(BlockingIOError):
                client.connect(full.getsockname())
            self.hold(f"client {number} of the full listener", client)
        roomy = self.hold("roomy listener", socket.create_server(("127.0.0.1", 0), backlog=8))
        for number in range(8):
            self.hold(f"client {number} of the roomy listener", socket.create_connection(roomy.getsockname()))

    def syn_into_nothing(self) -> None:
        deaf = self.hold("deaf listener", socket.create_server(("127.0.0.1", 0)))
        self.deafen(deaf)
        client = socket.socket()
        client.setblocking(False)
        with contextlib.suppress(BlockingIOError):
            client.connect(deaf.getsockname())
        self.hold("unanswered client", client)

    def unclosed(self) -> None:
        client, _ = self.pair("client that closed its side", "server that does not close")
        client.shutdown(socket.SHUT_WR)

    def half_closed(self) -> None:
        client, server = self.pair("half-closed client", "server that still answers")
        client.shutdown(socket.SHUT_WR)

        def answer() -> None:
            server.sendall(b"more")
            client.recv(100)

        self.keep(answer, pause_s=0.1)

    def lossy(self) -> None:
        sender, reader = self.pair("sender over a lossy path", "reader over a lossy path", sndbuf=65_536)
        for sock in (sender, reader):
            sock.settimeout(0.2)
        self.deafen(reader, 0.03)
        self.keep(lambda: _quiet(lambda: sender.send(bytes(50_000))), pause_s=0.002)
        self.keep(lambda: _quiet(lambda: reader.recv(65_536)))

    def cut_off(self) -> None:
        sender, silent = self.pair("sender to a silent peer", "silent peer")
        self.deafen(silent)
        sender.sendall(b"is anybody there?")

    def crash_before(self) -> None:
        self.about_to_crash("survivor of a crash")()
        self.crash = self.about_to_crash("survivor of a crash while watched")

    def about_to_crash(self, name: str) -> Callable[[], None]:
        """A connection of which one end goes without a word to the other, once what is returned is called."""
        survivor, crashing = self.pair(name, f"crashing peer of the {name}")

        def crash() -> None:
            self.deafen(survivor)
            crashing.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, LINGER_RST)
            crashing.close()

        return crash

    def keep_alive(self) -> None:
        for name, deaf in (("probing in vain", True), ("probing with answers", False)):
            prober, probed = self.pair(name, f"peer of {name}")
            if deaf:
                self.deafen(probed)
            prober.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
            for option, value in ((socket.TCP_KEEPIDLE, 1), (socket.TCP_KEEPINTVL, 1), (socket.TCP_KEEPCNT, 20)):
                prober.setsockopt(socket.IPPROTO_TCP, option, value)

    def small_writes(self) -> None:
        for name, nodelay in (("writer held by Nagle", 0), ("writer without Nagle", 1)):
            client, server = self.pair(name, f"peer of {name}")
            client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, nodelay)

            def exchange(client: socket.socket = client, server: socket.socket = server) -> None:
                client.send(b"head")
                client.send(b"body")
                got = b""
                while len(got) < 8:
                    server.setsockopt(socket.IPPROTO_TCP, socket.TCP_QUICKACK, 0)
                    got += server.recv(8 - len(got))
                server.send(b"ok")
                client.recv(2)

            self.keep(exchange, pause_s=0.01)

    def datagrams(self) -> None:
        sender = self._held.enter_context(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
        for name in ("overflowing receiver", "receiver with old drops"):
            receiver = self.hold(name, socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
            receiver.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
            receiver.bind(("127.0.0.1", 0))
            target = receiver.getsockname()
            for _ in range(50):
                sender.sendto(bytes(500), target)
            if name == "overflowing receiver":
                self.keep(partial(sender.sendto, bytes(500), target), pause_s=0.02)

    def reach(self) -> None:
        self.hold("listener for everyone", socket.create_server(("0.0.0.0", 0)))
        self.hold("listener for this machine", socket.create_server(("127.0.0.1", 0)))

    def rest_of_servers(self) -> None:
        """Servers on ports that no client is given, which close first and so keep TIME-WAIT; one of them is back."""
        for name, back in (("port held by TIME-WAIT", False), ("port of a server that is back", True)):
            server = server_below_the_ephemeral_ports(again=back)
            address = server.getsockname()
            for _ in range(3):
                with socket.create_connection(address) as client:
                    server.accept()[0].close()
                    client.recv(1)
            server.close()
            self.ports[name] = address[1]
            if back:
                self._held.enter_context(socket.create_server(address))


def _quiet(step: Callable[[], object]) -> None:
    """A step whose time-out is no matter."""
    with contextlib.suppress(TimeoutError):
        step()
