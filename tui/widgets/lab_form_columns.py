"""The columns of the lab's form: a knob, its value, what the kernel made of it, what it means."""

from __future__ import annotations

from tui.widgets.columns import Column, Ink
from tui.widgets.lab_draft import KnobRow


def form_columns(*, kernel: bool) -> tuple[Column[KnobRow], ...]:
    """Name, value, what the kernel made of it, what it means."""
    name: Column[KnobRow] = Column(
        "name", "Knob", 15, lambda row: row.name, lambda row: Ink.STRONG if row.changed else Ink.PLAIN
    )
    value: Column[KnobRow] = Column(
        "value", "Value", 14, lambda row: f"‹ {row.value} ›" if row.choosable else row.value,
        lambda row: Ink.ACCENT if row.changed else Ink.PLAIN, ideal=20,
    )  # fmt: skip
    answer: Column[KnobRow] = Column("kernel", "Kernel", 9, lambda row: row.kernel, lambda row: Ink.GOOD, ideal=11)
    says: Column[KnobRow] = Column(
        "says", "Meaning", 12, lambda row: row.says, lambda row: row.ink, priority=1, flexible=True
    )
    return (name, value, answer, says) if kernel else (name, value, says)
