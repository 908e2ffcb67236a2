"""Conversations made up at random: for comparisons, properties and benchmarks.

A conversation is a list of moves, each of which one side makes on sequence numbers that both keep. Nothing here knows
what an analysis should find; the moves only make the situations that it looks for: segments lost before or behind the
capture, late, doubled or split; windows that close, fill and are probed; keep-alives; resets; ports used again.
"""

from __future__ import annotations

import random
import struct
from collections.abc import Callable

from engine.capture.files.frames import Frame
from tests.scenario import wire

_START_NS = 1_700_000_000_000_000_000
_FIN, _SYN, _RST, _PSH, _ACK = 1, 2, 4, 8, 16
_TIMESTAMPS = b"\x01\x01\x08\x0a"


class _Side:
    def __init__(self, rng: random.Random, address: bytes, port: int) -> None:
        self.address = address
        self.port = port
        self.isn = rng.choice((rng.randrange(1 << 32), (1 << 32) - rng.randrange(1, 5000)))
        self.next = self.isn
        self.window = rng.choice((300, 8192, 65535))
        self.shift = rng.choice((None, None, 0, 2, 7))


class Conversation:
    """One connection from its opening to its end, as frames in the order of their times."""

    def __init__(
        self, rng: random.Random, number: int, link_type: int, start_ns: int, earlier: Conversation | None
    ) -> None:
        self.frames: list[Frame] = []
        self.now_ns = start_ns
        self._rng = rng
        self._link_type = link_type
        six = rng.random() < 0.2
        size = 16 if six else 4
        if earlier is not None:
            ends = (earlier.a.address, earlier.a.port), (earlier.b.address, earlier.b.port)
        else:
            ends = (
                (b"\xfd".ljust(size - 2, b"\0") + struct.pack("!H", number * 2 + 1), rng.randrange(1024, 65536)),
                (b"\xfd".ljust(size - 2, b"\0") + struct.pack("!H", number * 2 + 2), rng.choice((22, 80, 5432))),
            )
        self.a: _Side = _Side(rng, *ends[0])
        self.b: _Side = _Side(rng, *ends[1])
        self._round_trip_ns = rng.choice((200_000, 4_000_000, 30_000_000))
        self._stamps = rng.random() < 0.4
        self._open()
        moves: tuple[Callable[[], None], ...] = (
            self._send, self._send, self._send, self._lose, self._swap, self._double, self._close_window,
            self._fill_window, self._keep_alive, self._unseen,
        )  # fmt: skip
        for _ in range(rng.randrange(2, 10)):
            self._wait(rng.choice((0.1, 5, 200)))
            rng.choice(moves)()
        self._end()

    def _wait(self, ms: float) -> None:
        self.now_ns += round(ms * 1_000_000)

    def _trip(self) -> None:
        self._wait(self._round_trip_ns / 2_000_000)

    def _emit(self, me: _Side, flags: int, *, seq: int | None = None, ack: int | None = None, length: int = 0,
              window: int | None = None, options: bytes = b"") -> None:  # fmt: skip
        you = self.b if me is self.a else self.a
        if self._stamps and not flags & (_SYN | _RST):
            options = _TIMESTAMPS + struct.pack("!II", self.now_ns // 1_000_000 & 0xFFFFFFFF, 1) + options
        ack = (you.next if ack is None else ack) if flags & _ACK else 0
        data = wire.tcp_frame(
            me.address, you.address, me.port, you.port, me.next if seq is None else seq, ack, flags,
            me.window if window is None else window, length, options,
        )  # fmt: skip
        if self._link_type == 113:
            data = struct.pack("!HHH8s", 0, 1, 6, b"\0" * 8) + data[12:]
        elif self._link_type == 101:
            data = data[14:]
        self.frames.append(Frame(self._link_type, data, len(data), self.now_ns))

    def _open(self) -> None:
        rng = self._rng
        kind = rng.choice(("all", "all", "all", "again", "no syn", "no answer", "nothing", "both"))
        if kind not in ("no syn", "nothing"):
            self._emit(self.a, _SYN, seq=self.a.isn, options=self._syn_options(self.a))
            if kind == "again":
                self._wait(1000)
                self._emit(self.a, _SYN, seq=self.a.isn, options=self._syn_options(self.a))
        if kind == "both":
            self._emit(self.b, _SYN, seq=self.b.isn, options=self._syn_options(self.b))
        self._trip()
        self.a.next = self.a.isn + 1
        if kind not in ("no answer", "nothing"):
            self._emit(self.b, _SYN | _ACK, seq=self.b.isn, options=self._syn_options(self.b))
        self.b.next = self.b.isn + 1
        self._trip()
        self._emit(self.a, _ACK)

    def _syn_options(self, side: _Side) -> bytes:
        options = struct.pack("!BBH", 2, 4, 1460)
        if side.shift is not None:
            options += bytes((1, 3, 3, side.shift))
        return options + (b"\1\1\4\2" if self._rng.random() < 0.5 else b"")

    def _sides(self) -> tuple[_Side, _Side]:
        return (self.a, self.b) if self._rng.random() < 0.6 else (self.b, self.a)

    def _send(self) -> None:
        me, you = self._sides()
        for _ in range(self._rng.randrange(1, 5)):
            length = self._rng.choice((1, 2, 100, 1448))
            self._emit(me, _ACK | _PSH, length=length)
            me.next += length
            self._wait(0.05)
        self._trip()
        self._emit(you, _ACK)

    def _lose(self) -> None:
        """One of several segments is missing, the receiver says so, and it is sent again."""
        me, you = self._sides()
        rng = self._rng
        hole = me.next
        length = rng.choice((10, 1448))
        for part in range(rng.randrange(2, 5)):
            if part:
                self._emit(me, _ACK, seq=hole + part * length, length=length)
                self._wait(0.1)
            me.next += length
        self._trip()
        for _ in range(rng.randrange(0, 4)):
            sack = b"\1\1\5\x0a" + struct.pack("!II", hole + length & 0xFFFFFFFF, me.next & 0xFFFFFFFF)
            self._emit(you, _ACK, ack=hole, options=sack if rng.random() < 0.5 else b"")
            self._wait(0.2)
        self._wait(rng.choice((1, 18, 21, 300)))
        self._emit(me, _ACK, seq=hole, length=length)
        self._trip()
        self._emit(you, _ACK)

    def _swap(self) -> None:
        me, you = self._sides()
        first, length = me.next, 500
        me.next += 2 * length
        self._emit(me, _ACK, seq=first + length, length=length)
        self._wait(self._rng.choice((0.1, 2.9, 3.1, 50)))
        self._emit(me, _ACK, seq=first, length=length)
        self._trip()
        self._emit(you, _ACK)

    def _double(self) -> None:
        me, you = self._sides()
        length = self._rng.choice((1, 700))
        me.next += length
        self._emit(me, _ACK, seq=me.next - length, length=length)
        self._trip()
        if self._rng.random() < 0.7:
            self._emit(you, _ACK)
        self._wait(self._rng.choice((0.1, 250)))
        self._emit(me, _ACK, seq=me.next - length, length=length)
        self._emit(you, _ACK)

    def _unseen(self) -> None:
        me, you = self._sides()
        me.next += 1000
        for _ in range(self._rng.randrange(1, 3)):
            self._emit(you, _ACK)
            me.next += self._rng.choice((0, 500))
            self._wait(1)

    def _close_window(self) -> None:
        me, you = self._sides()
        rng = self._rng
        self._emit(me, _ACK, length=100)
        me.next += 100
        self._trip()
        self._emit(you, _ACK, window=0)
        for _ in range(rng.randrange(1, 3)):
            self._wait(200)
            kind = rng.choice(("byte", "empty", "taken"))
            self._emit(me, _ACK, seq=me.next - 1 if kind == "empty" else None, length=0 if kind == "empty" else 1)
            if kind == "taken":
                me.next += 1
            self._trip()
            self._emit(you, _ACK, window=0)
        self._emit(you, _ACK)

    def _fill_window(self) -> None:
        me, you = self._sides()
        window = self._rng.randrange(1, 4)
        self._emit(you, _ACK, window=window)
        both = self.a.shift is not None and self.b.shift is not None
        room = window << (you.shift or 0 if both else 0)
        self._emit(me, _ACK, length=min(room, 1448))
        me.next += min(room, 1448)
        self._trip()
        self._emit(you, _ACK, window=0)
        self._emit(you, _ACK)

    def _keep_alive(self) -> None:
        me, you = self._sides()
        self._wait(10_000)
        self._emit(me, _ACK, seq=me.next - 1, length=self._rng.choice((0, 1)))
        self._trip()
        self._emit(you, _ACK)

    def _end(self) -> None:
        me, you = self._sides()
        kind = self._rng.choice(("fin", "fin", "both", "rst", "rst with data", "nothing"))
        if kind in ("fin", "both"):
            self._emit(me, _FIN | _ACK)
            me.next += 1
            if kind == "both":
                self._emit(you, _FIN | _ACK, ack=me.next - 1)
            self._trip()
            if kind == "fin":
                self._emit(you, _FIN | _ACK)
            you.next += 1
            self._emit(me, _ACK)
        elif kind != "nothing":
            self._emit(me, _RST | _ACK, window=0, length=20 if kind == "rst with data" else 0)


def made_up_frames(rng: random.Random, conversations: int, link_type: int = wire.ETHERNET) -> list[Frame]:
    """The frames of so many conversations, interleaved; now and then one uses the ports of another again."""
    frames: list[Frame] = []
    last: Conversation | None = None
    for number in range(conversations):
        again = last if last is not None and rng.random() < 0.15 else None
        start_ns = again.now_ns + 1_000_000_000 if again else _START_NS + rng.randrange(20_000_000_000)
        last = Conversation(rng, number, link_type, start_ns, again)
        frames += last.frames
    frames.sort(key=lambda frame: frame.ts_ns)
    return frames
