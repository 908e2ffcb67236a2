"""A filter of the socket table passes the rows that it says, and says what it understood."""

from __future__ import annotations

import pytest

from engine.model.errors import FilterError
from engine.model.sockets import SocketEntry, SocketFigures, Timer
from engine.model.tcp import SocketState
from engine.query.sockets import compile_sockets, explain_sockets
from engine.text.cells import Look
from tests.unit.socket_entries import entry, listener, owner, skmem, tcp_info

FLOWING = entry(
    recv_q=70_000, owners=(owner("sink", 41210, 7, cmdline="python sink.py"),), uid=1000, inode=88213, cookie=0x3F2,
    timer=Timer("on", 204, 3), congestion="cubic", shutdown=2, skmem=skmem(rcvbuf=131_072), interface=1, mark=0x10,
    tcp_info=tcp_info(rtt=23, rto=204_000, snd_cwnd=10, bytes_received=1500, snd_ssthresh=0x7FFFFFFF, total_retrans=2),
)  # fmt: skip
LISTENING = listener(
    key=2, owners=(owner("nginx", 812), owner("nginx", 813)), local_port=80, local_address="*", family=10
)
SSH = entry(key=3, local_address="10.1.2.3", local_port=40000, peer_address="10.0.0.9", peer_port=22)
MAPPED = entry(
    key=4, family=10, local_address="::ffff:10.1.2.3", peer_address="::1", peer_port=0, netid="udp",
    state=SocketState.UNCONN, owner_unknown="other user",
)  # fmt: skip
UNIX = entry(
    key=5, family=1, netid="u_str", local_address="/run/dbus.sock", local_port=0, peer_address="", peer_port=0,
)  # fmt: skip
CLOSING = entry(key=6, state=SocketState.TIME_WAIT, inode=0, recv_q=None, send_q=None, local_port=53225, peer_port=80)

ROWS = {"flowing": FLOWING, "listening": LISTENING, "ssh": SSH, "mapped": MAPPED, "unix": UNIX, "closing": CLOSING}
LOOK = Look(
    now_ns=100_000_000_000,
    figures={1: SocketFigures(90_000_000_000, True, 2048.0, 0.0), 2: SocketFigures(10_000_000_000)},
    user_name={1000: "alice"}.__getitem__,
    interface_name={1: "lo"}.__getitem__,
)


def passing(text: str) -> str:
    chosen = compile_sockets(text)
    return " ".join(name for name, row in ROWS.items() if chosen.matches(row, LOOK))


ALL = "flowing listening ssh mapped unix closing"


