"""The errors of socket programs: what each means, what to do about it, and the recipe that really makes it."""

from __future__ import annotations

import errno
import socket
from collections.abc import Callable
from typing import Final

import msgspec

from engine.lab import error_recipes as recipes
from engine.lab.actor import Actor
from engine.lab.bench import Bench
from engine.lab.calls import CallLog
from engine.lab.error_namespace import aborted, host_unreachable, in_namespace
from engine.lab.shown import error_number, shown_error
from engine.model.errors import BadInput, LabError
from engine.model.lab import ActorState, Call


class Recipe(msgspec.Struct, frozen=True):
    """One error and how it is made."""

    name: str
    error_class: str
    """The Python exception."""
    errno: int
    """The number expected; negative for getaddrinfo, 0 where there is none."""
    make: Callable[[Bench], None]
    meaning: str
    cure: str
    own_network: bool = False
    """Made in a network namespace of its own."""


class MadeError(msgspec.Struct, frozen=True):
    """An error that was made: as it showed itself, and the calls that led to it."""

    name: str
    shown: str
    """`ConnectionRefusedError ECONNREFUSED (111)`."""
    errno: int
    sentence: str
    """What the exception says."""
    meaning: str
    cure: str
    calls: tuple[Call, ...]


EAI_ADDRFAMILY: Final = getattr(socket, "EAI_ADDRFAMILY", -9)

