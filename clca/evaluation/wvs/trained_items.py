"""Survey items that an adapter was trained on: asking them measures what was learned by heart."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from clca.content.wvs_items import Item
from clca.evaluation.evaluated_model import Adapter
from clca.models.adapter_info import AdapterInfo
from clca.models.merged import read_merged
from clca.models.student import Student
from clca.training.mixture import SURVEY_SOURCES, parse_mixture


def trained_items(
    adapters: Iterable[Adapter], student: Student | None, suite: Sequence[Item]
) -> dict[str, tuple[str, ...]]:
    """The items of the suite that each adapter was trained on, by its name; adapters of none are left out.

    A student into whose folder an adapter was merged was trained on that adapter's. Held-out items count where their
    loss chose the checkpoint. An earlier version, which recorded no items, trained on all of them. What is on a server
    (a `student` of None) is left out, too: nothing is known of it. Raises `ContentError` for a damaged `merged.json`.
    """
    records = {adapter.name: adapter.trained.data for adapter in adapters if adapter.trained is not None}
    merged = None if student is None else read_merged(Path(os.path.expanduser(student.source)))
    if student is not None and merged is not None:
        records[student.name] = merged
    trained = {name: _trained_on(data, [item.id for item in suite]) for name, data in records.items()}
    return {name: ids for name, ids in trained.items() if ids}


def unknown_caveats(student: str, adapters: Iterable[Adapter], *, served: bool) -> list[str]:
    """That nobody here knows which items a model on a server was trained on, or an adapter there."""
    if not served:
        return []
    names = list(dict.fromkeys(adapter.name for adapter in adapters))
    models = f"{student} with {', '.join(names)}" if names else student
    return [
        f"What {models} was trained on is not known here, since it is on a server: if survey items were among it, its"
        " scores on them say what it learned by heart."
    ]


def untrained(items: Sequence[Item], trained: Iterable[Sequence[str]], *, named: bool) -> list[Item]:
    """The items to ask: those that no adapter was trained on; all where they are `named`, or none would be left."""
    learned = {item for ids in trained for item in ids}
    left = [item for item in items if item.id not in learned]
    return list(items) if named or not left else left


def overlap_caveats(trained: Mapping[str, Sequence[str]], asked: Sequence[str], left_out: Sequence[str]) -> list[str]:
    """That items were left out, or were asked although an adapter was trained on them."""
    caveats = []
    if left_out:
        caveats.append(
            f"{len(left_out)} of {len(left_out) + len(asked)} items are not asked, since an adapter was trained on them"
            f" ({', '.join(left_out)}); --items asks those that it names."
        )
    for name, ids in trained.items():
        if common := [item for item in ids if item in set(asked)]:
            caveats.append(
                f"{name} was trained on {len(common)} of the {len(asked)} items that are asked ({', '.join(common)}):"
                " on these its scores say what it learned by heart."
            )
    return caveats


def _trained_on(data: AdapterInfo, suite: Sequence[str]) -> tuple[str, ...]:
    recorded = data.train.items
    if recorded is not None:
        chosen_by = (data.held_out.items or {}) if data.best_step is not None else {}
        return tuple(item for item in suite if recorded.get(item) or chosen_by.get(item))
    try:
        survey = SURVEY_SOURCES & set(parse_mixture(data.mix).sources)
    except ValueError:
        return ()
    return tuple(suite) if survey else ()
