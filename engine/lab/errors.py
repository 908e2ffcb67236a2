"""The errors of socket programs by name, and making one for real."""

from __future__ import annotations

from functools import partial
from typing import Final

from engine.lab.actor import Actor
from engine.lab.bench import Bench
from engine.lab.calls import CallLog
from engine.lab.error_namespace import FromNamespace, in_namespace, with_loopback
from engine.lab.error_recipe import MadeError, Recipe
from engine.lab.error_recipes import NeedsOwnNetworkError
from engine.lab.errors_of_connections import CONNECTIONS
from engine.lab.errors_of_names import NAMES
from engine.lab.errors_of_sockets import SOCKETS
from engine.lab.shown import error_number, shown_error
from engine.model.errors import BadInput, LabError
from engine.model.lab import ActorState, HeardFrame

ERRORS: Final[dict[str, Recipe]] = {recipe.name: recipe for recipe in (*SOCKETS, *CONNECTIONS, *NAMES)}
"""Every error by name."""

ALIASES: Final = {"EWOULDBLOCK": "EAGAIN", "ECONNRESET-RECV": "ECONNRESET", "EACCES": "EACCES-PORT"}


def error_recipe(name: str) -> Recipe:
    """The recipe of this name, in any case. Raises BadInput."""
    by_folded = {known.casefold(): recipe for known, recipe in ERRORS.items()}
    by_folded |= {alias.casefold(): ERRORS[known] for alias, known in ALIASES.items()}
    try:
        return by_folded[name.casefold()]
    except KeyError:
        raise BadInput(f"there is no error {name!r}", hint=f"there is {', '.join(ERRORS)}") from None


def make_error(name: str, log: CallLog, *, own_network: bool = False) -> MadeError:
    """Make an error; its sockets stay open in the log, but those of a network of its own.

    Raises BadInput, and LabError if something else came of it.
    """
    recipe = error_recipe(name)
    frames: tuple[HeardFrame, ...] = ()
    if recipe.own_network or own_network:
        told = in_namespace(recipe.make if recipe.own_network else partial(with_loopback, recipe.make))
        frames = told.frames
        made, shown = _adopted(told, log)
    else:
        try:
            recipe.make(Bench(log))
        except NeedsOwnNetworkError:
            made, shown = _adopted(in_namespace(recipe.make), log)
        except (OSError, TypeError) as error:
            made = (type(error).__name__, error_number(error), str(error))
            shown = shown_error(error)
        else:
            made, shown = ("", 0, "no error"), ""
    if made[:2] != (recipe.error_class, recipe.errno):
        raise LabError(f"make {recipe.name}: it became {made[0]} {made[2]}".rstrip(), made[1] if made[1] > 0 else None)
    return MadeError(
        recipe.name,
        shown,
        made[1],
        made[2],
        recipe.meaning,
        recipe.other_side,
        recipe.cure,
        log.account().calls,
        frames,
    )


def _adopted(told: FromNamespace, log: CallLog) -> tuple[tuple[str, int, str], str]:
    """What the child made: its calls go into our log; class, number and sentence, and how the log shows it."""
    for call in told.calls:
        log.adopt(call)
    return (told.error_class, told.errno, told.sentence), told.calls[-1].result if told.calls else ""


class ErrorMaker(Actor):
    """Makes the error that the knobs name, and holds what is left of it. The report has it as `error` and `errno`."""

    def act(self) -> None:
        made = make_error(self.knobs.error, self.log, own_network=self.knobs.own_network)
        self.say_error(f"{made.shown}: {made.meaning}", made.errno)
        self.say_frames(made.frames)
        self.log.note(f"the other side: {made.other_side}")
        self.log.note(f"what to do: {made.cure}")
        self.state = ActorState.RUNNING
        self.hold()
