"""`make bench`: every benchmark, or those that are named: `python -m tests.benchmarks start`."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path

FOLDER = Path(__file__).parent


def main() -> None:
    """Run each module of this folder that has a `main`, and print its figures under its name."""
    names = sys.argv[1:] or sorted(path.stem for path in FOLDER.glob("*.py") if not path.stem.startswith("_"))
    for name in names:
        module = importlib.import_module(f"tests.benchmarks.{name}")
        if hasattr(module, "main"):
            sys.argv[1:] = []  # the names are for this module, not for its
            print(f"== {name}: {(module.__doc__ or '').splitlines()[0]}", flush=True)
            module.main()


if __name__ == "__main__":
    main()
