"""The command palette: every key of the screen as a command, with the key beside it, those of other panes too."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial

from textual.binding import Binding
from textual.command import DiscoveryHit, Hit, Hits, Provider
from textual.dom import DOMNode

from tui.widgets.line_table import LineTable
from tui.widgets.pane import Pane

Command = tuple[str, str, Callable[[], object]]
"""Name, help, and what to call."""


class KeyCommands(Provider):
    """All bindings that have a description: of the focused chain, of the screen, of the app, and of the other panes."""

    def _commands(self) -> Iterator[Command]:
        seen: set[str] = set()
        for node, binding, _enabled, _tooltip in self.screen.active_bindings.values():
            yield from self._command(node, binding, seen)
        for pane in self.screen.query(Pane):
            for node in (pane, *pane.query(LineTable)):
                for bindings in node._bindings.key_to_bindings.values():
                    for binding in bindings:
                        yield from self._command(node, binding, seen)

    def _command(self, node: DOMNode, binding: Binding, seen: set[str]) -> Iterator[Command]:
        name = binding.id or ""
        if not binding.description or binding.system or name in seen:
            return
        seen.add(name)
        title = node.BINDING_GROUP_TITLE
        says = binding.description[:1].upper() + binding.description[1:]
        words = f"{title}: {says}" if title else says
        yield words, f"key {self.app.get_key_display(binding)}", partial(self._run, node, binding.action)

    def _run(self, node: DOMNode, action: str) -> None:
        """Do it where it belongs: in its pane, which gets the focus."""
        for pane in self.screen.query(Pane):
            if node in (pane, *pane.query(LineTable)) and not pane.has_focus_within:
                pane.focus_inside()
        self.app.call_next(self.app.run_action, action, node)

    async def discover(self) -> Hits:
        for words, says, call in self._commands():
            yield DiscoveryHit(words, call, help=says)

    async def search(self, query: str) -> Hits:
        matcher = self.matcher(query)
        for words, says, call in self._commands():
            score = matcher.match(words)
            if score > 0:
                yield Hit(score, matcher.highlight(words), call, help=says)
