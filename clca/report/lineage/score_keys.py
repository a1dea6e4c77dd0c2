"""The numbers of a `scores.json` by their names: key paths, short ones, and cells of tables."""

from __future__ import annotations

import csv
import io
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from sys import float_info
from typing import Any

from clca.content.parsing import suggestion
from clca.errors import NotFoundError, SettingsError
from clca.evaluation.prediction_dir import SCORES, TABLE, read_scores
from clca.safe_open import read_bytes

IDENTITY = ("culture", "row", "method", "order", "test", "item", "scoring")
"""Keys that tell the entries of a list apart: their values stand in a key path in place of a number."""
IMPLIED = frozenset({"results", "overall", "figures", "given"})
"""Steps of a key path that may be left out."""
GROUPS = {"topics": "topic", "tests": "test", "cultures": "culture", "references": "culture"}
"""Objects whose keys are names of things."""
PARTS = ("culture", "method", "order", "item", "row", "test")
"""Keys of predictions by which scores are taken apart."""
MOST_NAMED = 6  # candidates in a message
LARGEST = float_info.max  # of JSON, whole ones may be larger
SEPARATOR = "/"  # between metric, row and column of a cell


@dataclass(frozen=True, slots=True)
class Score:
    """A number: the `steps` of its key path, what it is of (`labels`, by kind), its value and interval."""

    steps: tuple[str, ...]
    labels: Mapping[str, str]
    value: float
    low: float | None = None
    high: float | None = None
    is_estimate: bool = False

    @property
    def name(self) -> str:
        """Its key path without the steps that may be left out."""
        return ".".join(step for step in self.steps if step not in IMPLIED)

    @property
    def metric(self) -> str:
        """What is measured: the last step."""
        return self.steps[-1]


def scores_of(folder: Path) -> list[Score]:
    """The numbers of an evaluation's `scores.json`. Raises `NotFoundError` and `ContentError`."""
    return list(_scores(read_scores(folder), (), {}))


def find_score(scores: Sequence[Score], name: str, folder: Path) -> Score:
    """The number of that key path, or of the only one that has all its steps; or a cell `metric/row/column`.

    Raises `NotFoundError` where there is none, `SettingsError` where there are several.
    """
    if SEPARATOR in name and not any(_is_named(score, name) for score in scores):
        return _cell(scores, name, folder)
    exact = [score for score in scores if _is_named(score, name)]
    wanted = [step.casefold() for step in name.split(".") if step]
    matching = exact or [score for score in scores if _has(score, wanted)]
    if not matching:
        names = [score.name for score in scores]
        hint = suggestion(name, names) or f"; there are {_few(names)}"
        raise NotFoundError(f"no score {name!r} in {folder / SCORES}{hint}")
    fewest = min(_left_out(score, wanted) for score in matching)
    best = [score for score in matching if _left_out(score, wanted) == fewest]
    if len(best) > 1:
        named = _few([score.name for score in best])
        raise SettingsError(f"{name!r} is the name of {len(best)} scores of {folder}: {named}; give more of one")
    return best[0]


def counted(scores: Sequence[Score], score: Score) -> dict[str, frozenset[str]]:
    """What predictions must have to be counted in a score: the values of each of their keys that is restricted.

    The items of a topic are those that the same result scores, the tests of a culture those that the file counts.
    """
    wanted = {key: frozenset({value}) for key, value in score.labels.items() if key in PARTS}
    labels = score.labels
    if "topic" in labels and "item" not in labels:
        same = {key: labels[key] for key in ("culture", "method", "order") if key in labels}
        of_topic = [entry.labels for entry in scores if same.items() <= entry.labels.items()]
        wanted["item"] = frozenset(
            entry["item"] for entry in of_topic if entry.get("topic") == labels["topic"] and "item" in entry
        )
    if "row" in labels and "culture" in wanted:
        culture = wanted.pop("culture")
        if "test" not in labels:
            tests = [entry.labels for entry in scores if entry.steps[0] == "tests" and "test" in entry.labels]
            wanted["test"] = frozenset(entry["test"] for entry in tests if entry.get("culture") in culture)
    return wanted


