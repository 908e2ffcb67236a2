"""The table formats what is in view, keeps its selection and its place, and lets nothing through that is not text."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from textual.app import App, ComposeResult
from textual.message import Message
from textual.pilot import Pilot

from tests.tui.driving import until
from tui.widgets.columns import Align, Column, Ink
from tui.widgets.line_table import LineTable

HOSTILE = "\x1b]0;PWN\x07[/]x\u202e\x9b31m\ud800"


@dataclass(frozen=True)
class Socket:
    key: int
    name: str
    queue: int = 0


COLUMNS: tuple[Column[Socket], ...] = (
    Column("name", "Name", 10, lambda row: row.name, flexible=True),
    Column("queue", "Queue", 8, lambda row: f"{row.queue:,}", align=Align.RIGHT, priority=1),
    Column("key", "Key", 6, lambda row: str(row.key), lambda _row: Ink.MUTED, align=Align.RIGHT, priority=2),
)


class TableApp(App[None]):
    def __init__(self) -> None:
        super().__init__()
        self.table: LineTable[Socket] = LineTable(COLUMNS, lambda row: row.key, empty="No sockets.")
        self.heard: list[Message] = []

    def compose(self) -> ComposeResult:
        yield self.table

    def on_line_table_row_highlighted(self, message: Message) -> None:
        self.heard.append(message)

    on_line_table_row_selected = on_line_table_row_highlighted
    on_line_table_header_selected = on_line_table_row_highlighted


def sockets(count: int, first: int = 0) -> list[Socket]:
    return [Socket(number, f"socket {number}") for number in range(first, first + count)]


def lines(table: LineTable[Socket]) -> list[str]:
    return [table.render_line(y).text for y in range(table.size.height)]


def selected(table: LineTable[Socket]) -> object:
    return table.cursor_key


def line_of(table: LineTable[Socket], key: int) -> int:
    """The line of the view on which the row of this key stands."""
    return next(y for y, line in enumerate(lines(table)) if line.rstrip().endswith(f" {key}"))


async def shown(pilot: Pilot[None], table: LineTable[Socket], rows: Sequence[Socket]) -> None:
    table.show(rows)
    await pilot.pause()


async def test_the_table_is_a_header_and_aligned_cells() -> None:
    app = TableApp()
    async with app.run_test(size=(40, 5)) as pilot:
        await shown(pilot, app.table, [Socket(1, "sink", 408_300), Socket(22, "flood")])
        assert [line.rstrip() for line in lines(app.table)] == [
            "  Name                    Queue     Key",
            "▸ sink                  408,300       1",
            "  flood                       0      22",
            "",
            "",
        ]


async def test_the_scroll_bar_covers_no_cell() -> None:
    app = TableApp()
    async with app.run_test(size=(20, 5)) as pilot:
        await shown(pilot, app.table, [Socket(number, "a name that is too long") for number in range(100)])
        assert [len(line) for line in lines(app.table)] == [19] * 5
        assert lines(app.table)[1].endswith(" is t…")


async def test_an_empty_table_says_so() -> None:
    app = TableApp()
    async with app.run_test(size=(40, 5)) as pilot:
        await pilot.pause()
        assert lines(app.table)[2].strip() == "No sockets."


async def test_20_000_rows_cost_what_is_in_view() -> None:
    app = TableApp()
    async with app.run_test(size=(60, 25)) as pilot:
        table = app.table
        rows = sockets(20_000)
        await shown(pilot, table, rows)
        assert table.lines_formatted <= 30

        before = table.lines_formatted
        await shown(pilot, table, list(rows))
        assert table.lines_formatted == before, "the same row objects are not formatted again"

        rows[3] = Socket(3, "changed", 7)
        await shown(pilot, table, list(rows))
        assert table.lines_formatted == before + 1, "one changed row is one formatted line"

        before = table.lines_formatted
        await pilot.press("pagedown")
        assert table.lines_formatted <= before + 26

        before = table.lines_formatted
        await pilot.press("j")
        assert table.lines_formatted <= before + 3, "a step formats the line that is left and the one that is reached"

        before = table.lines_formatted
        await pilot.press("G")
        assert table.lines_formatted <= before + 26
        assert selected(table) == 19_999


async def test_keys_move_the_cursor_and_it_stays_in_view() -> None:
    app = TableApp()
    async with app.run_test(size=(40, 11)) as pilot:
        table = app.table
        await shown(pilot, table, sockets(100))
        for keys, expected in (
            (["j", "j", "down"], 3),
            (["k", "up"], 1),
            (["pagedown"], 11),
            (["ctrl+d"], 16),
            (["ctrl+u"], 11),
            (["pageup"], 1),
            (["end"], 99),
            (["j"], 99),
            (["home"], 0),
            (["k"], 0),
            (["G"], 99),
            (["g"], 0),
        ):
            await pilot.press(*keys)
            assert selected(table) == expected, keys
            assert 1 <= line_of(table, expected) <= 10


async def test_the_selection_survives_sorting_filtering_and_rows_coming_and_going_above_it() -> None:
    app = TableApp()
    async with app.run_test(size=(40, 21)) as pilot:
        table = app.table
        rows = sockets(1_000, first=50_000)
        await shown(pilot, table, rows)
        table.select_key(50_500)
        await pilot.pause()
        line = line_of(table, 50_500)

        await shown(pilot, table, sockets(10_000) + rows)
        assert (selected(table), line_of(table, 50_500)) == (50_500, line)
        await shown(pilot, table, rows)
        assert (selected(table), line_of(table, 50_500)) == (50_500, line)
        await shown(pilot, table, rows[::-1])
        assert (selected(table), line_of(table, 50_500)) == (50_500, line)
        await shown(pilot, table, [row for row in rows if row.key % 10 == 0])
        assert (selected(table), line_of(table, 50_500)) == (50_500, line)
        await shown(pilot, table, rows)
        assert (selected(table), line_of(table, 50_500)) == (50_500, line)


async def test_the_row_after_a_vanished_one_is_selected_and_told() -> None:
    app = TableApp()
    async with app.run_test(size=(40, 11)) as pilot:
        rows = sockets(5)
        await shown(pilot, app.table, rows)
        await pilot.press("j", "j")
        app.heard.clear()
        await shown(pilot, app.table, rows[:2] + rows[3:])
        assert selected(app.table) == 3
        (message,) = app.heard
        assert isinstance(message, LineTable.RowHighlighted)
        assert message.key == 3


async def test_marks_are_a_glyph_beside_the_colour() -> None:
    app = TableApp()
    async with app.run_test(size=(40, 6)) as pilot:
        app.table.show(sockets(4), {1: Ink.NEW, 2: Ink.CHANGED, 3: Ink.CLOSED})
        await pilot.pause()
        assert [line[:10] for line in lines(app.table)[1:5]] == ["▸ socket 0", " +socket 1", " ~socket 2", " ×socket 3"]
        app.table.show(sockets(4))
        await pilot.pause()
        assert [line[:2] for line in lines(app.table)[1:5]] == ["▸ ", "  ", "  ", "  "]


async def test_the_mouse_selects_opens_scrolls_and_sorts() -> None:
    app = TableApp()
    async with app.run_test(size=(40, 11)) as pilot:
        await shown(pilot, app.table, sockets(100))
        await pilot.click(LineTable, offset=(5, 3))
        assert selected(app.table) == 2
        app.heard.clear()
        await pilot.click(LineTable, offset=(5, 4), times=2)
        opened = [message.key for message in app.heard if isinstance(message, LineTable.RowSelected)]
        assert opened == [3]
        await pilot.click(LineTable, offset=(24, 0))
        sorts = [message.column for message in app.heard if isinstance(message, LineTable.HeaderSelected)]
        assert sorts == ["queue"]
        app.table.scroll_to(y=20, animate=False)
        await pilot.pause()
        assert lines(app.table)[1].startswith("  socket 20")
        assert selected(app.table) == 3


async def test_the_sorted_column_shows_an_arrow() -> None:
    app = TableApp()
    async with app.run_test(size=(40, 5)) as pilot:
        app.table.set_sort("queue", True)
        await pilot.pause()
        assert "▼ Queue" in lines(app.table)[0]
        app.table.set_sort("name", False)
        await pilot.pause()
        assert "Name ▲" in lines(app.table)[0]


async def test_a_narrow_table_drops_columns() -> None:
    app = TableApp()
    async with app.run_test(size=(24, 5)) as pilot:
        await shown(pilot, app.table, sockets(1))
        assert lines(app.table)[0].split() == ["Name", "Queue"]
        await pilot.resize_terminal(12, 5)
        assert lines(app.table)[0].split() == ["Name"]
        await pilot.resize_terminal(60, 5)
        assert lines(app.table)[0].split() == ["Name", "Queue", "Key"]


async def test_hostile_text_shows_neither_control_characters_nor_markup() -> None:
    app = TableApp()
    async with app.run_test(size=(70, 5)) as pilot:
        await shown(pilot, app.table, [Socket(1, HOSTILE), Socket(2, "[@click=app.quit]x[/] [bold")])
        assert "\\x1b]0;PWN\\x07[/]x\\u202e\\x9b31m\\ud800" in lines(app.table)[1]
        assert "[@click=app.quit]x[/] [bold" in lines(app.table)[2]
        assert all(line.isprintable() for line in lines(app.table))


async def test_following_keeps_the_newest_row_selected_until_the_user_moves_up() -> None:
    app = TableApp()
    async with app.run_test(size=(40, 11)) as pilot:
        table = app.table
        await shown(pilot, table, sockets(50))
        table.following = True
        await pilot.pause()
        assert selected(table) == 49
        await shown(pilot, table, sockets(80))
        assert selected(table) == 79
        assert line_of(table, 79) == 10
        await pilot.press("k")
        assert not table.following
        await shown(pilot, table, sockets(200))
        assert (selected(table), line_of(table, 78)) == (78, 9)


async def test_the_cursor_stays_in_view_when_the_terminal_shrinks() -> None:
    app = TableApp()
    async with app.run_test(size=(40, 30)) as pilot:
        await shown(pilot, app.table, sockets(100))
        app.table.select_key(25)
        await pilot.resize_terminal(40, 8)
        await until(pilot, lambda: 1 <= line_of(app.table, 25) <= 7)
