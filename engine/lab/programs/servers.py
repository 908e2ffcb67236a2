"""Servers as plain programs."""

from __future__ import annotations

from typing import Final

_OPEN: Final = """\
with socket.socket($FAMILY, socket.SOCK_STREAM) as listener:
    # options: listener
    listener.bind(($HOST, $PORT))
    listener.listen($BACKLOG)
"""

ECHO_SELECTORS: Final = """\
import selectors
import socket

with socket.socket($FAMILY, socket.SOCK_STREAM) as listener, selectors.DefaultSelector() as selector:
    # options: listener
    listener.bind(($HOST, $PORT))
    listener.listen($BACKLOG)
    listener.setblocking(False)
    selector.register(listener, selectors.EVENT_READ)
    while True:
        for key, events in selector.select():
            if key.fileobj is listener:
                client, address = listener.accept()
                client.setblocking(False)
                selector.register(client, selectors.EVENT_READ, bytearray())
                continue
            client, pending = key.fileobj, key.data
            try:
                if events & selectors.EVENT_WRITE:
                    del pending[: client.send(pending)]
                elif data := client.recv($RECV):
                    pending += data
                else:
                    raise EOFError
                selector.modify(client, selectors.EVENT_WRITE if pending else selectors.EVENT_READ, pending)
            except (ConnectionError, EOFError):
                selector.unregister(client)
                client.close()
"""

ECHO_ITERATIVE: Final = (
    "import socket\n\n"
    + _OPEN
    + """\
    while True:
        client, address = listener.accept()
        with client:
            try:
                while data := client.recv($RECV):
                    client.sendall(data)
            except ConnectionError as error:
                print(address, error)
"""
)

ECHO_THREADS: Final = (
    """\
import socket
import threading


def serve(client, address):
    with client:
        try:
            while data := client.recv($RECV):
                client.sendall(data)
        except ConnectionError as error:
            print(address, error)


"""
    + _OPEN
    + """\
    while True:
        threading.Thread(target=serve, args=listener.accept(), daemon=True).start()
"""
)

ECHO_SELECT: Final = (
    "import select\nimport socket\n\n"
    + _OPEN
    + """\
    pending = {}
    while True:
        readers = [client for client in pending if not pending[client]]
        writers = [client for client in pending if pending[client]]
        readable, writable, _ = select.select([listener, *readers], writers, [])
        for client in readable + writable:
            try:
                if client is listener:
                    client, address = listener.accept()
                    client.setblocking(False)
                    pending[client] = b""
                elif client in writable:
                    pending[client] = pending[client][client.send(pending[client]) :]
                elif data := client.recv($RECV):
                    pending[client] = data
                else:
                    raise EOFError
            except (ConnectionError, EOFError):
                del pending[client]
                client.close()
"""
)

ECHO_ASYNCIO: Final = """\
import asyncio
import socket


async def serve(reader, writer):
    try:
        while data := await reader.read($RECV):
            writer.write(data)
            await writer.drain()
    except ConnectionError as error:
        print(error)
    finally:
        writer.close()


async def main():
    listener = socket.socket($FAMILY, socket.SOCK_STREAM)
    # options: listener
    listener.bind(($HOST, $PORT))
    server = await asyncio.start_server(serve, sock=listener, backlog=$BACKLOG)
    await server.serve_forever()


asyncio.run(main())
"""

ECHO_SOCKETSERVER: Final = """\
import socket
import socketserver


class Echo(socketserver.BaseRequestHandler):
    def handle(self):
        while data := self.request.recv($RECV):
            self.request.sendall(data)


class Server(socketserver.ThreadingTCPServer):
    address_family = $FAMILY
    request_queue_size = $BACKLOG
    daemon_threads = True

    def server_bind(self):
        # options: self.socket
        super().server_bind()


with Server(($HOST, $PORT), Echo) as server:
    server.serve_forever()
"""

FORKED: Final = (
    "import os\nimport socket\n\n"
    + _OPEN
    + """\
    for _ in range($PROCESSES - 1):
        if os.fork() == 0:
            break
    while True:
        client, address = listener.accept()
        with client:
            try:
                while data := client.recv($RECV):
                    client.sendall(data)
            except ConnectionError as error:
                print(os.getpid(), address, error)
"""
)

UNIX_ECHO: Final = """\
import os
import socket

PATH = $PATH
with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as listener:
    # options: listener
    listener.bind(PATH)
    listener.listen($BACKLOG)
    try:
        while True:
            client, _ = listener.accept()
            with client:
                while data := client.recv($RECV):
                    client.sendall(data)
    finally:
        if not PATH.startswith("\\0"):
            os.unlink(PATH)
"""

TLS_ECHO: Final = (
    """\
import socket
import ssl
import subprocess
import tempfile
from pathlib import Path

context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
with tempfile.TemporaryDirectory() as folder:
    pem = Path(folder, "both.pem")
    make = "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 7 -subj /CN=localhost"
    subprocess.run([*make.split(), "-keyout", pem, "-out", pem], check=True, capture_output=True)
    context.load_cert_chain(pem)
"""
    + _OPEN
    + """\
    while True:
        client, address = listener.accept()
        try:
            with context.wrap_socket(client, server_side=True) as secure:
                while data := secure.recv($RECV):
                    secure.sendall(data)
        except OSError as error:
            print(address, error)
"""
)

HTTP: Final = (
    "import html\nimport socket\n\n"
    + _OPEN
    + """\
    while True:
        client, address = listener.accept()
        with client, client.makefile("rb") as request:
            try:
                while request.readline(16384).strip():
                    pass
                body = f"<!doctype html><title>sockmon</title><p>{html.escape($TEXT)}".encode()
                client.sendall(b"HTTP/1.0 200 OK\\r\\nContent-Type: text/html; charset=utf-8\\r\\n\\r\\n" + body)
            except ConnectionError as error:
                print(address, error)
"""
)

