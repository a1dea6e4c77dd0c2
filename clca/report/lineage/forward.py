"""What was made of a dialogue, a run, an adapter or an evaluation: found in the folders of a workspace."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from clca.errors import ClcaError
from clca.evaluation.prediction_dir import INFO, read_info
from clca.models.adapter import EXAMPLES, WEIGHTS, TrainedAdapter, list_adapters
from clca.report.lineage.adapters import adapter_id, add_adapter
from clca.report.lineage.context import Lineage
from clca.report.lineage.dialogues import StoredDialogue, dialogue_id
from clca.report.lineage.evaluations import add_evaluation, evaluation_id
from clca.report.lineage.examples import UNLISTED, examples_link, examples_of, run_of
from clca.report.lineage.graph import Link, Node, descendants, node_id
from clca.report.lineage.measurements import AUDIT, MAP, add_audit, add_map, is_of
from clca.report.lineage.numbers import add_number, numbers_of
from clca.report.lineage.score_keys import scores_of
from clca.report.lineage.scores import add_score, answering_rows
from clca.report.lineage.specificity import add_specificity, specificities_of
from clca.report.lineage.studies import add_study, study_id
from clca.report.lineage.values import facts, mapping
from clca.storage.run_index import RunInfo
from clca.study.result import INFO as STUDY
from clca.study.result import read_study

MOST_SCORES = 12  # of each evaluation that are shown as what was made of an adapter
PARTS = frozenset({"items", "topics", "tests", "references"})
"""Steps of scores of a part of an evaluation."""


class Forward:
    """Looks for what was made of things; what cannot be read is noted in `unread`, a line each."""

    def __init__(self, lineage: Lineage) -> None:
        self._lineage = lineage
        self.unread: list[str] = []
        self._adapters: list[TrainedAdapter] | None = None

    def of_dialogue(self, stored: StoredDialogue) -> None:
        """Add the adapters that list a dialogue among their examples, and what was made of them."""
        lineage = self._lineage
        dialogue = dialogue_id(lineage, stored.run.folder, stored.id)
        for adapter in self._trained_on(stored.run):
            name = add_adapter(lineage, adapter.folder)
            if not (adapter.folder / EXAMPLES).is_file():
                self._note(name, UNLISTED)
                self.unread.append(f"{lineage.folders.shown(adapter.folder)} learned from the run, but {UNLISTED}")
                continue
            runs = {number for number in range(len(adapter.data.lineage)) if self._is_run(adapter, number, stored.run)}
            try:
                lines = list(examples_of(adapter, stored.id, runs))
            except ClcaError as error:
                self.unread.append(error.message)
                continue
            if not lines:
                continue
            shown = lineage.folders.shown(adapter.folder)
            examples = Node(
                kind="examples",
                id=node_id("examples", f"{shown}#{stored.id}"),
                name=f"{len(lines)} examples of {stored.id}",
                path=f"{shown}/{EXAMPLES}:{lines[0][0]}",
                facts=facts({"examples": [f"{entry.part} {entry.task} {entry.id}" for _, entry in lines]}),
                parents=(Link(node=dialogue, role="made of", by="record"),),
            )
            lineage.graph.add(examples)
            lineage.graph.link(name, examples_link(lineage, adapter, examples.id))
            self.of_adapter(adapter.folder)

    def of_run(self, run: RunInfo) -> None:
        """Add the adapters that learned from a run with what was made of them, audits of its judge, and its maps."""
        lineage = self._lineage
        for adapter in self._trained_on(run):
            add_adapter(lineage, adapter.folder)
            self.of_adapter(adapter.folder)
        for root, name, add in ((lineage.folders.audits, AUDIT, add_audit), (lineage.folders.maps, MAP, add_map)):
            for file in sorted(root.glob(f"*/{name}")):
                try:
                    if is_of(lineage, file, run):
                        add(lineage, file.parent)
                except ClcaError as error:
                    self.unread.append(error.message)

    def of_adapter(self, folder: Path) -> None:
        """Add the evaluations that an adapter's weights answered in, with the scores that they had a part in."""
        lineage = self._lineage
        digest = lineage.digest(folder / WEIGHTS)
        for evaluation in self._evaluations():
            try:
                info = read_info(evaluation)
                digests = mapping(mapping(info.get("inputs")).get("adapters"))
                rows = {row for row, recorded in digests.items() if digest and recorded == digest}
                if not rows:
                    continue
                name = add_evaluation(lineage, evaluation, ())
                own = adapter_id(lineage, folder)
                for row in sorted(rows):
                    lineage.graph.link(name, Link(node=own, role=f"answered for {row}", by="digest"))
                self._scores(evaluation, rows)
            except ClcaError as error:
                self.unread.append(error.message)

    def of_evaluation(self, folder: Path) -> None:
        """Add the scores of an evaluation, and the C-SPEC that was measured of them."""
        try:
            if (folder / INFO).is_file():
                rows = set(mapping(read_info(folder).get("adapters")))
                self._scores(folder, rows, adapted_only=False)
        except ClcaError as error:
            self.unread.append(error.message)

    def of_studies(self, start: str) -> None:
        """Add the studies, with their numbers, of which a node, or what was made of it, is a result."""
        lineage = self._lineage
        known = {
            os.path.realpath(lineage.folders.base / node.path): node.id for node in self._results(start) if node.path
        }
        for file in sorted(lineage.folders.studies.glob(f"*/{STUDY}")):
            try:
                study = read_study(file.parent)
                cells = {
                    cell.id
                    for cell in study.cells.values()
                    for result in cell.results
                    for place in lineage.places(str(result), file)
                    if os.path.realpath(place) in known
                }
                if cells:
                    add_study(lineage, file.parent, cells)
                    self._numbers(file.parent, cells)
            except ClcaError as error:
                self.unread.append(error.message)

    def _results(self, start: str) -> Iterator[Node]:
        """The folders that a node is, was made into, or (a score) stands in."""
        nodes = self._lineage.graph.nodes
        around = [nodes[start], *descendants(nodes, start)]
        around += [nodes[link.node] for link in nodes[start].parents if link.role in ("scored in", "answered in")]
        return (node for node in around if node.kind in ("run", "adapter", "evaluation"))

    def _numbers(self, study: Path, cells: set[str]) -> None:
        try:
            numbers = numbers_of(study)
        except ClcaError:
            return  # there are none yet
        own = [number for number in numbers if cells & set(number.record.cells)]
        for number in own[:MOST_SCORES]:
            add_number(self._lineage, study, number)
        if len(own) > MOST_SCORES:
            self._here(study_id(self._lineage, study), f"{MOST_SCORES} of {len(own):,} of its numbers")

    def _specificities(self, folder: Path) -> None:
        for specificity in specificities_of(self._lineage, folder):
            add_specificity(self._lineage, specificity)

    def _scores(self, folder: Path, rows: set[str], *, adapted_only: bool = True) -> None:
        lineage, info, scores = self._lineage, read_info(folder), scores_of(folder)
        whole = [
            score
            for score in scores
            if not PARTS & set(score.steps)
            and score.is_estimate
            and (not adapted_only or answering_rows(info, score) & rows)
        ]
        whole.sort(key=lambda score: len(score.name.split(".")))  # averages and whole rows first
        for score in whole[:MOST_SCORES]:
            add_score(lineage, folder, scores, score, counts=False)
        if len(whole) > MOST_SCORES:
            self._here(evaluation_id(lineage, folder), f"{MOST_SCORES} of {len(whole):,} of its scores")
        self._specificities(folder)

    def _trained_on(self, run: RunInfo) -> Iterator[TrainedAdapter]:
        """The adapters that recorded a run among those that they learned from, by fingerprint, or else by path."""
        if self._adapters is None:
            self._adapters = list_adapters(
                self._lineage.folders.adapters, lambda error: self.unread.append(error.message)
            )
        fingerprint = str(run.data.get("fingerprint", ""))
        real = os.path.realpath(run.folder)
        for adapter in self._adapters:
            for learned in adapter.data.lineage:
                places = self._lineage.places(learned.run, adapter.folder)
                same_path = any(os.path.realpath(place) == real for place in places)
                if (learned.fingerprint == fingerprint) if learned.fingerprint else same_path:
                    yield adapter
                    break

    def _is_run(self, adapter: TrainedAdapter, number: int, run: RunInfo) -> bool:
        learned = run_of(self._lineage, adapter, number)
        return learned is not None and os.path.realpath(learned.folder) == os.path.realpath(run.folder)

    def _evaluations(self) -> Iterator[Path]:
        for file in sorted(self._lineage.folders.evaluations.glob(f"*/*/{INFO}")):
            yield file.parent

    def _here(self, name: str, part: str) -> None:
        """Say that only a part of what was made of a node is shown."""
        node = self._lineage.graph.nodes[name]
        self._lineage.graph.nodes[name] = node.model_copy(update={"facts": {**node.facts, "here": part}})

    def _note(self, name: str, note: str) -> None:
        node = self._lineage.graph.nodes[name]
        if note not in node.notes:
            self._lineage.graph.nodes[name] = node.model_copy(update={"notes": (*node.notes, note)})
