"""Errors of one socket by itself: its address, its rights, its descriptor, what it is given to send."""

from __future__ import annotations

import errno
from typing import Final

from engine.lab import error_recipes as recipes
from engine.lab.error_recipe import Recipe

SOCKETS: Final = (
    Recipe(
        "EADDRINUSE",
        "OSError",
        errno.EADDRINUSE,
        recipes.in_use,
        "another socket is bound to that address and port",
        "nothing: no packet is sent, and who has the port does not notice",
        "find it with `sockmon ls -l`, end it, or take another port; port 0 lets the kernel choose",
    ),
    Recipe(
        "EADDRINUSE-TIME-WAIT",
        "OSError",
        errno.EADDRINUSE,
        recipes.in_use_time_wait,
        "no listener is left, but a connection in TIME-WAIT still has the port, for a minute",
        "nothing: the client's socket is long gone, TIME-WAIT is kept by the side that closed first",
        "set SO_REUSEADDR before bind(), as every server should",
    ),
    Recipe(
        "EBADF",
        "OSError",
        errno.EBADF,
        recipes.bad_descriptor,
        "the descriptor is closed: fileno() is -1",
        "the close() before it sent FIN: there recv() returns b'' and the state is CLOSE-WAIT",
        "look who closed it: a `with` that ended, or another thread",
    ),
    Recipe(
        "EACCES-PORT",
        "PermissionError",
        errno.EACCES,
        recipes.low_port,
        "ports below net.ipv4.ip_unprivileged_port_start (1024) need CAP_NET_BIND_SERVICE",
        "there is no other side yet: clients are refused, for nobody listens",
        "take a higher port",
    ),
    Recipe(
        "EACCES-BROADCAST",
        "PermissionError",
        errno.EACCES,
        recipes.broadcast,
        "a datagram to a broadcast address, from a socket without SO_BROADCAST",
        "nobody gets the datagram",
        "set SO_BROADCAST, if everybody on the network is really meant",
    ),
    Recipe(
        "EADDRNOTAVAIL",
        "OSError",
        errno.EADDRNOTAVAIL,
        recipes.not_available,
        "bind() to an address that no interface of this machine has (connect(): no local port is left)",
        "there is no other side yet",
        "bind to 127.0.0.1, to one of `ip address`, or to all with an empty host",
    ),
    Recipe(
        "EAFNOSUPPORT",
        "OSError",
        errno.EAFNOSUPPORT,
        recipes.unsupported_family,
        "this kernel has no such address family",
        "there is no other side: not even a socket was made",
        "take AF_INET or AF_INET6, best the one that getaddrinfo() gives with the address",
    ),
    Recipe(
        "EMSGSIZE",
        "OSError",
        errno.EMSGSIZE,
        recipes.message_size,
        "a datagram travels whole or not at all; over IPv4 65,507 bytes are the most",
        "nothing arrives, not even a part",
        "send less in one, or use TCP; below about 1,400 bytes none is fragmented",
    ),
    Recipe(
        "EMFILE",
        "OSError",
        errno.EMFILE,
        recipes.too_many_files,
        "this process has as many descriptors open as it may (ulimit -n)",
        "a client of such a server connects all the same, for the kernel does that, and waits unserved in the queue",
        "close what is done with; a server that leaks sockets in CLOSE-WAIT ends here",
    ),
    Recipe(
        "TypeError",
        "TypeError",
        0,
        recipes.text_payload,
        "sockets carry bytes, not text",
        "nothing: no call was made",
        'encode: text.encode("utf-8"), and decode what comes',
    ),
)
