"""Address families with their addresses, and the other constants that socket programs name."""

from __future__ import annotations

from typing import Final

from engine.text.explain.entry import Explanation, Kind

_FAMILIES: Final = (
    (
        "AF_INET", "('127.0.0.1', 65432)", "ip(7)",
        "IPv4. An empty host means every address, '<broadcast>' 255.255.255.255.",
    ),
    (
        "AF_INET6", "('::1', 65432, 0, 0): host, port, flow info, scope id", "ipv6(7)",
        "IPv6. The scope id names the interface of a link-local address; flow info is mostly 0.",
    ),
    (
        "AF_UNIX", "'/run/app.sock' or b'\\0name'", "unix(7)",
        "Sockets inside this machine, by a path in the file system or by an abstract name that begins with a zero "
        "byte (Linux; shown as @name). They carry descriptors and credentials too.",
    ),
    (
        "AF_PACKET", "('lo', 0x0800): interface, protocol and more", "packet(7)",
        "Whole frames of an interface, past IP: what captures use. Needs CAP_NET_RAW.",
    ),
    (
        "AF_NETLINK", "(0, 0): port id, groups", "netlink(7)",
        "Conversation with the kernel; sockmon reads the socket table by it.",
    ),
    (
        "AF_VSOCK", "(2, 1234): context id, port", "vsock(7)",
        "Between a virtual machine and its host.",
    ),
    (
        "AF_CAN", "('can0',)", "Documentation/networking/can.rst",
        "The bus of vehicles and machines.",
    ),
    (
        "AF_BLUETOOTH", "('00:11:22:33:44:55', 1): address, channel", "Python, socket module",
        "Bluetooth; the address depends on the protocol.",
    ),
    (
        "AF_ALG", "('hash', 'sha256'): type, name", "Documentation/crypto/userspace-if.rst",
        "The kernel's cryptography.",
    ),
    (
        "AF_TIPC", "(1, 1000, 0, 0, 2): type, three numbers, scope", "Python, socket module",
        "Messages inside a cluster of machines.",
    ),
    (
        "AF_QIPCRTR", "(1, 2): node, port", "Python, socket module",
        "Between processors of one chip.",
    ),
    (
        "AF_SYSTEM", "'name' or (id, unit)", "Python, socket module",
        "macOS: talks to kernel extensions (PF_SYSTEM in Python).",
    ),
    (
        "AF_UNSPEC", "none", "getaddrinfo(3); connect(2)",
        "No family: getaddrinfo() returns both, and connect() with it takes a UDP socket's peer away.",
    ),
)  # fmt: skip

_FAMILY_ALIASES: Final = {
    "AF_INET": ("IPv4", "PF_INET"), "AF_INET6": ("IPv6", "PF_INET6"), "AF_UNIX": ("AF_LOCAL", "PF_UNIX", "Unix socket"),
    "AF_SYSTEM": ("PF_SYSTEM",), "AF_PACKET": ("PF_PACKET",), "AF_CAN": ("PF_CAN",),
}  # fmt: skip

FAMILIES: Final = tuple(
    Explanation(Kind.FAMILY, name, text, source, _FAMILY_ALIASES.get(name, ()), address=address)
    for name, address, source, text in _FAMILIES
)

