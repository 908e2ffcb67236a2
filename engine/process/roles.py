"""What each kind of process is: the right it keeps, how it is confined, and what it serves.

Every import that a role needs is made before its rights are dropped, since afterwards the folder that sockmon lies in
may be out of reach.
"""

from __future__ import annotations

import os
import platform
import signal
import socket
import sys
from collections.abc import Callable, Collection

import msgspec

from engine.model.errors import EngineError
from engine.model.health import Role
from engine.process import landlock, rights, seccomp
from engine.process.channel import Channel
from engine.process.rights import Capability

ACTOR_NICENESS = 5
"""Actors yield to the screen: a flood at full speed otherwise doubles the time from key to paint."""


class Start(msgspec.Struct, frozen=True):
    """How the launcher wants a process to begin."""

    role: Role
    name: str
    descriptor: int
    """Our end of the channel."""
    parent: int
    user: rights.User
    strict: bool
    """Refuse to run less confined than designed."""


def keeps(role: Role) -> Collection[Capability]:
    """The capabilities that a role keeps where it has them at all."""
    if role is Role.SOCKETS:
        return (Capability.NET_ADMIN, Capability.SYS_PTRACE, Capability.DAC_READ_SEARCH)
    if role is Role.ACTOR:
        return (Capability.NET_BIND_SERVICE,)
    return ()


def kept(role: Role, user: rights.User, permitted: frozenset[int]) -> Collection[int]:
    """What a role keeps of the capabilities `permitted` to this process.

    Who has no CAP_SYS_PTRACE may look into processes of the own user alone that have no capability more (ptrace(2),
    "Ptrace access mode checking"). So where root lacks it, as in most containers, the sockets worker keeps all that
    there are, which are those of the processes around it; its filter leaves it little to do with them.
    """
    keep = keeps(role)
    lacks = user.uid == 0 and Capability.SYS_PTRACE not in permitted
    if role is Role.SOCKETS and lacks and platform.machine() in seccomp.ARCHITECTURES:
        return permitted
    return keep


NO_FOLDER = "/dev/null/none"
"""A path that can neither exist nor be made, even by root."""


def run(start: Start) -> None:
    """Become what `start` says and serve until the channel ends; does not return before."""
    # scapy keeps pickles in the user's cache: not to be read by root, and out of a confined process's reach.
    os.environ["XDG_CACHE_HOME"] = os.environ["XDG_CONFIG_HOME"] = NO_FOLDER
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the front's to answer
    rights.name_process(start.name)
    main = MAINS[start.role](start)
    main()


def enter(start: Start) -> None:
    """Drop to the role's rights and its confinement."""
    keep = kept(start.role, start.user, rights.permitted())
    rights.become(start.user, keep)
    rights.die_with(start.parent)
    if start.role is Role.ACTOR:
        return  # a lab's program is the user's own; it may start what the user may start
    rights.forbid_new_rights()
    if start.role is Role.SOCKETS:
        held = any(rights.holds(capability) for capability in keep)
        if held and not seccomp.confine() and start.strict:
            raise EngineError("confine the sockets worker: no system call filter is known for this architecture")
    elif landlock.confine(landlock.python_folders()) == 0 and start.strict:
        raise EngineError(f"confine the {start.role} worker: this kernel has no Landlock")


def sockets_main(start: Start) -> Callable[[], None]:
    from engine.model.messages import SocketsReply, SocketsRequest
    from engine.model.service import Service
    from engine.process.host import serve
    from engine.sockets.service import SocketsService

    def main() -> None:
        enter(start)
        channel: Channel[SocketsReply, SocketsRequest] = Channel(_end(start), SocketsRequest)
        service: Service[SocketsRequest, SocketsReply] = SocketsService()
        serve(service, channel)

    return main


def capture_main(start: Start) -> Callable[[], None]:
    from engine.capture.service import CaptureService
    from engine.model.messages import CaptureReply, CaptureRequest
    from engine.process.host import serve

    service = CaptureService()  # looks for the SSH session that it runs in, which /proc tells before the confinement

    def main() -> None:
        enter(start)
        channel: Channel[CaptureReply, CaptureRequest] = Channel(_end(start), CaptureRequest)
        serve(service, channel)

    return main


def dissector_main(start: Start) -> Callable[[], None]:
    from engine.capture.dissect_service import DissectorService
    from engine.model.messages import DissectorReply, DissectorRequest
    from engine.process.host import serve

    service = DissectorService()

    def main() -> None:
        enter(start)
        channel: Channel[DissectorReply, DissectorRequest] = Channel(_end(start), DissectorRequest)
        serve(service, channel)

    return main


def actor_main(start: Start) -> Callable[[], None]:
    from engine.model.messages import ActorReply, ActorRequest
    from engine.process.actor_host import serve_actor

    def main() -> None:
        enter(start)
        channel: Channel[ActorReply, ActorRequest] = Channel(_end(start), ActorRequest)
        serve_actor(channel, ACTOR_NICENESS)

    return main


MAINS: dict[Role, Callable[[Start], Callable[[], None]]] = {
    Role.SOCKETS: sockets_main,
    Role.CAPTURE: capture_main,
    Role.DISSECTOR: dissector_main,
    Role.ACTOR: actor_main,
}


def _end(start: Start) -> socket.socket:
    return socket.socket(fileno=start.descriptor)


def say(sentence: str) -> None:
    """A worker's last words, which the launcher hands to the screen."""
    sys.stderr.write(f"{sentence}\n")
    sys.stderr.flush()
