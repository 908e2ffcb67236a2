"""What the screen asks of Monitor: each runs in the bridge's thread and makes the message of its answer."""

from __future__ import annotations

from collections.abc import Sequence

from engine.insight.hits import socket_title
from engine.model.messages import SocketsOptions
from engine.model.packets import CaptureOptions
from engine.model.snapshot import MonitorView
from engine.model.sockets import Owner, SocketEntry
from tui.messages import Captured, Done, EndingFetched, FrameDissected, PacketLocated, PacketQuestion, PacketsFetched


def packets(monitor: MonitorView, question: PacketQuestion) -> PacketsFetched:
    answer = monitor.packets(question.first, question.count, question.display_filter, question.handshakes)
    return PacketsFetched(question, answer)


def locate(monitor: MonitorView, question: PacketQuestion, number: int) -> PacketLocated:
    """Halve the list until the row is found: rows are in the order of their numbers, and the store is elsewhere."""
    low, high = 0, 1
    first = True
    while first or low < high:
        middle = 0 if first else (low + high) // 2
        answer = monitor.packets(middle, 1, question.display_filter, question.handshakes)
        if first:
            first, high = False, answer.total
            continue
        if not answer.rows:
            high = min(middle, answer.total)
        elif answer.rows[0].number < number:
            low = middle + 1
        else:
            high = middle
    return PacketLocated(question, low)


def dissect(monitor: MonitorView, number: int) -> FrameDissected:
    return FrameDissected(monitor.dissect(number))


def read_sockets(monitor: MonitorView, options: SocketsOptions) -> Done:
    monitor.set_sockets(options)
    return Done()


def ending(monitor: MonitorView, entry: SocketEntry, entries: Sequence[SocketEntry]) -> EndingFetched:
    """What closing a socket, or ending a process that holds it, would hit and need."""
    return EndingFetched(monitor.ending(entry, entries))


def close_socket(monitor: MonitorView, entry: SocketEntry) -> Done:
    monitor.close_sockets((entry.key,))
    return Done(f"closed {socket_title(entry)}")


def end_process(monitor: MonitorView, owner: Owner) -> Done:
    return Done(monitor.end_process(owner))


def capture(monitor: MonitorView, options: CaptureOptions) -> Captured:
    monitor.set_capture(options)
    return Captured(options)


def stop_capture(monitor: MonitorView) -> Done:
    monitor.stop_capture()
    return Done("capture stopped; what was kept stays")


def restart_dead(monitor: MonitorView) -> Done:
    """Start dead workers anew."""
    roles = monitor.dead()
    for role in roles:
        monitor.restart(role)
    return Done(f"restarted: {', '.join(roles)}")
