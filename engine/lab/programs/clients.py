"""Clients with a connection as plain programs."""

from __future__ import annotations

from typing import Final

_CONNECT: Final = """\
with socket.socket($FAMILY, socket.SOCK_STREAM) as sock:
    # options: sock
    # bind: sock
    sock.settimeout($TIMEOUT)
    sock.connect(($HOST, $PORT))
    # connected: sock
"""

ECHO: Final = (
    "import socket\nimport time\n\npayload = $PAYLOAD\n"
    + _CONNECT
    + """\
    for _ in range($REPEAT):
        sock.sendall(payload)
        reply = b""
        while len(reply) < len(payload):
            data = sock.recv($RECV)
            if not data:
                raise SystemExit("the server closed too early")
            reply += data
        print(reply)
        time.sleep($INTERVAL)
"""
)

INTERACTIVE: Final = (
    "import socket\nimport sys\n\n"
    + _CONNECT
    + """\
    for line in sys.stdin:
        sock.sendall(line.encode())
        print(sock.recv($RECV))
"""
)

MANY: Final = """\
import socket
import threading
import time

payload = $PAYLOAD


def talk():
    with socket.socket($FAMILY, socket.SOCK_STREAM) as sock:
        # options: sock
        sock.connect(($HOST, $PORT))
        for _ in range($REPEAT):
            sock.sendall(payload)
            reply = b""
            while len(reply) < len(payload) and (data := sock.recv($RECV)):
                reply += data
            print("same" if reply == payload else "different")


for _ in range($CONNECTIONS):
    threading.Thread(target=talk).start()
    time.sleep($RAMP / $CONNECTIONS)
"""

CONNECT: Final = """\
import socket
import time

held = []
for _ in range($CONNECTIONS):
    sock = socket.socket($FAMILY, socket.SOCK_STREAM)
    # options: sock
    sock.connect(($HOST, $PORT))
    held.append(sock)
    print(sock.getsockname())
time.sleep($HOLD)
"""

BACKGROUND: Final = """\
import errno
import os
import select
import socket

with socket.socket($FAMILY, socket.SOCK_STREAM) as sock:
    # options: sock
    sock.setblocking(False)
    number = sock.connect_ex(($HOST, $PORT))
    print("connect_ex():", errno.errorcode.get(number, number))
    if number == errno.EINPROGRESS:
        select.select([], [sock], [])  # writable: connected, or failed
        number = sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
    if number:
        raise OSError(number, os.strerror(number))
    sock.setblocking(True)
    sock.sendall($PAYLOAD)
"""

ANY_ADDRESS: Final = """\
import socket

for family, kind, proto, _, address in socket.getaddrinfo($HOST, $PORT, 0, socket.SOCK_STREAM):
    sock = socket.socket(family, kind, proto)
    try:
        # options: sock
        sock.connect(address)
    except OSError as error:
        print(address, error)
        sock.close()
    else:
        with sock:
            print("connected to", address)
            sock.sendall($PAYLOAD)
        break
else:
    raise SystemExit("none of the addresses answers")
"""

SEND: Final = (
    "import io\nimport socket\nimport time\n\npayload = $PAYLOAD\n"
    + _CONNECT
    + """\
    for _ in range($REPEAT):
        $SEND
        time.sleep($INTERVAL)
    # shutdown: sock
    time.sleep($HOLD)
"""
)

SEND_CALLS: Final[dict[str, tuple[str, ...]]] = {
    "sendall": ("sock.sendall(payload)",),
    "send": ("rest = payload", "while rest:", "    rest = rest[sock.send(rest[:$CHUNK]) :]"),
    "sendmsg": ("rest = payload", "while rest:", "    rest = rest[sock.sendmsg([rest[:$CHUNK]]) :]"),
    "sendfile": ("sock.sendfile(io.BytesIO(payload))",),
    "makefile": ('with sock.makefile("wb") as stream:', "    stream.write(payload)"),
}
"""The lines of each sending call, in place of `$SEND`."""

