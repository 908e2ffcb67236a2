"""Files that the screen saves: written whole or not at all, readable by their owner alone."""

from __future__ import annotations

import contextlib
import os
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from engine.model.errors import EngineError

NEW_FILE_MODE: Final = 0o600
"""What a conversation carried is nobody else's business."""


@contextmanager
def replaced(path: Path) -> Iterator[Path]:
    """A new file beside `path`, of the same ending, that takes its place when the block is done; if the block fails it
    is gone, and what was there stays. EngineError if that cannot be done."""
    try:
        descriptor, made = tempfile.mkstemp(prefix=".sockmon-", suffix=path.suffix, dir=path.parent)
    except OSError as error:
        raise EngineError(f"cannot write to {path}: {error.strerror}") from error
    os.close(descriptor)
    try:
        yield Path(made)
        os.chmod(made, NEW_FILE_MODE)
        os.replace(made, path)
    except OSError as error:
        raise EngineError(f"cannot write to {path}: {error.strerror}") from error
    finally:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(made)


def write(path: Path, parts: Iterable[bytes]) -> None:
    """Write a file of these parts. EngineError if that cannot be done."""
    with replaced(path) as made, made.open("wb") as file:
        file.writelines(parts)
