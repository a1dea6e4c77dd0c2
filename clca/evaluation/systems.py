"""The rows of a matrix: which student and adapters answer, by the names of their cultures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from clca.content.lookup import Content
from clca.culture import CultureCatalogue
from clca.errors import NotFoundError, SettingsError
from clca.evaluation.classification.request_group import System
from clca.evaluation.classification.scores import COMBINED, WITHOUT_CULTURE
from clca.evaluation.evaluated_model import EvaluatedModel
from clca.evaluation.model_selection import ADAPTERS, choose_rows, find, row_of, served
from clca.models.adapter import TrainedAdapter


@dataclass(frozen=True, slots=True)
class SystemSelection:
    """What the command line says of rows: `adapters` are `CULTURE=DIR` or a name, `rows` what is asked for."""

    student: str | None
    adapters: Sequence[str]
    rows: Sequence[str]
    base_url: str | None
    bits: int | None


def choose_all(
    wish: SystemSelection,
    usual: Sequence[str],
    cultures: Sequence[str],
    catalogue: CultureCatalogue,
    generated: Path,
    content: Content,
    environment: Mapping[str, str],
    *,
    elsewhere: bool = False,
) -> tuple[EvaluatedModel, tuple[System, ...]]:
    """The student with its adapters, and who answers.

    Without `rows` those are the `usual` ones, and the adapters that are given; without these, those of the
    `cultures` and of all together that there are. A given adapter answers in any case.
    """
    named = [_row(one, catalogue) for one in wish.rows]
    _refuse_twice("--row", named)
    if wish.base_url is not None:
        subject = served(wish.student, _served(wish.adapters, catalogue))
    else:
        wanted = set(named) if named else set() if wish.adapters else {COMBINED, *cultures}
        given = _given(wish.adapters, catalogue, generated)
        subject = choose_rows(
            wish.student, given, wanted.__contains__, wish.bits, content, environment, elsewhere=elsewhere
        )
    for row in named:
        if row not in (*usual, *subject.adapters):
            raise SettingsError(f"--row {row}: {_lacking(row, subject, wish.base_url)}")
    there = {*(named or usual), *subject.adapters}
    order = [*dict.fromkeys([*usual, COMBINED, *cultures, *subject.adapters])]
    return subject, tuple(
        System(row, subject.adapters[row].name if row in subject.adapters else "") for row in order if row in there
    )


def _given(adapters: Sequence[str], catalogue: CultureCatalogue, generated: Path) -> dict[str, TrainedAdapter]:
    """By row; a name without a culture before it answers for the culture that it was taught."""
    pairs = []
    for one in adapters:
        row, where = _parts(one, catalogue)
        found = find(where, catalogue, generated)
        pairs.append((row or row_of(found), found))
    _refuse_twice("--adapter", [row for row, _ in pairs])
    return dict(pairs)


def _served(adapters: Sequence[str], catalogue: CultureCatalogue) -> dict[str, str]:
    pairs = []
    for one in adapters:
        row, name = _parts(one, catalogue)
        if row is None:
            raise SettingsError(
                f"--adapter {one}: with --base-url, say which culture it answers for: --adapter CULTURE={one}"
            )
        pairs.append((row, name))
    _refuse_twice("--adapter", [row for row, _ in pairs])
    return dict(pairs)


def _parts(given: str, catalogue: CultureCatalogue) -> tuple[str | None, str]:
    """Row and place of `CULTURE=DIR`; of a folder or a name alone no row."""
    culture, equals, where = given.partition("=")
    if not equals or Path(given).exists():
        return None, given
    if not culture.strip() or not where.strip():
        raise SettingsError(f"--adapter {given}: give CULTURE=DIR, as in --adapter japan=adapters/japan/NAME")
    row = _row(culture, catalogue)
    if row in WITHOUT_CULTURE and row != COMBINED:
        raise SettingsError(f"--adapter {given}: {row} is the student without an adapter; give a culture or {COMBINED}")
    return row, where


def _row(name: str, catalogue: CultureCatalogue) -> str:
    if name.casefold() in WITHOUT_CULTURE:
        return name.casefold()
    try:
        return catalogue.find(name)
    except NotFoundError as error:
        raise NotFoundError(f"{error.message}; rows of no one culture are {', '.join(WITHOUT_CULTURE)}") from None


def _refuse_twice(flag: str, rows: Sequence[str]) -> None:
    twice = next((row for row in rows if rows.count(row) > 1), None)
    if twice is not None:
        raise SettingsError(f"{flag}: {twice} is given twice, but is one row; leave one of them out")


def _lacking(row: str, subject: EvaluatedModel, base_url: str | None) -> str:
    if base_url is not None:
        return f"name its adapter on the server: --adapter {row}=NAME"
    make = "clca train --combined" if row == COMBINED else f"clca train -c {row}"
    return (
        f"there is no adapter of {row} for {subject.name} in {ADAPTERS}/: make one with `{make}`, or give one with"
        f" --adapter {row}=DIR"
    )
