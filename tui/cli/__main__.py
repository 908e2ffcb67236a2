"""`python -m tui.cli`: the same as the `sockmon` command."""

from __future__ import annotations

from tui.cli.entry import main

main()