DISCARD: Final = (
    "import socket\n\n"
    + _OPEN
    + """\
    while True:
        client, address = listener.accept()
        with client:
            try:
                while client.recv($RECV):
                    pass
            except ConnectionError as error:
                print(address, error)
"""
)

CHARGEN: Final = (
    """\
import socket

printable = bytes(range(32, 127)) * 2
lines = b"".join(printable[start : start + 72] + b"\\r\\n" for start in range(95))
"""
    + _OPEN
    + """\
    while True:
        client, address = listener.accept()
        with client:
            try:
                while True:
                    client.sendall(lines)
            except ConnectionError as error:
                print(address, error)
"""
)

HALF_CLOSE: Final = (
    "import socket\n\n"
    + _OPEN
    + """\
    while True:
        client, address = listener.accept()
        with client:
            count = 0
            while data := client.recv($RECV):
                count += len(data)
            client.sendall(f"{count} bytes until your end\\n".encode())
"""
)

RESET: Final = (
    "import socket\nimport struct\n\n"
    + _OPEN
    + """\
    while True:
        client, address = listener.accept()
        with client:
            client.recv($RECV)
            client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
"""
)

NEVER_CLOSE: Final = (
    "import socket\nimport threading\n\n\n"
    "def serve(client):\n    while client.recv($RECV):\n        pass\n\n\n"
    + _OPEN
    + """\
    leaked = []
    while True:
        client, address = listener.accept()
        leaked.append(client)
        threading.Thread(target=serve, args=(client,), daemon=True).start()
"""
)

EOF_IGNORER: Final = (
    "import socket\n\n"
    + _OPEN
    + """\
    client, address = listener.accept()
    while True:
        client.recv($RECV)  # b'' after the client's close(), at once and for ever
"""
)

ACCEPT_LATE: Final = (
    "import socket\nimport time\n\n"
    + _OPEN
    + """\
    time.sleep($DELAY)
    while True:
        client, address = listener.accept()
        with client:
            while client.recv($RECV):
                pass
"""
)

SINK: Final = (
    "import socket\n\n"
    + _OPEN
    + """\
    held = []
    while True:
        held.append(listener.accept())  # and never recv()
"""
)

SLOW_READER: Final = (
    """\
import socket
import threading
import time


def read_slowly(client):
    with client:
        while client.recv(max(1, $RATE // 10)):
            time.sleep(0.1)


"""
    + _OPEN
    + """\
    while True:
        client, address = listener.accept()
        threading.Thread(target=read_slowly, args=(client,), daemon=True).start()
"""
)

BY_HAND: Final = (
    "import socket\n\n"
    + _OPEN
    + """\
    input("Enter: accept() ")
    client, address = listener.accept()
    input("Enter: recv() ")
    print(client.recv($RECV))
    input("Enter: sendall() ")
    client.sendall($TEXT.encode())
    input("Enter: shutdown(SHUT_WR) ")
    client.shutdown(socket.SHUT_WR)
    input("Enter: close() ")
    client.close()
"""
)

UDP_ECHO: Final = """\
import socket

with socket.socket($FAMILY, socket.SOCK_DGRAM) as sock:
    # options: sock
    sock.bind(($HOST, $PORT))
    while True:
        data, sender = sock.recvfrom(65535)
        sock.sendto(data, sender)
"""

UDP_SINK: Final = """\
import socket
import time

with socket.socket($FAMILY, socket.SOCK_DGRAM) as sock:
    # options: sock
    sock.bind(($HOST, $PORT))
    while True:
        time.sleep(1)  # and never recv()
"""

SNTP: Final = """\
import socket
import struct
import time


def stamp(seconds):
    return int((seconds + 2208988800) * 2**32) % 2**64


with socket.socket($FAMILY, socket.SOCK_DGRAM) as sock:
    # options: sock
    sock.bind(($HOST, $PORT))
    while True:
        request, sender = sock.recvfrom(65535)
        now = stamp(time.time())
        if len(request) >= 48 and request[0] & 7 == 3:
            head = struct.pack("!BBbbii4sQ", request[0] & 0o70 | 4, 1, request[2], -20, 0, 0, b"LOCL", now)
            sock.sendto(head + request[40:48] + struct.pack("!QQ", now, stamp(time.time())), sender)
"""

SERVERS: Final[dict[str, str]] = {
    "echo-server": ECHO_SELECTORS,
    "dual-stack-server": ECHO_SELECTORS,
    "echo-iterative": ECHO_ITERATIVE,
    "echo-threads": ECHO_THREADS,
    "echo-select": ECHO_SELECT,
    "echo-asyncio": ECHO_ASYNCIO,
    "echo-socketserver": ECHO_SOCKETSERVER,
    "forked-server": FORKED,
    "udp-echo": UDP_ECHO,
    "unix-echo": UNIX_ECHO,
    "tls-echo": TLS_ECHO,
    "http-server": HTTP,
    "discard": DISCARD,
    "chargen": CHARGEN,
    "half-close-server": HALF_CLOSE,
    "reset-on-close": RESET,
    "never-close": NEVER_CLOSE,
    "eof-ignorer": EOF_IGNORER,
    "accept-late": ACCEPT_LATE,
    "sntp-server": SNTP,
    "sink": SINK,
    "slow-reader": SLOW_READER,
    "udp-sink": UDP_SINK,
    "server-by-hand": BY_HAND,
}
"""Programs by kind of actor."""
