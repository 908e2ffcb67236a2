"""Frames and segments as they cross from the capture worker to the screen."""

from __future__ import annotations

import msgspec

from engine.model.health import Degradation, Trust


class Segment(msgspec.Struct, array_like=True, gc=False):
    """A TCP segment out of one frame: RFC 9293's SEG variables and where it came from.

    Not frozen only because the decoder makes 100,000 of them a second; nobody changes one.
    """

    ts_ns: int
    """Capture time, nanoseconds since the epoch."""
    src: bytes
    """Packed address: 4 or 16 bytes."""
    dst: bytes
    sport: int
    dport: int
    seq: int
    ack: int
    flags: int
    """TcpFlags, and the 3 reserved bits above them."""
    wnd: int
    """Raw 16-bit window."""
    urg: int
    len: int
    """Payload bytes by the IP header's count; -1 where there is none (section 1 of the analysis rules)."""
    header_length: int
    options: bytes
    """The option bytes as captured."""
    interface: int = 0
    ip_id: int = 0
    ttl: int = 0
    truncated: bool = False
    """The capture ends inside the TCP header or its options."""
    header_captured: int = 20
    """How many of the fixed header's 20 bytes are there; fields beyond them are 0."""
    fragmented: bool = False
    """Put together from IP fragments, or the first of them (then `len` is -1)."""
    layers: str = "eth:ethertype:ip:tcp"
    """The protocols from the link layer to TCP, as tshark's frame.protocols."""
    ends: bytes = b""
    """Source, destination and both ports as they stand in the frame, for whoever looks the flow up; may be empty."""


class OtherFrame(msgspec.Struct, array_like=True, gc=False):
    """A frame that holds no TCP segment, or none that can be read: its line in the packet list."""

    ts_ns: int
    protocol: str
    """UDP, ICMP, ICMPv6, ARP, IPv4, IPv6, or the name of the link layer."""
    src: bytes
    """Packed address of 4 (IPv4), 16 (IPv6) or 6 (MAC) bytes; empty if there is none."""
    dst: bytes
    info: str
    sport: int = 0
    """UDP only."""
    dport: int = 0
    interface: int = 0
    undecodable: bool = False
    """The bytes are not what their own headers say, or nothing here reads them; `info` says why."""
    quoted: tuple[bytes, bytes, int, int] | None = None
    """Source, destination and ports of the TCP segment that an ICMP error quotes: whose flow it concerns."""
    stream: int = -1
    """That flow's number, where whoever reads the frame knows the flows; -1 for none."""


class PacketRow(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """One line of the packet list."""

    number: int
    """1-based, in the order of capture; never reused."""
    ts_ns: int
    source: str
    """Address with no port."""
    destination: str
    protocol: str
    length: int
    """Bytes of the frame on the wire."""
    info: str
    """As tshark prints it, findings in front."""
    stream: int = -1
    flags: int = 0
    """TcpFlags."""
    findings: tuple[str, ...] = ()
    """Names of tcp.analysis.*"""
    sport: int = 0
    dport: int = 0
    payload_length: int = 0
    uncertain: bool = False
    """A capture loss makes the findings doubtful."""
    seq: int | None = None
    """Relative sequence number, as in `info`; None where there is no TCP header."""
    ack: int | None = None
    """Relative acknowledgement number; None without the ACK flag."""
    window: int | None = None
    """Window in bytes, scaled where the scale is known."""


FULL_SNAP_LENGTH = 262_144
"""Bytes of a frame that are kept when all are wanted: libpcap's own limit (MAXIMUM_SNAPLEN)."""
HEADERS_SNAP_LENGTH = 256
"""Bytes kept when headers are wanted: Ethernet, two VLAN tags, IPv6 and TCP with all options take 122, with room for
extension headers, a segment quoted by ICMP, and a short message whole."""


class CaptureOptions(msgspec.Struct, frozen=True, gc=False):
    """What to capture and how."""

    interface: str = "lo"
    """A name, several joined by commas, or `any`."""
    source: str = "ring"
    """ring or scapy."""
    capture_filter: str = ""
    """BPF in tcpdump's words; empty for all."""
    handshakes_only: bool = False
    """The kernel hands over only SYN, FIN and RST."""
    snap_length: int = HEADERS_SNAP_LENGTH
    """Bytes of each frame that the kernel hands over; a followed stream comes whole."""
    store_bytes: int = 32 * 1024 * 1024
    leave_out_ssh: bool = True
    """Leave out the SSH session that sockmon is used over, whose packets its own screen makes."""


class CaptureStatus(msgspec.Struct, frozen=True, gc=False):
    """What the capture worker is doing."""

    running: bool
    interface: str
    source: str
    capture_filter: str
    trust: Trust
    packets_per_s: float = 0.0
    first_number: int = 1
    """Number of the oldest frame still in the store."""
    last_number: int = 0
    degradations: tuple[Degradation, ...] = ()
    first_ts_ns: int = 0
    """Capture time of frame 1, which relative times count from; 0 before there is one."""
    flows: int = 0
    """Conversations known now."""
    flows_evicted: int = 0
    """Conversations given up to stay within the memory limit: a further segment of one begins a new one."""


class Field(msgspec.Struct, frozen=True, gc=False):
    """A field of a dissected layer. `offset` and `size` are bytes from the start of the frame, `size` 0 if unknown."""

    name: str
    value: str
    offset: int = 0
    size: int = 0


class Layer(msgspec.Struct, frozen=True, gc=False):
    """A protocol layer of a dissected frame."""

    name: str
    fields: tuple[Field, ...]
    offset: int = 0
    size: int = 0


class Dissection(msgspec.Struct, frozen=True, gc=False):
    """A frame taken apart by scapy."""

    number: int
    layers: tuple[Layer, ...]
    data: bytes
    """The captured bytes, for the hex pane."""
    note: str = ""
    """Why it is not complete: cut by the snap length, evicted, took too long."""
