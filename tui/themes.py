"""The colours: a dark and a light theme of sockmon's own, made to be read from the back row of a classroom.

Colour is for signals only. Every signal also has a word or a glyph, so a monochrome terminal and NO_COLOR lose nothing.
"""

from __future__ import annotations

from typing import Final

from textual.theme import Theme

DARK: Final = Theme(
    name="sockmon-dark",
    dark=True,
    primary="#58a6ff",
    secondary="#8ea4c0",
    accent="#39c5cf",
    success="#3fb950",
    warning="#e3b341",
    error="#ff6a69",
    foreground="#dde4ee",
    background="#0d1219",
    surface="#0d1219",
    panel="#1a222d",
    variables={
        "line": "#36424f",
        "field": "#26313f",
        "footer-background": "#161d27",
        "footer-key-foreground": "#79b8ff",
        "footer-description-foreground": "#a9b6c6",
        "input-cursor-background": "#dde4ee",
        "input-cursor-foreground": "#0d1219",
        "input-selection-background": "#58a6ff 40%",
        "scrollbar": "#36424f",
        "scrollbar-hover": "#4d5c6d",
        "scrollbar-active": "#58a6ff",
        "scrollbar-background": "#0d1219",
        "scrollbar-background-hover": "#0d1219",
        "scrollbar-background-active": "#0d1219",
    },
)

LIGHT: Final = Theme(
    name="sockmon-light",
    dark=False,
    primary="#0a5fd1",
    secondary="#4a5a6d",
    accent="#0b7480",
    success="#1a7f37",
    warning="#8a5a00",
    error="#c4232b",
    foreground="#1b232d",
    background="#ffffff",
    surface="#ffffff",
    panel="#eef1f5",
    variables={
        "line": "#b8c2ce",
        "field": "#e2e7ee",
        "text-primary": "#0a5fd1",
        "text-success": "#1a7f37",
        "text-warning": "#8a5a00",
        "text-error": "#c4232b",
        "text-accent": "#0b7480",
        "footer-background": "#eef1f5",
        "footer-key-foreground": "#0a5fd1",
        "footer-description-foreground": "#4a5a6d",
        "input-cursor-background": "#1b232d",
        "input-cursor-foreground": "#ffffff",
        "input-selection-background": "#0a5fd1 30%",
        "scrollbar": "#b8c2ce",
        "scrollbar-hover": "#93a1b1",
        "scrollbar-active": "#0a5fd1",
        "scrollbar-background": "#ffffff",
        "scrollbar-background-hover": "#ffffff",
        "scrollbar-background-active": "#ffffff",
    },
)

DEFAULTS: Final = {"line": "#5a6673", "field": "#5a6673 40%"}
"""Variables of ours that the themes which come with Textual do not have."""
