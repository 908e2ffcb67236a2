"""A network namespace of a test's own: a process inside opens sockets, makes traffic and runs `ip` when asked.

Needs no right where ordinary users may make user namespaces. Everything in it ends with it.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import shutil
import signal
import socket
import struct
import subprocess
import sys
import threading
import time
from typing import Any

import pytest

from tests.namespace import enter_namespace
from tests.terminal import ROOT

TUNSETIFF, IFF_TUN, IFF_NO_PI = 0x4004_54CA, 0x0001, 0x1000
LIMIT_S = 30.0


class Namespace:
    """A live namespace with `lo` up."""

    def __init__(self, limit_s: float = LIMIT_S) -> None:
        """Nothing asked of it may take longer than `limit_s`. Skips the test where no namespace can be made."""
        self._limit_s = limit_s
        if shutil.which("ip") is None:
            pytest.skip("iproute2 is not installed")
        self._line, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._line.settimeout(limit_s)
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.live.capture_namespace", str(theirs.fileno()), str(limit_s)],
            pass_fds=[theirs.fileno()],
            cwd=ROOT,
        )
        theirs.close()
        answer, _ = self._receive()
        if answer["error"]:
            self.close()
            pytest.skip(f"no network namespace can be made here: {answer['error']}")

    def packet_socket(self) -> socket.socket:
        """An AF_PACKET socket of the namespace that hears nothing yet, as the launcher opens them."""
        _, descriptors = self._ask("packet_socket")
        return socket.socket(fileno=descriptors[0])

    def ip(self, *words: str) -> None:
        """Run `ip` inside."""
        self.run("ip", *words)

    def run(self, *command: str) -> str:
        """Run a command inside; what it printed."""
        answer, _ = self._ask("run", *command)
        assert answer["code"] == 0, answer
        return str(answer["printed"])

    def make_cable(self) -> None:
        """Interfaces `left` and `right`, each the other's end, ready to send."""
        self.ip("link", "add", "left", "type", "veth", "peer", "name", "right")
        self.raise_cable()

    def raise_cable(self) -> None:
        """Set both ends up, and wait until the kernel lets frames through."""
        for name in ("left", "right"):
            self.ip("link", "set", name, "up")
        until = time.monotonic() + self._limit_s
        while self.run("ip", "-oneline", "link").count("state UP") < 2:
            assert time.monotonic() < until

    def begin(self, *command: str) -> None:
        """Start a command inside, without waiting for it."""
        self._ask("begin", *command)

    def interrupt(self) -> None:
        """Send SIGINT to the command that was begun."""
        self._ask("interrupt")

    def end(self) -> str:
        """Wait for the command that was begun; what it printed."""
        answer, _ = self._ask("end")
        assert answer["code"] == 0, answer
        return str(answer["printed"])

    def connect(self, address: str, payload: int = 500) -> list[int]:
        """One TCP connection over `lo` that sends `payload` bytes and is closed; client's and server's port."""
        answer, _ = self._ask("connect", address, payload)
        ports: list[int] = answer["ports"]
        return ports

    def begin_datagrams(self, port: int, count: int, per_s: int) -> None:
        """Begin to send numbered datagrams to a port of 127.0.0.1, without waiting for their end."""
        self._ask("begin_datagrams", port, count, per_s)

    def send_datagrams(self, port: int, count: int, per_s: int) -> None:
        """Send numbered datagrams to a port of 127.0.0.1."""
        self._ask("send_datagrams", port, count, per_s)

    def make_tun(self, name: str) -> None:
        """An interface whose frames begin with the IP header; what is sent on it goes nowhere."""
        if not os.access("/dev/net/tun", os.R_OK | os.W_OK):
            pytest.skip("/dev/net/tun may not be opened here")
        self._ask("make_tun", name)

    def send_datagram(self, address: str, port: int) -> None:
        self._ask("send_datagram", address, port)

    def send_frame(self, interface: str, frame: bytes) -> None:
        self._ask("send_frame", interface, frame.hex())

    def close(self) -> None:
        self._line.close()
        self._process.wait(self._limit_s)

    def _ask(self, *command: object) -> tuple[dict[str, Any], list[int]]:
        self._line.send(json.dumps(command).encode())
        answer, descriptors = self._receive()
        assert not answer["error"], answer["error"]
        return answer, descriptors

    def _receive(self) -> tuple[dict[str, Any], list[int]]:
        data, descriptors, _, _ = socket.recv_fds(self._line, 1 << 16, 1)
        return json.loads(data), descriptors


