"""The lab's values: what an actor is told to do, and what it says of itself."""

from __future__ import annotations

from enum import StrEnum

import msgspec


class Knobs(msgspec.Struct, frozen=True, gc=False, kw_only=True, omit_defaults=True):
    """Everything that an actor can be told. It reads those that concern it; `None` leaves the kernel's default."""

    host: str = "127.0.0.1"
    port: int = 65432
    """0 lets the kernel choose."""
    text: str = "Hello, world"
    backlog: int = 128
    chunk: int = 65_536
    """Bytes given to one send()."""
    recv_size: int = 1024
    """Bytes asked of one recv()."""
    repeat: int = 1
    timeout_s: float | None = None
    sndbuf: int | None = None
    rcvbuf: int | None = None
    nodelay: bool | None = None
    reuseaddr: bool = True
    congestion: str | None = None
    connections: int = 1
    family: str = "any"
    """inet, inet6, or any: what getaddrinfo gives first."""
    bind_host: str = ""
    """A client's own address; empty lets the kernel choose."""
    bind_port: int = 0
    path: str = ""
    """A Unix socket's path; `@name` for an abstract one."""
    file: str = ""
    """A file whose bytes are sent instead of `text`."""
    size: int | None = None
    """Bytes of made payload, sent instead of `text`."""
    interval_s: float = 0.0
    """Seconds from one message to the next."""
    ramp_s: float = 0.0
    """Seconds over which `connections` are opened."""
    delay_s: float = 0.0
    """Seconds before the one thing that this actor does late."""
    hold_s: float | None = 0.0
    """Seconds that a client keeps its connection when its work is done; `None` until it is stopped."""
    duration_s: float | None = None
    """Seconds after which the actor ends by itself."""
    retry_s: float = 0.5
    """Seconds after which a refused send() is tried again."""
    bytes_per_s: int | None = None
    send_call: str = "sendall"
    """send, sendall, sendmsg, sendfile or makefile."""
    shutdown: str = ""
    """RD, WR or RDWR; empty for none."""
    framing: str = "length-prefix"
    """fixed, delimiter, length-prefix, ascii-length or close."""
    message_size: int = 64
    """Bytes of a message of fixed length."""
    delimiter: str = "\n"
    quickack: bool | None = None
    cork: bool | None = None
    keepalive: bool | None = None
    keepidle_s: int | None = None
    keepintvl_s: int | None = None
    keepcnt: int | None = None
    reuseport: bool | None = None
    broadcast: bool | None = None
    linger_s: int | None = None
    """0 makes close() send RST."""
    user_timeout_ms: int | None = None
    v6only: bool | None = None
    mss: int | None = None
    ttl: int | None = None
    port_range: str | None = None
    """`40000-40003`: the ports that the kernel may choose from (IP_LOCAL_PORT_RANGE, Linux 6.3)."""
    interface: str = "lo"
    error: str = "ECONNREFUSED"
    """The error that an actor is to make (`engine.lab.errors`)."""
    own_network: bool = False
    """The error is made in a network namespace of its own, where its packets can be heard without any right."""
    processes: int = 2
    """Processes of a forked server."""
    descriptors: int | None = None
    """Soft limit of open descriptors of the actor's process (RLIMIT_NOFILE)."""
    allow_remote: bool = False
    """Targets that are not this machine are allowed."""


class ActorSpec(msgspec.Struct, frozen=True, gc=False):
    """An actor to start: its kind (`echo-server`, `echo-client`, `sink`, `flood-client` …) and its knobs."""

    kind: str
    knobs: Knobs
    calls: bool = True
    """Keep the log of socket calls."""


class ActorState(StrEnum):
    """Where an actor stands."""

    STARTING = "starting"
    RUNNING = "running"
    """A server that listens, a client that is at work."""
    STALLED = "stalled"
    """send() said BlockingIOError: the buffers are full; the actor keeps trying."""
    DONE = "done"
    """Did all it was told and holds nothing."""
    FAILED = "failed"
    STOPPED = "stopped"


