"""Errors of looking names up: getaddrinfo's by their EAI names, and gethostbyaddr's."""

from __future__ import annotations

import socket
from typing import Final

from engine.lab import error_recipes as recipes
from engine.lab.error_namespace import no_name_server
from engine.lab.error_recipe import Recipe

EAI_ADDRFAMILY: Final = getattr(socket, "EAI_ADDRFAMILY", -9)

NAMES: Final = (
    Recipe(
        "EAI_NONAME",
        "gaierror",
        socket.EAI_NONAME,
        recipes.no_name,
        "no such name (here it was to be a number)",
        "nobody was asked: a number needs no name server",
        "check the spelling; /etc/hosts and the name servers of /etc/resolv.conf are asked",
    ),
    Recipe(
        "EAI_SERVICE",
        "gaierror",
        socket.EAI_SERVICE,
        recipes.no_service,
        "no such service name for this kind of socket",
        "nobody was asked: services stand in /etc/services",
        "give the port as a number, or look into /etc/services",
    ),
    Recipe(
        "EAI_FAMILY",
        "gaierror",
        socket.EAI_FAMILY,
        recipes.no_family,
        "getaddrinfo() does not know that address family",
        "nobody was asked",
        "AF_UNSPEC (0) asks for any",
    ),
    Recipe(
        "EAI_ADDRFAMILY",
        "gaierror",
        EAI_ADDRFAMILY,
        recipes.other_family,
        "the host has addresses, but none of the family asked for: ::1 is not IPv4",
        "nobody was asked: a number needs no name server",
        "ask for AF_UNSPEC, and make the socket of the family that comes back",
    ),
    Recipe(
        "EAI_SOCKTYPE",
        "gaierror",
        socket.EAI_SOCKTYPE,
        recipes.no_socket_type,
        "getaddrinfo() does not know that kind of socket, or not with that protocol",
        "nobody was asked",
        "SOCK_STREAM asks for TCP, SOCK_DGRAM for UDP, 0 for every kind",
    ),
    Recipe(
        "EAI_AGAIN",
        "gaierror",
        socket.EAI_AGAIN,
        no_name_server,
        "no name server answered (here in a network that reaches none); the name itself may be right",
        "the name server was not reached, or it said SERVFAIL",
        "try again; look at /etc/resolv.conf and whether its servers can be reached",
        own_network=True,
    ),
    Recipe(
        "EAI_BADFLAGS",
        "gaierror",
        socket.EAI_BADFLAGS,
        recipes.bad_flags,
        "flags that getaddrinfo() does not know",
        "nobody was asked",
        "AI_PASSIVE, AI_NUMERICHOST and the like are or-ed together in the last argument",
    ),
    Recipe(
        "herror",
        "herror",
        0,
        recipes.no_reverse_name,
        "gethostbyaddr() found no name for the address (h_errno 1, HOST_NOT_FOUND)",
        "the name server was asked for the PTR record of 1.100.51.198.in-addr.arpa and had none",
        "many addresses have no name: show the number; getnameinfo() falls back to it by itself",
    ),
)