_RECIPES: Final = (
    Recipe(
        "EADDRINUSE",
        "OSError",
        errno.EADDRINUSE,
        recipes.in_use,
        "another socket is bound to that address and port",
        "find it with `sockmon ls -l`, end it, or take another port; port 0 lets the kernel choose",
    ),
    Recipe(
        "EADDRINUSE-TIME-WAIT",
        "OSError",
        errno.EADDRINUSE,
        recipes.in_use_time_wait,
        "no listener is left, but a connection in TIME-WAIT still has the port, for a minute",
        "set SO_REUSEADDR before bind(), as every server should",
    ),
    Recipe(
        "ECONNREFUSED",
        "ConnectionRefusedError",
        errno.ECONNREFUSED,
        recipes.refused,
        "the SYN was answered with RST: nobody listens on that port",
        "start the server first, and check address and port: a server on 127.0.0.1 is not on the others",
    ),
    Recipe(
        "ECONNRESET",
        "ConnectionResetError",
        errno.ECONNRESET,
        recipes.reset_on_recv,
        "an RST came: the peer closed with data unread or SO_LINGER 0, or is gone",
        "the connection is dead: close it; look at what the peer did just before",
    ),
    Recipe(
        "ECONNRESET-SEND",
        "ConnectionResetError",
        errno.ECONNRESET,
        recipes.reset_on_send,
        "an RST had come; the first call after it tells, be it recv() or send()",
        "the connection is dead: close it; what was sent before may never have been read",
    ),
    Recipe(
        "EPIPE",
        "BrokenPipeError",
        errno.EPIPE,
        recipes.broken_pipe,
        "sending is over: the peer has closed and answered the data with RST (or this side called shutdown())",
        "heed b'' from recv(): after it the peer may be gone; Python ignores SIGPIPE, so the error shows",
    ),
    Recipe(
        "ETIMEDOUT",
        "TimeoutError",
        errno.ETIMEDOUT,
        recipes.timed_out,
        "the kernel gave up: what it sent was not acknowledged (here the accept queue is full and SYNs are dropped)",
        "check the way and the firewall, or the server's accept(); settimeout() gives up sooner",
    ),
    Recipe(
        "timeout",
        "TimeoutError",
        0,
        recipes.own_timeout,
        "the program's own limit from settimeout(), so there is no errno; the connection is as it was",
        "try again or close; after a sendall() that timed out nobody knows how much went",
    ),
    Recipe(
        "EAGAIN",
        "BlockingIOError",
        errno.EAGAIN,
        recipes.would_block,
        "nothing to read, or no room to write, and the socket is non-blocking (EWOULDBLOCK is the same number)",
        "no failure: wait with select(), selectors or asyncio, then try again",
    ),
    Recipe(
        "EINPROGRESS",
        "BlockingIOError",
        errno.EINPROGRESS,
        recipes.in_progress,
        "a non-blocking connect() has begun and goes on without the program",
        "wait until the socket is writable, then ask SO_ERROR; connect_ex() returns it without an exception",
    ),
    Recipe(
        "EINTR",
        "InterruptedError",
        errno.EINTR,
        recipes.interrupted,
        "a signal came while the call was blocked (here in the C library's recv())",
        "nothing to do in Python: since 3.5 it runs the handler and repeats the call (PEP 475)",
    ),
    Recipe(
        "EBADF",
        "OSError",
        errno.EBADF,
        recipes.bad_descriptor,
        "the descriptor is closed: fileno() is -1",
        "look who closed it: a `with` that ended, or another thread",
    ),
    Recipe(
        "ENOTCONN",
        "OSError",
        errno.ENOTCONN,
        recipes.not_connected,
        "the socket has no peer: neither connected nor what accept() returned",
        "a listener is only for accept(); read from the socket that it returns",
    ),
    Recipe(
        "EISCONN",
        "OSError",
        errno.EISCONN,
        recipes.is_connected,
        "a TCP socket connects once in its life",
        "make a new socket for a new connection",
    ),
    Recipe(
        "EACCES-PORT",
        "PermissionError",
        errno.EACCES,
        recipes.low_port,
        "ports below net.ipv4.ip_unprivileged_port_start (1024) need CAP_NET_BIND_SERVICE",
        "take a higher port",
    ),
    Recipe(
        "EACCES-BROADCAST",
        "PermissionError",
        errno.EACCES,
        recipes.broadcast,
        "a datagram to a broadcast address, from a socket without SO_BROADCAST",
        "set SO_BROADCAST, if everybody on the network is really meant",
    ),
    Recipe(
        "EADDRNOTAVAIL",
        "OSError",
        errno.EADDRNOTAVAIL,
        recipes.not_available,
        "bind() to an address that no interface of this machine has (connect(): no local port is left)",
        "bind to 127.0.0.1, to one of `ip address`, or to all with an empty host",
    ),
    Recipe(
        "EAFNOSUPPORT",
        "OSError",
        errno.EAFNOSUPPORT,
        recipes.unsupported_family,
        "this kernel has no such address family",
        "take AF_INET or AF_INET6, best the one that getaddrinfo() gives with the address",
    ),
    Recipe(
        "ENETUNREACH",
        "OSError",
        errno.ENETUNREACH,
        recipes.network_unreachable,
        "the routing table has no way to that network; nothing was sent",
        "look at `ip route get ADDRESS`; often IPv6 without a default route",
    ),
    Recipe(
        "EHOSTUNREACH",
        "OSError",
        errno.EHOSTUNREACH,
        host_unreachable,
        "there is a way, but the host or the router before it does not answer, or a route says so",
        "is it switched on, is its address right, does `ip neighbour` show it FAILED?",
        True,
    ),
    Recipe(
        "EMSGSIZE",
        "OSError",
        errno.EMSGSIZE,
        recipes.message_size,
        "a datagram travels whole or not at all; over IPv4 65,507 bytes are the most",
        "send less in one, or use TCP; below about 1,400 bytes none is fragmented",
    ),
    Recipe(
        "EMFILE",
        "OSError",
        errno.EMFILE,
        recipes.too_many_files,
        "this process has as many descriptors open as it may (ulimit -n)",
        "close what is done with; a server that leaks sockets in CLOSE-WAIT ends here",
    ),
    Recipe(
        "ECONNABORTED",
        "ConnectionAbortedError",
        errno.ECONNABORTED,
        aborted,
        "the connection was destroyed on this machine, here as `ss -K` does",
        "the connection is dead: close it; from accept() it means that the client was gone already",
        True,
    ),
    Recipe(
        "EAI_NONAME",
        "gaierror",
        socket.EAI_NONAME,
        recipes.no_name,
        "no such name (here it was to be a number)",
        "check the spelling; /etc/hosts and the name servers of /etc/resolv.conf are asked",
    ),
    Recipe(
        "EAI_SERVICE",
        "gaierror",
        socket.EAI_SERVICE,
        recipes.no_service,
        "no such service name for this kind of socket",
        "give the port as a number, or look into /etc/services",
    ),
    Recipe(
        "EAI_FAMILY",
        "gaierror",
        socket.EAI_FAMILY,
        recipes.no_family,
        "getaddrinfo() does not know that address family",
        "AF_UNSPEC (0) asks for any",
    ),
    Recipe(
        "EAI_ADDRFAMILY",
        "gaierror",
        EAI_ADDRFAMILY,
        recipes.other_family,
        "the host has addresses, but none of the family asked for: ::1 is not IPv4",
        "ask for AF_UNSPEC, and make the socket of the family that comes back",
    ),
    Recipe(
        "EAI_BADFLAGS",
        "gaierror",
        socket.EAI_BADFLAGS,
        recipes.bad_flags,
        "flags that getaddrinfo() does not know",
        "AI_PASSIVE, AI_NUMERICHOST and the like are or-ed together in the last argument",
    ),
    Recipe(
        "herror",
        "herror",
        0,
        recipes.no_reverse_name,
        "gethostbyaddr() found no name for the address (h_errno 1, HOST_NOT_FOUND)",
        "many addresses have no name: show the number; getnameinfo() falls back to it by itself",
    ),
    Recipe(
        "TypeError",
        "TypeError",
        0,
        recipes.text_payload,
        "sockets carry bytes, not text",
        'encode: text.encode("utf-8"), and decode what comes',
    ),
)

