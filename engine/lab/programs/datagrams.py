"""Clients without a connection as plain programs: UDP, SNTP, ping, the sniffer."""

from __future__ import annotations

from typing import Final

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

DATAGRAMS: Final[dict[str, str]] = {
    "udp-client": UDP,
    "udp-broadcast": UDP_SPREAD,
    "udp-multicast": UDP_SPREAD,
    "udp-flood": UDP_FLOOD,
    "sntp-client": SNTP,
    "ping": PING,
    "sniffer": SNIFFER,
}
"""Programs by kind of actor."""
