"""What was taken of several, on the screen."""

from __future__ import annotations

from collections.abc import Iterable

from clca.cli.views.screen import make_console
from clca.storage.selection import Selection


def show_selections(selections: Iterable[Selection]) -> None:
    """Print what was taken where there was something to choose from, even when quiet: it decides the result."""
    console = make_console(stderr=True)
    for selection in selections:
        if selection.others:
            console.print(f"Takes for {selection.line}")