ERRORS: Final[dict[str, Recipe]] = {recipe.name: recipe for recipe in _RECIPES}
"""Every error by name."""

ALIASES: Final = {"EWOULDBLOCK": "EAGAIN", "ECONNRESET-RECV": "ECONNRESET", "EACCES": "EACCES-PORT"}


def error_recipe(name: str) -> Recipe:
    """The recipe of this name, in any case. Raises BadInput."""
    by_folded = {known.casefold(): recipe for known, recipe in ERRORS.items()}
    by_folded |= {alias.casefold(): ERRORS[known] for alias, known in ALIASES.items()}
    try:
        return by_folded[name.casefold()]
    except KeyError:
        raise BadInput(f"there is no error {name!r}", hint=f"there is {', '.join(ERRORS)}") from None


def make_error(name: str, log: CallLog) -> MadeError:
    """Make an error; its sockets stay open in the log. Raises BadInput, and LabError if something else came of it."""
    recipe = error_recipe(name)
    if recipe.own_network:
        told = in_namespace(recipe.make)
        for call in told.calls:
            log.adopt(call)
        made = (told.error_class, told.errno, told.sentence)
        shown = told.calls[-1].result if told.calls else ""
    else:
        try:
            recipe.make(Bench(log))
        except (OSError, TypeError) as error:
            made = (type(error).__name__, error_number(error), str(error))
            shown = shown_error(error)
        else:
            made, shown = ("", 0, "no error"), ""
    if made[:2] != (recipe.error_class, recipe.errno):
        raise LabError(f"make {recipe.name}: it became {made[0]} {made[2]}".rstrip(), made[1] if made[1] > 0 else None)
    return MadeError(recipe.name, shown, made[1], made[2], recipe.meaning, recipe.cure, log.account().calls)


class ErrorMaker(Actor):
    """Makes the error that the knobs name, and holds what is left of it. The report has it as `error` and `errno`."""

    def act(self) -> None:
        made = make_error(self.knobs.error, self.log)
        self.say_error(f"{made.shown}: {made.meaning}", made.errno)
        self.log.note(f"what to do: {made.cure}")
        self.state = ActorState.RUNNING
        self.hold()
