"""Clients as plain programs."""

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

UDP: Final = """\
import socket
import time

with socket.socket($FAMILY, socket.SOCK_DGRAM) as sock:
    # options: sock
    # bind: sock
    sock.settimeout($REPLY_TIMEOUT)
    sock.connect(($HOST, $PORT))
    for _ in range($REPEAT):
        sock.send($PAYLOAD)
        try:
            print(sock.recv(65535))
        except TimeoutError:
            print("no answer")
        time.sleep($INTERVAL)
"""

UDP_SPREAD: Final = """\
import socket

with socket.socket($FAMILY, socket.SOCK_DGRAM) as sock:
    # options: sock
    # group: sock
    sock.settimeout($REPLY_TIMEOUT)
    sock.sendto($PAYLOAD, ($HOST, $PORT))
    try:
        while True:
            data, sender = sock.recvfrom(65535)
            print(sender, data)
    except TimeoutError:
        print("no more answers")
"""

UDP_FLOOD: Final = """\
import socket
import time

payload = bytes($CHUNK)
with socket.socket($FAMILY, socket.SOCK_DGRAM) as sock:
    # options: sock
    sock.connect(($HOST, $PORT))
    begun, sent = time.monotonic(), 0
    while True:
        time.sleep(0.01)
        while sent < $RATE * (time.monotonic() - begun):
            try:
                sent += sock.send(payload)
            except ConnectionRefusedError as error:
                print(error)
"""

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

SNTP: Final = """\
import socket
import struct
import time

with socket.socket($FAMILY, socket.SOCK_DGRAM) as sock:
    sock.settimeout($REPLY_TIMEOUT)
    sock.connect(($HOST, $PORT))
    t1 = time.time()
    sock.send(struct.pack("!B39xQ", 0o43, int((t1 + 2208988800) * 2**32)))
    reply = sock.recv(65535)
    t4 = time.time()
    t2, t3 = (stamp / 2**32 - 2208988800 for stamp in struct.unpack("!QQ", reply[32:48]))
    print(f"offset {((t2 - t1) + (t3 - t4)) / 2 * 1000:+.3f} ms, delay {((t4 - t1) - (t3 - t2)) * 1000:.3f} ms")
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

PING: Final = """\
import socket
import struct
import time

try:
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM, socket.IPPROTO_ICMP)
except PermissionError:
    sock = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP)
sock.settimeout($REPLY_TIMEOUT)
for sequence in range(1, $REPEAT + 1):
    words = (0x0800, 0x5350, sequence)
    total = sum(words)
    checksum = ~(total % 0xFFFF or total and 0xFFFF) & 0xFFFF
    sock.sendto(struct.pack("!HHHH", words[0], checksum, *words[1:]), ($HOST, 0))
    begun = time.perf_counter()
    reply, sender = sock.recvfrom(65535)
    while reply[20 * (sock.type == socket.SOCK_RAW)] != 0:  # a raw socket hears the request too
        reply, sender = sock.recvfrom(65535)
    print(f"reply from {sender[0]}: icmp_seq={sequence} time={(time.perf_counter() - begun) * 1000:.3f} ms")
    time.sleep($INTERVAL)
"""

SNIFFER: Final = """\
import socket
import struct

with socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3)) as sock:
    sock.bind(($INTERFACE, 0))
    seen = 0
    while seen < $REPEAT:
        frame, address = sock.recvfrom(65549)
        if address[2] == socket.PACKET_OUTGOING or frame[12:14] != b"\\x08\\x00":
            continue
        length, protocol, source, target = struct.unpack("!2xH5xB2x4s4s", frame[14:34])
        print(socket.inet_ntoa(source), "->", socket.inet_ntoa(target), "protocol", protocol, length, "bytes")
        seen += 1
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
    "udp-client": UDP,
    "udp-broadcast": UDP_SPREAD,
    "udp-multicast": UDP_SPREAD,
    "udp-flood": UDP_FLOOD,
    "unix-client": UNIX,
    "tls-client": TLS,
    "sntp-client": SNTP,
    "fd-passing": FD_PASSING,
    "ping": PING,
    "sniffer": SNIFFER,
    "flood-client": FLOOD,
    "client-by-hand": BY_HAND,
}
"""Programs by kind of actor."""
