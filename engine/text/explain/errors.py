"""Errors of socket calls: what they mean, what to do, and their numbers on Linux, macOS and Windows.

Linux numbers are those of asm-generic (`errno(3)`); macOS's of its `sys/errno.h`; Windows's of WinSock (`winsock2.h`).
"""

from __future__ import annotations

from typing import Final

from engine.text.explain.entry import Explanation, Kind, Numbers

# Name, numbers on Linux, macOS and Windows, WinSock's name, other names, text.
_Row = tuple[str, int | None, int | None, int | None, str, tuple[str, ...], str]

_ERRORS: Final[tuple[_Row, ...]] = (
    (
        "EPERM", 1, 1, None, "", ("PermissionError",),
        "The operation needs a right that the process does not have. For sockets it is often a packet or raw socket "
        "without CAP_NET_RAW, or a packet that a local firewall rule refuses to let out.",
    ),
    (
        "ENOENT", 2, 2, None, "", ("FileNotFoundError",),
        "There is no such file. connect() to a Unix socket says so when the server has not yet made its path.",
    ),
    (
        "EINTR", 4, 4, 10004, "WSAEINTR", ("InterruptedError",),
        "A signal arrived while the call waited. Since Python 3.5 the call is repeated by itself unless the signal's "
        "handler raises, so programs hardly ever see it.",
    ),
    (
        "EBADF", 9, 9, 10009, "WSAEBADF", (),
        "The descriptor is not open: the socket was closed before, often by another part of the program. Python "
        "prints -1 as the fileno of a closed socket.",
    ),
    (
        "EAGAIN", 11, 35, 10035, "WSAEWOULDBLOCK", ("EWOULDBLOCK", "BlockingIOError"),
        "The call would have to wait, and the socket is non-blocking: there is nothing to read, or the send buffer "
        "is full. It is no failure: wait with select() until the socket is ready and try again. The same number as "
        "EWOULDBLOCK.",
    ),
    (
        "ENOMEM", 12, 12, 8, "WSA_NOT_ENOUGH_MEMORY", ("MemoryError",),
        "The kernel has no memory left for the request.",
    ),
    (
        "EACCES", 13, 13, 10013, "WSAEACCES", ("PermissionError",),
        "Not allowed: a port below 1024 without the right to it, a broadcast without SO_BROADCAST, or a Unix socket "
        "without write permission.",
    ),
    (
        "EFAULT", 14, 14, 10014, "WSAEFAULT", (),
        "The call was given memory that is not the program's. Python checks this first.",
    ),
    (
        "EEXIST", 17, 17, None, "", ("FileExistsError",),
        "What should be made is there already, such as a file or a registration.",
    ),
    (
        "ENODEV", 19, 19, None, "", (),
        "There is no such device or interface, or it is gone.",
    ),
    (
        "EINVAL", 22, 22, 10022, "WSAEINVAL", (),
        "An argument or the moment is wrong: accept() without listen(), bind() twice, or an option with a value that "
        "the kernel does not take.",
    ),
    (
        "ENFILE", 23, 23, None, "", (),
        "The whole machine may open no more files (fs.file-max).",
    ),
    (
        "EMFILE", 24, 24, 10024, "WSAEMFILE", (),
        "This process may open no more descriptors (ulimit -n); each socket is one. A server that meets it in "
        "accept() leaves connections waiting in the queue. Look for sockets in CLOSE-WAIT that nobody closes.",
    ),
    (
        "EPIPE", 32, 32, 10058, "WSAESHUTDOWN", ("BrokenPipeError", "SIGPIPE"),
        "Sending is over for this socket: the peer has reset the connection, or this side has shut its sending down. "
        "The first send() after the peer's close often succeeds and only draws its RST; the next one meets EPIPE.",
    ),
    (
        "ENAMETOOLONG", 36, 63, 10063, "WSAENAMETOOLONG", (),
        "The name is too long: the path of a Unix socket may have 107 bytes on Linux, 103 on macOS.",
    ),
    (
        "ENOSYS", 38, 78, None, "", (),
        "This kernel does not have the call.",
    ),
    (
        "EPROTO", 71, 100, None, "", (),
        "The other side broke the protocol.",
    ),
    (
        "ENOTSOCK", 88, 38, 10038, "WSAENOTSOCK", (),
        "The descriptor is no socket. On Windows only sockets can be given to select().",
    ),
    (
        "EDESTADDRREQ", 89, 39, 10039, "WSAEDESTADDRREQ", (),
        "The socket has no peer: use sendto() with an address, or connect() first.",
    ),
    (
        "EMSGSIZE", 90, 40, 10040, "WSAEMSGSIZE", (),
        "The datagram is too large to be sent in one: UDP over IPv4 takes at most 65,507 bytes. On Windows it also "
        "says that recv()'s buffer was too small.",
    ),
    (
        "EPROTOTYPE", 91, 41, 10041, "WSAEPROTOTYPE", (),
        "The protocol does not fit the socket's type.",
    ),
    (
        "ENOPROTOOPT", 92, 42, 10042, "WSAENOPROTOOPT", (),
        "The protocol does not know this socket option.",
    ),
    (
        "EPROTONOSUPPORT", 93, 43, 10043, "WSAEPROTONOSUPPORT", (),
        "This machine does not have the protocol for that family.",
    ),
    (
        "ESOCKTNOSUPPORT", 94, 44, 10044, "WSAESOCKTNOSUPPORT", (),
        "This machine does not have that type of socket.",
    ),
    (
        "EOPNOTSUPP", 95, 102, 10045, "WSAEOPNOTSUPP", ("ENOTSUP",),
        "The socket does not do this: listen() or accept() on UDP, for instance. Linux gives ENOTSUP the same number.",
    ),
    (
        "EPFNOSUPPORT", 96, 46, 10046, "WSAEPFNOSUPPORT", (),
        "This machine does not have the protocol family.",
    ),
    (
        "EAFNOSUPPORT", 97, 47, 10047, "WSAEAFNOSUPPORT", (),
        "The address is not of the socket's family, or the machine lacks the family: an IPv6 address on an IPv4 "
        "socket, or IPv6 switched off.",
    ),
    (
        "EADDRINUSE", 98, 48, 10048, "WSAEADDRINUSE", (),
        "Another socket has the port on that address. If it listens, end it or take another port; if connections of "
        "an earlier run stand in TIME-WAIT, set SO_REUSEADDR before bind(). `sockmon port N` says which it is.",
    ),
    (
        "EADDRNOTAVAIL", 99, 49, 10049, "WSAEADDRNOTAVAIL", (),
        "The address is not one of this machine's, so nothing can be bound to it. From connect() it means that no "
        "local port is left for this peer.",
    ),
    (
        "ENETDOWN", 100, 50, 10050, "WSAENETDOWN", (),
        "The interface is down.",
    ),
    (
        "ENETUNREACH", 101, 51, 10051, "WSAENETUNREACH", (),
        "This machine has no route to that network: no default route, or no IPv6. Nothing was sent.",
    ),
    (
        "ENETRESET", 102, 52, 10052, "WSAENETRESET", (),
        "The network dropped the connection; on Windows, keep-alive has failed.",
    ),
    (
        "ECONNABORTED", 103, 53, 10053, "WSAECONNABORTED", ("ConnectionAbortedError",),
        "This side's kernel ended the connection: it was destroyed locally (ss -K), or it ended before accept() took "
        "it. On Windows also when acknowledgements stay out.",
    ),
    (
        "ECONNRESET", 104, 54, 10054, "WSAECONNRESET", ("ConnectionResetError",),
        "The peer sent RST: its program crashed or closed with data unread, set SO_LINGER to 0, or its machine no "
        "longer knows the connection. Data on the way is lost. Seen on recv() and on send().",
    ),
    (
        "ENOBUFS", 105, 55, 10055, "WSAENOBUFS", (),
        "The kernel has no buffer for it; for sockmon, events came faster than they were read.",
    ),
    (
        "EISCONN", 106, 56, 10056, "WSAEISCONN", (),
        "The socket is connected already: connect() twice, or sendto() with an address on it.",
    ),
    (
        "ENOTCONN", 107, 57, 10057, "WSAENOTCONN", (),
        "The socket has no peer: connect() has not been called or has failed. getpeername() and shutdown() say so "
        "too, also once the peer has reset.",
    ),
    (
        "ESHUTDOWN", 108, 58, 10058, "WSAESHUTDOWN", (),
        "Sending after shutdown(); Linux says EPIPE for TCP.",
    ),
    (
        "ETOOMANYREFS", 109, 59, 10059, "WSAETOOMANYREFS", (),
        "Too many descriptors are on their way in Unix sockets (SCM_RIGHTS).",
    ),
    (
        "ETIMEDOUT", 110, 60, 10060, "WSAETIMEDOUT", ("TimeoutError",),
        "The kernel has given up: the SYN, the data or keep-alive went unanswered for too long. Python's own timeout "
        "(settimeout) raises the same class TimeoutError, but without an errno: `e.errno` tells the two apart.",
    ),
    (
        "ECONNREFUSED", 111, 61, 10061, "WSAECONNREFUSED", ("ConnectionRefusedError",),
        "The host answered the SYN with RST: it is reachable, but nobody listens on that address and port. For UDP "
        "an ICMP port unreachable came back and shows at the next call. Start the server, or check the port and the "
        "address it is bound to.",
    ),
    (
        "EHOSTDOWN", 112, 64, 10064, "WSAEHOSTDOWN", (),
        "The next hop does not answer to ARP or neighbour discovery.",
    ),
    (
        "EHOSTUNREACH", 113, 65, 10065, "WSAEHOSTUNREACH", (),
        "There is a route, but the host or a router on the way cannot be reached: no answer to ARP, or an ICMP "
        "unreachable came back, often from a firewall.",
    ),
    (
        "EALREADY", 114, 37, 10037, "WSAEALREADY", ("BlockingIOError",),
        "connect() was called again while the first one is still on its way.",
    ),
    (
        "EINPROGRESS", 115, 36, 10036, "WSAEINPROGRESS", ("BlockingIOError",),
        "connect() on a non-blocking socket has begun and goes on in the background. Wait until the socket is "
        "writable, then read SO_ERROR: 0 means connected. Windows says WSAEWOULDBLOCK (10035) here.",
    ),
    (
        "ECANCELED", 125, 89, 10103, "WSAECANCELLED", (),
        "The operation was cancelled.",
    ),
)  # fmt: skip

