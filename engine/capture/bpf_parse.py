"""The built-in capture filters: a pure parser for the subset of pcap-filter(7) that needs no libpcap.

    filter     = term { ("and" | "&&" | "or" | "||") term }        equal precedence, left to right, as tcpdump has it
    term       = ("not" | "!") term | "(" filter ")" | primitive
    primitive  = protocol                                           tcp udp sctp icmp icmp6 ip ip6 arp rarp
               | [protocol] [direction] ("host" | "net" | "port" | "portrange") what
               | [protocol] direction what                          a host
               | what                                               as the primitive before it: `port 80 or 443`
               | "vlan" [number] | ("less" | "greater") number
               | "tcp" "[" ("tcpflags" | "13") "]" ["&" flags] comparison flags
    direction  = "src" | "dst" | "src or dst" | "src and dst"

Addresses are numbers: a name would have to be asked for, and the capture worker can reach nobody.
"""

from __future__ import annotations

import ipaddress
import re
from typing import Final, NamedTuple

from engine.capture import bpf_words
from engine.capture.bpf_code import Node, Not, all_of, any_of
from engine.model.errors import FilterError

TEXT_MAX: Final = 8192
"""Characters of a filter: a program has 4096 instructions, and hardly a word takes fewer than two."""
DEPTH_MAX: Final = 64
"""Parentheses and negations within one another: nobody writes more, and each is a call on Python's stack."""

PROTOCOLS: Final = frozenset(("ip", "ip6", "arp", "rarp", "icmp", "icmp6", "tcp", "udp", "sctp"))
KINDS: Final = frozenset(("host", "net", "port", "portrange"))
PORT_OVER: Final = frozenset(("tcp", "udp", "sctp"))
HOST_OVER: Final = frozenset(("ip", "ip6", "arp", "rarp"))
COMPARISONS: Final = frozenset(("=", "==", "!=", ">", "<", ">=", "<="))
AND_WORDS: Final = frozenset(("and", "&&"))
OR_WORDS: Final = frozenset(("or", "||"))
NOT_WORDS: Final = frozenset(("not", "!"))

SERVICES: Final[dict[str, int]] = {
    "ftp-data": 20,
    "ftp": 21,
    "ssh": 22,
    "telnet": 23,
    "smtp": 25,
    "domain": 53,
    "http": 80,
    "pop3": 110,
    "ntp": 123,
    "imap2": 143,
    "snmp": 161,
    "ldap": 389,
    "https": 443,
    "mysql": 3306,
    "postgresql": 5432,
}
"""Service names with one meaning over TCP and UDP, as /etc/services spells them, which the worker cannot read."""

TOKEN: Final = re.compile(r"\s*(?:(&&|\|\||==|!=|>=|<=|[()\[\]&|!<>=+,*])|([^\s()\[\]&|!<>=+,*]+))").finditer


class Token(NamedTuple):
    text: str
    position: int


class Qualifiers(NamedTuple):
    """What stands in front of an address or a port."""

    over: str
    direction: str
    kind: str


def parse(text: str) -> Node:
    """The tests that a filter asks for; everything for an empty one.

    Raises FilterError, with the position, for all that is not in the subset.
    """
    if len(text) > TEXT_MAX:
        raise FilterError(f"a capture filter has at most {TEXT_MAX} characters", TEXT_MAX)
    return _Parser(text).whole()


