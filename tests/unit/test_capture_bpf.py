"""Capture filters: what each word means, what is refused and where, and how a program is put together."""

from __future__ import annotations

import ipaddress
import struct

import pytest

from engine.capture import libpcap
from engine.capture.bpf import check_filter, compile_filter
from engine.capture.bpf_code import EVERYTHING, NOTHING, Instruction, Not, Program, assemble, unpacked
from engine.capture.bpf_parse import TEXT_MAX, parse
from engine.capture.bpf_words import Conversation
from engine.model.errors import CaptureError, FilterError
from engine.model.packets import FULL_SNAP_LENGTH
from tests.unit.capture_bpf_machine import Seen, ethernet, run

ETHERNET = (1,)
LOOPBACK = 772


def segment(
    source: str = "127.0.0.1", sport: int = 40000, destination: str = "127.0.0.1", dport: int = 80, flags: int = 0x10
) -> bytes:
    """A TCP segment in IP, from its network header on."""
    ends = ipaddress.ip_address(source).packed + ipaddress.ip_address(destination).packed
    tcp = struct.pack("!HHIIBBHHH", sport, dport, 1, 1, 0x50, flags, 512, 0, 0)
    if len(ends) == 8:
        return struct.pack("!BBHHHBBH", 0x45, 0, 40, 1, 0, 64, 6, 0) + ends + tcp
    return struct.pack("!IHBB", 6 << 28, 20, 6, 64) + ends + tcp


def framed(packet: bytes) -> Seen:
    return ethernet(bytes(12) + (b"\x08\x00" if packet[0] >> 4 == 4 else b"\x86\xdd") + packet)


def verdict(text: str, seen: Seen) -> bool:
    return bool(run(compile_filter(text, hardware_types=ETHERNET), seen))


@pytest.mark.parametrize(
    ("text", "passes"),
    [
        ("", True),
        ("   ", True),
        ("tcp", True),
        ("udp", False),
        ("ip6", False),
        ("not udp", True),
        ("host 127.0.0.1", True),
        ("127.0.0.1", True),
        ("src 127.0.0.1 and dst 127.0.0.1", True),
        ("src and dst host 127.0.0.1", True),
        ("net 127", True),
        ("net 127.0.0.0/8 and not net 10.0.0.0/8", True),
        ("port 80", True),
        ("port http", True),
        ("src port 80", False),
        ("tcp dst port 80", True),
        ("udp dst port 80", False),
        ("port 22 or 80", True),
        ("port (22 or 443)", False),
        ("portrange 70-90", True),
        ("portrange 90-70", True),
        ("tcp[tcpflags] & (tcp-syn|tcp-fin|tcp-rst) != 0", False),
        ("tcp[tcpflags] & (tcp-syn|tcp-ack) != 0", True),
        ("tcp[tcpflags] == tcp-ack", True),
        ("tcp[13]&0x10!=0", True),
        ("vlan", False),
        ("less 54", True),  # as long as the frame
        ("less 53", False),
        ("greater 54", True),
        ("greater 55", False),
        ("udp or tcp and port 22", False),  # from left to right, as tcpdump has it
        ("udp or (tcp and port 22) or port 80", True),
    ],
)
def test_a_word_tests_what_tcpdump_says_it_does(text: str, passes: bool) -> None:
    assert verdict(text, framed(segment())) is passes


@pytest.mark.parametrize(
    ("text", "position"),
    [
        ("tcp prot 80", 4),
        ("port", 4),
        ("port 70000", 5),
        ("port -1", 5),
        ("portrange 1-99999", 10),
        ("host nope.example", 5),
        ("host fe80::1%lo", 5),
        ("ip host ::1", 8),
        ("net 10.0.0.1/8", 4),
        ("net 10.0.0.0 mask 0.0.0.255", 18),
        ("tcp and", 7),
        ("(tcp", 4),
        ("tcp)", 3),
        ("tcp udp", 4),
        ("tcp host 10.0.0.1", 9),
        ("tcp[0:2] = 80", 4),
        ("tcp[tcpflags] & tcp-syn ~ 0", 24),
        ("vlan 5000", 5),
        ("ether host 00:11:22:33:44:55", 0),
        ("x" * (TEXT_MAX + 1), TEXT_MAX),
    ],
)
def test_what_is_not_built_in_is_refused_at_its_place(text: str, position: int) -> None:
    with pytest.raises(FilterError) as caught:
        check_filter(text)
    assert caught.value.position == position


def test_flags_are_tested_in_ipv6_too() -> None:
    syn = framed(segment("::1", destination="::1", flags=0x02))
    assert verdict("tcp[tcpflags] & tcp-syn != 0", syn)
    assert run(compile_filter("", hardware_types=ETHERNET, handshakes_only=True), syn)


@pytest.mark.parametrize("flags", [0x02, 0x12, 0x01, 0x11, 0x04, 0x14])
@pytest.mark.parametrize("address", ["127.0.0.1", "::1"])
def test_handshakes_only_lets_syn_fin_and_rst_pass_and_nothing_else(flags: int, address: str) -> None:
    program = compile_filter("", hardware_types=ETHERNET, handshakes_only=True)
    assert run(program, framed(segment(address, destination=address, flags=flags)))
    assert not run(program, framed(segment(address, destination=address, flags=0x18)))


