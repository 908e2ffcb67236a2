"""TCP echo for many clients with asyncio's streams; the calls in the log are those of its event loop."""

from __future__ import annotations

import asyncio
import socket

from engine.lab.actor import Actor
from engine.lab.addresses import resolve
from engine.lab.endpoints import open_bound
from engine.lab.options import backlog_reading, set_options
from engine.lab.shown import shown_address
from engine.model.lab import ActorState


class EchoAsyncio(Actor):
    """A coroutine for each client."""

    def act(self) -> None:
        asyncio.run(self._serve())
        self.check_stop()

    async def _serve(self) -> None:
        loop = asyncio.get_running_loop()
        knobs = self.knobs
        listener = open_bound(
            self, resolve(self.log, knobs.host, knobs.port, knobs.family, socket.SOCK_STREAM, passive=True)[0]
        )
        stop = asyncio.Event()
        loop.set_exception_handler(self._note_exception)
        loop.add_reader(self.wakeup.fd, stop.set)
        clients: set[asyncio.Task[None]] = set()

        async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            task = asyncio.current_task()
            if task is not None:
                clients.add(task)
                task.add_done_callback(clients.discard)
            await self._echo(reader, writer)

        server = await asyncio.start_server(serve, sock=listener, backlog=knobs.backlog)
        self.say_options([backlog_reading(knobs.backlog)])
        self.say_local(listener.local)
        self.state = ActorState.RUNNING
        try:
            await stop.wait()
        finally:
            loop.remove_reader(self.wakeup.fd)
            server.close()
            for task in clients:
                task.cancel()
            await asyncio.gather(*clients, return_exceptions=True)
            await asyncio.sleep(0)  # the transports close in the loop's next round

    async def _echo(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        peer = shown_address(writer.get_extra_info("peername"))
        self._set_options(writer)
        try:
            while data := await reader.read(self.knobs.recv_size):
                writer.write(data)
                await writer.drain()  # waits while the client does not read: backpressure
        except OSError as error:
            self.log.note(f"client {peer} is gone: {error.strerror or error}")
        except asyncio.CancelledError:
            writer.transport.abort()  # close() would wait for a client that does not read
            raise
        finally:
            writer.close()

    def _set_options(self, writer: asyncio.StreamWriter) -> None:
        """The options of a connection; asyncio shows its socket through a wrapper, the log knows the socket itself."""
        if self.knobs.cork is None and self.knobs.quickack is None:
            return
        descriptor = writer.get_extra_info("socket").fileno()
        for sock in self.log.held():
            if sock.fileno() == descriptor:
                self.say_options(set_options(sock, self.knobs, connected=True))

    def _note_exception(self, loop: asyncio.AbstractEventLoop, context: dict[str, object]) -> None:
        """What asyncio would print: accept() without descriptors left, which it tries again after a second."""
        del loop
        error = context.get("exception")
        sentence = error.strerror if isinstance(error, OSError) else str(error)
        self.log.note(f"{context.get('message', 'asyncio')}: {sentence}")
