"""The dialogues that match, of which a page is kept."""

from __future__ import annotations

from contextlib import ExitStack
from typing import BinaryIO

from clca.errors import NotFoundError
from clca.progress import Progress, ProgressCallback, ignore
from clca.quality.inspection.lines import Line, lines
from clca.quality.inspection.plan import InspectPlan
from clca.quality.inspection.result import Inspected, InspectResult
from clca.storage.atomic import atomic_file

EVERY = 1000  # dialogues between two reports of progress


def run(plan: InspectPlan, progress: ProgressCallback = ignore) -> InspectResult:
    """Read the dialogues of the runs, keep those of the page, and write all that match where that is asked for.

    Raises `NotFoundError` for a page or dialogue that is not there, `ContentError` for a line that is no record,
    `StoreError` where a file cannot be read or written.
    """
    config = plan.config
    read = matched = 0
    pages = _Pages(config.size, config.page, config.at)
    total = sum(sum(run.data.get("counts", {}).get(key, 0) for key in _OUTCOMES) for run in plan.runs)
    with ExitStack() as opened:
        file: BinaryIO | None = opened.enter_context(atomic_file(config.to, new=True)) if config.to else None
        for line in lines(plan.runs, config.verdict):
            read += 1
            if not read % EVERY:
                progress(Progress(read, max(read, total), "dialogues"))
            if not plan.matcher.matches(line):
                continue
            matched += 1
            pages.add(line)
            if file is not None:
                file.write(line.text)
        if config.at is not None and pages.found is None:
            raise NotFoundError(f"no dialogue {config.at!r} among the {matched:,} that match")
        page = pages.found or config.page
        count = max(1, -(-matched // config.size))
        if page > count:
            raise NotFoundError(f"there is no page {page}: the {matched:,} dialogues that match fill {count}")
    numbered = enumerate(pages.lines, start=(page - 1) * config.size + 1)
    return InspectResult(
        read=read,
        matched=matched,
        page=page,
        pages=count,
        dialogues=tuple(_inspected(plan, number, line) for number, line in numbered),
        written=config.to,
        selection=plan.selection,
    )


_OUTCOMES = ("kept", "discarded", "failed", "rejected")


class _Pages:
    """The lines of one page: of a number, or the first that holds a dialogue of a name."""

    def __init__(self, size: int, page: int, at: str | None) -> None:
        self._size, self._page, self._at = size, page, at
        self._count = 0
        self.found: int | None = None
        self.lines: list[Line] = []

    def add(self, line: Line) -> None:
        """Take the next line that matches."""
        page = self._count // self._size + 1
        self._count += 1
        if self._at is None:
            if page == self._page:
                self.lines.append(line)
            return
        if self.found is not None:
            if page == self.found:
                self.lines.append(line)
            return
        if (self._count - 1) % self._size == 0:
            self.lines = []
        self.lines.append(line)
        name = line.record()["id"]
        if name.startswith(self._at) or name.endswith(self._at):
            self.found = page


def _inspected(plan: InspectPlan, number: int, line: Line) -> Inspected:
    record = line.record()
    reviews = plan.matcher.reviews_of(line, record["id"])
    return Inspected(number=number, run=line.run.folder, outcome=line.outcome, record=record, reviews=reviews)
