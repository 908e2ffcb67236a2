"""Where the keys and values of a TOML document stand, so that a fault in one can be named with line and column.

tomllib tells the place of a syntax error but not of the values that it read. This reads a document that tomllib has
accepted a second time, for places only; on any other text it may give nonsense, but it ends. A path is what leads to a
value in what tomllib returned: `("step", 0, "do", 2)`.
"""

from __future__ import annotations

from typing import Final

Path = tuple[str | int, ...]

BARE_END: Final = frozenset(",]}#\n")
"""Ends a number, a date or a truth value."""

QUOTES: Final = ('"""', "'''", '"', "'")

ESCAPE_LENGTHS: Final = {"u": 6, "U": 10}
"""Characters of an escape with its backslash; all others have two."""


def line_and_column(text: str, offset: int) -> tuple[int, int]:
    """Both from 1, of a character in the text."""
    line_start = text.rfind("\n", 0, offset) + 1
    return text.count("\n", 0, offset) + 1, offset - line_start + 1


class Positions:
    """The places in one document. `text` has `\\n` at the ends of its lines, as tomllib makes them."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0
        self._keys: dict[Path, int] = {}
        self._values: dict[Path, int] = {}
        self._strings: dict[Path, tuple[int, str]] = {}
        self._tables: dict[Path, int] = {}
        self._document()

    def of_key(self, path: Path) -> int:
        """Offset of a key, or of the nearest table above that has one; of an array of tables that of the first; 0 for
        the document."""
        while path:
            for known in (self._keys, self._tables, self._values):
                if path in known:
                    return known[path]
            if (*path, 0) in self._tables:
                return self._tables[*path, 0]
            path = path[:-1]
        return 0

    def of_value(self, path: Path, character: int = 0) -> int:
        """Offset of a value; of a string's character, counted from 0 in the string as tomllib gives it."""
        if path not in self._values and path[-1:] == (0,):  # a text that stands for a list of one
            path = path[:-1]
        if path in self._strings:
            return self._in_string(*self._strings[path], character)
        return self._values.get(path, self.of_key(path))

    # --- reading ---------------------------------------------------------------------------------------------------

    def _document(self) -> None:
        text = self._text
        table: Path = ()
        while self._blank(newlines=True):
            start = self._at
            if text.startswith("[[", start):
                self._at += 2
                table = self._next_of_array(self._resolved(self._key()))
                self._tables[table] = start
            elif text.startswith("[", start):
                self._at += 1
                table = self._resolved(self._key())
                self._tables[table] = start
            else:
                self._pair(table)
                continue
            self._at = self._line_end()

    def _pair(self, table: Path) -> None:
        start = self._at
        path = (*table, *self._key())
        self._keys[path] = start
        self._blank()
        self._at += 1  # the equals sign
        self._blank()
        self._value(path)

    def _key(self) -> Path:
        """A dotted key; ends behind it."""
        parts: list[str | int] = []
        while self._blank():
            quote = self._text[self._at]
            if quote in "\"'":
                start, self._at = self._at + 1, self._string_end(self._at, quote)
                parts.append(self._text[start : self._at - 1])
            else:
                start = self._at
                while self._at < len(self._text) and self._text[self._at] not in ".=]\n \t":
                    self._at += 1
                parts.append(self._text[start : self._at])
            self._blank()
            if not self._text.startswith(".", self._at):
                break
            self._at += 1
        return tuple(parts)

    def _resolved(self, key: Path) -> Path:
        """A header's key with the index of the latest element of each array of tables that it goes through."""
        path: Path = ()
        for part in key[:-1]:
            path = (*path, part)
            count = self._elements(path)
            if count:
                path = (*path, count - 1)
        return (*path, *key[-1:])

    def _next_of_array(self, path: Path) -> Path:
        return (*path, self._elements(path))

    def _elements(self, path: Path) -> int:
        count = 0
        while (*path, count) in self._tables:
            count += 1
        return count

    def _value(self, path: Path) -> None:
        text, start = self._text, self._at
        self._values[path] = start
        quote = next((quote for quote in QUOTES if text.startswith(quote, start)), "")
        if quote:
            content = start + len(quote)
            if len(quote) == 3 and text.startswith("\n", content):
                content += 1
            self._strings[path] = (content, quote)
            self._at = self._string_end(start, quote)
        elif text.startswith("[", start):
            self._array(path)
        elif text.startswith("{", start):
            self._inline_table(path)
        else:
            while self._at < len(text) and text[self._at] not in BARE_END:
                self._at += 1

    def _array(self, path: Path) -> None:
        self._at += 1
        index = 0
        while self._blank(newlines=True) and not self._text.startswith("]", self._at):
            before = self._at
            if self._text.startswith(",", self._at):
                self._at += 1
                continue
            self._value((*path, index))
            index += 1
            self._at = max(self._at, before + 1)
        self._at += 1

    def _inline_table(self, path: Path) -> None:
        self._at += 1
        while self._blank() and not self._text.startswith("}", self._at):
            before = self._at
            if self._text.startswith(",", self._at):
                self._at += 1
                continue
            self._pair(path)
            self._at = max(self._at, before + 1)
        self._at += 1

    def _blank(self, newlines: bool = False) -> bool:
        """Go over spaces, and with `newlines` over line ends and comments; whether anything is left."""
        text = self._text
        while self._at < len(text):
            character = text[self._at]
            if newlines and character == "#":
                self._at = self._line_end()
            elif character in " \t" or (newlines and character == "\n"):
                self._at += 1
            else:
                return True
        return False

    def _line_end(self) -> int:
        end = self._text.find("\n", self._at)
        return len(self._text) if end < 0 else end

    def _string_end(self, start: int, quote: str) -> int:
        """Behind the closing quote of a string that begins at `start`."""
        text, at = self._text, start + len(quote)
        while at < len(text):
            if text[at] == "\\" and quote[0] == '"':
                at += 2
            elif text.startswith(quote, at):
                at += len(quote)
                # Up to two quotes more may stand before the closing three, and belong to the string.
                while len(quote) == 3 and text.startswith(quote[0], at):
                    at += 1
                return at
            else:
                at += 1
        return len(text)

    def _in_string(self, content: int, quote: str, character: int) -> int:
        at = content
        if quote[0] == "'":
            return at + character
        for _ in range(character):
            at = self._over_trimmed(at, quote)
            at += ESCAPE_LENGTHS.get(self._text[at + 1 : at + 2], 2) if self._text.startswith("\\", at) else 1
        return self._over_trimmed(at, quote)

    def _over_trimmed(self, at: int, quote: str) -> int:
        """Over a backslash that ends a line of a long string, and all white space behind it."""
        text = self._text
        while len(quote) == 3 and text.startswith("\\", at) and text[at + 1 : at + 2] in ("\n", " ", "\t"):
            at += 1
            while at < len(text) and text[at] in " \t\n":
                at += 1
        return at
