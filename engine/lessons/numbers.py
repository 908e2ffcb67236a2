"""Numbers as a lesson writes them: `100k`, `64Ki`, `1,024`, `0.5s`, `200ms`."""

from __future__ import annotations

import re
from typing import Final

_NUMBER: Final = re.compile(r"(\d{1,15}(?:,\d{3})*(?:\.\d{1,9})?)(k|M|Ki|Mi|s|ms)?", re.ASCII)

_SCALES: Final = {"": 1.0, "k": 1e3, "M": 1e6, "Ki": 1024.0, "Mi": 1024.0**2, "s": 1.0, "ms": 1e-3}

TIME_UNITS: Final = ("s", "ms")


def number_of(text: str) -> float | None:
    """The number, times in seconds; None if it is none."""
    found = _NUMBER.fullmatch(text)
    return None if found is None else float(found[1].replace(",", "")) * _SCALES[found[2] or ""]


def seconds_of(text: str) -> float | None:
    """A length of time, whose unit must be there; None if it is none."""
    return number_of(text) if text.endswith(TIME_UNITS) else None


def shown(value: float) -> str:
    """A number for a person: whole ones with thousands apart."""
    return f"{int(value):,}" if value == int(value) else f"{value:,.3f}".rstrip("0")
