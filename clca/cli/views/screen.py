"""Consoles for human-readable output, and JSON. All that is shown is data: no text is read as markup."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from typing import Any

from rich.console import Console, ConsoleOptions, Group, RenderableType
from rich.segment import Segment
from rich.style import Style
from rich.styled import Styled
from rich.table import Table
from rich.text import Text
from rich.theme import Theme

from clca.cli.streams import give_up
from clca.cli.views.fitting import fitted
from clca.cli.views.wrapping import WHOLE, wrapped
from clca.printable import json_text, one_line, printable
from clca.words import beginning

UNBOUNDED = 240  # columns of what fills the width, where it goes to a file or a pipe
ENDLESS = 1_000_000  # columns that no table needs
LONGEST_CELL = 1000  # characters: Rich takes minutes for one of megabytes, and fills its column to its width
THEME = Theme({WHOLE: Style()})


class _Console(Console):
    """A console on which nothing is cut but cells that nobody reads to their end, and every text is inert.

    In a terminal texts are broken at spaces, and tables are made to fit. What has to be copied, such as a path, stays
    whole, and is left to the terminal to break.
    """

    def print(self, *objects: Any, **options: Any) -> None:
        try:
            super().print(*map(self._fitted, objects), **options)
        except OSError:
            if not self.stderr:
                raise
            self.on_broken_pipe()  # a terminal that is gone, a full disk

    def rule(self, title: str | Text = "", **options: Any) -> None:
        """A line across, with a title in it, or above it where it has no room there."""
        if len(title) > self.width - len("─ "):
            self.print(title)
            title = ""
        super().rule(title, **options)

    def render_str(self, text: str, **options: Any) -> Text:
        """The text with what must not reach a terminal written out, before its width is measured."""
        return super().render_str(printable(text), **options)

    def render(self, renderable: RenderableType, options: ConsoleOptions | None = None) -> Iterable[Segment]:
        """What is printed, with the same done to what was made a `Text` without it."""
        options = options or self.options
        if self.is_terminal and isinstance(renderable, str | Text):
            shown = renderable if isinstance(renderable, Text) else self.render_str(renderable)
            renderable = wrapped(shown, options.max_width, hanging=options.no_wrap is True)
        for text, style, control in super().render(renderable, options):
            yield Segment(text if control else printable(text), style, control)

    def render_lines(
        self, renderable: RenderableType, options: ConsoleOptions | None = None, **kinds: Any
    ) -> list[list[Segment]]:
        """The lines of a part of something larger. Rich cuts those that are too long also in trees."""
        if isinstance(renderable, Styled):  # the label of a tree
            return list(Segment.split_lines(self.render(renderable, options)))
        return super().render_lines(renderable, options, **kinds)

    def _fitted(self, shown: Any) -> Any:
        if isinstance(shown, Group):
            return Group(*map(self._fitted, shown.renderables))
        if not isinstance(shown, Table):
            return shown
        for column in shown.columns:
            column._cells = list(map(_shortened, column._cells))
        if self.is_terminal:
            return Group(*fitted(shown, self.width))
        shown.width = self.measure(shown, options=self.options.update_width(ENDLESS)).maximum
        return shown

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


def _shortened(cell: RenderableType) -> RenderableType:
    """A cell, or its beginning where it is a text that is too long for a table."""
    if isinstance(cell, str):
        return beginning(cell, LONGEST_CELL)
    if isinstance(cell, Text) and len(cell) > LONGEST_CELL:
        return cell[: LONGEST_CELL - 1].append("…")
    return cell


def styled(*parts: str | tuple[str, str]) -> Text:
    """A line of several parts, each a text, or a text and its style."""
    pairs = ((part, "") if isinstance(part, str) else part for part in parts)
    return Text.assemble(*((printable(text), style) for text, style in pairs))


def show_warnings(warnings: Iterable[str]) -> None:
    """Print warnings, a line each."""
    for warning in warnings:
        make_console(stderr=True).print(styled(("Warning:", "bold yellow"), f" {one_line(warning)}"))


def print_json(value: Any, *, indent: int | None = None) -> None:
    """Print the value as JSON, at once."""
    print(json_text(value, indent=indent), flush=True)


def make_console(*, stderr: bool = False, quiet: bool = False) -> Console:
    """A console on stdout or stderr. What goes to a file or a pipe is not broken at all."""
    stream = sys.stderr if stderr else sys.stdout
    width = None if stream.isatty() else UNBOUNDED
    settings: dict[str, Any] = {"markup": False, "emoji": False, "highlight": False, "soft_wrap": True, "theme": THEME}
    return _Console(stderr=stderr, quiet=quiet, width=width, **settings)
