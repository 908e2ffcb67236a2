"""What keeps a program from a port, judged from rows and errnos."""

from __future__ import annotations

import errno

import pytest

from engine.insight.ports import conflicts, entry_address, judged
from engine.model.ports import (
    BindOption,
    BindTry,
    Elsewhere,
    Namespaces,
    PortFacts,
    PortReason,
    PortRules,
    PortVerdict,
)
from engine.model.sockets import SocketEntry, Timer
from engine.model.tcp import SocketState
from tests.unit.socket_entries import entry, listener, owner

IN_USE = errno.EADDRINUSE


def said(
    address: str = "0.0.0.0",
    number: int = 0,
    *,
    option: BindOption = BindOption.PLAIN,
    v6only: bool | None = None,
    netid: str = "tcp",
) -> BindTry:
    return BindTry(netid, address, option, v6only, number)


def of(*tries: BindTry, entries: tuple[SocketEntry, ...] = (), rules: PortRules | None = None, port: int = 80,
       namespaces: Namespaces | None = None, to_see_more: str = "") -> PortFacts:  # fmt: skip
    return PortFacts(port, rules or PortRules(), entries, tries, namespaces or Namespaces(), to_see_more)


def verdict(facts: PortFacts) -> PortVerdict:
    [found] = judged(facts).verdicts
    return found


@pytest.mark.parametrize(
    ("held", "address", "v6only", "expected"),
    [
        (listener(local_address="0.0.0.0"), "127.0.0.1", None, True),
        (listener(local_address="127.0.0.1"), "0.0.0.0", None, True),
        (listener(local_address="127.0.0.1"), "127.0.0.2", None, False),
        (listener(local_address="0.0.0.0"), "::", True, False),
        (listener(local_address="0.0.0.0"), "::", False, True),
        (listener(family=10, local_address="*", v6only=False), "127.0.0.1", None, True),
        (listener(family=10, local_address="*", v6only=None), "127.0.0.1", None, True),
        (listener(family=10, local_address="::", v6only=True), "127.0.0.1", None, False),
        (listener(family=10, local_address="::", v6only=True), "::1", True, True),
        (listener(family=10, local_address="::1", v6only=False), "0.0.0.0", None, False),
        (listener(family=10, local_address="::1", v6only=False), "::", False, True),
        (entry(family=10, local_address="::ffff:127.0.0.1"), "127.0.0.1", None, True),
        (entry(family=10, local_address="::ffff:127.0.0.1"), "::1", True, False),
        (entry(family=10, local_address="fe80::1%eth0"), "::", True, True),
    ],
)
def test_addresses_exclude_each_other_as_in_the_kernel(
    held: SocketEntry, address: str, v6only: bool | None, expected: bool
) -> None:
    assert conflicts(held, address, v6only) is expected


def test_the_star_of_a_row_is_a_wildcard_for_both_families() -> None:
    assert entry_address(listener(family=10, local_address="*")) == ("::", False)
    assert entry_address(listener(family=10, local_address="::", v6only=True)) == ("::", True)
    assert entry_address(listener(local_address="*")) == ("0.0.0.0", None)


def test_tries_that_all_work_are_a_free_port() -> None:
    report = judged(of(said(), said(netid="udp")))
    assert report.conclusion == "TCP and UDP 80 are free: bind() works."
    assert [one.reason for one in report.verdicts] == [PortReason.FREE, PortReason.FREE]


def test_a_missing_ipv6_says_nothing_about_the_port() -> None:
    assert verdict(of(said(), said("::", errno.EAFNOSUPPORT, v6only=False))).free


def test_all_holders_stand_in_the_sentence_up_to_three() -> None:
    entries = tuple(
        listener(local_address="0.0.0.0", local_port=80, owners=(owner("nginx", pid),)) for pid in range(10, 15)
    )
    found = verdict(of(said(number=IN_USE), entries=entries))
    assert found.sentence.startswith("TCP 80 is taken: nginx (pid 10) listens on 0.0.0.0:80, ")
    assert "and 2 more" in found.sentence
    assert found.cure == "kill 10 11 12  # or bind another port"


def test_a_holder_that_cannot_be_seen_says_why_and_what_shows_it() -> None:
    held = listener(local_address="0.0.0.0", local_port=80, uid=0, owner_unknown="other user")
    found = verdict(of(said(number=IN_USE), entries=(held,), to_see_more="sudo sockmon port 80"))
    assert "a process of uid 0 that cannot be seen (other user) listens on 0.0.0.0:80" in found.sentence
    assert found.cure == "sudo sockmon port 80  # names the process"


def test_time_wait_says_how_long_and_whether_an_option_helps() -> None:
    waits = entry(state=SocketState.TIME_WAIT, local_port=80, timer=Timer("timewait", 47_100, 0))
    plain = said(number=IN_USE)
    helped = verdict(of(plain, said(option=BindOption.REUSEADDR), entries=(waits, waits)))
    assert helped.reason is PortReason.TIME_WAIT
    assert helped.sentence == (
        "TCP 80 is taken: 2 connections closed from here wait in TIME-WAIT, for 48 s more; "
        "with SO_REUSEADDR bind() works"
    )
    refused = verdict(of(plain, said(number=IN_USE, option=BindOption.REUSEADDR), entries=(waits,)))
    assert refused.cure == "wait, or let the program that closes set SO_REUSEADDR before its bind()"


def test_a_listener_outweighs_its_connections() -> None:
    entries = (entry(local_port=80, owners=(owner(),)), listener(local_address="127.0.0.1", local_port=80))
    assert verdict(of(said(number=IN_USE), entries=entries)).reason is PortReason.HELD


def test_what_the_kernel_does_not_list_is_said_so() -> None:
    found = verdict(of(said(number=IN_USE)))
    assert found.reason is PortReason.UNLISTED
    assert "lists no socket that uses it" in found.sentence


def test_a_refusal_below_the_limit_is_a_privilege_and_above_it_a_policy() -> None:
    rules = PortRules(unprivileged_from=1024)
    assert verdict(of(said(number=errno.EACCES), rules=rules)).reason is PortReason.PRIVILEGED
    assert verdict(of(said(number=errno.EACCES), rules=rules, port=8080)).reason is PortReason.POLICY


def test_a_privileged_port_that_is_held_too_says_both() -> None:
    held = listener(local_address="0.0.0.0", local_port=80, owners=(owner("nginx", 7),))
    found = verdict(of(said(number=errno.EACCES), rules=PortRules(unprivileged_from=1024), entries=(held,)))
    assert found.sentence.endswith(", and nginx (pid 7) listens on 0.0.0.0:80 already")


def test_notes_tell_of_ephemeral_reserved_and_other_namespaces() -> None:
    rules = PortRules(1024, ((8080, 8090),), (32768, 60999))
    [ephemeral] = judged(of(said(), rules=rules, port=40000)).notes
    assert "net.ipv4.ip_local_reserved_ports=40000" in ephemeral
    [reserved] = judged(of(said(), rules=rules, port=8085)).notes
    assert "is reserved" in reserved
    there = Elsewhere(4026531999, 77, (listener(local_port=9000),))
    [other] = judged(of(said(), port=9000, rules=rules, namespaces=Namespaces(1, 0, (there,)))).notes
    assert "namespace 4026531999 (pid 77) uses 9000 too (tcp LISTEN)" in other


def test_foreign_names_leave_printable() -> None:
    held = listener(local_address="0.0.0.0", local_port=80, owners=(owner("a\x1b[31mb", 7),))
    assert "\x1b" not in judged(of(said(number=IN_USE), entries=(held,))).conclusion
