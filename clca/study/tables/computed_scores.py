"""The scores of a study's finished evaluations, read one evaluation at a time."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from clca.errors import ClcaError
from clca.evaluation.arrays import Floats
from clca.evaluation.prediction_dir import INFO, read_info
from clca.study.tables.expected_settings import ExpectedEvaluation
from clca.study.tables.finished_evaluations import read_finished
from clca.study.tables.own_tables import own_tables
from clca.study.tables.published_cells import Part

Results = Mapping[str, Sequence[Path]]
"""The result folders of each finished cell."""


@dataclass(frozen=True, slots=True)
class ComputedScores:
    """The scores that finished cells have: `scores` [1 + B] by part, and what is read beside them by cell.

    `settings` are those that the evaluations record, `unread` says why a result could not be read.
    """

    scores: dict[Part, Floats] = field(default_factory=dict)
    groups: dict[str, Mapping[str, tuple[str, ...]]] = field(default_factory=dict)
    settings: dict[str, Mapping[str, Mapping[str, str]]] = field(default_factory=dict)
    caveats: dict[str, tuple[str, ...]] = field(default_factory=dict)
    rehearsals: set[str] = field(default_factory=set)
    demonstrations: set[str] = field(default_factory=set)
    unread: dict[str, str] = field(default_factory=dict)

    def notes(self, cells: Iterable[str]) -> tuple[str, ...]:
        """The caveats of the evaluations of cells, each once, with how many it is of; the commonest first."""
        counts: dict[str, int] = {}
        of_cells = [self.caveats[id] for id in cells if id in self.caveats]
        for caveats in of_cells:
            for caveat in caveats:
                counts[caveat] = counts.get(caveat, 0) + 1
        total = len(of_cells)
        return tuple(
            caveat if count == total else f"{caveat} ({count} of {total} evaluations)"
            for caveat, count in sorted(counts.items(), key=lambda entry: -entry[1])
        )


def is_rehearsal(results: Iterable[Sequence[Path]]) -> bool:
    """Whether all evaluations in these folders are rehearsals, as far as they can be read."""
    marks = []
    for folder in (folder for folders in results for folder in folders if (folder / INFO).is_file()):
        with suppress(ClcaError):
            marks.append(bool(read_info(folder).get("rehearsal")))
    return bool(marks) and all(marks)


def collect_scores(
    evaluations: Sequence[ExpectedEvaluation],
    finished: Results,
    wanted: Mapping[str, set[Part]],
    whole: set[str],
    workspace: Path | None,
    resamples: int,
) -> ComputedScores:
    """The `wanted` scores of each finished evaluation, of those in `whole` all; one is in memory at a time."""
    computed = ComputedScores()
    for expected in evaluations:
        id = expected.cell.id
        if not finished.get(id):
            continue
        try:
            evaluation = read_finished(finished[id][0], expected.kind, workspace, resamples)
        except ClcaError as error:
            computed.unread[id] = error.message
            continue
        computed.settings[id] = evaluation.settings
        caveats = evaluation.info.get("caveats")
        computed.caveats[id] = tuple(map(str, caveats)) if isinstance(caveats, list) else ()
        if evaluation.info.get("rehearsal"):
            computed.rehearsals.add(id)
        if evaluation.info.get("demonstration"):
            computed.demonstrations.add(id)
        parts = wanted.get(id, set())
        if id in whole:
            computed.groups[id] = evaluation.groups
            parts = {
                part
                for table in own_tables([expected], computed.groups, {})
                for number in table.numbers
                for part in number.parts
            }
        for part in parts:
            scores = evaluation.scores(part)
            if scores is not None:
                computed.scores[part] = scores
    return computed
