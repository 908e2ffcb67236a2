"""The process of one lab actor: the main thread runs it, another answers the screen.

As in every worker the reading thread is the guarantee: when the channel ends, so does the process, at once and with
all its sockets.
"""

from __future__ import annotations

import os
import threading

from engine.lab.actor import Actor
from engine.lab.catalogue import make_actor
from engine.model.errors import ChannelError, EngineError
from engine.model.messages import ActorAnswer, ActorReply, ActorRequest, AskActor, CommandActor, Failed, RunActor
from engine.model.messages.actors import STATE_WAIT_S
from engine.process.channel import Channel, close_all


def serve_actor(channel: Channel[ActorReply, ActorRequest], niceness: int) -> None:
    """Run the actor that the first message names, and answer until the channel ends; does not return.

    The program is niced and what answers is not, for the screen's refresh waits for the answer. Linux has a nice value
    a thread (nice(2), "C library/kernel differences"), and the threads that the actor starts have that of its own.
    """
    try:
        first, descriptors = channel.receive()
        if not isinstance(first, RunActor):
            raise ChannelError("the first message to an actor says what it is")
        try:
            actor = make_actor(first.spec)
        except EngineError as error:
            channel.send(Failed(str(error), error.errno or 0))
            os._exit(0)
        actor.handed = dict(zip(first.carries, descriptors, strict=True))
        threading.Thread(target=_answer, args=(actor, channel), name="channel", daemon=True).start()
        os.nice(niceness)
        channel.send(ActorAnswer(actor.report(0)))
        actor.run()
        threading.Event().wait()  # done, and still to be asked how it went
    except ChannelError:
        os._exit(0)


def _answer(actor: Actor, channel: Channel[ActorReply, ActorRequest]) -> None:
    while True:
        try:
            request, descriptors = channel.receive()
            close_all(descriptors)
            channel.send(_reply(actor, request))
        except ChannelError:
            os._exit(0)


def _reply(actor: Actor, request: ActorRequest) -> ActorReply:
    try:
        match request:
            case AskActor(calls_after=after, unlike=states):
                actor.wait_past(states, STATE_WAIT_S)
                return ActorAnswer(actor.report(after))
            case CommandActor(command=command, text=text):
                actor.command(command, text)
                return ActorAnswer(actor.report(0))
            case RunActor():
                return Failed("this actor runs already")
    except EngineError as error:
        return Failed(str(error), error.errno or 0)
