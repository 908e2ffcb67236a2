"""Every word that the program can show, and those that tutorials name, is explained, in its own words and rightly."""

from __future__ import annotations

import errno
import re
import socket

import pytest

from engine.capture import decode_other
from engine.flow.findings import FINDINGS
from engine.insight.verdicts.rules import RULES
from engine.lab.errors import ERRORS as LAB_ERRORS
from engine.lab.options import OPTIONS as LAB_OPTIONS
from engine.model.pipeline import BOX_TITLES
from engine.model.tcp import SPELLINGS, SocketState, TcpFlags
from engine.model.verdicts import NO_FINDING
from engine.sockets.totals import WATCHED
from engine.text.columns import COLUMNS
from engine.text.explain.entry import Explanation, Kind
from engine.text.explain.table import EXPLANATIONS, explained, suggestions
from engine.text.presets import PRESETS
from tui.widgets.call_columns import call_columns
from tui.widgets.flow_columns import flow_columns
from tui.widgets.packet_columns import packet_columns

LOGGED_CALLS = (
    "socket bind listen accept connect connect_ex send sendall sendto sendmsg sendfile recv recvfrom recv_into recvmsg "
    "close shutdown dup detach getsockname getpeername getsockopt setsockopt setblocking settimeout select socketpair "
    "fork getaddrinfo gethostbyaddr ioctl"
)
"""The calls that an actor's log can show."""

TUTORIAL_WORDS = (
    "AF_INET AF_INET6 AF_UNIX AF_PACKET AF_CAN AF_BLUETOOTH AF_VSOCK AF_TIPC AF_ALG AF_QIPCRTR AF_NETLINK PF_SYSTEM "
    "SOCK_STREAM SOCK_DGRAM SOCK_RAW SHUT_RD SHUT_WR SHUT_RDWR SOMAXCONN INADDR_ANY MSG_PEEK EVENT_READ EVENT_WRITE "
    "SO_REUSEADDR SO_KEEPALIVE SO_LINGER TCP_NODELAY IPV6_V6ONLY AI_PASSIVE SCM_RIGHTS makefile create_connection "
    "gethostbyname gethostname getfqdn getservbyname inet_aton inet_pton htons htonl ntohs ntohl fromfd socket.timeout "
    "half-open half-close timeout backlog loopback endianness five-tuple nagle handshake herror gaierror"
)


MANUAL_ERRORS = (
    "EACCES EADDRINUSE EADDRNOTAVAIL EAFNOSUPPORT EAGAIN EALREADY EBADF EBUSY ECONNABORTED ECONNREFUSED ECONNRESET "
    "EDESTADDRREQ EFAULT EHOSTUNREACH EINPROGRESS EINTR EINVAL EIO EISCONN EISDIR ELOOP EMFILE EMSGSIZE ENAMETOOLONG "
    "ENETDOWN ENETUNREACH ENFILE ENOBUFS ENODEV ENOENT ENOMEM ENOPKG ENOPROTOOPT ENOSPC ENOTCONN ENOTDIR ENOTSOCK "
    "ENXIO EOPNOTSUPP EOVERFLOW EPERM EPFNOSUPPORT EPIPE EPROTO EPROTONOSUPPORT EPROTOTYPE EROFS ESHUTDOWN "
    "ESOCKTNOSUPPORT ESPIPE ESRCH ETIMEDOUT ETOOMANYREFS EWOULDBLOCK"
)
"""Errors in the manual pages of the socket calls, of sendfile(2), and of ip(7), tcp(7), udp(7), unix(7), packet(7)."""


def names(kind: Kind) -> set[str]:
    return {one.name for one in EXPLANATIONS if one.kind is kind}


@pytest.mark.parametrize("state", list(SocketState))
def test_every_state_is_explained(state: SocketState) -> None:
    assert state.value in names(Kind.STATE)


@pytest.mark.parametrize("spelling", sorted(SPELLINGS))
def test_every_spelling_of_a_state_finds_it(spelling: str) -> None:
    assert SPELLINGS[spelling].value in {one.name for one in explained(spelling, Kind.STATE)}


@pytest.mark.parametrize("flag", list(TcpFlags))
def test_every_flag_is_explained(flag: TcpFlags) -> None:
    assert flag.name in names(Kind.FLAG)


@pytest.mark.parametrize("finding", sorted(FINDINGS.values()))
def test_every_finding_is_explained(finding: str) -> None:
    assert finding in names(Kind.FINDING)
    assert explained(f"tcp.analysis.{finding}", Kind.FINDING)


@pytest.mark.parametrize("name", list(COLUMNS))
def test_every_column_is_explained_by_name_and_title(name: str) -> None:
    [by_name] = explained(name, Kind.COLUMN)
    assert explained(COLUMNS[name].title, Kind.COLUMN) == (by_name,)


@pytest.mark.parametrize("name", [one.name for preset in PRESETS.values() for one in preset.columns])
def test_the_columns_of_presets_are_explained_by_those_they_show(name: str) -> None:
    shown = {
        "proto": "netid", "local_address": "local", "local_port": "local", "peer_address": "peer", "peer_port": "peer",
        "type": "family", "node": "netid", "name": "local",
    }  # fmt: skip
    assert explained(shown.get(name, name), Kind.COLUMN)


