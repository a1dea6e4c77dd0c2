"""Two runs side by side: the settings that differ, what became of their dialogues, and shares with intervals."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response

from clca.quality.rate import Rate, difference, wilson
from clca.report.blocks import NOTHING, ReportCell, ReportRow, ReportTable
from clca.report.sections.values import count, count_cell
from clca.service.context import Service, service_of
from clca.service.dialogues.index import NotIndexedError
from clca.service.pages.funnel import OUTCOMES
from clca.service.pages.views import Reader, percent, show
from clca.service.run_list import Run
from clca.storage.reviews import status_of
from clca.storage.run_index import read_run
from clca.words import beginning

router = APIRouter(include_in_schema=False)
RunName = Annotated[str, Query(max_length=250, pattern=r"^([a-z0-9][a-z0-9_+-]*/[A-Za-z0-9][A-Za-z0-9._-]*)?$")]
MOST_RUNS = 300  # that are offered
MOST_ROWS = 60  # of settings, and of reasons
LONGEST = 160  # characters of a setting
CONTENT = "content:"
NOTES = (
    "Intervals of 95 %: Wilson's for a share, Newcombe's for a difference. They take dialogues for independent, which"
    " samples of one scenario are not quite: clca stats RUN --compare RUN draws whole scenarios.",
)


@dataclass(frozen=True, slots=True)
class Side:
    """A run with the shares of its dialogues by their name."""

    run: Run
    data: dict[str, Any]
    rates: dict[str, Rate]
    behind: int  # bytes that are not indexed yet, so that two of the shares lack their dialogues


@router.get("/compare")
async def compare(request: Request, identity: Reader, first: RunName = "", second: RunName = "") -> Response:
    """Two runs side by side, or the form that asks which."""
    service = service_of(request)
    listed = await service.indices.read(service.runs.newest_first)
    tables: list[ReportTable] = []
    sides: list[Side] = []
    if first and second:
        sides = [await _side(service, service.runs.get(name)) for name in (first, second)]
        tables = list(_tables(sides[0], sides[1]))
    return show(
        request,
        "compare.html.j2",
        runs=listed.runs[:MOST_RUNS],
        more=max(0, len(listed.runs) - MOST_RUNS),
        unreadable=len(listed.unreadable),
        first=first,
        second=second,
        sides=sides,
        tables=tables,
    )


async def _side(service: Service, run: Run) -> Side:
    folder = service.runs.folder_of(run)
    index, behind = await service.indices.current(folder)

    def read(db: sqlite3.Connection) -> tuple[int, int, int]:
        query = "SELECT COUNT(*), SUM(cultural > 0), SUM(ended = 'leave') FROM dialogue WHERE verdict = 'kept'"
        kept, cultural, left = db.execute(query).fetchone()
        return kept, cultural or 0, left or 0

    def about() -> tuple[dict[str, Any], Rate]:
        statuses = [status_of(own.values()) for own in service.indices.reviews(folder).values()]
        accepted, judged = statuses.count("accepted"), len(statuses) - statuses.count("open")
        return read_run(folder).data, wilson(accepted, judged)

    data, accepted = await service.indices.read(about)
    data = service.shown.value(data)
    try:
        kept, cultural, left = await service.indices.query(index, read)
    except NotIndexedError:
        kept, cultural, left = 0, 0, 0
    counts = {name: count(run.counts.get(name)) for name in OUTCOMES}
    ended = sum(counts.values())
    rates = {f"{name}, of those that ended": wilson(number, ended) for name, number in counts.items()}
    rates["with an intent that the culture shaped, of the kept"] = wilson(cultural, kept)
    rates["ended because somebody leaves, of the kept"] = wilson(left, kept)
    rates["accepted, of those that people judged"] = accepted
    return Side(run, data, rates, behind)


def _tables(first: Side, second: Side) -> Iterator[ReportTable]:
    columns = ("first", "second")
    settings = tuple(_settings(first.data.get("inputs") or {}, second.data.get("inputs") or {}))
    if settings:
        more = len(settings) - MOST_ROWS
        notes = (f"{more:,} more differ.",) if more > 0 else ()
        yield ReportTable("Inputs that differ", columns, settings[:MOST_ROWS], corner="input", notes=notes)
    keys = ("requested", *OUTCOMES, "pending")
    rows = tuple(
        ReportRow(key, (count_cell(first.run.counts.get(key, 0)), count_cell(second.run.counts.get(key, 0))))
        for key in keys
    )
    yield ReportTable("What became of the dialogues", columns, rows, corner="dialogues")
    rates = tuple(
        ReportRow(name, (_cell(rate), _cell(second.rates[name]), _difference(rate, second.rates[name])))
        for name, rate in first.rates.items()
    )
    yield ReportTable("Shares", (*columns, "first less second"), rows=rates, corner="dialogues", notes=NOTES)
    reasons = sorted({*first.run.reasons, *second.run.reasons}, key=lambda name: -_both(name, first.run, second.run))
    if reasons:
        counted = tuple(
            ReportRow(name, (count_cell(first.run.reasons.get(name, 0)), count_cell(second.run.reasons.get(name, 0))))
            for name in reasons[:MOST_ROWS]
        )
        yield ReportTable("Why dialogues were not kept", columns, counted, corner="reason")


def _settings(first: Mapping[str, Any], second: Mapping[str, Any]) -> Iterator[ReportRow]:
    """A row for each input that is not the same; content files by their digests."""
    for key in sorted(first.keys() | second.keys()):
        one, other = first.get(key), second.get(key)
        if one != other:
            yield ReportRow(key.removeprefix(CONTENT), tuple(ReportCell(_text(key, value)) for value in (one, other)))


def _text(key: str, value: Any) -> str:
    if value is None:
        return NOTHING
    if key.startswith(CONTENT):
        return f"SHA-256 {str(value)[:12]}"
    return beginning(value if isinstance(value, str) else json.dumps(value, ensure_ascii=False), LONGEST)


def _cell(rate: Rate) -> ReportCell:
    if rate.value is None:
        return ReportCell()
    share, _, interval = percent(rate).rpartition(" [")
    return ReportCell(f"{share} ({rate.hits:,} of {rate.of:,})", rate.value, f"[{interval}")


def _difference(first: Rate, second: Rate) -> ReportCell:
    estimate = difference(first, second)
    if estimate is None:
        return ReportCell()
    value, low, high = (100 * part for part in estimate)
    return ReportCell(f"{value:+.0f} points" if round(value) else "0 points", value, f"[{low:+.0f}, {high:+.0f}]")


def _both(reason: str, first: Run, second: Run) -> int:
    return first.reasons.get(reason, 0) + second.reasons.get(reason, 0)
