"""Keys in order: each is carried out, focus and all, before the next one is looked at.

Theory of operation. Textual puts a key into the queue of the widget that has the focus when the key arrives, and looks
at the next key at once. Of keys that come in one burst (a paste of keys by tmux, a slow line, a quick hand) those after
`/` or Tab then reach the widget that had the focus before. Here the app does itself what the queue would have led to:
priority bindings, then the `on_key` of the focused widget and of those around it, then the other bindings; all of it
before it takes the next key. Actions run in the app's task in either case.
"""

from __future__ import annotations

from textual import events
from textual._callback import invoke
from textual.app import App
from textual.message_pump import MessagePump


class KeysInOrder(App[None]):
    """An app whose keys never overtake the focus."""

    async def on_event(self, event: events.Event) -> None:
        if isinstance(event, events.Key) and not event.is_forwarded:
            self.app_focus = True
            self.screen._clear_tooltip()
            if not await self._check_bindings(event.key, priority=True):
                await self._pass_up(event)
        else:
            await super().on_event(event)

    async def _pass_up(self, event: events.Key) -> None:
        """What bubbling does with a key: from the focused widget to the app, until one of them stops it."""
        event._set_forwarded()
        nodes: list[MessagePump] = [*(self.focused or self.screen).ancestors_with_self]
        for node in nodes:
            for _, method in node._get_dispatch_methods("on_key", event):
                await invoke(method, event)
            if event._stop_propagation:
                return
