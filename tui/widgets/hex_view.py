"""The bytes of a frame as a hex dump: a lit field stands out, and the cursor on a byte says whose it is."""

from __future__ import annotations

from typing import ClassVar, Final

from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.binding import Binding, BindingType
from textual.geometry import Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.strip import Strip

WIDE: Final = 16
NARROW: Final = 8
"""Bytes a line, where there is room for them and where there is not."""

OFFSET_CELLS: Final = 6
"""Four digits and two spaces."""

HALF: Final = 8
"""After so many bytes a line has a gap."""


def line_cells(bytes_a_line: int) -> int:
    """Cells that a line of so many bytes takes."""
    gaps = (bytes_a_line - 1) // HALF
    return OFFSET_CELLS + bytes_a_line * 3 + gaps + 1 + bytes_a_line


def letter(byte: int) -> str:
    """A byte as ASCII, a dot for what is not printable."""
    return chr(byte) if 0x20 <= byte < 0x7F else "."


class HexView(ScrollView, can_focus=True, inherit_bindings=False):
    """Shows bytes; posts ByteHighlighted when its cursor moves."""

    BINDING_GROUP_TITLE = "Bytes"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("right", "move(1)", "Next byte", show=False, id="hex.right"),
        Binding("left", "move(-1)", "Byte before", show=False, id="hex.left"),
        Binding("down,j", "move_lines(1)", "Line below", show=False, id="hex.down"),
        Binding("up,k", "move_lines(-1)", "Line above", show=False, id="hex.up"),
        Binding("pagedown", "move_pages(1)", "Page down", show=False, id="hex.page_down"),
        Binding("pageup", "move_pages(-1)", "Page up", show=False, id="hex.page_up"),
        Binding("home,g", "move_to(0)", "First byte", show=False, id="hex.first"),
        Binding("end,G", "move_to(-1)", "Last byte", show=False, id="hex.last"),
    ]
    COMPONENT_CLASSES: ClassVar[set[str]] = {"hex-view--offset", "hex-view--lit", "hex-view--layer", "hex-view--cursor"}
    ALLOW_SELECT = False
    DEFAULT_CSS = """
    HexView { height: 1fr; overflow-x: hidden; scrollbar-gutter: stable; scrollbar-size-vertical: 1; }
    HexView > .hex-view--offset { color: $foreground 55%; }
    HexView > .hex-view--layer { background: $foreground 11%; }
    HexView > .hex-view--lit { background: $primary 45%; text-style: bold; }
    HexView:focus > .hex-view--cursor { background: $warning; color: $background; text-style: bold; }
    HexView:nocolor > .hex-view--layer { text-style: underline; }
    HexView:nocolor > .hex-view--lit { text-style: reverse; }
    """

    class ByteHighlighted(Message):
        """The cursor is on another byte."""

        def __init__(self, view: HexView, offset: int) -> None:
            super().__init__()
            self.view = view
            self.offset = offset

        @property
        def control(self) -> HexView:
            return self.view

    def __init__(self, *, dom_id: str | None = None) -> None:
        super().__init__(id=dom_id)
        self._bytes = b""
        self._lit = range(0)
        self._layer = range(0)
        self._cursor = 0

    @property
    def bytes_a_line(self) -> int:
        return WIDE if self.scrollable_content_region.width >= line_cells(WIDE) else NARROW

    @property
    def lit(self) -> range:
        """The bytes that stand out."""
        return self._lit

    def show(self, captured: bytes) -> None:
        """Show these bytes."""
        self._bytes = captured
        self._lit = self._layer = range(0)
        self._cursor = 0
        self._measure()

    def light(self, field: range, layer: range) -> None:
        """Make the bytes of a field stand out, and those of its layer a little; brings them into view, unless the
        cursor is among them already."""
        self._lit, self._layer = field, layer
        if field and self._cursor not in field:
            self._cursor = min(field.start, max(0, len(self._bytes) - 1))
            self._reveal()
        self.refresh()

    def _measure(self) -> None:
        self.virtual_size = Size(0, -(-len(self._bytes) // self.bytes_a_line))
        self.refresh()

    def on_resize(self) -> None:
        self._measure()

    def _reveal(self) -> None:
        line = self._cursor // self.bytes_a_line
        height = max(1, self.scrollable_content_region.height)
        top = max(min(self.scroll_offset.y, line), line - height + 1)
        if top != self.scroll_offset.y:
            self.scroll_to(y=top, animate=False, force=True)

    def action_move_to(self, offset: int) -> None:
        """Put the cursor on this byte; negative counts from the end."""
        if self._bytes:
            last = len(self._bytes) - 1
            self._cursor = max(0, last + 1 + offset if offset < 0 else min(offset, last))
            self._reveal()
            self.refresh()
            self.post_message(self.ByteHighlighted(self, self._cursor))

    def action_move(self, count: int) -> None:
        self.action_move_to(max(0, self._cursor + count))

    def action_move_lines(self, lines: int) -> None:
        target = self._cursor + lines * self.bytes_a_line
        if 0 <= target < len(self._bytes):
            self.action_move_to(target)

    def action_move_pages(self, pages: int) -> None:
        height = max(1, self.scrollable_content_region.height)
        self.action_move_to(max(0, self._cursor + pages * height * self.bytes_a_line))

    def on_click(self, event: events.Click) -> None:
        event.stop()
        at = event.get_content_offset(self)
        if at is None:
            return
        count = self.bytes_a_line
        for place in range(count):
            if at.x in (_hex_start(place), _hex_start(place) + 1) or at.x == _letters_start(count) + place:
                offset = (self.scroll_offset.y + at.y) * count + place
                if offset < len(self._bytes):
                    self.action_move_to(offset)

    def render_line(self, y: int) -> Strip:
        plain = self.rich_style
        count = self.bytes_a_line
        start = (self.scroll_offset.y + y) * count
        chunk = self._bytes[start : start + count]
        if not chunk:
            return Strip.blank(self.scrollable_content_region.width, plain)
        segments = [Segment(f"{start:04x}  ", plain + self._component("offset"))]
        letters: list[Segment] = []
        for place in range(count):
            gap = " " if (place + 1) % HALF == 0 and place + 1 < count else ""
            if place < len(chunk):
                style = self._style_of(start + place, plain)
                # The space after a byte is lit where the next one is, so that a field is one block.
                after = style if self._style_of(start + place + 1, plain) == style and place + 1 < count else plain
                segments += [Segment(f"{chunk[place]:02x}", style), Segment(f" {gap}", after)]
                letters.append(Segment(letter(chunk[place]), style))
            else:
                segments.append(Segment(f"   {gap}", plain))
        return Strip([*segments, Segment(" ", plain), *letters]).adjust_cell_length(
            self.scrollable_content_region.width, plain
        )

    def _style_of(self, offset: int, plain: Style) -> Style:
        style = plain
        if offset in self._layer:
            style += self._component("layer")
        if offset in self._lit:
            style += self._component("lit")
        if offset == self._cursor and self.has_focus:
            style += self._component("cursor")
        return style

    def _component(self, name: str) -> Style:
        own = self.get_component_rich_style(f"hex-view--{name}", partial=True)
        blended = self.get_component_rich_style(f"hex-view--{name}")
        return own + Style(
            color=blended.color if own.color is not None else None,
            bgcolor=blended.bgcolor if own.bgcolor is not None else None,
        )


def _hex_start(place: int) -> int:
    return OFFSET_CELLS + place * 3 + place // HALF


def _letters_start(count: int) -> int:
    return OFFSET_CELLS + count * 3 + (count - 1) // HALF + 1
