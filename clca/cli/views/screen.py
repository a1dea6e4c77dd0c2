"""Consoles for human-readable output."""

from __future__ import annotations

import re
import sys
from typing import Any

from rich.console import Console, Group
from rich.table import Table

from clca.cli.streams import give_up

# Control characters other than line break and tab, and marks that change the direction of text.
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")

UNBOUNDED = 240  # columns of what fills the width, where it goes to a file or a pipe
ENDLESS = 1_000_000  # columns that no table needs


class _Console(Console):
    """A console on which nothing is cut: a table that is wider than the screen is left to the terminal to break."""

    def print(self, *objects: Any, **options: Any) -> None:
        for shown in objects:
            for table in shown.renderables if isinstance(shown, Group) else [shown]:
                if isinstance(table, Table):
                    self._fit(table)
        try:
            super().print(*objects, **options)
        except OSError:
            if not self.stderr:
                raise
            self.on_broken_pipe()  # a terminal that is gone, a full disk

    def _fit(self, table: Table) -> None:
        endless = self.options.update_width(ENDLESS)
        if not self.is_terminal:
            table.width = self.measure(table, options=endless).maximum
            return
        for column in table.columns:  # its longest word at least
            cells = (column.header, *column.cells)
            column.min_width = max(self.measure(cell, options=endless).minimum for cell in cells)
        if (needed := self.measure(table, options=endless).minimum) > self.width:
            table.width = needed

    def on_broken_pipe(self) -> None:
        """Stop printing: a reader such as `head` has closed the pipe. Progress is no result: the work goes on.

        Exits with status 0 where it was the result that nobody reads any more.
        """
        self.quiet = True
        if self.stderr:
            give_up(sys.stderr)
            return
        give_up(sys.stdout)
        raise SystemExit(0)


def printable(text: str) -> str:
    """External text with control characters replaced, which could manipulate the terminal."""
    return _CONTROL.sub("\ufffd", text)


def one_line(text: str) -> str:
    """A message on one line, with control characters as Python writes them: `\\n`, `\\x1b`."""
    return _CONTROL.sub(_escaped, text).replace("\n", "\\n").replace("\t", "\\t")


def _escaped(match: re.Match[str]) -> str:
    return match[0].encode("unicode_escape").decode("ascii")


def make_console(*, stderr: bool = False, quiet: bool = False) -> Console:
    """A console that leaves wrapping to the terminal, so that copied text has no extra line breaks."""
    stream = sys.stderr if stderr else sys.stdout
    width = None if stream.isatty() else UNBOUNDED
    return _Console(stderr=stderr, quiet=quiet, highlight=False, soft_wrap=True, width=width)
