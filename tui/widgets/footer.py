"""The footer: one line with the keys that work now, for the focused pane; help and quit never fall off it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Final

from rich.cells import cell_len
from rich.segment import Segment
from textual import events
from textual.screen import Screen
from textual.strip import Strip
from textual.widget import Widget

GAP: Final = 2
"""Cells between two keys."""

PINNED: Final = ("app.help", "app.quit")
"""Ids of the bindings that stand at the right end whatever the width."""


@dataclass(frozen=True)
class KeyLabel:
    """A key of the footer: what is shown, and the key that a click on it presses."""

    key: str
    shown: str
    says: str

    @property
    def width(self) -> int:
        return cell_len(self.shown) + 1 + cell_len(self.says)


class KeyBar(Widget):
    """Draws the active bindings of its screen that are to be shown."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {"key-bar--key", "key-bar--description"}
    ALLOW_SELECT = False
    DEFAULT_CSS = """
    KeyBar {
        height: 1;
        background: $footer-background;
        color: $footer-description-foreground;
    }
    KeyBar > .key-bar--key { color: $footer-key-foreground; text-style: bold; }
    KeyBar > .key-bar--description { color: $footer-description-foreground; }
    """

    def __init__(self) -> None:
        super().__init__()
        self._labels: tuple[KeyLabel, ...] = ()
        self._pinned: tuple[KeyLabel, ...] = ()
        self._places: list[tuple[int, int, str]] = []

    def on_mount(self) -> None:
        self.screen.bindings_updated_signal.subscribe(self, self._bindings_updated)

    def _bindings_updated(self, screen: Screen[object]) -> None:
        """Merge the keys of one group under one description, in the order of the bindings."""
        labels: dict[str, KeyLabel] = {}
        pinned: dict[str, KeyLabel] = {}
        for _node, binding, enabled, _tooltip in screen.active_bindings.values():
            if not (binding.show and enabled and binding.description):
                continue
            target = pinned if binding.id in PINNED else labels
            says = binding.group.description if binding.group else binding.description
            name = f"group {says}" if binding.group else binding.action
            shown = self.app.get_key_display(binding)
            known = target.get(name)
            if known is None:
                target[name] = KeyLabel(binding.key, shown, says)
            elif binding.group:
                target[name] = KeyLabel(known.key, f"{known.shown} {shown}", says)
        self._pinned = tuple(pinned.values())
        self._labels = tuple(labels.values())
        self.refresh()

    def render_line(self, y: int) -> Strip:
        width = self.size.width
        key_style = self.get_component_rich_style("key-bar--key")
        says_style = self.get_component_rich_style("key-bar--description")
        self._places = []
        segments: list[Segment] = []
        position = 1
        segments.append(Segment(" ", says_style))

        def add(label: KeyLabel) -> None:
            nonlocal position
            segments.append(Segment(label.shown, key_style))
            segments.append(Segment(f" {label.says}{' ' * GAP}", says_style))
            self._places.append((position, position + label.width, label.key))
            position += label.width + GAP

        pinned_width = sum(label.width + GAP for label in self._pinned)
        for label in self._labels:
            if position + label.width + GAP + pinned_width > width:
                break
            add(label)
        filler = max(0, width - position - pinned_width)
        segments.append(Segment(" " * filler, says_style))
        position += filler
        for label in self._pinned:
            add(label)
        return Strip(segments).adjust_cell_length(width, says_style)

    def on_click(self, event: events.Click) -> None:
        for start, end, key in self._places:
            if start <= event.x < end:
                self.app.simulate_key(key)
                return
