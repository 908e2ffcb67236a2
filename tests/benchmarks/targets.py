"""How a figure is printed beside the target that it has to meet."""

from __future__ import annotations


def verdict(value: float, target: float) -> str:
    """That `value` may be at most `target`, and whether it is."""
    return f"target <= {target:g}: {'met' if value <= target else 'MISSED'}"


def least(value: float, target: float) -> str:
    """That `value` must be at least `target`, and whether it is."""
    return f"target >= {target:g}: {'met' if value >= target else 'MISSED'}"