@pytest.mark.parametrize("name", sorted(LAB_ERRORS))
def test_every_error_that_the_lab_makes_is_explained(name: str) -> None:
    assert explained(name) or explained(name.split("-")[0])


@pytest.mark.parametrize("name", [option.name for option in LAB_OPTIONS])
def test_every_option_that_the_lab_sets_is_explained(name: str) -> None:
    assert name in names(Kind.OPTION)


@pytest.mark.parametrize("name", LOGGED_CALLS.split())
def test_every_call_that_the_lab_logs_is_explained(name: str) -> None:
    assert name in names(Kind.CALL)
    assert explained(f"{name}()", Kind.CALL)


@pytest.mark.parametrize(("version", "types"), [("", decode_other._ICMP_TYPES), ("v6", decode_other._ICMPV6_TYPES)])
def test_every_icmp_message_that_the_capture_names_is_explained(
    version: str, types: dict[int, tuple[str, tuple[str, ...]]]
) -> None:
    shown = {
        f"ICMP{version} {number}/{code}" for number, (_, codes) in types.items() for code in range(len(codes) or 1)
    }
    assert shown <= names(Kind.ICMP)


@pytest.mark.parametrize("word", TUTORIAL_WORDS.split())
def test_every_word_of_the_tutorials_is_explained(word: str) -> None:
    assert explained(word)


@pytest.mark.parametrize(
    "title",
    sorted(
        {one.title for one in packet_columns(lambda _row: "")}
        | {one.title for one in flow_columns(dict, lambda: 0)}
        | {one.title for one in call_columns()}
    ),
)
def test_every_column_of_the_other_lists_is_explained(title: str) -> None:
    assert explained(title, Kind.COLUMN)


@pytest.mark.parametrize("counter", WATCHED)
def test_every_counter_that_is_shown_is_explained(counter: str) -> None:
    assert explained(counter, Kind.COUNTER)


@pytest.mark.parametrize("box", BOX_TITLES)
def test_every_place_of_the_byte_view_is_explained(box: str) -> None:
    assert explained(box)


@pytest.mark.parametrize("name", [*RULES, NO_FINDING])
def test_every_verdict_is_explained(name: str) -> None:
    [one] = explained(name, Kind.VERDICT)
    assert one.name == name


@pytest.mark.parametrize("name", MANUAL_ERRORS.split())
def test_every_error_that_the_manual_names_is_explained(name: str) -> None:
    assert [one for one in explained(name) if one.kind is Kind.ERRNO]


def test_words_with_two_meanings_say_so() -> None:
    assert any("Two meanings" in one.text for one in explained("half-open"))
    [timeout] = explained("timeout")
    assert "errno is None" in timeout.text
    assert "ETIMEDOUT" in timeout.text


@pytest.mark.parametrize("one", EXPLANATIONS, ids=lambda one: f"{one.kind.name}-{one.name}")
def test_an_explanation_is_a_few_sentences_with_a_source(one: Explanation) -> None:
    sentences = re.split(r"(?<=[.!?])\s+(?=[A-Z`'0-9a-z])", one.text)
    assert 1 <= len(sentences) <= 5
    assert 15 <= len(one.text) <= 480
    assert one.text.endswith(".")
    assert one.text.isprintable()
    assert one.source
    assert "  " not in one.text


def test_no_name_is_explained_twice_as_the_same_thing() -> None:
    pairs = [(one.kind, one.name.casefold()) for one in EXPLANATIONS]
    assert len(pairs) == len(set(pairs))


@pytest.mark.linux
def test_linux_numbers_are_those_of_this_linux() -> None:
    told = {one.name: one.numbers.linux for one in EXPLANATIONS if one.kind is Kind.ERRNO and one.numbers}
    assert {name: getattr(errno, name) for name in told} == told
    resolver = {
        one.name: one.numbers.linux
        for one in EXPLANATIONS
        if one.kind is Kind.RESOLVER and one.numbers and hasattr(socket, one.name)
    }
    assert len(resolver) >= 9
    assert {name: getattr(socket, name) for name in resolver} == resolver


def test_errors_have_a_number_on_every_system_that_knows_them() -> None:
    [refused] = explained("ECONNREFUSED")
    assert refused.numbers is not None
    assert (refused.numbers.linux, refused.numbers.macos, refused.numbers.windows) == (111, 61, 10061)
    assert refused.numbers.windows_name == "WSAECONNREFUSED"
    assert explained("10061") == explained("WSAECONNREFUSED") == explained("ConnectionRefusedError") == (refused,)


def test_a_number_may_be_several_errors() -> None:
    assert [one.name for one in explained("11")] == ["EAGAIN", "EAI_SYSTEM"]
    assert explained("-2")[0].name == "EAI_NONAME"
    assert explained("99999") == ()


def test_case_and_joining_signs_do_not_matter() -> None:
    assert explained("time_wait") == explained("TIME-WAIT") == explained("Time Wait") != ()


def test_a_word_that_is_not_known_gets_the_likest() -> None:
    assert explained("ECONRESET") == ()
    assert "ECONNRESET" in suggestions("ECONRESET")
    assert suggestions("\x00" * 5000) == ()


def test_numbers_say_where_there_are_none() -> None:
    from tui.cli.explain import numbers_text

    [missing] = explained("ENOENT")
    assert missing.numbers is not None
    assert numbers_text(missing.numbers) == "Number: 2 on Linux, 2 on macOS; none on Windows."
