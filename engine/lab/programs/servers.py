"""Servers as plain programs, but for those that echo."""

from __future__ import annotations

from typing import Final

from engine.lab.programs.parts import LISTEN

HTTP: Final = (
    "import html\nimport socket\n\n"
    + LISTEN
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
    + LISTEN
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
    + LISTEN
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
    + LISTEN
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
    + LISTEN
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
    + LISTEN
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
    + LISTEN
    + """\
    client, address = listener.accept()
    while True:
        client.recv($RECV)  # b'' after the client's close(), at once and for ever
"""
)

ACCEPT_LATE: Final = (
    "import socket\nimport time\n\n"
    + LISTEN
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
    + LISTEN
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
    + LISTEN
    + """\
    while True:
        client, address = listener.accept()
        threading.Thread(target=read_slowly, args=(client,), daemon=True).start()
"""
)

BY_HAND: Final = (
    "import socket\n\n"
    + LISTEN
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
    "udp-echo": UDP_ECHO,
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
