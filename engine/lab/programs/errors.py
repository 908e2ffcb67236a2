"""Programs that end with one of the errors of `engine.lab.errors`."""

from __future__ import annotations

from typing import Final

_LISTENER: Final = """\
import socket

listener = socket.create_server(("127.0.0.1", 0))
address = listener.getsockname()
"""

_PAIR: Final = (
    _LISTENER
    + """\
client = socket.create_connection(address)
server, _ = listener.accept()
"""
)

_RESET: Final = (
    "import struct\nimport time\n"
    + _PAIR
    + """\
server.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
server.close()  # sends RST
time.sleep(0.1)
"""
)

ERRORS: Final[dict[str, str]] = {
    "EADDRINUSE": _LISTENER + "second = socket.socket()\nsecond.bind(address)\n",
    "EADDRINUSE-TIME-WAIT": """\
import socket

listener = socket.socket()  # without SO_REUSEADDR
listener.bind(("127.0.0.1", 0))
listener.listen()
address = listener.getsockname()
client = socket.create_connection(address)
server, _ = listener.accept()
server.close()  # who closes first gets TIME-WAIT
client.recv(1)
client.close()
listener.close()
again = socket.socket()
again.bind(address)
""",
    "ECONNREFUSED": _LISTENER + "listener.close()\nsocket.create_connection(address)\n",
    "ECONNREFUSED-UDP": """\
import socket

server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
server.bind(("127.0.0.1", 0))
address = server.getsockname()
server.close()
client = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
client.connect(address)
client.send(b"Hello, world")  # answered with ICMP port unreachable
client.recv(1024)
""",
    "ECONNRESET": _RESET + "client.recv(1024)\n",
    "ECONNRESET-SEND": _RESET + 'client.send(b"Hello, world")\n',
    "EPIPE": _PAIR + 'client.shutdown(socket.SHUT_WR)\nclient.send(b"Hello, world")\n',
    "ETIMEDOUT": """\
import socket

listener = socket.create_server(("127.0.0.1", 0), backlog=0)
first = socket.create_connection(listener.getsockname())  # fills the accept queue
second = socket.socket()
second.setsockopt(socket.IPPROTO_TCP, socket.TCP_SYNCNT, 1)
second.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, 500)
second.connect(listener.getsockname())
""",
    "timeout": _PAIR + "client.settimeout(0.1)\nclient.recv(1024)\n",
    "EAGAIN": _PAIR + "client.setblocking(False)\nclient.recv(1024)\n",
    "EINPROGRESS": _LISTENER + "client = socket.socket()\nclient.setblocking(False)\nclient.connect(address)\n",
    "EINTR": """\
import ctypes
import os
import signal
import socket

one, other = socket.socketpair()
signal.signal(signal.SIGALRM, lambda number, frame: None)
signal.siginterrupt(signal.SIGALRM, True)
signal.setitimer(signal.ITIMER_REAL, 0.05)
library = ctypes.CDLL(None, use_errno=True)  # Python's own recv() would go on (PEP 475)
if library.recv(one.fileno(), ctypes.create_string_buffer(1), 1, 0) < 0:
    raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
""",
    "EBADF": _PAIR + "client.close()\nclient.recv(1024)\n",
    "ENOTCONN": "import socket\n\nsocket.socket().recv(1024)\n",
    "EISCONN": _PAIR + "client.connect(address)\n",
    "EACCES-PORT": 'import socket\n\nsocket.socket().bind(("127.0.0.1", 1023))\n',
    "EACCES-BROADCAST": """\
import socket

sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
sock.sendto(b"to all", ("127.255.255.255", 9))
""",
    "EADDRNOTAVAIL": 'import socket\n\nsocket.socket().bind(("198.51.100.1", 0))\n',
    "EAFNOSUPPORT": "import socket\n\nsocket.socket(socket.AF_IPX, socket.SOCK_DGRAM)\n",
    "ENETUNREACH": """\
import socket

sock = socket.socket()
sock.setsockopt(socket.SOL_SOCKET, socket.SO_DONTROUTE, 1)  # no gateway
sock.connect(("198.51.100.1", 9))
""",
    "EHOSTUNREACH": """\
# In a network of its own, where `ip` makes a route that says so:
#   unshare -rn sh -c 'ip link set lo up; ip route add unreachable 198.51.100.7; python3 this.py'
import socket

socket.create_connection(("198.51.100.7", 9))
""",
    "EMSGSIZE": """\
import socket

sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
sock.sendto(bytes(65508), ("127.0.0.1", 9))
""",
    "EMFILE": """\
import resource
import socket

resource.setrlimit(resource.RLIMIT_NOFILE, (16, resource.getrlimit(resource.RLIMIT_NOFILE)[1]))
held = [socket.socket() for _ in range(16)]
""",
    "ECONNABORTED": """\
# In a network of its own, where `ss` may destroy sockets:
#   unshare -rn sh -c 'ip link set lo up; python3 this.py'
import subprocess
"""
    + _PAIR
    + """\
subprocess.run(["ss", "-K", "-t", "dport", "=", f":{address[1]}"], check=True)
client.recv(1024)
""",
    "EAI_NONAME": 'import socket\n\nsocket.getaddrinfo("nosuch.invalid", 80, flags=socket.AI_NUMERICHOST)\n',
    "EAI_SERVICE": 'import socket\n\nsocket.getaddrinfo("127.0.0.1", "nosuch-service", type=socket.SOCK_STREAM)\n',
    "EAI_FAMILY": 'import socket\n\nsocket.getaddrinfo("127.0.0.1", 80, family=99)\n',
    "EAI_ADDRFAMILY": """\
import socket

socket.getaddrinfo("::1", 80, family=socket.AF_INET, flags=socket.AI_NUMERICHOST)
""",
    "EAI_SOCKTYPE": 'import socket\n\nsocket.getaddrinfo("127.0.0.1", 80, type=99)\n',
    "EAI_AGAIN": 'import socket\n\nsocket.getaddrinfo("www.example.com", 80)  # while no name server can be reached\n',
    "EAI_BADFLAGS": 'import socket\n\nsocket.getaddrinfo("127.0.0.1", 80, flags=1 << 30)\n',
    "herror": 'import socket\n\nsocket.gethostbyaddr("198.51.100.1")\n',
    "TypeError": _PAIR + 'client.send("Hello, world")\n',
}
"""Programs by name of the error."""
