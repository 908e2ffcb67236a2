"""A frame taken apart: the tree of its fields beside its bytes; what is selected in one is lit in the other."""

from __future__ import annotations

from typing import ClassVar, Final

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.widgets import Static

from engine.model.packets import Dissection, PacketRow
from engine.text.sanitize import printable
from tui.widgets.field_topics import of_frame
from tui.widgets.hex_view import HexView
from tui.widgets.layer_lines import LAYER, LayerLine, layer_lines, line_of_byte, tree_columns
from tui.widgets.line_table import LineTable
from tui.widgets.topics import Topics

TAKING_APART: Final = "Taking the frame apart …"


class FieldTree(LineTable[LayerLine]):
    """The layers and their fields; right and left unfold and fold."""

    BINDING_GROUP_TITLE = "Fields"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("right", "fold(False)", "unfold", show=False, id="tree.unfold"),
        Binding("left", "fold(True)", "fold", show=False, id="tree.fold"),
    ]

    def __init__(self) -> None:
        super().__init__(tree_columns(), lambda line: line.key, empty=TAKING_APART)
        self._folded: frozenset[int] = frozenset()
        self._dissection: Dissection | None = None

    def show_dissection(self, dissection: Dissection | None) -> None:
        """Show this frame, every layer unfolded."""
        self._dissection = dissection
        self._folded = frozenset()
        self._update()

    def reveal(self, key: tuple[int, int]) -> None:
        """Put the cursor on this line, unfolding its layer."""
        if key[0] in self._folded:
            self._folded -= {key[0]}
            self._update()
        self.select_key(key)

    def fold(self, layer: int, folded: bool) -> None:
        """Fold or unfold a layer."""
        self._folded = self._folded | {layer} if folded else self._folded - {layer}
        self._update()
        self.select_key((layer, LAYER))

    def action_fold(self, folded: bool) -> None:
        line = self.cursor_row
        if line is not None and (folded or line.folded):
            self.fold(line.layer, folded)

    def action_select(self) -> None:
        line = self.cursor_row
        if line is not None and line.field == LAYER:
            self.fold(line.layer, not line.folded)

    def _update(self) -> None:
        self.show(layer_lines(self._dissection, self._folded) if self._dissection is not None else ())


class DissectionView(Vertical):
    """Tree and hex side by side, or one above the other where it is narrow."""

    DEFAULT_CSS = """
    DissectionView > Horizontal { height: 1fr; }
    DissectionView FieldTree { width: 1fr; }
    DissectionView HexView { width: 75; margin-left: 2; }
    DissectionView > #dissection-note { height: auto; display: none; color: $text-warning; }
    DissectionView.-noted > #dissection-note { display: block; }
    DissectionView.-narrow > Horizontal { layout: vertical; }
    DissectionView.-narrow FieldTree { width: 1fr; height: 1fr; }
    DissectionView.-narrow HexView { width: 1fr; margin-left: 1; height: 1fr; }
    """

    WIDE_CELLS: ClassVar[int] = 118
    """From this many cells on there is room for 16 bytes a line beside the tree."""

    def __init__(self, *, dom_id: str | None = None) -> None:
        super().__init__(id=dom_id)
        self._dissection: Dissection | None = None
        self._tree = FieldTree()
        self._hex = HexView()

    def compose(self) -> ComposeResult:
        with Horizontal():
            yield self._tree
            yield self._hex
        yield Static(id="dissection-note")

    def on_resize(self) -> None:
        self.set_class(self.size.width < self.WIDE_CELLS, "-narrow")

    def show(self, dissection: Dissection) -> None:
        """Show this frame."""
        self._dissection = dissection
        self._hex.show(dissection.data)
        self._tree.show_dissection(dissection)
        self.say(dissection.note)

    def forget(self, why: str) -> None:
        """Show no frame, and say why."""
        self._dissection = None
        self._hex.show(b"")
        self._tree.empty = why
        self._tree.show_dissection(None)
        self.say("")

    def say(self, words: str) -> None:
        """Why the frame is not complete, or not here."""
        self.set_class(bool(words), "-noted")
        self.query_one("#dissection-note", Static).update(Content(printable(words)))

    def topics(self, row: PacketRow | None) -> tuple[Topics, int]:
        """What can be asked about in the frame of this row, and which of it is under the cursor."""
        line = self._tree.cursor_row
        return of_frame(self._dissection, row, line.key if line is not None else None)

    def focus_tree(self) -> None:
        self.screen.set_focus(self._tree, scroll_visible=False)

    def focus_step(self, step: int) -> bool:
        """From the fields to the bytes, or back; False where there is nothing more that way."""
        come_from, go_to = (self._tree, self._hex) if step > 0 else (self._hex, self._tree)
        if not come_from.has_focus:
            return False
        self.screen.set_focus(go_to, scroll_visible=False)
        return True

    def on_line_table_row_highlighted(self, event: LineTable.RowHighlighted) -> None:
        event.stop()
        line: LayerLine | None = event.row
        if line is not None and not self._hex.has_focus:
            self._hex.light(line.bytes, line.layer_bytes)

    def on_hex_view_byte_highlighted(self, event: HexView.ByteHighlighted) -> None:
        event.stop()
        if self._dissection is None:
            return
        key = line_of_byte(self._dissection, event.offset)
        if key is not None:
            self._tree.reveal(key)
            line = self._tree.cursor_row
            if line is not None:
                self._hex.light(line.bytes, line.layer_bytes)