_SOURCES: Final = {
    "EPERM": "packet(7)", "EINTR": "signal(7); PEP 475", "EAGAIN": "recv(2), send(2)", "EACCES": "ip(7); socket(7)",
    "EMFILE": "getrlimit(2)", "EPIPE": "send(2); RFC 9293 section 3.5.2", "EMSGSIZE": "udp(7)",
    "EADDRINUSE": "bind(2); RFC 9293 section 3.6.1", "EADDRNOTAVAIL": "bind(2), connect(2)",
    "ENETUNREACH": "RFC 1122 section 4.2.3.9", "EHOSTUNREACH": "RFC 1122 section 4.2.3.9",
    "ECONNABORTED": "accept(2); ss(8)",
    "ECONNRESET": "RFC 9293 section 3.5.2", "ENOTCONN": "RFC 9293 section 3.9.1", "EISCONN": "connect(2)",
    "ETIMEDOUT": "RFC 9293 section 3.8.3; tcp(7)", "ECONNREFUSED": "RFC 9293 section 3.5.2; connect(2)",
    "EINPROGRESS": "connect(2)", "EALREADY": "connect(2)",
}  # fmt: skip
"""Where more is written than errno(3) has."""

ERRORS: Final = tuple(
    Explanation(
        Kind.ERRNO, name, text, _SOURCES.get(name, "errno(3)"),
        (*aliases, *((windows_name,) if windows_name else ())), Numbers(linux, macos, windows, windows_name),
    )
    for name, linux, macos, windows, windows_name, aliases, text in _ERRORS
)  # fmt: skip

