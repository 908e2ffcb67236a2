"""Folded connections and groups: one line for the two ends, one heading for a group."""

from __future__ import annotations

from engine.model.tcp import SocketState
from engine.text.cells import Look
from tests.tui.fakes import entry, owner, tutorial_entries
from tui.widgets.socket_lines import (
    Grouping,
    Heading,
    Pair,
    SocketLine,
    entry_of,
    folded,
    grouped,
    interned,
    line_spans,
    listening_ports,
)


def fold() -> list[SocketLine]:
    entries = tutorial_entries()
    return folded(entries, listening_ports(entries))


def text_of(line: SocketLine, narrow: bool = False) -> str:
    return "".join(text for text, _ink in line_spans(lambda: Look(short_loopback=narrow))(line))


def test_the_two_ends_of_a_local_connection_are_one_line_the_client_first() -> None:
    pairs = [line for line in fold() if isinstance(line, Pair)]
    assert [(pair.client.local_port, pair.server.local_port) for pair in pairs] == [(53_225, 65_432), (50_102, 8_080)]
    assert len(fold()) == len(tutorial_entries()) - 2


def test_without_a_listener_the_lower_port_serves() -> None:
    ends = [entry(1, local_port=50_000, peer_port=700), entry(2, local_port=700, peer_port=50_000)]
    (pair,) = folded(ends, frozenset())
    assert isinstance(pair, Pair)
    assert pair.server.local_port == 700


def test_an_ipv4_mapped_end_and_an_ipv4_end_are_one_connection() -> None:
    ends = [
        entry(1, local_port=50_000, peer_port=80),
        entry(2, family=10, local_address="::ffff:127.0.0.1", peer_address="::ffff:127.0.0.1", local_port=80,
              peer_port=50_000),
    ]  # fmt: skip
    assert len(folded(ends, frozenset((80,)))) == 1


def test_a_connection_to_itself_stays_a_socket() -> None:
    own = [entry(1, local_port=50_000, peer_port=50_000)]
    assert folded(own, frozenset()) == own


def test_tcp_and_udp_on_the_same_ports_are_two_things() -> None:
    ends = [entry(1, local_port=50_000, peer_port=80), entry(2, netid="udp", local_port=80, peer_port=50_000)]
    assert folded(ends, frozenset((80,))) == ends


def test_a_folded_line_says_who_sends_what_to_whom() -> None:
    (pair, *_rest) = [line for line in fold() if isinstance(line, Pair)]
    words = text_of(pair).split()
    assert words[:11] == [
        "flood-client", "41233", ":53225", "━━", "269,868", "▶", "408,300", "━━▶", "sink", "41210", ":65432",
    ]  # fmt: skip
    assert words[11] == "ESTABLISHED"


def test_a_folded_line_shows_the_way_back_where_data_waits_on_it() -> None:
    client = entry(1, local_port=50_000, peer_port=80, recv_q=12)
    server = entry(2, local_port=80, peer_port=50_000, send_q=7)
    assert "7 ▶ 12" in text_of(Pair(client, server))
    assert "◀" not in text_of(Pair(entry(1), entry(2)))


def test_a_folded_line_fits_a_narrow_terminal() -> None:
    (pair, *_rest) = [line for line in fold() if isinstance(line, Pair)]
    head = text_of(pair, narrow=True)[:75]
    for words in (":53225", "269,868 ▶ 408,300", ":65432"):
        assert words in head


def groups(grouping: Grouping, folded_groups: frozenset[str] = frozenset()) -> list[SocketLine]:
    entries = tutorial_entries()
    return grouped(entries, grouping, folded_groups, entries)


def test_groups_count_their_sockets_and_add_their_data_queues() -> None:
    headings = {line.name: line for line in groups(Grouping.PROCESS) if isinstance(line, Heading)}
    assert headings["sink 41210"] == Heading("sink 41210", 2, 408_300, 0, folded=False)
    assert headings["nginx 812"].sockets == 2
    assert headings["- other user"].sockets == 2


def test_connections_are_grouped_by_the_listener_they_came_through() -> None:
    headings = [line.name for line in groups(Grouping.LISTENER) if isinstance(line, Heading)]
    assert headings == ["0.0.0.0:8080  nginx 812", "127.0.0.1:65432  sink 41210", "[::1]:631  - other user",
                        "no listener here"]  # fmt: skip


def test_a_folded_group_is_its_heading_only() -> None:
    lines = groups(Grouping.STATE, frozenset(("LISTEN",)))
    place = next(place for place, line in enumerate(lines) if isinstance(line, Heading) and line.name == "LISTEN")
    assert isinstance(lines[place + 1], Heading)


def test_lines_that_stand_for_the_same_are_the_same_objects() -> None:
    entries = tutorial_entries()
    listening = listening_ports(entries)
    before = {line.key: line for line in folded(entries, listening)}
    after = interned(folded(entries, listening), before)
    assert all(before[line.key] is line for line in after)
    changed = [entry(3, send_q=1, local_port=53_225, peer_port=65_432) if one.key == 3 else one for one in entries]
    other = interned(folded(changed, listening), before)
    assert next(line for line in other if line.key == 3) is not before[3]


def test_hostile_names_in_groups_and_folds_stay_text() -> None:
    text = "\x1b]0;PWN\x07[/]x"
    one = entry(1, owners=owner(text, 1), state=SocketState.ESTABLISHED)
    (heading, line) = grouped([one], Grouping.PROCESS, frozenset(), [one])
    assert "\x1b" not in text_of(heading)
    assert entry_of(heading) is None
    assert entry_of(line) is one