def test_a_port_is_looked_for_in_first_fragments_only() -> None:
    packet = bytearray(segment())
    packet[6:8] = b"\x00\x10"
    assert not verdict("port 80", framed(bytes(packet)))
    assert verdict("tcp", framed(bytes(packet)))


def test_one_program_serves_raw_ip_and_a_frame_whose_vlan_tag_the_kernel_took_off() -> None:
    program = compile_filter("tcp port 80", hardware_types=ETHERNET)
    raw = Seen(segment(), 0x0800, 0, hardware_type=65534)
    tagged = ethernet(bytes(12) + b"\x08\x00" + segment(), vlan=7)
    assert run(program, raw)
    assert run(program, tagged)
    assert verdict("vlan 7 and tcp port 80", tagged)
    assert not verdict("vlan 8", tagged)


def test_the_program_returns_the_bytes_to_keep_and_all_of_a_followed_conversation() -> None:
    ends = Conversation(b"\x7f\0\0\1", 80, b"\x7f\0\0\1", 40000)
    program = compile_filter("tcp", hardware_types=ETHERNET, snap_length=256, followed=ends)
    assert run(program, framed(segment())) == FULL_SNAP_LENGTH
    assert run(program, framed(segment(sport=80, dport=40000))) == FULL_SNAP_LENGTH
    assert run(program, framed(segment(sport=40001))) == 256
    assert run(program, framed(segment("::1", destination="::1"))) == 256


@pytest.mark.parametrize("address", ["10.0.0.1", "2001:db8::1"])
def test_a_conversation_left_out_never_passes_in_either_direction(address: str) -> None:
    packed = ipaddress.ip_address(address).packed
    program = compile_filter("", hardware_types=ETHERNET, left_out=(Conversation(packed, 22, packed, 50000),))
    assert not run(program, framed(segment(address, 50000, address, 22)))
    assert not run(program, framed(segment(address, 22, address, 50000)))
    assert run(program, framed(segment(address, 22, address, 50001)))


def test_an_outgoing_copy_is_left_out_on_loopback_and_kept_elsewhere() -> None:
    program = compile_filter("", hardware_types=ETHERNET)
    frame = bytes(12) + b"\x08\x00" + segment()
    assert not run(program, ethernet(frame, hardware_type=LOOPBACK, packet_type=4))
    assert run(program, ethernet(frame, hardware_type=LOOPBACK, packet_type=0))
    assert run(program, ethernet(frame, hardware_type=1, packet_type=4))


def test_a_list_of_interfaces_lets_only_those_pass() -> None:
    program = compile_filter("", hardware_types=ETHERNET, interfaces=(1, 4))
    frame = bytes(12) + b"\x08\x00" + segment()
    assert [bool(run(program, ethernet(frame, interface=index))) for index in (1, 2, 4)] == [True, False, True]


def test_a_program_packs_to_the_kernels_form_and_back() -> None:
    program = Program((Instruction(0x28, 0, 0, 12), Instruction(0x15, 0, 1, 0x800), Instruction(6, 0, 0, 1)))
    assert program.packed()[:8] == struct.pack("=HBBI", 0x28, 0, 0, 12)
    assert unpacked(program.packed()) == program


def test_a_foreign_program_runs_inside_ours_and_gets_our_snap_length() -> None:
    theirs = Program((Instruction(0x20, 0, 0, 26), Instruction(0x15, 0, 1, 0x7F000001), Instruction(6, 0, 0, 65535),
                      Instruction(6, 0, 0, 0)))  # fmt: skip
    program = assemble(theirs, 96, guard=parse("tcp"))
    assert run(program, framed(segment())) == 96
    assert run(program, framed(segment(source="10.0.0.1"))) == 0


def test_everything_and_nothing_are_programs_too() -> None:
    assert run(assemble(EVERYTHING, 7), framed(segment())) == 7
    assert run(assemble(NOTHING, 7), framed(segment())) == 0
    assert run(assemble(Not(EVERYTHING), 7), framed(segment())) == 0


def test_a_filter_too_long_for_the_kernel_is_refused() -> None:
    with pytest.raises(FilterError, match="4096"):
        compile_filter(" or ".join(["port 80"] * 400), hardware_types=ETHERNET)


def test_without_libpcap_the_refusal_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(text: str, hardware_types: tuple[int, ...]) -> Program:
        raise CaptureError("use libpcap: it is not installed")

    monkeypatch.setattr(libpcap, "compile_filter", missing)
    with pytest.raises(FilterError) as caught:
        compile_filter("ether host 00:11:22:33:44:55", hardware_types=ETHERNET)
    assert "apt install libpcap0.8" in str(caught.value)
    assert caught.value.position == 0


def test_with_libpcap_its_own_words_stand_beside_ours(monkeypatch: pytest.MonkeyPatch) -> None:
    def refusing(text: str, hardware_types: tuple[int, ...]) -> Program:
        raise FilterError("libpcap says: can't parse filter expression: syntax error")

    monkeypatch.setattr(libpcap, "compile_filter", refusing)
    with pytest.raises(FilterError, match="libpcap says: can't parse"):
        compile_filter("tcp prot 80", hardware_types=ETHERNET)