_RESOLVER: Final[tuple[_Row, ...]] = (
    (
        "EAI_NONAME", -2, 8, 11001, "WSAHOST_NOT_FOUND", ("gaierror",),
        "The name or the service is not known: mistyped, or not in DNS and not in /etc/hosts. With AI_NUMERICHOST it "
        "means that the text is no address.",
    ),
    (
        "EAI_AGAIN", -3, 2, 11002, "WSATRY_AGAIN", (),
        "The name server did not answer or has trouble for now. Try again; if it stays, the machine cannot reach its "
        "resolver.",
    ),
    (
        "EAI_FAIL", -4, 4, 11003, "WSANO_RECOVERY", (),
        "The name server refused or answered with an error that will not pass.",
    ),
    (
        "EAI_NODATA", -5, 7, 11004, "WSANO_DATA", (),
        "The name exists but has no address of the family asked for.",
    ),
    (
        "EAI_BADFLAGS", -1, 3, 10022, "WSAEINVAL", (),
        "The flags given to getaddrinfo() do not fit together or are not known.",
    ),
    (
        "EAI_FAMILY", -6, 5, 10047, "WSAEAFNOSUPPORT", (),
        "The family given to getaddrinfo() is not supported.",
    ),
    (
        "EAI_SOCKTYPE", -7, 10, 10044, "WSAESOCKTNOSUPPORT", (),
        "The socket type does not exist, or not with that protocol.",
    ),
    (
        "EAI_SERVICE", -8, 9, 10109, "WSATYPE_NOT_FOUND", (),
        "The service name is not known for this socket type, as in `http` misspelt; a number is always taken.",
    ),
    (
        "EAI_ADDRFAMILY", -9, 1, None, "", (),
        "The host has no address in the family asked for: IPv6 asked of a host with IPv4 only.",
    ),
    (
        "EAI_MEMORY", -10, 6, 8, "WSA_NOT_ENOUGH_MEMORY", (),
        "No memory was left for the look-up.",
    ),
    (
        "EAI_SYSTEM", -11, 11, None, "", (),
        "Another error, which errno names, ended the look-up.",
    ),
    (
        "EAI_OVERFLOW", -12, 14, None, "", (),
        "The answer does not fit into the buffer that the caller gave.",
    ),
    (
        "HOST_NOT_FOUND", 1, 1, 11001, "WSAHOST_NOT_FOUND", ("herror",),
        "The older look-ups (gethostbyname, gethostbyaddr) know no such host. Python raises herror, or gaierror "
        "where it uses getaddrinfo itself.",
    ),
    (
        "TRY_AGAIN", 2, 2, 11002, "WSATRY_AGAIN", ("herror",),
        "The older look-ups got no answer from the name server; try again.",
    ),
    (
        "NO_RECOVERY", 3, 3, 11003, "WSANO_RECOVERY", ("herror",),
        "The older look-ups met an error of the name server that will not pass.",
    ),
    (
        "NO_DATA", 4, 4, 11004, "WSANO_DATA", ("herror", "NO_ADDRESS"),
        "The host is known to the older look-ups but has no address.",
    ),
)  # fmt: skip

RESOLVER: Final = tuple(
    Explanation(
        Kind.RESOLVER, name, text,
        "RFC 3493 section 6.1; getaddrinfo(3)" if name.startswith("EAI_") else "gethostbyname(3)",
        aliases, Numbers(linux, macos, windows, windows_name),
    )
    for name, linux, macos, windows, windows_name, aliases, text in _RESOLVER
)  # fmt: skip
