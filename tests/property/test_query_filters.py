"""Any text is a filter or a FilterError; what is written back means the same; the kernel never drops what passes."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from engine.model.errors import FilterError
from engine.model.packets import PacketRow
from engine.model.sockets import Owner, SocketEntry
from engine.model.tcp import SocketState
from engine.query.kernel import KernelFilter
from engine.query.packets import compile_packets, explain_packets
from engine.query.sockets import SocketFilter, compile_sockets, explain_sockets
from tests.unit.socket_entries import tcp_info

WORDS = [
    "tcp", "udp", "unix", "sink", "80", "99999", "listen", "established", "10.0.0.1", "10.0.0.0/8", "[::1]:80", "::1",
    ":ssh", "lo:80", "*", '"quoted text"', "'it'", "/s.nk/", "/a\\/b/", "process:sink", "process=sink", "process!=a,b",
    "process ~ /^s/", "state=listen,established", "state != bucket", "state connected", "exclude listen", "port:80",
    "port != 80", "port:70-90", "sport = :80", "dport gt 80", "dst 10.0.0.0/8", "src ::1", "recvq>0", "sendq<=1k",
    "accept>=0", "rtt>5ms", "rtt<1s", "pid:1", "uid=0", "netid:u", "addr:127.0", "local:/run", "inode!=0", "v6only",
    "v6only=0", "age<5s", "mark=0x10", "port in {80, 443}", "process in {sink nginx}", "family=inet6",
]  # fmt: skip

PACKET_WORDS = [
    "tcp", "udp", "ip", "ipv6", "443", "SYN", "tcp.port == 443", "tcp.port != 443", "ip.addr == 10.0.0.0/8",
    "tcp.flags.syn == 1", "tcp.flags.ack", "tcp.analysis.retransmission", "tcp.stream eq 7", "tcp.len > 0",
    "frame.number <= 5", "tcp.seq > 1", "info:win", '"x y"', "/a|b/", "tcp.window_size == 0", "flags:syn,ack",
]  # fmt: skip


def combined(words: list[str]) -> st.SearchStrategy[str]:
    return st.recursive(
        st.sampled_from(words),
        lambda inner: st.one_of(
            st.tuples(inner, st.sampled_from([" and ", " or ", " && ", " || ", " "]), inner).map("".join),
            inner.map("({})".format),
            inner.map("not {}".format),
            inner.map("!({})".format),
        ),
        max_leaves=6,
    )


addresses = st.sampled_from(["127.0.0.1", "10.0.0.1", "::1", "*", "0.0.0.0", "::ffff:10.0.0.1", "/run/x", ""])
ports = st.sampled_from([0, 22, 80, 443, 53225])
entries = st.builds(
    SocketEntry,
    key=st.integers(1, 5),
    netid=st.sampled_from(["tcp", "udp", "u_str", "raw"]),
    family=st.sampled_from([1, 2, 10]),
    state=st.sampled_from(SocketState),
    recv_q=st.none() | st.integers(0, 2000),
    send_q=st.none() | st.integers(0, 2000),
    local_address=addresses,
    local_port=ports,
    peer_address=addresses,
    peer_port=ports,
    uid=st.none() | st.integers(0, 2),
    inode=st.integers(0, 3),
    owners=st.sampled_from([(), (Owner(1, 3, "sink"),), (Owner(80, 3, "nginx"), Owner(81, 3, "a"))]),
    owner_unknown=st.sampled_from(["", "other user"]),
    tcp_info=st.sampled_from([b"", tcp_info(rtt=23), tcp_info(rtt=7_000)]),
    v6only=st.sampled_from([None, False, True]),
)
packets = st.builds(
    PacketRow,
    number=st.integers(1, 10),
    ts_ns=st.just(0),
    source=addresses,
    destination=addresses,
    protocol=st.sampled_from(["TCP", "UDP", "ARP"]),
    length=st.integers(60, 1514),
    info=st.sampled_from(["x y", "Win=0", "b"]),
    stream=st.integers(-1, 8),
    flags=st.integers(0, 0x1FF),
    findings=st.sampled_from([(), ("retransmission",)]),
    sport=ports,
    dport=ports,
    seq=st.none() | st.integers(0, 5),
    window=st.none() | st.just(0),
)


@given(combined(WORDS), st.lists(entries, max_size=10))
def test_a_socket_filter_written_back_passes_the_same_rows(text: str, rows: list[SocketEntry]) -> None:
    chosen = compile_sockets(text)
    again = compile_sockets(str(chosen))
    assert again.node == chosen.node
    assert [again.matches(row) for row in rows] == [chosen.matches(row) for row in rows]
    assert explain_sockets(text).isprintable()


@given(combined(PACKET_WORDS), st.lists(packets, max_size=10))
def test_a_packet_filter_written_back_passes_the_same_rows(text: str, rows: list[PacketRow]) -> None:
    chosen = compile_packets(text)
    again = compile_packets(str(chosen))
    assert again.node == chosen.node
    assert [again.matches(row) for row in rows] == [chosen.matches(row) for row in rows]


def kernel_passes(kernel: KernelFilter, row: SocketEntry) -> bool:
    """The dump as the kernel would make it."""
    ends = {row.local_port, row.peer_port}
    return (
        (kernel.states is None or row.state in kernel.states)
        and (kernel.netids is None or row.netid in kernel.netids)
        and (kernel.local_ports is None or row.local_port in kernel.local_ports)
        and (kernel.peer_ports is None or row.peer_port in kernel.peer_ports)
        and (kernel.ports is None or bool(ends & kernel.ports))
    )


@settings(max_examples=300)
@given(combined(WORDS), st.lists(entries, max_size=10))
def test_the_kernel_drops_nothing_that_passes(text: str, rows: list[SocketEntry]) -> None:
    chosen = compile_sockets(text)
    for row in rows:
        assert kernel_passes(chosen.kernel, row) or not chosen.matches(row)


@given(combined(WORDS), combined(WORDS), entries)
def test_the_words_of_logic_mean_logic(left: str, right: str, row: SocketEntry) -> None:
    def passes(text: str) -> bool:
        return compile_sockets(text).matches(row)

    assert passes(f"({left}) and ({right})") == (passes(left) and passes(right))
    assert passes(f"({left}) or ({right})") == (passes(left) or passes(right))
    assert passes(f"not ({left})") == (not passes(left))


def _parsed(text: str) -> SocketFilter | FilterError:
    try:
        return compile_sockets(text)
    except FilterError as error:
        return error


scraps = st.lists(
    st.sampled_from(
        [*WORDS, "(", ")", "{", "}", "=", "!=", ">", "~", ",", "!", "and", "or", "not", "in", ":", '"', "/"]
    )
).map("".join)


@settings(max_examples=500)
@given(st.text() | scraps | scraps.map(" ".join) | st.text("()!=<>:/\"' andortcpstate0.\\~&|{},[]*%\x1b\u202e"))
def test_any_text_is_a_filter_or_a_filter_error(text: str) -> None:
    outcome = _parsed(text)
    if isinstance(outcome, FilterError):
        assert 0 <= outcome.position <= len(text)
        assert str(outcome).isprintable()
    else:
        assert compile_sockets(str(outcome)).node == outcome.node
        assert explain_sockets(text).isprintable()


@given(st.integers(0, 10_240), st.integers(0, 10_240), st.sampled_from(["", "tcp", "not "]))
def test_ten_kilobytes_of_parentheses_are_refused_or_read(opened: int, closed: int, between: str) -> None:
    _parsed("(" * opened + between + ")" * closed)
    _parsed("(" + "not (" * (opened // 5) + between + ")" * closed)


@given(st.text())
def test_any_text_is_a_packet_filter_or_a_filter_error(text: str) -> None:
    refused: FilterError | None = None
    try:
        compile_packets(text)
        explain_packets(text)
    except FilterError as error:
        refused = error
    assert refused is None or 0 <= refused.position <= len(text)
