"""Flags and words make one choice, and the table is read for no more than it needs."""

from __future__ import annotations

import pytest

from engine.model.errors import BadInput, FilterError
from tests.unit.socket_entries import entry, listener
from tui.cli.ls_choice import Choice, choice_of

FLAGS = [
    "tcp",
    "udp",
    "unix",
    "raw",
    "packet",
    "ipv4",
    "ipv6",
    "listening",
    "every",
    "processes",
    "info",
    "memory",
    "timers",
    "extended",
    "numeric",
    "resolve",
]


def choice(
    *flags: str, words: str = "", names: str = "", preset: str = "", sort: str = "", machine: bool = False,
    watched: bool = False, whole: bool = False,
) -> Choice:  # fmt: skip
    given: dict[str, str | bool | tuple[str, ...]] = {flag: flag in flags for flag in FLAGS}
    given |= {"source": "auto", "sort": sort, "words": tuple(words.split())}
    return choice_of(given, names, preset, machine=machine, watched=watched, whole=whole)


def test_without_flags_tcp_and_udp_are_shown_with_their_processes() -> None:
    plain = choice()
    assert plain.options.families == ("tcp", "udp")
    assert plain.options.owners
    assert [column.name for column in plain.columns][-1] == "process"


def test_numbers_alone_need_neither_processes_nor_tcp_info() -> None:
    numeric = choice("tcp", "every", "numeric")
    assert not numeric.options.owners
    assert not numeric.options.details
    assert "process" not in [column.name for column in numeric.columns]


@pytest.mark.parametrize(
    "asked",
    [
        choice("numeric", "processes"),
        choice("numeric", words="process:sink"),
        choice("numeric", words="sink"),
        choice("numeric", names="netid,pid"),
        choice("numeric", preset="lsof"),
        choice("numeric", sort="pid"),
        choice("numeric", machine=True),
    ],
)
def test_processes_are_looked_for_where_they_are_needed(asked: Choice) -> None:
    assert asked.options.owners


@pytest.mark.parametrize(
    "asked", [choice("info"), choice("memory"), choice(names="rtt"), choice(words="rtt>1ms"), choice(sort="-cwnd")]
)
def test_tcp_info_is_read_where_it_is_needed(asked: Choice) -> None:
    assert asked.options.details


@pytest.mark.parametrize(
    ("flags", "words", "families"),
    [
        (("udp",), "", ("udp", "udpl")),
        (("tcp", "unix"), "", ("tcp", "unix")),
        (("raw",), "", ("raw", "icmp")),
        ((), "unix", ("unix",)),
        ((), "netid=nl or packet", ("packet", "netlink")),
        ((), "tcp", ("tcp", "udp")),
        ((), "not tcp", ("tcp", "udp")),
        (("tcp",), "unix", ("tcp",)),
    ],
)
def test_flags_choose_the_families_and_a_filter_may(
    flags: tuple[str, ...], words: str, families: tuple[str, ...]
) -> None:
    assert choice(*flags, words=words).options.families == families


def test_the_filter_goes_to_the_kernel_unless_closing_has_to_be_told() -> None:
    assert choice(words="state listen").options.filter == "state listen"
    assert choice(words="state listen", whole=True, watched=True).options.filter == ""


def test_rows_are_chosen_and_sorted() -> None:
    rows = [entry(recv_q=1), entry(recv_q=9, family=10), listener(), entry(recv_q=5)]
    assert [row.recv_q for row in choice(sort="-recv_q", words="state established").rows(rows)] == [9, 5, 1]
    assert choice("listening").rows(rows) == [rows[2]]
    assert choice("ipv6").rows(rows) == [rows[1]]


def test_what_only_watching_tells_is_refused_without_it() -> None:
    with pytest.raises(BadInput, match="--watch"):
        choice(words="age<5s")
    with pytest.raises(BadInput, match="--watch"):
        choice(sort="age")
    assert choice(words="age<5s", watched=True).chosen.needs_figures


def test_a_wrong_filter_names_the_character() -> None:
    with pytest.raises(FilterError, match="at character 5: 'foo' is not a field"):
        choice(words="tcp foo=1")
