"""The loop of a worker process: one thread reads requests, the main thread serves them and the descriptors.

The end of the channel is the guarantee that no worker outlives its screen: the reading thread sees it whatever the
main thread is doing, and ends the process at once (`os._exit`).
"""

from __future__ import annotations

import os
import select
import threading
from collections import deque
from typing import Any, TypeVar

from engine.model.errors import ChannelError, EngineError
from engine.model.messages import Failed
from engine.model.service import Service
from engine.process.channel import Channel

Request = TypeVar("Request")
Reply = TypeVar("Reply")


def serve(service: Service[Request, Reply], channel: Channel[Reply | Failed, Request]) -> None:
    """Answer requests, in order, until the channel ends; does not return."""
    inbox: deque[tuple[Request, list[int]]] = deque()
    bell_reads, bell_rings = os.pipe()

    def read() -> None:
        while True:
            try:
                inbox.append(channel.receive())
            except ChannelError:
                os._exit(0)
            os.write(bell_rings, b"!")

    threading.Thread(target=read, name="channel", daemon=True).start()
    try:
        while True:
            ready = wait_for(service, bell_reads)
            if not ready:
                service.idle()
            for descriptor in ready:
                if descriptor != bell_reads:
                    service.readable(descriptor)
            if bell_reads in ready:
                os.read(bell_reads, 1)
                request, descriptors = inbox.popleft()
                channel.send(reply_to(service, request, descriptors))
    except ChannelError:
        os._exit(0)


def wait_for(service: Service[Any, Any], bell: int) -> list[int]:
    """The descriptors that have something, the bell of the inbox among them; none when the service's pause is over."""
    poll = select.poll()
    poll.register(bell, select.POLLIN)
    for descriptor in service.watch():
        poll.register(descriptor, select.POLLIN)
    pause_s = service.pause_s()
    return [descriptor for descriptor, _ in poll.poll(None if pause_s is None else max(0.0, pause_s * 1000))]


def reply_to(service: Service[Request, Reply], request: Request, descriptors: list[int]) -> Reply | Failed:
    """The service's answer, or its refusal in one sentence."""
    try:
        return service.answer(request, descriptors)
    except EngineError as error:
        return Failed(str(error), error.errno or 0)
