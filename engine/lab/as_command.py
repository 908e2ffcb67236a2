"""An actor as the command that starts the same: "copy as command"."""

from __future__ import annotations

import shlex

from engine.lab.catalogue import actor_kind
from engine.model.lab import ActorSpec


def as_command(spec: ActorSpec) -> str:
    """`sockmon lab KIND` with an option for each knob that is not the kind's default. Raises BadInput for a kind that
    there is not; the options are read back by `engine.lab.knobs.parse_knob`."""
    kind = actor_kind(spec.kind)
    defaults = kind.default_knobs()
    words = ["sockmon", "lab", kind.kind]
    for name in kind.knobs:
        value = getattr(spec.knobs, name)
        if value != getattr(defaults, name):
            words.append(f"--{name.replace('_', '-')}={as_typed(value)}")
    return shlex.join(words)


def as_typed(value: object) -> str:
    """A value as a person types it; nothing for None."""
    if isinstance(value, bool):
        return "on" if value else "off"
    return "" if value is None else str(value).removesuffix(".0")