class _Parser:
    def __init__(self, text: str) -> None:
        self.end = len(text)
        self.tokens = [Token(found[1] or found[2], found.start(found.lastindex or 0)) for found in TOKEN(text)]
        self.next = 0
        self.depth = 0
        self.last: Qualifiers | None = None

    def whole(self) -> Node:
        if not self.tokens:
            return all_of()
        node = self.filter()
        if self.next < len(self.tokens):
            raise self.error("`and` or `or` is missing before")
        return node

    def peek(self, ahead: int = 0) -> str:
        at = self.next + ahead
        return self.tokens[at].text if at < len(self.tokens) else ""

    def take(self) -> str:
        text = self.peek()
        if not text:
            raise FilterError("the capture filter ends too early", self.end)
        self.next += 1
        return text

    def error(self, why: str, back: int = 0) -> FilterError:
        at = self.next - back
        if at >= len(self.tokens):
            return FilterError("the capture filter ends too early", self.end)
        token = self.tokens[at]
        return FilterError(f"capture filter: {why} {token.text!r}", token.position)

    def expect(self, text: str) -> None:
        if self.peek() != text:
            raise self.error(f"`{text}` expected instead of")
        self.next += 1

    def filter(self) -> Node:
        node = self.term()
        while True:
            word = self.peek()
            if word in AND_WORDS:
                self.next += 1
                node = all_of(node, self.term())
            elif word in OR_WORDS:
                self.next += 1
                node = any_of(node, self.term())
            else:
                return node

    def term(self) -> Node:
        if self.peek() not in NOT_WORDS and self.peek() != "(":
            return self.primitive()
        self.depth += 1
        if self.depth > DEPTH_MAX:
            raise self.error(f"more than {DEPTH_MAX} parentheses or negations within one another at")
        if self.take() == "(":
            node = self.filter()
            self.expect(")")
        else:
            node = Not(self.term())
        self.depth -= 1
        return node

    def primitive(self) -> Node:
        word = self.peek()
        match word:
            case "vlan":
                self.next += 1
                identifier = self.number(0xFFF) if self.peek().isdigit() else None
                return bpf_words.vlan(identifier)
            case "less" | "greater":
                self.next += 1
                return bpf_words.length("<=" if word == "less" else ">=", self.number(0xFFFF_FFFF))
            case "tcp" if self.peek(1) == "[":
                return self.flags()
        over = self.take() if word in PROTOCOLS else ""
        direction = self.direction()
        kind = self.take() if self.peek() in KINDS else ""
        if over and not direction and not kind:
            return bpf_words.protocol(over)
        if over or direction or kind:
            self.last = Qualifiers(over, direction, kind or "host")
        if self.peek() == "(" and kind:
            return self.term()
        return self.identified(self.last or Qualifiers("", "", "host"))

    def direction(self) -> str:
        first = self.peek()
        if first not in ("src", "dst"):
            return ""
        self.next += 1
        joint, second = self.peek(), self.peek(1)
        if joint in ("and", "or") and second in ("src", "dst") and second != first:
            self.next += 2
            return "src and dst" if joint == "and" else "src or dst"
        return first

    def identified(self, qualifiers: Qualifiers) -> Node:
        over, direction, kind = qualifiers
        allowed = PORT_OVER if kind in ("port", "portrange") else HOST_OVER
        if over and over not in allowed:
            raise self.error(f"`{over}` cannot stand before `{kind}`, here")
        match kind:
            case "port":
                port = self.port(self.take())
                return bpf_words.ports(port, port, direction, over)
            case "portrange":
                low, dash, high = self.take().partition("-")
                first = self.port(low)
                second = self.port(high) if dash else first
                return bpf_words.ports(min(first, second), max(first, second), direction, over)
            case "net":
                net, mask = self.network()
            case _:
                net, mask = self.host()
        if over and (len(net) == 16) != (over == "ip6"):
            raise self.error(f"`{over}` does not go with the address", back=1)
        return bpf_words.network(net, mask, direction, over)

    def number(self, most: int) -> int:
        word = self.take()
        try:
            number = int(word, 0)
        except ValueError:
            number = -1
        if not 0 <= number <= most or "_" in word:
            raise self.error(f"a number from 0 to {most} expected instead of", back=1)
        return number

    def port(self, word: str) -> int:
        if word in SERVICES:
            return SERVICES[word]
        if not (word.isascii() and word.isdigit() and len(word) <= 5 and int(word) <= 0xFFFF):
            raise self.error("a port from 0 to 65535 expected instead of", back=1)
        return int(word)

    def host(self) -> tuple[bytes, bytes]:
        word = self.take()
        try:
            packed = ipaddress.ip_address(word).packed
        except ValueError:
            raise self.error("a numeric address expected instead of", back=1) from None
        if "%" in word:
            raise self.error("an address without a scope expected instead of", back=1)
        return packed, b"\xff" * len(packed)

    def network(self) -> tuple[bytes, bytes]:
        word = self.take()
        address, slash, length = word.partition("/")
        if ":" not in address and address.count(".") < 3:  # `10.1` is 10.1.0.0/16, as tcpdump reads it
            parts = address.split(".")
            address = ".".join(parts + ["0"] * (4 - len(parts)))
            if not slash:
                length = str(8 * len(parts))
        elif not slash and ":" not in address and self.peek() == "mask":
            self.next += 1
            length = self.take()
        try:
            net = ipaddress.ip_network(f"{address}/{length}" if length else address)
            if "." in length and str(net.netmask) != length:
                raise ValueError("a host mask")
        except ValueError as error:
            wrong = "no bits below the mask" if "host bits" in str(error) else "a network such as 10.0.0.0/8"
            raise self.error(f"{wrong} expected in", back=1) from None
        return net.network_address.packed, net.netmask.packed

    def flags(self) -> Node:
        self.next += 2
        if self.take() not in ("tcpflags", "13"):
            raise self.error("only tcp[tcpflags] is built in, not", back=1)
        self.expect("]")
        mask = 0xFF
        if self.peek() == "&":
            self.next += 1
            mask = self.bits()
        comparison = self.take()
        if comparison not in COMPARISONS:
            raise self.error("a comparison expected instead of", back=1)
        return bpf_words.tcp_flags(mask, comparison, self.bits())

    def bits(self) -> int:
        """Flags as names or numbers, joined by `|` or `+`, in parentheses where there are several."""
        if self.peek() != "(":
            return self.flag()
        self.next += 1
        value = self.flag()
        while self.peek() in ("|", "+"):
            self.next += 1
            value |= self.flag()
        self.expect(")")
        return value

    def flag(self) -> int:
        if self.peek() in bpf_words.TCP_FLAGS:
            return bpf_words.TCP_FLAGS[self.take()]
        return self.number(0xFF)
