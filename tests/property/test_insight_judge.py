"""The judge on any rows at all: it never raises, says only what its table knows, and forgets what is gone."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from engine.insight.counts import receiver_counts, sender_counts
from engine.insight.judge import Judge
from engine.insight.pipeline import pipeline
from engine.insight.verdicts.rules import RULES
from engine.model.pipeline import BOX_TITLES
from engine.model.snapshot import Snapshot
from engine.model.sockets import Owner, SkMem, SocketEntry, Timer
from engine.model.tcp import SocketState

COUNTS = st.one_of(st.none(), st.integers(0, 2**31))
ADDRESSES = st.sampled_from(["127.0.0.1", "::1", "::ffff:127.0.0.1", "192.0.2.7", "0.0.0.0", "*", "", "fe80::1%lo"])
PORTS = st.sampled_from([0, 1, 80, 40_000, 65_535])

ROWS = st.builds(
    SocketEntry,
    key=st.integers(1, 12),
    netid=st.sampled_from(["tcp", "udp", "udpl", "raw", "u_str"]),
    family=st.sampled_from([1, 2, 10]),
    state=st.sampled_from(SocketState),
    recv_q=COUNTS,
    send_q=COUNTS,
    local_address=ADDRESSES,
    local_port=PORTS,
    peer_address=ADDRESSES,
    peer_port=PORTS,
    inode=st.integers(0, 3),
    cookie=st.one_of(st.none(), st.integers(1, 12)),
    timer=st.one_of(
        st.none(),
        st.builds(
            Timer,
            st.sampled_from(["on", "keepalive", "timewait", "persist", "unknown"]),
            st.integers(0, 10**6),
            st.integers(0, 255),
        ),
    ),
    owners=st.one_of(st.just(()), st.just((Owner(1, 2, "\x1b[31mx"),))),
    owner_unknown=st.sampled_from(["", "other user", "not yet accepted", "gone", "?"]),
    tcp_info=st.binary(max_size=300),
    skmem=st.one_of(st.none(), st.builds(SkMem, *[st.integers(0, 2**32 - 1)] * 9)),
)

COUNTERS = st.dictionaries(
    st.sampled_from(["TcpEstabResets", "TcpAttemptFails", "TcpExtListenOverflows", "UdpRcvbufErrors"]),
    st.integers(1, 10**9),
)

LOOKS = st.lists(
    st.tuples(
        st.integers(0, 20_000), st.lists(ROWS, max_size=12, unique_by=lambda row: row.key), COUNTERS, st.booleans()
    ),
    min_size=1,
    max_size=6,
)  # fmt: skip


@settings(deadline=None, max_examples=60)
@given(LOOKS)
def test_whatever_the_table_shows_the_judge_says_what_it_knows(
    looks: list[tuple[int, list[SocketEntry], dict[str, int], bool]],
) -> None:
    judge, now_ns = Judge(), 10**18
    for pause_ms, rows, moved, whole in looks:
        now_ns += pause_ms * 1_000_000
        said = judge.take(Snapshot(now_ns, rows, moved=moved, ephemeral=(40_000, 40_003)), whole)
        told = [*said, *(one for row in rows for one in judge.about(row.key))]
        for one in told:
            assert one.rule in RULES
            assert one.sentence.endswith(".")
            assert one.since_ns <= now_ns
            assert one.advice
            assert len(one.sentence) < 500
            assert all(figure.value is not None for figure in one.evidence)
        keys = {row.key for row in rows}
        assert {one.subject.key for one in told if one.rule not in ("reset", "refused")} <= keys | {0}


@settings(deadline=None, max_examples=100)
@given(ROWS, st.one_of(st.none(), ROWS), st.one_of(st.none(), st.booleans()))
def test_the_boxes_always_add_up_and_are_never_below_zero(
    local: SocketEntry, peer: SocketEntry | None, opened: bool | None
) -> None:
    both = pipeline(local, peer, opened=opened)
    for way in (both.forward, both.backward):
        assert [box.name for box in way.boxes] == list(BOX_TITLES)
        assert all(box.value is None or box.value >= 0 for box in way.boxes)
        [sender] = [one for one in way.equations if one.name == "sender"]
        assert sender.holds in (True, None)


@given(ROWS)
def test_counts_never_make_up_what_is_not_there(row: SocketEntry) -> None:
    bare = SocketEntry(
        row.key, row.netid, row.family, row.state, None, None, row.local_address, row.local_port, row.peer_address,
        row.peer_port,
    )  # fmt: skip
    sender, receiver = sender_counts(bare), receiver_counts(bare)
    assert (sender.accepted, sender.not_sent, sender.acked, sender.in_flight, sender.send_q) == (None,) * 5
    assert (receiver.received, receiver.recv_q, receiver.read) == (None,) * 3
