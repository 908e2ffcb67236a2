"""Socket calls by Python's names: what each does, and what is easily taken wrongly."""

from __future__ import annotations

from typing import Final

from engine.text.explain.entry import Explanation, Kind

_PYTHON: Final = "Python, socket module"

_CALLS: Final = (
    (
        "socket", "socket(2)", (),
        "Makes a socket of a family, type and protocol and returns its descriptor. Nothing is bound and nothing is "
        "sent.",
    ),
    (
        "bind", "bind(2)", (),
        "Gives the socket its own address and port. Port 0 lets the kernel choose; '' or 0.0.0.0 means every "
        "address. Clients need it only to choose their source.",
    ),
    (
        "listen", "listen(2)", (),
        "Turns a bound TCP socket into a listener; backlog is how many finished connections may wait for accept(). "
        "From now on the kernel completes handshakes by itself, even while the program does something else.",
    ),
    (
        "accept", "accept(2)", (),
        "Takes the first finished connection from the accept queue and returns a new socket for it, with the peer's "
        "address. The listener stays as it is. Waits if the queue is empty.",
    ),
    (
        "connect", "connect(2)", (),
        "TCP: sends the SYN and waits for the answer: it returns when the server's kernel has answered, whether or "
        "not its program ever calls accept(). UDP: only notes the peer; nothing is sent.",
    ),
    (
        "connect_ex", _PYTHON, (),
        "As connect(), but returns the errno instead of raising: 0 for done, EINPROGRESS where a non-blocking socket "
        "goes on in the background.",
    ),
    (
        "send", "send(2)", (),
        "Hands bytes to the kernel and returns how many it took, which may be fewer than given: send the rest again. "
        "Success means that they are in the send buffer, not that the peer has them.",
    ),
    (
        "sendall", _PYTHON, (),
        "Calls send() until everything is taken or an error comes. After an error nobody knows how much went out; a "
        "timeout counts for the whole, not for each piece.",
    ),
    (
        "sendto", "send(2)", (),
        "Sends one datagram to an address; a UDP socket without a local port gets one now.",
    ),
    (
        "sendmsg", "sendmsg(2)", (),
        "Sends from several buffers at once, with ancillary data such as descriptors (SCM_RIGHTS).",
    ),
    (
        "sendfile", _PYTHON, (),
        "Sends a file's bytes without bringing them into the program, by os.sendfile() where that exists.",
    ),
    (
        "recv", "recv(2)", (),
        "Returns what has arrived, at most as many bytes as asked for and at least one; TCP keeps no message "
        "boundaries. b'' means that the peer has closed its side. Waits if nothing is there.",
    ),
    (
        "recvfrom", "recv(2)", (),
        "As recv(), and the sender's address. For UDP one call is one datagram; what does not fit is lost.",
    ),
    (
        "recv_into", _PYTHON, (),
        "As recv(), into a buffer that is already there; returns the number of bytes.",
    ),
    (
        "recvfrom_into", _PYTHON, (),
        "As recvfrom(), into a buffer that is already there.",
    ),
    (
        "recvmsg", "recvmsg(2)", (),
        "As recvfrom(), with ancillary data and flags such as MSG_TRUNC.",
    ),
    (
        "recvmsg_into", _PYTHON, (),
        "As recvmsg(), into several buffers that are already there.",
    ),
    (
        "close", "close(2)", (),
        "Gives the descriptor up. The connection ends only when the last descriptor of it is closed (dup(), a forked "
        "child): then a FIN goes out behind the unsent data, or a RST if received data was never read.",
    ),
    (
        "shutdown", "shutdown(2)", (),
        "Ends one or both directions for every holder of the socket: SHUT_WR sends a FIN and leaves reading open "
        "(half-close), SHUT_RD only makes recv() return b'' and sends nothing. The descriptor still has to be closed.",
    ),
    (
        "detach", _PYTHON, (),
        "Takes the descriptor away from the Python object without closing it.",
    ),
    (
        "dup", "dup(2)", (),
        "A second descriptor for the same socket; the connection ends when both are closed.",
    ),
    (
        "fileno", _PYTHON, (),
        "The number of the descriptor, -1 once it is closed.",
    ),
    (
        "getsockname", "getsockname(2)", (),
        "The socket's own address and port; tells which port the kernel chose.",
    ),
    (
        "getpeername", "getpeername(2)", (),
        "The address and port of the peer; ENOTCONN where there is none.",
    ),
    (
        "getsockopt", "getsockopt(2)", (),
        "Reads a socket option as the kernel holds it, which may differ from what was set: buffers are doubled, "
        "values clamped.",
    ),
    (
        "setsockopt", "setsockopt(2)", (),
        "Sets a socket option. Some count only before bind() or connect() (SO_REUSEADDR, SO_RCVBUF for the window "
        "scale).",
    ),
    (
        "setblocking", _PYTHON, (),
        "False makes every call return at once, with BlockingIOError where it would wait; True waits without limit. "
        "The same as settimeout(0.0) and settimeout(None).",
    ),
    (
        "getblocking", _PYTHON, (),
        "Whether calls wait: False for a timeout of 0.",
    ),
    (
        "settimeout", _PYTHON, (),
        "Lets each call wait at most so many seconds and then raise TimeoutError, without an errno. The kernel's "
        "socket becomes non-blocking inside; accept() gives sockets without this timeout.",
    ),
    (
        "gettimeout", _PYTHON, (),
        "The timeout in seconds, None for none.",
    ),
    (
        "setdefaulttimeout", _PYTHON, (),
        "The timeout that new sockets of this process start with; those of accept() too.",
    ),
    (
        "getdefaulttimeout", _PYTHON, (),
        "The timeout that new sockets start with; None unless it was set.",
    ),
    (
        "makefile", _PYTHON, (),
        "A file object over the socket. It buffers: what is written leaves only at flush(), and the socket closes "
        "only when the file is closed too.",
    ),
    (
        "ioctl", "ioctl(2); tcp(7)", (),
        "Asks the driver or protocol: FIONREAD tells how many bytes wait to be read, SIOCOUTQ how many are not yet "
        "acknowledged.",
    ),
    (
        "select", "select(2)", (),
        "Waits until one of the given sockets can be read, written, or has an exceptional condition, and returns "
        "three lists. A listener is readable when a connection waits, a closed connection is readable with b''. "
        "Descriptors above 1023 do not fit.",
    ),
    (
        "poll", "poll(2)", (),
        "As select(), without its limit of 1,024 descriptors.",
    ),
    (
        "epoll", "epoll(7)", (),
        "Linux's way to wait for many sockets: they are registered once, and a wait costs by what is ready.",
    ),
    (
        "register", "Python, selectors module", (),
        "Tells a selector which socket to watch and for what (EVENT_READ, EVENT_WRITE).",
    ),
    (
        "unregister", "Python, selectors module", (),
        "Stops watching a socket; do it before close().",
    ),
    (
        "create_connection", _PYTHON, (),
        "Looks a name up and tries each address in turn until one connects; the error is the last one.",
    ),
    (
        "create_server", _PYTHON, (),
        "Makes, binds and listens in one call, with SO_REUSEADDR set; dualstack_ipv6 takes IPv4 too.",
    ),
    (
        "has_dualstack_ipv6", _PYTHON, (),
        "Whether one IPv6 socket can take IPv4 connections here.",
    ),
    (
        "socketpair", "socketpair(2)", (),
        "Two sockets that are already connected to each other, for the two ends of one program or its child.",
    ),
    (
        "fromfd", _PYTHON, (),
        "A socket object for a copy of a descriptor.",
    ),
    (
        "send_fds", "unix(7)", (),
        "Sends descriptors through a Unix socket; the receiver gets its own to the same sockets.",
    ),
    (
        "recv_fds", "unix(7)", (),
        "Receives descriptors through a Unix socket: from then on this process holds those sockets too.",
    ),
    (
        "fork", "fork(2)", (),
        "A child process with copies of all descriptors: every socket now has two holders.",
    ),
    (
        "getaddrinfo", "RFC 6724; getaddrinfo(3)", (),
        "Turns a name and a service into a list of 5-tuples (family, type, protocol, canonical name, address), best "
        "first; try them in order. It may ask DNS and wait for seconds.",
    ),
    (
        "getnameinfo", "getnameinfo(3)", (),
        "Turns an address and port into names, or numbers where flags ask for them.",
    ),
    (
        "gethostbyname", "gethostbyname(3)", (),
        "The first IPv4 address of a name. Old: getaddrinfo() knows IPv6 too.",
    ),
    (
        "gethostbyname_ex", "gethostbyname(3)", (),
        "Name, other names and all IPv4 addresses of a host.",
    ),
    (
        "gethostbyaddr", "gethostbyname(3)", (),
        "The names of an address, by a reverse look-up; many addresses have none.",
    ),
    (
        "gethostname", "gethostname(2)", (),
        "The name this machine calls itself; it need not be known to anyone else.",
    ),
    (
        "getfqdn", _PYTHON, (),
        "A full name with domain for a host, as far as the resolver tells; else the name itself.",
    ),
    (
        "getservbyname", "services(5)", (),
        "The port of a service by name, from /etc/services.",
    ),
    (
        "getservbyport", "services(5)", (),
        "The name of the service of a port, from /etc/services.",
    ),
    (
        "getprotobyname", "protocols(5)", (),
        "The number of a protocol by name: 6 for tcp, 17 for udp, 1 for icmp.",
    ),
    (
        "if_nameindex", "if_nameindex(3)", (),
        "The network interfaces, by index and name.",
    ),
    (
        "if_nametoindex", "if_nametoindex(3)", (),
        "The index of an interface, as a link-local address's scope needs it.",
    ),
    (
        "if_indextoname", "if_nametoindex(3)", (),
        "The name of an interface by its index.",
    ),
    (
        "inet_aton", "inet(3)", (),
        "Text to 4 bytes for IPv4, short forms too: 127.1 is 127.0.0.1.",
    ),
    (
        "inet_ntoa", "inet(3)", (),
        "4 bytes to IPv4 text.",
    ),
    (
        "inet_pton", "inet_pton(3)", (),
        "Text to packed bytes for IPv4 or IPv6; strict: four numbers for IPv4, no short forms.",
    ),
    (
        "inet_ntop", "inet_ntop(3); RFC 5952", (),
        "Packed bytes to text; IPv6 in its short form.",
    ),
    (
        "htons", "byteorder(3)", (),
        "A 16-bit number from host to network order: on a little-endian machine 0x1234 becomes 0x3412.",
    ),
    (
        "htonl", "byteorder(3)", (),
        "A 32-bit number from host to network order.",
    ),
    (
        "ntohs", "byteorder(3)", (),
        "A 16-bit number from network to host order.",
    ),
    (
        "ntohl", "byteorder(3)", (),
        "A 32-bit number from network to host order.",
    ),
    (
        "wrap_socket", "Python, ssl module", (),
        "Puts TLS over a connected socket; the handshake's messages are data to TCP.",
    ),
)  # fmt: skip

CALLS: Final = tuple(
    Explanation(Kind.CALL, name, text, source, (f"{name}()", *aliases)) for name, source, aliases, text in _CALLS
)
