"""Progress on the screen: a bar and a line in a terminal, a line now and then elsewhere."""

from __future__ import annotations

from time import monotonic
from types import TracebackType

from rich.console import Console
from rich.progress_bar import ProgressBar
from rich.table import Table

from clca.cli.views.screen import styled
from clca.printable import one_line
from clca.progress import Note, Progress

LINE_EVERY = 10.0  # seconds between lines where there is no terminal


def rate(per_second: float, unit: str) -> str:
    """A rate in the unit of time that suits it.

    >>> rate(1234.5, "tokens"), rate(2.34, "requests"), rate(0.385, "requests"), rate(0.001, "prompts")
    ('1,234 tokens/s', '2.3 requests/s', '23 requests/min', '3.6 prompts/h')
    """
    for factor, time in ((1, "s"), (60, "min"), (3600, "h")):
        if per_second * factor >= 1 or time == "h" or not per_second:
            break
    number = per_second * factor
    return f"{number:,.0f} {unit}/{time}" if number >= 10 or not number else f"{number:.1f} {unit}/{time}"


class Waiting:
    """The last line of a starting server: in place on a terminal, else a line now and then."""

    def __init__(self, screen: Console) -> None:
        self._screen = screen
        self._status = screen.status("") if screen.is_terminal else None
        self._began = self._shown = monotonic()

    def __enter__(self) -> Waiting:
        if self._status is not None:
            self._status.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._status is not None:
            self._status.stop()

    def show(self, text: str) -> None:
        """Show the latest step of a server that starts."""
        now = monotonic()
        line = one_line(f"vLLM is starting, {now - self._began:.0f} s: {text}")
        if self._status is not None:
            self._status.update(styled((line, "dim")))
        elif text and now - self._shown >= LINE_EVERY:
            self._shown = now
            self._screen.print(line)


class Bar:
    """Progress of a piece of work: a bar and a line in a terminal, an occasional line elsewhere."""

    def __init__(self, screen: Console) -> None:
        self._screen = screen
        self._status = screen.status("") if screen.is_terminal and not screen.quiet else None
        self._told = monotonic()

    def __enter__(self) -> Bar:
        if self._status is not None:
            self._status.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self._status is not None:
            self._status.stop()

    def report(self, event: Progress | Note) -> None:
        """Show what a stage reports, with nothing but its counts."""
        if isinstance(event, Note):
            self.begin(one_line(event.text))
        else:
            self.show(f"{event.done:,} of {event.total:,} {event.unit}", event.done, event.total)

    def begin(self, line: str) -> None:
        """Show what is waited for before anything can be counted."""
        if self._status is not None:
            self._status.update(styled((line, "dim")))
        else:
            self._screen.print(line)

    def show(self, line: str, done: int, of: int) -> None:
        """Show a new state of the bar and its line."""
        if self._status is not None:
            grid = Table.grid(padding=(0, 1))
            grid.add_row(ProgressBar(total=max(1, of), completed=done, width=30), line)
            self._status.update(grid)
        elif monotonic() - self._told >= LINE_EVERY:
            self._told = monotonic()
            self._screen.print(f"  {line}")
