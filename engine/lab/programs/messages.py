"""Message servers and clients as plain programs: one pair of functions a framing, and what both sides do with it."""

from __future__ import annotations

from typing import Final

_EXACTLY: Final = """\
def read_exactly(sock, size):
    data = b""
    while len(data) < size:
        piece = sock.recv(size - len(data))
        if not piece:
            raise EOFError("the stream ends inside a message")
        data += piece
    return data


"""

FRAMINGS: Final[dict[str, tuple[str, str]]] = {
    "fixed": (
        "import socket\n\n\n",
        _EXACTLY
        + """\
def read_message(sock):
    return read_exactly(sock, $SIZE).rstrip(b"\\0")


def encode(body):
    return body.ljust($SIZE, b"\\0")
""",
    ),
    "delimiter": (
        "import socket\n\n\n",
        """\
left_over = b""


def read_message(sock):
    global left_over
    while $MARK not in left_over:
        piece = sock.recv(1024)
        if not piece:
            raise EOFError("the stream ends inside a message")
        left_over += piece
    body, _, left_over = left_over.partition($MARK)
    return body


def encode(body):
    return body + $MARK
""",
    ),
    "length-prefix": (
        "import json\nimport socket\nimport struct\nimport sys\n\n\n",
        _EXACTLY
        + """\
def read_message(sock):
    (length,) = struct.unpack("!H", read_exactly(sock, 2))
    header = json.loads(read_exactly(sock, length))
    return read_exactly(sock, header["content-length"])


def encode(body):
    header = {"byteorder": sys.byteorder, "content-type": "text/plain", "content-encoding": "utf-8"}
    head = json.dumps(header | {"content-length": len(body)}).encode()
    return struct.pack("!H", len(head)) + head + body
""",
    ),
    "ascii-length": (
        "import socket\n\n\n",
        _EXACTLY
        + """\
def read_message(sock):
    return read_exactly(sock, int(read_exactly(sock, 5)))


def encode(body):
    return b"%05d" % len(body) + body
""",
    ),
    "close": (
        "import socket\n\n\n",
        """\
def read_message(sock):
    data = b""
    while piece := sock.recv(1024):
        data += piece
    return data


def encode(body):
    return body
""",
    ),
}
"""The imports and the functions of each framing."""

SERVER: Final = """

with socket.socket($FAMILY, socket.SOCK_STREAM) as listener:
    # options: listener
    listener.bind(($HOST, $PORT))
    listener.listen($BACKLOG)
    while True:
        client, address = listener.accept()
        with client:
            try:
                while True:
                    client.sendall(encode(read_message(client)))
            except (EOFError, ConnectionError) as error:
                print(address, error)
"""

SERVER_UNTIL_CLOSE: Final = SERVER.replace(
    """\
                while True:
                    client.sendall(encode(read_message(client)))
""",
    """\
                client.sendall(encode(read_message(client)))
""",
)

CLIENT: Final = """

with socket.socket($FAMILY, socket.SOCK_STREAM) as sock:
    # options: sock
    sock.connect(($HOST, $PORT))
    for _ in range($REPEAT):
        sock.sendall(encode($PAYLOAD))
        print(read_message(sock))
"""

CLIENT_UNTIL_CLOSE: Final = """

with socket.socket($FAMILY, socket.SOCK_STREAM) as sock:
    # options: sock
    sock.connect(($HOST, $PORT))
    sock.sendall(encode($PAYLOAD))
    sock.shutdown(socket.SHUT_WR)
    print(read_message(sock))
"""


def message_program(kind: str, framing: str) -> str:
    """The program of a message server or client with a framing."""
    imports, functions = FRAMINGS[framing]
    if kind == "message-server":
        return imports + functions + (SERVER_UNTIL_CLOSE if framing == "close" else SERVER)
    return imports + functions + (CLIENT_UNTIL_CLOSE if framing == "close" else CLIENT)
