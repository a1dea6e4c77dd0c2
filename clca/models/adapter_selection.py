"""Which of several adapters of a culture is taken: nothing is chosen between recipes, mixtures or teachers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from clca.errors import SettingsError
from clca.models.adapter import TrainedAdapter
from clca.models.adapter_info import Lineage
from clca.storage.fingerprint import differences
from clca.storage.run_index import RunInfo
from clca.storage.run_selection import MOST_DIFFERENCES, covers, kind_differences
from clca.storage.selection import Selection, listed

WORDING = ("name", "summary", "student")  # keys of a recipe that change nothing, or are compared elsewhere
PLACES = ("data.files.", "training.log")  # where files lie, and where losses go


def select_adapter(
    target: str, adapters: Sequence[TrainedAdapter], others: Mapping[str, str] | None = None, advice: str = "--adapter"
) -> tuple[TrainedAdapter, Selection]:
    """The adapter to take for `target`; `adapters` are all that come into question, oldest first.

    Of adapters that differ in nothing, or in how much runs of one kind cover, the one that covers the most is taken,
    and of equal ones the newest. `others` were set aside before, each with the reason. Raises `SettingsError` where
    adapters have to be named; `advice` says how.
    """
    most = [adapter for adapter in adapters if all(_covers(adapter, other) for other in adapters)]
    taken = (most or adapters)[-1]
    apart = {str(adapter.folder): "; ".join(adapter_differences(taken, adapter)) for adapter in adapters}
    differing = {
        str(adapter.folder): f"{adapter.taught}; {apart[str(adapter.folder)]}"
        for adapter in adapters
        if apart[str(adapter.folder)]
    }
    if differing:
        raise SettingsError(
            f"{target} has adapters that differ: {taken.folder} ({taken.taught}), {listed(differing)}; say which with"
            f" {advice}"
        )
    if not most:
        names = ", ".join(str(adapter.folder) for adapter in adapters)
        raise SettingsError(
            f"{target} has adapters of runs of which none covers all that the others do: {names}; say which with"
            f" {advice}"
        )
    if len(most) > 1:
        reason = f"the newest of {len(most)} adapters of the same recipe and data"
    else:
        reason = "of the run that covers the most" if len(adapters) > 1 else "the only one"
    left = {
        str(adapter.folder): "the same recipe and data" if adapter in most else "of a run that covers less"
        for adapter in adapters
        if adapter is not taken
    }
    selection = Selection(target=target, taken=(str(taken.folder),), reason=reason, others={**left, **(others or {})})
    return taken, selection


def adapter_differences(first: TrainedAdapter, second: TrainedAdapter) -> list[str]:
    """A few lines on what sets an adapter apart from another: recipe, cultures, runs or rows; coverage does not."""
    lines = differences(dict(_settings(first.data.recipe)), dict(_settings(second.data.recipe)))
    if set(first.data.cultures) != set(second.data.cultures):
        lines.append(f"cultures: {', '.join(first.data.cultures)} -> {', '.join(second.data.cultures)}")
    if first.data.student.revision != second.data.student.revision:
        lines.append(f"student at {first.data.student.revision} -> {second.data.student.revision}")
    ours, theirs = _runs(first), _runs(second)
    if len(ours) != len(theirs):
        lines.append(f"runs: {len(ours)} -> {len(theirs)}")
    elif [run.sha256 for run in ours] != [run.sha256 for run in theirs]:
        for own, other in zip(ours, theirs, strict=True):
            if own.sha256 != other.sha256:
                lines += _run_differences(own, other)
    elif first.data.train.sha256 != second.data.train.sha256 and not lines:
        lines.append("other training rows")
    return lines[:MOST_DIFFERENCES]


def _covers(first: TrainedAdapter, second: TrainedAdapter) -> bool:
    pairs = zip(_runs(first), _runs(second), strict=False)
    return all(own.sha256 == other.sha256 or covers(_run(own), _run(other)) for own, other in pairs)


def _runs(adapter: TrainedAdapter) -> list[Lineage]:
    """The runs in an order that pairs those of the same culture."""
    return sorted(adapter.data.lineage, key=lambda run: (str(run.inputs.get("culture", "")), run.sha256))


def _run_differences(first: Lineage, second: Lineage) -> list[str]:
    if not (first.inputs and second.inputs):  # recorded by an earlier version
        return [f"run: {first.run} -> {second.run}"]
    return kind_differences(_run(first), _run(second))


def _run(lineage: Lineage) -> RunInfo:
    return RunInfo(Path(lineage.run), {"inputs": lineage.inputs, "counts": {"kept": lineage.dialogues}})


def _settings(recipe: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    """The keys of a recipe that decide weights, dotted."""
    for key, value in recipe.items():
        name = f"{prefix}{key}"
        if isinstance(value, dict):
            yield from _settings(value, f"{name}.")
        elif name not in WORDING and not name.startswith(PLACES):
            yield name, value
