"""Echo servers in each style as plain programs."""

from __future__ import annotations

from typing import Final

from engine.lab.programs.parts import LISTEN

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
    + LISTEN
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
    + LISTEN
    + """\
    while True:
        threading.Thread(target=serve, args=listener.accept(), daemon=True).start()
"""
)

ECHO_SELECT: Final = (
    "import select\nimport socket\n\n"
    + LISTEN
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
    + LISTEN
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
    + LISTEN
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

ECHO: Final[dict[str, str]] = {
    "echo-server": ECHO_SELECTORS,
    "dual-stack-server": ECHO_SELECTORS,
    "echo-iterative": ECHO_ITERATIVE,
    "echo-threads": ECHO_THREADS,
    "echo-select": ECHO_SELECT,
    "echo-asyncio": ECHO_ASYNCIO,
    "echo-socketserver": ECHO_SOCKETSERVER,
    "forked-server": FORKED,
    "unix-echo": UNIX_ECHO,
    "tls-echo": TLS_ECHO,
}
"""Programs by kind of actor."""