class Call(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """One socket call of an actor's program."""

    number: int
    ts_ns: int
    name: str
    arguments: str
    result: str
    """What it returned, or `BlockingIOError EAGAIN (11)`; empty for a call that has not returned."""
    errno: int = 0
    """Negative for getaddrinfo: EAI_NONAME is -2."""
    duration_ns: int = 0
    fd: int = -1
    """The socket's descriptor at the time of the call; -1 for a call that concerns none."""
    cookie: int = 0
    """The socket's SO_COOKIE; 0 if unknown."""
    raised: bool = False
    """`result` is an exception; not every one has an errno (a timeout, a TypeError)."""


class ActorSocket(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A socket that an actor holds. `cookie` (SO_COOKIE) is the key of its row in the socket table; 0 if unknown."""

    fd: int
    cookie: int
    local: str
    """`127.0.0.1:65432` or `[::1]:65432`."""
    peer: str
    """Empty for a listener."""
    sent: int = 0
    """Bytes that send() accepted on this socket."""
    received: int = 0
    """Bytes that recv() returned on this socket."""


class OptionReading(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A socket option as it was asked for and as getsockopt read it back (the kernel doubles buffers and clamps)."""

    name: str
    asked: str
    got: str


class HeardFrame(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A frame that an actor heard in a network of its own, where nobody else can capture."""

    ts_ns: int
    """Since the epoch."""
    data: bytes
    """From the Ethernet header on, which the loopback has too."""


class ActorReport(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """What an actor says of itself when asked."""

    kind: str
    pid: int
    state: ActorState
    local: str = ""
    """The address it listens on or was given, once known."""
    connections: int = 0
    """Connections open now (accepted or connected)."""
    sent: int = 0
    """Bytes accepted by send() in all."""
    received: int = 0
    """Bytes returned by recv() in all."""
    full: int = 0
    """send() calls that took the whole chunk."""
    partial: int = 0
    """send() calls that took a part."""
    refused: int = 0
    """send() calls that raised BlockingIOError."""
    reply: str = ""
    """Text that a client got back (raw; sanitize before display)."""
    error: str = ""
    """The sentence for FAILED; of an actor that goes on after errors (one worked by hand), the last one."""
    errno: int = 0
    sockets: tuple[ActorSocket, ...] = ()
    options: tuple[OptionReading, ...] = ()
    calls: tuple[Call, ...] = ()
    """Calls after the number that was asked for, oldest first, bounded."""
    calls_total: int = 0
    calls_forgotten: int = 0
    """Calls no longer in the log."""
    waiting: tuple[Call, ...] = ()
    """Calls that have begun and not returned: where the program blocks."""
    connections_total: int = 0
    """Connections accepted or connected so far."""
    messages: int = 0
    """Messages or datagrams handled so far, for actors that count them."""
    notes: tuple[str, ...] = ()
    """What happened that is no failure, oldest first, bounded: the addresses of a name, a client that vanished."""
    notes_forgotten: int = 0
    children: tuple[int, ...] = ()
    """PIDs of processes that the actor forked."""
    frames: tuple[HeardFrame, ...] = ()
    """Of an error that was made in a network of its own, bounded."""


class ActorCommand(StrEnum):
    """What can be asked of a running actor."""

    STOP = "stop"
    DRAIN = "drain"
    """Read all that waits."""
    SEND = "send"
    """Send the text once more (an interactive client)."""
    SLOW_DRAIN = "slow-drain"
    """Read so many bytes a second from now on (the text; 0 stops)."""
    RECV = "recv"
    """Call recv() once; the text may give the size."""
    SHUTDOWN = "shutdown"
    """Call shutdown(); the text says RD, WR or RDWR."""
    CLOSE = "close"
    """Close the connection (all of them, for a server)."""
    ACCEPT = "accept"
    """Call accept() once."""
    CONNECT = "connect"
    """Call connect() (again)."""
    TIMEOUT = "timeout"
    """Call settimeout() on the connection; the text says seconds or none, after `listener` or `default` for those."""
    DUP = "dup"
    """Call dup(): a second descriptor of the same connection."""
    FORK = "fork"
    """Call fork(): a child that holds every descriptor too, and does nothing."""
