"""A number of a study's tables as a node: its cells, and the scores of the evaluations that it is the mean of."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from clca.content.parsing import suggestion
from clca.errors import ClcaError, NotFoundError, SettingsError
from clca.report.lineage.context import Lineage
from clca.report.lineage.evaluations import add_evaluation, moved_evaluation
from clca.report.lineage.graph import Link, Node, node_id
from clca.report.lineage.score_keys import MOST_NAMED, SEPARATOR, find_equal, scores_of
from clca.report.lineage.scores import add_score
from clca.report.lineage.studies import add_cell
from clca.report.lineage.values import facts, text
from clca.study.result import read_study
from clca.study.tables.numbers import NUMBERS, StudyNumber, read_numbers

SHOWN = ("mean", "sd", "low", "high", "low_both", "high_both", "published", "values", "missing", "differing", "unit")


@dataclass(frozen=True, slots=True)
class Number:
    """A number of a table of a study: `record` is all that the file has of it."""

    table: str
    record: StudyNumber

    @property
    def name(self) -> str:
        """`<table>/<row>/<column>/<metric>`"""
        row = " ".join(filter(None, (self.record.group, self.record.row)))
        return SEPARATOR.join((self.table, row, self.record.column, self.record.metric))


def numbers_of(folder: Path) -> list[Number]:
    """The numbers of a study. Raises `NotFoundError` where there are none yet, `StoreError` for a damaged file."""
    return [Number(table.id, number) for table in read_numbers(folder).tables for number in table.numbers]


def find_number(numbers: Sequence[Number], name: str, folder: Path) -> Number:
    """The number of that name, or the only one that has all its parts. Raises `NotFoundError` and `SettingsError`."""
    wanted = [part.strip().casefold() for part in name.split(SEPARATOR) if part.strip()]
    exact = [number for number in numbers if number.name == name]
    matching = exact or [
        number for number in numbers if wanted and set(wanted) <= set(number.name.casefold().split("/"))
    ]
    if len(matching) == 1:
        return matching[0]
    names = [number.name for number in matching or numbers]
    few = ", ".join(names[:MOST_NAMED]) + (f" and {len(names) - MOST_NAMED:,} more" * (len(names) > MOST_NAMED))
    if matching:
        raise SettingsError(f"{name!r} is the name of {len(matching)} numbers of {folder}: {few}; give more of one")
    hint = suggestion(name, names) or f"; there are {few}"
    raise NotFoundError(f"no number {name!r} in {folder / NUMBERS}{hint}")


def add_number(lineage: Lineage, folder: Path, number: Number, most: int = 0) -> str:
    """Add a number with its cells and the scores that it was made of; returns its id.

    A score is one of an evaluation that the number records, of the same metric, with exactly the value that the number
    has of a seed; where several have it, the evaluation alone is linked. Raises a `ClcaError`.
    """
    shown = lineage.folders.shown(folder)
    name = node_id("number", f"{shown}#{number.name}")
    if name in lineage.graph:
        return name
    record = number.record
    links: list[Link] = []
    notes: list[str] = []
    for recorded in map(str, record.results):
        links.append(_result(lineage, folder, record, recorded, most))
    for cell in record.cells:
        cell_name = add_cell(lineage, folder, cell)
        if cell_name is None:
            notes.append(f"its cell {text(cell)} is not in study.json")
        else:
            links.append(Link(node=cell_name, role="of cell", by="record"))
    if not links:
        notes.append("its cells and evaluations were not recorded")
    known = {key: getattr(record, key) for key in SHOWN}
    shown_value = f" = {record.mean:.6g}" if record.mean is not None else ", which has no value yet"
    lineage.graph.add(
        Node(
            kind="number",
            id=name,
            name=text(number.name) + shown_value,
            path=f"{shown}/{NUMBERS}",
            facts=facts({"metric": record.metric, **known}),
            parents=tuple(links),
            notes=tuple(notes),
        )
    )
    return name


def _result(lineage: Lineage, folder: Path, number: StudyNumber, recorded: str, most: int) -> Link:
    role, why = "mean of", "is no longer there"
    values = set(number.values.values())
    places = [place for place in lineage.places(recorded, folder / NUMBERS) if os.path.isdir(place)]
    fault = ""
    if not places and (moved := moved_evaluation(lineage, fingerprints=_fingerprints(folder, number))) is not None:
        places, fault = [moved], f"{text(recorded)} {why}; the same is in {lineage.folders.shown(moved)}"
    for place in places:
        try:
            scores = scores_of(place)
            score = find_equal(scores, number.metric, values)
            if score is not None:
                node = add_score(lineage, place, scores, score, most)
                return Link(node=node, role=role, by="fingerprint" if fault else "record", fault=fault)
            return Link(node=add_evaluation(lineage, place), role="computed from", by="path only", fault=fault)
        except ClcaError as error:
            why = text(error.message)
    name = node_id("evaluation", text(recorded))
    lineage.graph.add(Node(kind="evaluation", id=name, name=text(recorded), notes=(why,)))
    return Link(node=name, role=role, by="nothing", fault=f"{text(recorded)}: {why}")


def _fingerprints(folder: Path, number: StudyNumber) -> set[str]:
    """What the evaluations of a number are made of, as the study's cells record it."""
    try:
        cells = read_study(folder).cells
    except ClcaError:
        return set()
    return {cells[id].fingerprint for id in number.cells if id in cells} - {""}
