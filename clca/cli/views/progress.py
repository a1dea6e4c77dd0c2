"""Live progress with the funnel: a bar in a terminal, a line now and then elsewhere."""

from __future__ import annotations

import threading
from time import monotonic
from types import TracebackType

from rich.console import Console
from rich.live import Live
from rich.markup import escape
from rich.progress_bar import ProgressBar
from rich.table import Table

from clca.cli.views.screen import printable
from clca.generation.run import GenerationRun
from clca.inference.protocol import Throughput

LINE_EVERY = 10.0  # seconds between lines where there is no terminal


def cache_share(seen: Throughput) -> str:
    """How much of the prompts a server had read before."""
    return "prefix cache -" if seen.hit_rate is None else f"prefix cache {seen.hit_rate:.0%}"


class Waiting:
    """What a starting server last said: in place on a terminal, else a line now and then."""

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

    def tell(self, word: str) -> None:
        now = monotonic()
        line = f"vLLM is starting, {now - self._began:.0f} s: {printable(word)}"
        if self._status is not None:
            self._status.update(f"[dim]{escape(line)}[/dim]")
        elif word and now - self._shown >= LINE_EVERY:
            self._shown = now
            self._screen.print(line, markup=False)


class Bar:
    """How far a piece of work has come: a bar and a line in a terminal, a line now and then elsewhere."""

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

    def begin(self, line: str) -> None:
        """What there is to wait for before anything can be counted."""
        if self._status is not None:
            self._status.update(f"[dim]{escape(line)}[/dim]")
        else:
            self._screen.print(line, markup=False)

    def show(self, line: str, done: int, of: int) -> None:
        if self._status is not None:
            grid = Table.grid(padding=(0, 1))
            grid.add_row(ProgressBar(total=max(1, of), completed=done, width=30), line)
            self._status.update(grid)
        elif monotonic() - self._told >= LINE_EVERY:
            self._told = monotonic()
            self._screen.print(f"  {line}", markup=False)


class Progress:
    """Shows a session's numbers while the block runs; it reads them and touches nothing."""

    def __init__(self, session: GenerationRun, screen: Console) -> None:
        self._session, self._screen = session, screen
        self._live: Live | None = None
        self._done = threading.Event()
        self._thread: threading.Thread | None = None

    def __enter__(self) -> Progress:
        if self._screen.quiet or self._session.finished:
            return self
        if self._screen.is_terminal:
            self._live = Live(get_renderable=self._table, console=self._screen, refresh_per_second=4, transient=True)
            self._live.start()
        else:
            self._thread = threading.Thread(target=self._lines, daemon=True)
            self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._live is not None:
            self._live.stop()
        self._done.set()
        if self._thread is not None:
            self._thread.join()

    def line(self) -> str:
        """The funnel and the pace, in one line."""
        session = self._session
        funnel, tally = session.generation.funnel, session.generation.desk.tally
        outcomes = funnel.outcomes
        done = outcomes.total()
        seconds = session.seconds or 1.0
        parts = [
            f"{session.prepared.culture} {done:,}/{funnel.requested:,}",
            f"kept {outcomes['kept']:,}",
            f"discarded {outcomes['discarded']:,}",
            f"failed {outcomes['failed']:,}",
            f"under way {funnel.under_way:,}",
            f"asking {tally.running:,}",
            f"{tally.requests / seconds:,.0f} requests/s",
            f"{tally.completion_tokens / seconds:,.0f} tokens/s",
        ]
        seen = session.throughput()
        if seen is not None:
            parts.append(f"vLLM {seen.pace:,.0f} tokens/s, {seen.running:,} running, {seen.waiting:,} waiting")
            parts.append(cache_share(seen))
        down = [server.url for server in session.servers() if not server.up]
        if down:
            parts.append(f"down: {', '.join(down)}")
        if tally.cached:
            parts.append(f"{tally.cached:,} from the reply cache")
        return " · ".join(parts)

    def _table(self) -> Table:
        funnel = self._session.generation.funnel
        table = Table.grid(padding=(0, 1))
        table.add_row(
            ProgressBar(total=max(1, funnel.requested), completed=funnel.outcomes.total(), width=30), self.line()
        )
        return table

    def _lines(self) -> None:
        while not self._done.wait(LINE_EVERY):
            self._screen.print(self.line(), markup=False)
