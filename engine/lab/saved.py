"""Templates that a person saved by name: one JSON file in the user's configuration folder."""

from __future__ import annotations

import os
import re
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Final

import msgspec

from engine.lab.catalogue import actor_kind
from engine.lab.templates import TEMPLATES, Template, check_template, template_knobs
from engine.model.errors import BadInput, LabError
from engine.model.lab import ActorSpec, Knobs

TEMPLATES_MAX: Final = 100
"""A person's own; each is read at every start of the lab."""

FILE_BYTES_MAX: Final = 1024 * 1024
"""A file beyond this was not written here."""

NAME_CHARACTERS_MAX: Final = 32

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
"""A name must do as a word on the command line."""


def templates_path() -> Path:
    """Where the templates are kept (platformdirs' user_config_dir)."""
    from platformdirs import user_config_path

    return user_config_path("sockmon") / "templates.json"


def load_templates(path: Path) -> dict[str, Template]:
    """The saved templates by name; none if nothing was saved yet. Raises BadInput for a file that is not in order."""
    try:
        with path.open("rb") as file:
            raw = file.read(FILE_BYTES_MAX + 1)
    except FileNotFoundError:
        return {}
    except OSError as error:
        raise LabError(f"read the templates in {path}", error.errno) from error
    if len(raw) > FILE_BYTES_MAX:
        raise BadInput(f"{path} is larger than {FILE_BYTES_MAX:,} bytes", hint="delete it, and save templates anew")
    try:
        templates = msgspec.json.decode(raw, type=list[Template])
        for template in templates:
            check_name(template.name)
            for kind in template.settings:
                actor_kind(kind)
            check_template(template)
    except (msgspec.DecodeError, BadInput) as error:
        raise BadInput(f"{path} is not in order: {error}", hint="mend or delete it") from error
    return {template.name: template for template in templates[:TEMPLATES_MAX]}


def template_knobs_from(path: Path, name: str, kind: str, knobs: Knobs) -> Knobs:
    """`template_knobs` with the saved templates of `path`, which is read only for a name that is none of ours: a folder
    that may not be read, as another user's home after `sudo -u`, is no reason to do without ours."""
    return template_knobs(name, kind, knobs, {} if name in TEMPLATES else load_templates(path))


def save_template(path: Path, name: str, spec: ActorSpec) -> Template:
    """Save what differs from the kind's defaults under a name, beside what the name has for other kinds.

    Raises BadInput for a name that cannot be had, LabError if the file cannot be written.
    """
    check_name(name)
    if name in TEMPLATES:
        raise BadInput(f"{name!r} is one of sockmon's own templates", hint="choose another name")
    known = load_templates(path)
    if name not in known and len(known) >= TEMPLATES_MAX:
        raise BadInput(f"there are {TEMPLATES_MAX} templates already", hint="delete one on the lab's screen: t, then x")
    defaults = actor_kind(spec.kind).default_knobs()
    changed = {
        knob: getattr(spec.knobs, knob)
        for knob in actor_kind(spec.kind).knobs
        if getattr(spec.knobs, knob) != getattr(defaults, knob)
    }
    before = known.get(name)
    settings = {**(before.settings if before else {}), spec.kind: changed}
    template = Template(name, name, f"saved for {', '.join(settings)}", settings)
    known[name] = template
    _write_all(path, known)
    return template


def delete_template(path: Path, name: str) -> None:
    """Delete a saved template, for every kind that it says something of. Raises BadInput for one that there is not,
    LabError if the file cannot be written."""
    known = load_templates(path)
    if name not in known:
        raise BadInput(f"there is no saved template {name!r}", hint=f"in {path}: {', '.join(known) or 'none'}")
    del known[name]
    _write_all(path, known)


def check_name(name: str) -> None:
    """Raise BadInput unless a template may be called so."""
    if not _NAME.fullmatch(name) or len(name) > NAME_CHARACTERS_MAX:
        raise BadInput(
            f"{name!r} is no name for a template", hint=f"letters, digits, . _ -, at most {NAME_CHARACTERS_MAX}"
        )


def _write_all(path: Path, templates: Mapping[str, Template]) -> None:
    _write(path, msgspec.json.format(msgspec.json.encode(list(templates.values())), indent=2))


def _write(path: Path, content: bytes) -> None:
    """All or nothing: a file beside it takes its place."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor, beside = tempfile.mkstemp(dir=path.parent, prefix=path.name)
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(content)
            os.replace(beside, path)
        except OSError:
            os.unlink(beside)
            raise
    except OSError as error:
        raise LabError(f"write the templates to {path}", error.errno) from error