@pytest.mark.parametrize(
    ("text", "rows"),
    [
        ("", ALL),
        ("   ", ALL),
        # words that stand alone
        ("sink", "flowing"),
        ("SINK", "flowing"),
        ("nginx", "listening"),
        ("dbus", "unix"),
        ("other", "mapped"),
        ("80", "listening closing"),
        ("8", ""),
        ("41210", "flowing"),
        ("812", "listening"),
        ("4194304", ""),
        ("established", "flowing ssh unix"),
        ("ESTAB", "flowing ssh unix"),
        ("time_wait", "closing"),
        ("listen", "listening"),
        ("tcp", "flowing listening ssh closing"),
        ("udp", "mapped"),
        ("unix", "unix"),
        ("ipv6", "listening mapped"),
        ("10.1.2.3", "ssh mapped"),
        ("10.0.0.0/8", "ssh mapped"),
        ("::1", "mapped"),
        ("127.0", "flowing closing"),
        ("127.0.0.1:80", "closing"),
        (":ssh", "ssh"),
        ("lo:65432", "flowing"),
        ("localhost", "flowing mapped closing"),
        ('"established"', "flowing ssh unix"),
        ("'/run/dbus.sock'", "unix"),
        ("/run/dbus.sock", "unix"),
        ("/^ng.nx$/", "listening"),
        # key:value, key=value
        ("process:gin", "listening"),
        ("process=gin", ""),
        ("process=NGINX", "listening"),
        ("process:/^s/", "flowing"),
        ("process ~ ^s", "flowing"),
        ("process matches ^s", "flowing"),
        ("process!=nginx", "flowing"),
        ("process!=/^n/", "flowing ssh mapped unix closing"),
        ('cmdline:"sink.py"', "flowing"),
        ("cmdline contains 'SINK.py'", "flowing"),
        ("pid:812", "listening"),
        ("fd=7", "flowing listening"),
        ("user:alice", "flowing"),
        ("user=1000", "flowing"),
        ("uid=1000", "flowing"),
        ("state:listen", "listening"),
        ("state=listen,time-wait", "listening closing"),
        ("state in {listen time-wait}", "listening closing"),
        ("state!=established", "listening mapped closing"),
        ("proto:u", "mapped unix"),
        ("netid=tcp", "flowing listening ssh closing"),
        ("port:80", "listening closing"),
        ("port=22,80", "listening ssh closing"),
        ("port in {22, 80}", "listening ssh closing"),
        ("port:20-25", "ssh"),
        ("port in {20..25}", "ssh"),
        ("port!=80", "flowing ssh mapped"),
        ("lport:80", "listening"),
        ("rport:80", "closing"),
        ("addr:127.0.0.1", "flowing closing"),
        ("src:10.1.2.3", "ssh mapped"),
        ("local:[::ffff:10.1.2.3]", "ssh mapped"),
        ("peer:[::1]", "mapped"),
        ("local:/run", "unix"),
        ("local:*:80", "listening"),
        ("cookie:3f2", "flowing"),
        ("inode=88213", "flowing"),
        ("interface:lo", "flowing"),
        ("dev lo", "flowing"),
        ("mark=0x10", "flowing"),
        ("timer:on", "flowing"),
        ("shutdown:write", "flowing"),
        ("congestion=cubic", "flowing"),
        ("owner:user", "mapped"),
        ("reach:everyone", "listening"),
        # comparisons with units
        ("recvq>0", "flowing"),
        ("recv-q > 0", "flowing"),
        ("recv_q gt 0", "flowing"),
        ("recvq>=64k", "flowing"),
        ("recvq>=64KiB", "flowing"),
        ("recvq>=69k", ""),
        ("recvq:>0", "flowing"),
        ("sendq>0", ""),
        ("accept>0", "listening"),
        ("backlog=128", "listening"),
        ("rtt<1ms", "flowing"),
        ("rtt=23us", "flowing"),
        ("rtt>0.02", "flowing"),
        ("rto>=0.2s", "flowing"),
        ("not rtt>1ms", ALL),
        ("rtt<=1ms", "flowing"),
        ("cwnd=10", "flowing"),
        ("ssthresh>0", ""),
        ("retrans>0", "flowing"),
        ("received=1500", "flowing"),
        ("rcvbuf=128k", "flowing"),
        ("age<=10s", "flowing"),
        ("age<=10", "flowing"),
        ("age>1min", "listening"),
        ("inrate>1k", "flowing"),
        ("inrate>=2k/s", "flowing"),
        ("expires<1s", "flowing"),
        # and or not ( )
        ("tcp recvq>0", "flowing"),
        ("tcp and recvq>0", "flowing"),
        ("tcp && recvq>0", "flowing"),
        ("tcp & recvq>0", "flowing"),
        ("udp or unix", "mapped unix"),
        ("udp || unix", "mapped unix"),
        ("udp | unix", "mapped unix"),
        ("not tcp", "mapped unix"),
        ("! tcp", "mapped unix"),
        ("!!tcp", "flowing listening ssh closing"),
        ("not not not tcp", "mapped unix"),
        ("udp or tcp listen", "listening mapped"),
        ("(udp or tcp) listen", "listening"),
        ("NOT tcp AND udp", "mapped"),
        # ss
        ("state established", "flowing ssh unix"),
        ("state established state listen", "flowing listening ssh unix"),
        ("exclude established", "listening mapped closing"),
        ("state all", ALL),
        ("state connected", "flowing ssh unix closing"),
        ("state synchronized", "flowing ssh unix closing"),
        ("state bucket", "closing"),
        ("state big", "flowing listening ssh mapped unix"),
        ("state unconnected", "mapped"),
        ("connected tcp", "flowing ssh closing"),
        ("( dport = :ssh or sport = :ssh )", "ssh"),
        ("state established ( dport = :ssh or sport = :http )", "ssh"),
        ("dport eq 22", "ssh"),
        ("dport = :80", "closing"),
        ("dport != 80", "flowing listening ssh mapped"),
        ("sport lt 1024", "listening"),
        ("sport ge :50000", "flowing mapped closing"),
        ("dst 10.0.0.0/8", "ssh"),
        ("dst = 10.0.0.9", "ssh"),
        ("dst 10.0.0.9:22", "ssh"),
        ("dst [::1]", "mapped"),
        ("src inet:10.1.2.3", "ssh mapped"),
        ("src unix:/run", "unix"),
        ("src *", ALL),
        ("fwmark = 16", "flowing"),
        # Wireshark
        ("tcp.port == 80", "listening closing"),
        ("ip.addr == 10.0.0.9", "ssh"),
        ("ip.src == 10.1.2.3 && tcp.port eq 22", "ssh"),
    ],
)
def test_a_filter_passes_the_rows_that_it_says(text: str, rows: str) -> None:
    assert passing(text) == rows