def _scores(value: Any, steps: tuple[str, ...], labels: Mapping[str, str]) -> Iterator[Score]:
    if isinstance(value, dict):
        if steps and _is_number(value.get("value")):
            low, high = (float(value[key]) if _is_number(value.get(key)) else None for key in ("low", "high"))
            yield Score(steps, labels, float(value["value"]), low, high, is_estimate=True)
            return
        kind = GROUPS.get(steps[-1]) if steps else None
        for key, entry in value.items():
            own = {**labels, kind: key} if kind else labels
            yield from _scores(entry, (*steps, key), own)
    elif isinstance(value, list):
        for index, entry in enumerate(value):
            if isinstance(entry, dict):
                named = {key: entry[key] for key in IDENTITY if isinstance(entry.get(key), str)}
                topic = {"topic": entry["topic"]} if isinstance(entry.get("topic"), str) else {}
                yield from _scores(entry, (*steps, *(named.values() or (str(index),))), {**labels, **named, **topic})
    elif len(steps) > 1 and _is_number(value):
        yield Score(steps, labels, float(value))


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) <= LARGEST


def _is_named(score: Score, name: str) -> bool:
    return name in (score.name, ".".join(score.steps))


def _has(score: Score, wanted: Sequence[str]) -> bool:
    """Whether all steps that are wanted are among those of a key path, the metric last."""
    steps = [step.casefold() for step in score.steps]
    return bool(wanted) and steps[-1] == wanted[-1] and set(wanted) <= set(steps)


def _left_out(score: Score, wanted: Sequence[str]) -> int:
    """How many steps that cannot be left out a name leaves out."""
    return sum(step not in IMPLIED and step.casefold() not in wanted for step in score.steps)


def find_equal(scores: Sequence[Score], metric: str, values: Collection[float]) -> Score | None:
    """The only score of a metric that has one of these values exactly, scores of whole cultures or tests first."""
    same = _equal(scores, metric, {repr(value) for value in values})
    return same[0] if len(same) == 1 else None


def _equal(scores: Sequence[Score], metric: str, values: Collection[str]) -> list[Score]:
    equal = [score for score in scores if score.metric == metric and repr(score.value) in values]
    fewest = min((_left_out(score, ()) for score in equal), default=0)
    return [score for score in equal if _left_out(score, ()) == fewest]


def _cell(scores: Sequence[Score], name: str, folder: Path) -> Score:
    """The score whose value a cell of `table.csv` has, of the same metric."""
    parts = [part.strip().casefold() for part in name.split(SEPARATOR)]
    file = folder / f"{TABLE}.csv"
    try:
        rows = list(csv.DictReader(io.StringIO(read_bytes(file, within=folder).decode("utf-8", "replace"))))
    except (OSError, csv.Error) as error:
        raise NotFoundError(f"no score {name!r}: cannot read {file} ({error})") from None
    keys = ("metric", "row", "column")
    cells = [row for row in rows if [(row.get(key) or "").casefold() for key in keys] == parts]
    if not cells:
        known = [SEPARATOR.join(row.get(key) or "" for key in keys) for row in rows]
        hint = suggestion(name, known) or f"; there are {_few(known)}"
        raise NotFoundError(f"no cell {name!r} in {file}{hint}")
    value = cells[0].get("value") or ""
    same = _equal(scores, parts[0], {value})
    names = [score.name for score in same]
    if len(same) == 1:
        return same[0]
    if not same:
        raise NotFoundError(f"no score of {folder / SCORES} has the value {value} of the cell {name!r}")
    raise SettingsError(f"the value {value} of the cell {name!r} is that of several scores: {_few(names)}; name one")


def _few(names: Sequence[str]) -> str:
    more = f" and {len(names) - MOST_NAMED:,} more" if len(names) > MOST_NAMED else ""
    return ", ".join(names[:MOST_NAMED]) + more