_CONSTANTS: Final = (
    (
        "SOCK_STREAM", "socket(2)",
        "A stream of bytes in order, without message boundaries: TCP over IP.",
    ),
    (
        "SOCK_DGRAM", "socket(2)",
        "Single messages that may be lost, doubled or overtaken: UDP over IP.",
    ),
    (
        "SOCK_SEQPACKET", "socket(2)",
        "Messages with boundaries, in order and reliable; Unix sockets have it.",
    ),
    (
        "SOCK_RAW", "raw(7)",
        "IP packets with a protocol of one's own, or ICMP; needs CAP_NET_RAW.",
    ),
    (
        "SOCK_RDM", "socket(2)",
        "Reliable messages without order; hardly anything has it.",
    ),
    (
        "SOCK_NONBLOCK", "socket(2)",
        "Makes the new socket non-blocking from the start.",
    ),
    (
        "SOCK_CLOEXEC", "socket(2)",
        "Closes the descriptor when the process starts another program; Python sets it by itself.",
    ),
    (
        "SHUT_RD", "shutdown(2)",
        "shutdown(): no more reading. recv() returns b''; nothing is sent and the peer learns nothing.",
    ),
    (
        "SHUT_WR", "shutdown(2)",
        "shutdown(): no more sending. A FIN goes out behind the data; reading stays open (half-close).",
    ),
    (
        "SHUT_RDWR", "shutdown(2)",
        "shutdown(): neither reading nor sending, for every holder of the socket.",
    ),
    (
        "SOL_SOCKET", "socket(7)",
        "The level of options that every socket has (SO_…).",
    ),
    (
        "IPPROTO_IP", "ip(7)",
        "The level of IPv4's options, 0.",
    ),
    (
        "IPPROTO_IPV6", "ipv6(7)",
        "The level of IPv6's options, 41.",
    ),
    (
        "IPPROTO_TCP", "tcp(7)",
        "TCP, protocol 6; also the level of its options.",
    ),
    (
        "IPPROTO_UDP", "udp(7)",
        "UDP, protocol 17.",
    ),
    (
        "IPPROTO_ICMP", "icmp(7)",
        "ICMP, protocol 1: pings and errors of IPv4.",
    ),
    (
        "IPPROTO_ICMPV6", "RFC 4443",
        "ICMPv6, protocol 58: pings, errors and neighbour discovery of IPv6.",
    ),
    (
        "IPPROTO_RAW", "raw(7)",
        "Protocol 255: the program writes the IP header itself.",
    ),
    (
        "INADDR_ANY", "ip(7)",
        "0.0.0.0: every address of the machine, '' in Python.",
    ),
    (
        "INADDR_LOOPBACK", "ip(7)",
        "127.0.0.1: this machine only.",
    ),
    (
        "INADDR_BROADCAST", "ip(7)",
        "255.255.255.255: everyone on the link; needs SO_BROADCAST.",
    ),
    (
        "INADDR_NONE", "inet(3)",
        "255.255.255.255 as the error value of inet_addr().",
    ),
    (
        "SOMAXCONN", "listen(2)",
        "The largest backlog that the headers name: 4,096 since Linux 5.4; net.core.somaxconn decides.",
    ),
    (
        "MSG_PEEK", "recv(2)",
        "recv() leaves the data where it is, so the next recv() gets it again.",
    ),
    (
        "MSG_DONTWAIT", "recv(2)",
        "This one call does not wait; it raises BlockingIOError instead.",
    ),
    (
        "MSG_WAITALL", "recv(2)",
        "recv() waits until all bytes asked for are there; an error or the end may still bring fewer.",
    ),
    (
        "MSG_NOSIGNAL", "send(2)",
        "No SIGPIPE where the peer has gone, only EPIPE. Python ignores SIGPIPE anyway.",
    ),
    (
        "MSG_OOB", "RFC 6093; send(2)",
        "Urgent data: one byte past the others.",
    ),
    (
        "MSG_MORE", "send(2)",
        "More follows at once: partial segments are held back as by TCP_CORK.",
    ),
    (
        "MSG_TRUNC", "recv(2)",
        "The datagram was larger than the buffer; its rest is lost.",
    ),
    (
        "MSG_CTRUNC", "recv(2)",
        "Ancillary data did not fit; descriptors in it are closed.",
    ),
    (
        "MSG_ERRQUEUE", "recv(2)",
        "Reads the queue of errors, such as the ICMP message behind an errno.",
    ),
    (
        "MSG_ZEROCOPY", "send(2)",
        "Sends without copying; the memory must stay as it is until the kernel says so.",
    ),
    (
        "AI_PASSIVE", "getaddrinfo(3)",
        "getaddrinfo(): for a server; without a host it gives the wildcard address, else loopback.",
    ),
    (
        "AI_CANONNAME", "getaddrinfo(3)",
        "getaddrinfo(): asks for the canonical name in the first tuple.",
    ),
    (
        "AI_NUMERICHOST", "getaddrinfo(3)",
        "getaddrinfo(): the host is an address; nothing is looked up.",
    ),
    (
        "AI_NUMERICSERV", "getaddrinfo(3)",
        "getaddrinfo(): the service is a number.",
    ),
    (
        "AI_ADDRCONFIG", "getaddrinfo(3)",
        "getaddrinfo(): only families in which this machine has an address.",
    ),
    (
        "AI_V4MAPPED", "getaddrinfo(3)",
        "getaddrinfo(): IPv4 addresses as ::ffff:a.b.c.d where IPv6 was asked for and none is there.",
    ),
    (
        "AI_ALL", "getaddrinfo(3)",
        "getaddrinfo(): with AI_V4MAPPED, both kinds.",
    ),
    (
        "NI_NUMERICHOST", "getnameinfo(3)",
        "getnameinfo(): the address as numbers.",
    ),
    (
        "NI_NUMERICSERV", "getnameinfo(3)",
        "getnameinfo(): the port as a number.",
    ),
    (
        "NI_NAMEREQD", "getnameinfo(3)",
        "getnameinfo(): an error where there is no name.",
    ),
    (
        "NI_DGRAM", "getnameinfo(3)",
        "getnameinfo(): the service's UDP name.",
    ),
    (
        "NI_NOFQDN", "getnameinfo(3)",
        "getnameinfo(): only the host's part for local names.",
    ),
    (
        "EVENT_READ", "Python, selectors module",
        "selectors: tell when the socket can be read.",
    ),
    (
        "EVENT_WRITE", "Python, selectors module",
        "selectors: tell when the socket can be written; nearly always, until its buffer is full.",
    ),
    (
        "SCM_RIGHTS", "unix(7)",
        "The kind of ancillary data that carries descriptors through a Unix socket.",
    ),
    (
        "SCM_CREDENTIALS", "unix(7)",
        "The kind of ancillary data that carries PID, uid and gid.",
    ),
    (
        "FIONREAD", "tcp(7); udp(7)",
        "ioctl(): how many bytes wait to be read; on Linux also SIOCINQ.",
    ),
    (
        "SIOCOUTQ", "tcp(7)",
        "ioctl(): how many bytes sent are not yet acknowledged, as Send-Q.",
    ),
    (
        "INADDR_UNSPEC_GROUP", "RFC 5771",
        "224.0.0.0: the base of multicast addresses, reserved.",
    ),
    (
        "INADDR_ALLHOSTS_GROUP", "RFC 1112",
        "224.0.0.1: every host on the link that knows multicast.",
    ),
    (
        "IPPORT_RESERVED", "ip(7)",
        "1,024: ports below it need a right (net.ipv4.ip_unprivileged_port_start on Linux).",
    ),
    (
        "IPPORT_USERRESERVED", "RFC 6335",
        "5,000: an old bound for a user's own servers; the kernel does not heed it.",
    ),
)  # fmt: skip

_CONSTANT_ALIASES: Final = {
    "FIONREAD": ("SIOCINQ",), "INADDR_ANY": ("0.0.0.0",), "INADDR_LOOPBACK": ("127.0.0.1",),
    "INADDR_BROADCAST": ("255.255.255.255",),
}  # fmt: skip

CONSTANTS: Final = tuple(
    Explanation(Kind.CONSTANT, name, text, source, _CONSTANT_ALIASES.get(name, ())) for name, source, text in _CONSTANTS
)
