"""A Monitor that serves made snapshots and answers, and notes what it was asked."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence

import msgspec

from engine.insight.hits import process_hits, socket_hits, socket_title
from engine.model.ending import GRANTED, EndingChoice, ProcessAim
from engine.model.errors import EngineError
from engine.model.flows import FlowSummary, LadderGap, LadderItem, StreamPiece
from engine.model.health import Role
from engine.model.lab import ActorCommand, ActorReport, ActorSpec, ActorState
from engine.model.messages import (
    FlowsAnswer,
    FrameAnswer,
    FramesAnswer,
    LadderAnswer,
    PacketsAnswer,
    SocketsOptions,
    StreamAnswer,
)
from engine.model.packets import CaptureOptions, CaptureStatus, Dissection, PacketRow
from engine.model.snapshot import ActorView, Snapshot
from engine.model.sockets import Owner, SocketEntry
from engine.model.tcp import TcpFlags
from engine.model.verdicts import Verdict
from engine.query.packets import compile_packets
from tests.tui.fakes import dissection, snapshot, status


class FakeMonitor:
    """Serves the snapshots it was given, the last one for ever, and notes what it was asked."""

    def __init__(self, *snapshots: Snapshot, packets: Sequence[PacketRow] = ()) -> None:
        self.snapshots = list(snapshots) or [snapshot()]
        self.all_packets = list(packets)
        self.all_flows: list[FlowSummary] = []
        self.all_items: list[LadderItem] = []
        self.all_pieces: list[StreamPiece] = []
        self.all_verdicts: list[Verdict] = []
        self.failure: Exception | None = None
        self.asked: list[tuple[str, object]] = []
        self.texts: list[str] = []
        """Those that went with commands to actors."""
        self.rows_asked: list[int] = []
        self.filters_asked: list[str] = []
        self.held: dict[int, ActorView] = {}
        self.on_start: Callable[[ActorSpec], ActorReport] = _running
        self.refreshes = 0
        self.may_close = self.may_end = GRANTED
        self._lock = threading.Lock()

    def refresh(self) -> Snapshot:
        with self._lock:
            if self.failure is not None:
                raise self.failure
            self.refreshes += 1
            served = self.snapshots.pop(0) if len(self.snapshots) > 1 else self.snapshots[0]
            if self.held:
                served = msgspec.structs.replace(served, actors=tuple(self.held.values()))
            return served

    def serve(self, *snapshots: Snapshot) -> None:
        """Serve these from now on."""
        with self._lock:
            self.snapshots = list(snapshots)

    def packets(self, first: int, count: int, display_filter: str = "", handshakes: bool = True) -> PacketsAnswer:
        self.asked.append(("packets", (first, count, display_filter, handshakes)))
        self.rows_asked.append(count)
        self.filters_asked.append(display_filter)
        passing = self._passing(display_filter, handshakes)
        start = max(0, len(passing) - count) if first < 0 else first
        current = self.snapshots[0].capture or status(running=False)
        # As over a channel, every answer brings rows of its own.
        rows = msgspec.msgpack.decode(msgspec.msgpack.encode(passing[start : start + count]), type=list[PacketRow])
        return PacketsAnswer(start, len(passing), rows, current)

    def new_packets(self, after: int, count: int, display_filter: str = "", handshakes: bool = False) -> PacketsAnswer:
        self.asked.append(("new_packets", (after, count, display_filter, handshakes)))
        passing = [row for row in self._passing(display_filter, handshakes) if row.number > after]
        rows = passing[:count]
        newest = self.all_packets[-1].number if self.all_packets else 0
        looked_at = newest if len(rows) == len(passing) else rows[-1].number if rows else after
        return PacketsAnswer(after + 1, len(rows), rows, status(last_number=newest), newest - looked_at)

    def _passing(self, display_filter: str, handshakes: bool) -> list[PacketRow]:
        wanted = compile_packets(display_filter)
        return [
            row
            for row in self.all_packets
            if (not handshakes or row.flags & (TcpFlags.SYN | TcpFlags.FIN | TcpFlags.RST)) and wanted.matches(row)
        ]

    def new_frames(self, after: int, with_rows: bool = False) -> FramesAnswer:
        """One frame an answer, so that whoever wants all asks again."""
        self.asked.append(("new_frames", (after, with_rows)))
        rows = [row for row in self.all_packets if row.number > after][:1]
        frames = [FrameAnswer(row.number, row.ts_ns, 1, row.length, row.info.encode()[: row.length]) for row in rows]
        last = rows[-1].number if rows else after
        return FramesAnswer(after + 1, last, frames, status(), rows if with_rows else [])

    def dissect(self, number: int) -> Dissection:
        self.asked.append(("dissect", number))
        if number > 1_000:
            raise EngineError(f"frame {number} is no longer kept: newer ones took its place")
        return dissection(number)

    def flows(self, first: int, count: int) -> FlowsAnswer:
        self.asked.append(("flows", (first, count)))
        start = max(0, len(self.all_flows) - count) if first < 0 else first
        return FlowsAnswer(start, len(self.all_flows), self.all_flows[start : start + count], status())

    def find_flow(self, address: str, port: int, peer_address: str, peer_port: int) -> FlowsAnswer:
        self.asked.append(("find_flow", (address, port, peer_address, peer_port)))
        wanted = {(address, port), (peer_address, peer_port)}
        found = [
            flow
            for flow in self.all_flows
            if {(flow.first.address, flow.first.port), (flow.second.address, flow.second.port)} == wanted
        ]
        return FlowsAnswer(0, len(found), found[-1:], status())

    def ladder(
        self, streams: tuple[int, ...], first: int, count: int, unfolded: tuple[int, ...] = (), folded: bool = True
    ) -> LadderAnswer:
        self.asked.append(("ladder", (streams, first, count, unfolded, folded)))
        items = [item for item in self.all_items if isinstance(item, LadderGap) or item.stream in streams]
        start = max(0, len(items) - count) if first < 0 else first
        flows = [flow for flow in self.all_flows if flow.stream in streams]
        return LadderAnswer(start, len(items), items[start : start + count], flows, status())

    def stream(self, stream: int, after: int = 0) -> StreamAnswer:
        self.asked.append(("stream", (stream, after)))
        pieces = [piece for piece in self.all_pieces if piece.number > after]
        flows = [flow for flow in self.all_flows if flow.stream == stream]
        return StreamAnswer(pieces, pieces[-1].number if pieces else after, flows, status())

    def verdicts(self, key: int, stream: int = -1) -> tuple[Verdict, ...]:
        self.asked.append(("verdicts", (key, stream)))
        return tuple(self.all_verdicts)

    def follow_stream(self, stream: int) -> None:
        self.asked.append(("follow_stream", stream))

    def close_sockets(self, keys: tuple[int, ...]) -> None:
        self.asked.append(("close_sockets", keys))

    def ending(self, entry: SocketEntry, entries: Sequence[SocketEntry]) -> EndingChoice:
        aims = tuple(ProcessAim(one, self.may_end, process_hits(one, entries)) for one in entry.owners)
        return EndingChoice(socket_title(entry), self.may_close, socket_hits(entry, entries), aims)

    def end_process(self, owner: Owner) -> str:
        self.asked.append(("end_process", owner.pid))
        return f"{owner.name} (pid {owner.pid}) ended by SIGTERM"

    def set_sockets(self, options: SocketsOptions) -> None:
        self.asked.append(("set_sockets", options))

    def set_capture(self, options: CaptureOptions) -> CaptureStatus:
        self.asked.append(("set_capture", options))
        return status(interface=options.interface, source=options.source)

    def stop_capture(self) -> CaptureStatus:
        self.asked.append(("stop_capture", None))
        return status(running=False)

    def start_actor(self, spec: ActorSpec) -> ActorView:
        self.asked.append(("start_actor", spec))
        number = len([name for name, _ in self.asked if name == "start_actor"])
        view = ActorView(number, spec, self.on_start(spec))
        self.held[number] = view
        return view

    def actors(self) -> tuple[ActorView, ...]:
        with self._lock:
            return tuple(self.held.values())

    def stop_actor(self, number: int) -> ActorReport:
        self.asked.append(("stop_actor", number))
        view = self.held.pop(number, None)
        return view.report if view is not None else ActorReport(kind="", pid=0, state=ActorState.STOPPED)

    def command_actor(self, number: int, command: ActorCommand, text: str = "") -> ActorReport:
        self.asked.append(("command_actor", (number, command)))
        self.texts.append(text)
        return self.held[number].report

    def kill_actor(self, number: int) -> None:
        self.asked.append(("kill_actor", number))

    def dead(self) -> tuple[Role, ...]:
        return tuple(worker.role for worker in self.snapshots[0].workers if not worker.alive)

    def restart(self, role: Role) -> None:
        self.asked.append(("restart", role))

    def close(self) -> None:
        self.asked.append(("close", None))

    def told(self, name: str) -> list[object]:
        """What was asked of this name, in order."""
        return [what for asked, what in self.asked if asked == name]


def _running(spec: ActorSpec) -> ActorReport:
    port = spec.knobs.port or 50_000
    reply = spec.knobs.text if spec.kind == "echo-client" else ""
    return ActorReport(
        kind=spec.kind, pid=41_300, state=ActorState.DONE if reply else ActorState.RUNNING,
        local=f"127.0.0.1:{port}", reply=reply,
    )  # fmt: skip
