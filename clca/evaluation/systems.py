"""The systems of an evaluation on labelled texts: the student as it is and its adapters, named by their cultures."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TypeVar

from clca.content.lookup import Content
from clca.culture import CultureCatalogue
from clca.errors import NotFoundError, SettingsError
from clca.evaluation.classification.request_group import System
from clca.evaluation.classification.scores import COMBINED, WITHOUT_CULTURE
from clca.evaluation.config import EvaluationConfig
from clca.evaluation.evaluated_model import EvaluatedModel
from clca.evaluation.model_selection import ADAPTERS, choose_by_row, choose_served, find, row_of
from clca.evaluation.replicas import weight_bits
from clca.evaluation.row_names import APART
from clca.models.adapter import TrainedAdapter
from clca.storage.selection import Selection

A = TypeVar("A")


def choose_systems(
    config: EvaluationConfig,
    rows: Sequence[str],
    defaults: Sequence[str],
    cultures: Sequence[str],
    catalogue: CultureCatalogue,
    content: Content,
    environment: Mapping[str, str],
) -> tuple[EvaluatedModel, tuple[System, ...]]:
    """The student with its adapters, and the systems that answer.

    Without `rows` those are the `defaults` and the given adapters; without given adapters, those that exist of
    `cultures` and of all together. A given adapter answers in any case. Raises `SettingsError` and `NotFoundError`
    for rows and adapters that do not exist or are given twice.
    """
    named = [_row(row, catalogue) for row in rows]
    _refuse_repeated("--row", named)
    if config.base_url is not None:
        model = choose_served(config.student, _served_by_row(config.adapter, catalogue))
    else:
        wanted = set(named) if named else set() if config.adapter else {COMBINED, *cultures}
        named_adapters, selection = _trained_by_row(config.adapter, catalogue, config.generated)
        bits = weight_bits(config)
        model = choose_by_row(config.student, named_adapters, wanted.__contains__, bits, content, environment)
        model = model.with_selection(selection)
    for row in named:
        if row not in (*defaults, *model.adapters):
            raise SettingsError(f"--row {row}: {_how_to_get(row, model, config.base_url)}")
    answering = {*(named or defaults), *model.adapters}
    order = dict.fromkeys([*defaults, COMBINED, *cultures, *model.adapters])
    return model, tuple(
        System(row, model.adapters[row].name if row in model.adapters else "") for row in order if row in answering
    )


def _trained_by_row(
    adapters: Sequence[str], catalogue: CultureCatalogue, runs: Path
) -> tuple[dict[str, TrainedAdapter], list[Selection]]:
    """Adapters by row, and what else their names stand for.

    One that is given without a culture answers for the culture that it was taught.
    """
    pairs, selections = [], []
    for adapter in adapters:
        row, name = _split(adapter, catalogue)
        trained, selection = find(name, catalogue, runs)
        pairs.append((row or row_of(trained), trained))
        selections.append(selection)
    by_row = _with_unique_rows(pairs, lambda adapter: adapter.taught, lambda adapter: str(adapter.folder))
    return by_row, selections


def _served_by_row(adapters: Sequence[str], catalogue: CultureCatalogue) -> dict[str, str]:
    pairs = []
    for adapter in adapters:
        row, name = _split(adapter, catalogue)
        if row is None:
            raise SettingsError(
                f"--adapter {adapter}: with --base-url, say which culture it answers for: --adapter CULTURE={adapter}"
            )
        pairs.append((row, name))
    return _with_unique_rows(pairs, str, str)


def _with_unique_rows(
    pairs: Sequence[tuple[str, A]], taught: Callable[[A], str], name: Callable[[A], str]
) -> dict[str, A]:
    """Adapters by row; several of one culture have rows of their own, called by what sets them apart.

    Raises `SettingsError` for one that is given twice, and for several of all cultures together.
    """
    rows = [row for row, _ in pairs]
    places = [(row, name(adapter)) for row, adapter in pairs]
    _refuse_repeated("--adapter", [f"{row}={place}" for row, place in places])
    _refuse_repeated("--adapter", [row for row in rows if row == COMBINED])
    words = [(row, taught(adapter)) for row, adapter in pairs]
    by_row = {}
    for row, adapter in pairs:
        if rows.count(row) > 1:
            alike = words.count((row, taught(adapter))) > 1
            by_row[f"{row}{APART}{name(adapter) if alike else taught(adapter)}"] = adapter
        else:
            by_row[row] = adapter
    return by_row


def _split(adapter: str, catalogue: CultureCatalogue) -> tuple[str | None, str]:
    """Row and folder of `CULTURE=DIR`; no row for a folder or a name alone."""
    culture, equals, name = adapter.partition("=")
    if not equals or Path(adapter).exists():
        return None, adapter
    if not culture.strip() or not name.strip():
        raise SettingsError(f"--adapter {adapter}: give CULTURE=DIR, as in --adapter japan=adapters/japan/NAME")
    row = _row(culture, catalogue)
    if row in WITHOUT_CULTURE and row != COMBINED:
        raise SettingsError(
            f"--adapter {adapter}: {row} is the student without an adapter; give a culture or {COMBINED}"
        )
    return row, name


def _row(name: str, catalogue: CultureCatalogue) -> str:
    if name.casefold() in WITHOUT_CULTURE:
        return name.casefold()
    try:
        return catalogue.find(name)
    except NotFoundError as error:
        raise NotFoundError(f"{error.message}; rows without a culture are {', '.join(WITHOUT_CULTURE)}") from None


def _refuse_repeated(flag: str, rows: Sequence[str]) -> None:
    repeated = next((row for row in rows if rows.count(row) > 1), None)
    if repeated is not None:
        raise SettingsError(f"{flag}: {repeated} is given twice; leave one of them out")


def _how_to_get(row: str, model: EvaluatedModel, base_url: str | None) -> str:
    if base_url is not None:
        return f"name its adapter on the server: --adapter {row}=NAME"
    make = "clca train --combined" if row == COMBINED else f"clca train -c {row}"
    return (
        f"there is no adapter of {row} for {model.name} in {ADAPTERS}/: make one with `{make}`, or give one with"
        f" --adapter {row}=DIR"
    )
