"""Every kind of actor by its name, and an actor made from what a form or a command asks for.

The classes are imported when an actor is made, so that forms and commands can list them without.
"""

from __future__ import annotations

from importlib import import_module
from typing import Final

from engine.lab.actor import Actor
from engine.lab.kinds.clients import CLIENTS
from engine.lab.kinds.floods import BY_HAND, ERRORS, FLOODS
from engine.lab.kinds.kind import ActorKind, Group
from engine.lab.kinds.servers import SERVERS
from engine.lab.knobs import KNOBS, check_knobs
from engine.model.errors import BadInput
from engine.model.lab import ActorSpec

__all__ = ["KINDS", "ActorKind", "Group", "actor_kind", "make_actor"]


KINDS: Final[dict[str, ActorKind]] = {kind.kind: kind for kind in (*SERVERS, *CLIENTS, *FLOODS, *BY_HAND, *ERRORS)}
"""Every kind by name, in the order of a list."""


def actor_kind(name: str) -> ActorKind:
    """The kind of this name. Raises BadInput, naming those that are like it."""
    try:
        return KINDS[name]
    except KeyError:
        like = [kind for kind in KINDS if name and (name in kind or kind in name)]
        hint = f"did you mean {', '.join(like)}?" if like else "`sockmon lab list` shows all"
        raise BadInput(f"there is no actor {name!r}", hint=hint) from None


def make_actor(spec: ActorSpec) -> Actor:
    """The actor that a spec describes, not yet running. Raises BadInput for an unknown kind or a bad knob."""
    kind = actor_kind(spec.kind)
    check_knobs(spec.knobs, KNOBS)
    module, _, name = kind.where.partition(":")
    actor_class: type[Actor] = getattr(import_module(module), name)
    return actor_class(spec)