@pytest.mark.parametrize(
    ("text", "position", "sentence"),
    [
        ("sttae=listen", 0, "did you mean state?"),
        ("tcp foo:bar", 4, '"foo'),
        ("state=lisen", 6, "not a state"),
        ("state", 5, "needs a value"),
        ("state:", 6, "needs a value"),
        ("state: listen", 6, "needs a value"),
        ("port:70000", 5, "70000 is not a port: they end at 65535"),
        ("port:http-no", 5, "service"),
        ("port:90-80", 5, "empty"),
        ("127.0.0.1:70000", 0, "70000 is not a port"),
        ("dst 300.1.1.1/8", 4, "not an address"),
        ("dst example.com", 4, "does not look names up"),
        ("dst 80", 4, "a port is written :80"),
        ("recvq>", 6, "needs a value"),
        ("recvq>lots", 6, "not a size"),
        ("recvq>1,000", 6, "one value"),
        ("recvq>99999999999999999999", 6, "any counter"),
        ("rtt>5parsecs", 4, "not a time"),
        ("cwnd=0.5x", 5, "not a number"),
        ("cookie:xyz", 7, "hexadecimal"),
        ("v6only=maybe", 7, "neither 1 nor 0"),
        ("process>5", 8, "not a number"),
        ("pid~1", 4, "no expression"),
        ("process:/(/", 10, "parenthesis"),
        ("process ~ ''", 11, "empty"),
        ("process in {a", 11, "brace"),
        ("process in {}", 12, "nothing between"),
        ("process in {a /b/}", 11, "do not mix"),
        ("(tcp", 0, "not closed"),
        ("tcp)", 3, "not opened"),
        ("()", 1, "nothing between"),
        ("tcp and", 7, "missing at the end"),
        ("or tcp", 0, "missing before"),
        ("= 5", 0, "missing before"),
        ("tcp = 5", 0, "not a field"),
        ("tcp, udp", 3, "comma"),
        ("tcp } udp", 4, "no place"),
        ('"open', 0, "not closed"),
        ("tcp.flags.syn == 1", 0, "not a field"),
        ("x" * 4097, 4096, "longer"),
        ("(" * 2000 + ")" * 2000, 40, "deep"),
        ("(" * 5120 + ")" * 5120, 4096, "longer"),
    ],
)
def test_what_is_not_understood_is_said_with_its_place(text: str, position: int, sentence: str) -> None:
    with pytest.raises(FilterError) as caught:
        compile_sockets(text)
    assert sentence in str(caught.value)
    assert caught.value.position == position


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "every socket"),
        ("sink", "any text contains “sink”"),
        ("/s.nk/", "any text matches /s.nk/"),
        ("state established", "the state is ESTABLISHED"),
        ("sendq>=64k", "Send-Q (not on LISTEN) is at least 65,536 B"),
        ("rtt>5", "the round trip time is above 5.00 ms"),
        ("8080", "the local or peer port is 8080 (http-alt) or the PID is 8080"),
        ("port:80-90,443", "the local or peer port is 80 to 90 or 443 (https)"),
        ("not tcp", "not (the kind of socket is “tcp”)"),
        ("tcp (a or b)", "the kind of socket is “tcp” and (any text contains “a” or any text contains “b”)"),
        ("dst 10.0.0.0/8:443", "the peer address is 10.0.0.0/8 with port 443"),
        ("state bucket", "the state is bucket (SYN-RECEIVED, TIME-WAIT)"),
        ("state big", "the state is big (all but SYN-RECEIVED, TIME-WAIT)"),
        ("state all", "the state is all"),
        ("cookie:3f2", "the cookie is 0x3f2"),
        ("v6only", "IPv6 only is set"),
        ("v6only=0", "IPv6 only is not set"),
        ("dst 127.0", "the peer address is like “127.0”"),
        ("process!=a,b", "the process is not “a” nor “b”"),
        ("process:\x1b[31m", "the process contains “\\x1b[31m”"),
    ],
)
def test_it_says_what_it_understood(text: str, words: str) -> None:
    assert explain_sockets(text) == words


def test_a_filter_says_what_it_needs() -> None:
    needs = {text: compile_sockets(text) for text in ("", "sink", "pid:1", "age>1s", "state listen")}
    assert [text for text, chosen in needs.items() if chosen.needs_owners] == ["sink", "pid:1"]
    assert [text for text, chosen in needs.items() if chosen.needs_figures] == ["age>1s"]


def test_a_row_alone_can_be_asked() -> None:
    assert compile_sockets("recvq>0").matches(FLOWING)
    assert not compile_sockets("age>0").matches(FLOWING)


def test_an_address_in_a_mapped_row_is_the_ipv4_address() -> None:
    row: SocketEntry = entry(local_address="::ffff:10.0.0.1", family=10)
    assert compile_sockets("src ::ffff:10.0.0.0/104").matches(row)
    assert compile_sockets("src 10.0.0.1").matches(row)


@pytest.mark.parametrize("text", [r"process ~ \/", r"process ~ /\//", "process ~ '/'"])
def test_a_slash_in_an_expression_is_the_same_escaped_or_not(text: str) -> None:
    chosen = compile_sockets(text)
    assert str(chosen) == r"process ~ /\//"
    assert compile_sockets(str(chosen)).node == chosen.node
