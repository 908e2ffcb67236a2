"""Names of well-known ports, so that a filter may say `:ssh` and a column may name what a port is for.

The names and numbers are those of IANA's Service Name and Transport Protocol Port Number Registry and of services(5).
A machine's own list may say more: callers that can read it pass it on.
"""

from __future__ import annotations

from typing import Final

_TABLE: Final = """
tcpmux 1 t; echo 7 tu; discard 9 tu; systat 11 t; daytime 13 tu; qotd 17 t; chargen 19 tu; ftp-data 20 t; ftp 21 t;
ssh 22 t; telnet 23 t; smtp 25 t; time 37 tu; whois 43 t; tacacs 49 tu; domain 53 tu; bootps 67 u; bootpc 68 u;
tftp 69 u; gopher 70 t; finger 79 t; http 80 t; kerberos 88 tu; pop3 110 t; sunrpc 111 tu; auth 113 t; nntp 119 t;
ntp 123 u; epmap 135 t; netbios-ns 137 u; netbios-dgm 138 u; netbios-ssn 139 t; imap 143 t; snmp 161 tu;
snmp-trap 162 tu; bgp 179 t; ptp-event 319 u; ptp-general 320 u; ldap 389 tu; https 443 tu; microsoft-ds 445 t;
kpasswd 464 tu; submissions 465 t; isakmp 500 u; exec 512 t; login 513 t; shell 514 t; syslog 514 u; printer 515 t;
route 520 u; dhcpv6-client 546 u; dhcpv6-server 547 u; rtsp 554 tu; nntps 563 t; submission 587 t; ipp 631 t;
ldaps 636 tu; domain-s 853 tu; rsync 873 t; telnets 992 t; imaps 993 t; pop3s 995 t; socks 1080 t; openvpn 1194 tu;
ms-sql-s 1433 t; ms-sql-m 1434 u; l2f 1701 u; mqtt 1883 t; radius 1812 tu; radius-acct 1813 tu; nfs 2049 tu;
iscsi-target 3260 t; mysql 3306 t; stun 3478 tu; ms-wbt-server 3389 t; svn 3690 t; epmd 4369 t; ipsec-nat-t 4500 u;
sip 5060 tu; sip-tls 5061 tu; xmpp-client 5222 t; xmpp-server 5269 t; mdns 5353 u; postgresql 5432 t; llmnr 5355 tu;
amqps 5671 t; amqp 5672 t; x11 6000 t; redis 6379 t; ircd 6667 t; ircs-u 6697 t; http-alt 8080 t; secure-mqtt 8883 t;
git 9418 t; bacula-dir 9101 t; mongodb 27017 t; memcache 11211 tu; wireguard 51820 u
"""

_TRANSPORTS: Final = {"t": "tcp", "u": "udp"}

SERVICE_PORTS: Final[dict[str, int]] = {}
"""Service name to port."""

SERVICE_NAMES: Final[dict[tuple[str, int], str]] = {}
"""Transport (`tcp`, `udp`) and port to service name."""

ALIASES: Final = {
    "dns": "domain", "www": "http", "mail": "smtp", "imap2": "imap", "smtps": "submissions", "postgres": "postgresql",
    "rdp": "ms-wbt-server", "portmapper": "sunrpc", "snntp": "nntps", "memcached": "memcache",
}  # fmt: skip
"""Other names that people use."""

for _line in _TABLE.split(";"):
    _name, _port, _transports = _line.split()
    SERVICE_PORTS[_name] = int(_port)
    for _letter in _transports:
        SERVICE_NAMES[_TRANSPORTS[_letter], int(_port)] = _name
SERVICE_PORTS.update({alias: SERVICE_PORTS[name] for alias, name in ALIASES.items()})


def service_port(name: str) -> int | None:
    """The port of a service, by its name in any case; None if it is not known."""
    return SERVICE_PORTS.get(name.lower())


def service_name(transport: str, port: int) -> str:
    """The service of a port over `tcp` or `udp`; empty if it has no name."""
    return SERVICE_NAMES.get((transport, port), "")