HALF_CLOSE: Final = (
    "import socket\n\n"
    + _CONNECT
    + """\
    sock.sendall($PAYLOAD)
    sock.shutdown(socket.SHUT_WR)
    while data := sock.recv($RECV):
        print(data)
"""
)

SLOW_WRITER: Final = (
    "import socket\nimport time\n\npayload = $PAYLOAD\n"
    + _CONNECT
    + """\
    for start in range(0, len(payload), $CHUNK):
        sock.sendall(payload[start : start + $CHUNK])
        time.sleep($INTERVAL)
"""
)

BUFFERED: Final = (
    "import socket\nimport time\n\n"
    + _CONNECT
    + """\
    with sock.makefile("wb") as stream:
        stream.write($PAYLOAD)
        time.sleep($DELAY)  # nothing has been sent
        stream.flush()
"""
)

UNIX: Final = """\
import socket

payload = $PAYLOAD
with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as sock:
    # options: sock
    sock.connect($PATH)
    for _ in range($REPEAT):
        sock.sendall(payload)
        reply = b""
        while len(reply) < len(payload) and (data := sock.recv($RECV)):
            reply += data
        print(reply)
"""

TLS: Final = """\
import socket
import ssl

context = ssl.create_default_context()
context.check_hostname = False
context.verify_mode = ssl.CERT_NONE  # the lab's servers sign their own certificates
payload = $PAYLOAD
with socket.create_connection(($HOST, $PORT)) as plain, context.wrap_socket(plain, server_hostname="localhost") as sock:
    print(sock.version(), sock.cipher())
    for _ in range($REPEAT):
        sock.sendall(payload)
        reply = b""
        while len(reply) < len(payload) and (data := sock.recv($RECV)):
            reply += data
        print(reply)
"""

FD_PASSING: Final = """\
import os
import socket
import time

near, far = socket.socketpair()
if os.fork() == 0:
    text, (fd,), _, _ = socket.recv_fds(far, 65536, 1)
    with socket.socket(fileno=fd) as sock:
        sock.sendall(text)
        print(os.getpid(), sock.recv($RECV), flush=True)
    os._exit(0)
with socket.create_connection(($HOST, $PORT)) as sock:
    time.sleep($DELAY)
    socket.send_fds(near, [$PAYLOAD], [sock.fileno()])
os.wait()
"""

FLOOD: Final = (
    """\
import socket
import time

chunk = bytes($CHUNK)
sent = 0
"""
    + _CONNECT
    + """\
    sock.setblocking(False)
    while True:
        try:
            sent += sock.send(chunk)
        except BlockingIOError as error:
            print(f"{sent} bytes sent; {error}", flush=True)
            time.sleep($RETRY)
"""
)

BY_HAND: Final = """\
import socket

with socket.socket($FAMILY, socket.SOCK_STREAM) as sock:
    # options: sock
    input("Enter: connect() ")
    sock.connect(($HOST, $PORT))
    input("Enter: sendall() ")
    sock.sendall($TEXT.encode())
    input("Enter: recv() ")
    print(sock.recv($RECV))
    input("Enter: shutdown(SHUT_WR) ")
    sock.shutdown(socket.SHUT_WR)
    input("Enter: close() ")
"""

CLIENTS: Final[dict[str, str]] = {
    "echo-client": ECHO,
    "interactive-client": INTERACTIVE,
    "many-clients": MANY,
    "connect-client": CONNECT,
    "background-client": BACKGROUND,
    "any-address-client": ANY_ADDRESS,
    "send-client": SEND,
    "half-close-client": HALF_CLOSE,
    "slow-writer": SLOW_WRITER,
    "buffered-client": BUFFERED,
    "unix-client": UNIX,
    "tls-client": TLS,
    "fd-passing": FD_PASSING,
    "flood-client": FLOOD,
    "client-by-hand": BY_HAND,
}
"""Programs by kind of actor."""
