"""Opening an actor's sockets as its knobs say: a listener, a connection, a datagram socket."""

from __future__ import annotations

import socket
from typing import Any

from engine.lab.actor import Actor
from engine.lab.addresses import Resolved, check_target, resolve
from engine.lab.logged import LoggedSocket
from engine.lab.options import backlog_reading, set_options
from engine.model.lab import ActorState


def open_listener(actor: Actor, *, last: bool = True) -> LoggedSocket:
    """A TCP socket that listens on the knobs' host and port; the first address of a name is used.

    Unless this is not the `last` of what the actor needs, it runs from now on.

    Buffers are set before listen(): accepted sockets inherit them, and the window scale of the handshake is chosen by
    the listener's SO_RCVBUF (tcp(7)).
    """
    knobs = actor.knobs
    where = resolve(actor.log, knobs.host, knobs.port, knobs.family, socket.SOCK_STREAM, passive=True)[0]
    listener = open_bound(actor, where)
    listener.listen(knobs.backlog)
    actor.say_options([backlog_reading(knobs.backlog)])
    actor.say_local(listener.local)
    if last:
        actor.state = ActorState.RUNNING
    return listener


def open_bound(actor: Actor, where: Resolved, *, listener: bool = True) -> LoggedSocket:
    """A socket with the knobs' options, bound to `where`."""
    sock = LoggedSocket.open(actor.log, where.family, where.type, where.proto)
    actor.say_options(set_options(sock, actor.knobs, listener=listener))
    sock.bind(where.address)
    return sock


def open_target(actor: Actor, kind: int) -> tuple[LoggedSocket, Any]:
    """A socket with the knobs' options, bound if they say so, and the address that it is to talk to.

    Raises LabError for a target that is not this machine unless that is allowed.
    """
    knobs = actor.knobs
    target = resolve(actor.log, knobs.host, knobs.port, knobs.family, kind)[0]
    check_target(target, knobs.allow_remote)
    return open_towards(actor, target), target.address


def open_towards(actor: Actor, target: Resolved) -> LoggedSocket:
    """A socket of the target's family with the knobs' options, bound to the knobs' own address if there is one."""
    knobs = actor.knobs
    sock = LoggedSocket.open(actor.log, target.family, target.type, target.proto)
    actor.say_options(set_options(sock, knobs))
    if knobs.bind_host or knobs.bind_port:
        own = resolve(actor.log, knobs.bind_host, knobs.bind_port, knobs.family, target.type, passive=True)
        usable = [one for one in own if one.family == target.family] or own
        sock.bind(usable[0].address)
    return sock


def connect(actor: Actor, sock: LoggedSocket, address: Any) -> None:
    """Set the knobs' timeout, connect, and set the options that hold only on a connection. Raises OSError."""
    if actor.knobs.timeout_s is not None:
        sock.settimeout(actor.knobs.timeout_s)
    actor.check_stop()
    sock.connect(address)
    actor.check_stop()  # shutdown() on a socket that is not yet connected does nothing that lasts
    actor.say_options(set_options(sock, actor.knobs, connected=True))
    actor.say_local(sock.local)
    actor.state = ActorState.RUNNING


def open_connection(actor: Actor) -> LoggedSocket:
    """A TCP connection to the knobs' host and port. Raises OSError, LabError."""
    sock, address = open_target(actor, socket.SOCK_STREAM)
    connect(actor, sock, address)
    return sock


def accepted(actor: Actor, listener: LoggedSocket) -> LoggedSocket | None:
    """accept(), for one whose listener was reported readable; None if there is nothing to take after all.

    A client may be gone again by then, so a listener of a selector is to be non-blocking (accept(2)). Running out of
    descriptors is noted and leaves the client in the accept queue; the caller pauses before it tries again.
    """
    try:
        sock, _ = listener.accept()
    except BlockingIOError:
        return None
    except ConnectionAbortedError:
        actor.log.note("a client was gone before accept() (ECONNABORTED)")
        return None
    actor.say_options(set_options(sock, actor.knobs, connected=True))
    return sock