def _connect(address: str, payload: int) -> list[int]:
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with socket.create_server((address, 0), family=family) as server:
        port = server.getsockname()[1]
        with socket.create_connection((address, port)) as client:
            accepted, _ = server.accept()
            with accepted:
                client.sendall(bytes(payload))
                client.shutdown(socket.SHUT_WR)
                while accepted.recv(1 << 16):
                    pass
                ports = [client.getsockname()[1], port]
            client.recv(1)
    return ports


def _send_datagrams(port: int, count: int, per_s: int) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        began = time.monotonic()
        for number in range(count):
            with contextlib.suppress(ConnectionRefusedError):
                sender.sendto(number.to_bytes(4, "big"), ("127.0.0.1", port))
            if number % 20 == 0:
                time.sleep(max(0.0, began + number / per_s - time.monotonic()))


def _make_tun(name: str) -> None:
    tun = os.open("/dev/net/tun", os.O_RDWR)  # stays open for as long as this process lives, and the interface with it
    fcntl.ioctl(tun, TUNSETIFF, struct.pack("=16sH22x", name.encode(), IFF_TUN | IFF_NO_PI))


def _send_frame(interface: str, frame: str) -> None:
    with socket.socket(socket.AF_PACKET, socket.SOCK_RAW) as sender:
        sender.bind((interface, 0))
        sender.send(bytes.fromhex(frame))


begun: list[subprocess.Popen[str]] = []


def _obey(limit_s: float, command: str, *arguments: Any) -> tuple[dict[str, Any], list[socket.socket]]:
    answer: dict[str, Any] = {"error": ""}
    match command:
        case "packet_socket":
            return answer, [socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)]
        case "run":
            done = subprocess.run(arguments, capture_output=True, text=True, timeout=limit_s, check=False)
            answer |= {"code": done.returncode, "printed": done.stdout + done.stderr}
        case "begin":
            begun.append(subprocess.Popen(arguments, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True))
        case "interrupt":
            begun[-1].send_signal(signal.SIGINT)
        case "end":
            ended = begun.pop()
            printed, _ = ended.communicate(timeout=limit_s)
            answer |= {"code": ended.returncode, "printed": printed}
        case "connect":
            answer["ports"] = _connect(*arguments)
        case "send_datagrams":
            _send_datagrams(*arguments)
        case "make_tun":
            _make_tun(*arguments)
        case "begin_datagrams":
            threading.Thread(target=_send_datagrams, args=arguments, daemon=True).start()
        case "send_datagram":
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
                sender.sendto(b"hello", tuple(arguments))
        case "send_frame":
            _send_frame(*arguments)
    return answer, []


def main(line: socket.socket, limit_s: float) -> None:
    try:
        enter_namespace()
    except OSError as error:
        line.send(json.dumps({"error": str(error)}).encode())
        return
    line.send(json.dumps({"error": ""}).encode())
    while request := line.recv(1 << 16):
        try:
            answer, opened = _obey(limit_s, *json.loads(request))
        except (OSError, subprocess.SubprocessError) as error:
            answer, opened = {"error": repr(error)}, []
        socket.send_fds(line, [json.dumps(answer).encode()], [sock.fileno() for sock in opened])
        for sock in opened:
            sock.close()


if __name__ == "__main__":
    with socket.socket(fileno=int(sys.argv[1])) as own_end:
        main(own_end, float(sys.argv[2]))
    for process in begun:  # a test that failed left them
        process.kill()
        process.communicate()
