"""The matrices of adapters by tests, of finished evaluations on offensiveness and of S2N's tables 8 to 10."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from clca.content.lookup import Content
from clca.culture import CultureCatalogue
from clca.evaluation.classification.specificity import specificity
from clca.evaluation.results import StoredEvaluation
from clca.evaluation.s2n_results import CODES, DATA, OFFENSE, load_s2n
from clca.report.figures.drawing import Caption, label, make_figure
from clca.report.figures.figure import Figure
from clca.report.figures.matrices import HEADS, KINDS, Kind, MatrixFigure, MatrixPanel
from clca.report.figures.runs import slug, some
from clca.report.figures.sources import Sources

BESIDE = 3  # matrices in a figure, as in the paper
PUBLISHED = {"table 8": "wvs", "table 9": "wvs+wiki", "table 10": "wvs+normad"}
"""The data of the adapters of each table that prints a whole matrix."""

PUBLISHED_MODEL = "llama-3.1-8b"
_SEED = 42  # of the orders that chance is drawn from, which no picture shows


@dataclass(frozen=True, slots=True)
class _Panels:
    """Matrices of one model with what the caption says of them."""

    model: str
    panels: Sequence[MatrixPanel]
    folders: tuple[Path, ...] = ()
    rehearsal: bool = False
    notes: tuple[str, ...] = ()
    source: str = "evaluations by clca eval-offense"
    mark: str = ""


def matrix_figures(sources: Sources) -> Iterator[Figure]:
    """Rank heat-maps and normalised matrices of each student, three adapters' data beside each other."""
    names = sources.culture_names()
    with_matrix = [stored for stored in sources.offense if stored.scores.specificity is not None]
    for student in dict.fromkeys(stored.system.model for stored in with_matrix):
        own = [stored for stored in with_matrix if stored.system.model == student]
        for start in range(0, len(own), BESIDE):
            yield from _figures(_of_runs(student, own[start : start + BESIDE]), names, start // BESIDE)


def published_matrix_figures(content: Content) -> Iterator[Figure]:
    """S2N's figure 3 and its tables 8 to 10, from the printed numbers. Raises `ContentError`."""
    printed = load_s2n(content, OFFENSE)
    cultures = tuple(CODES)
    panels = []
    for table, setting in PUBLISHED.items():
        cells = printed.matrix(table, PUBLISHED_MODEL, setting)
        if len(cells) == len(cultures) ** 2:
            rows = [[cells[adapter, test] for test in cultures] for adapter in cultures]
            panels.append(MatrixPanel(DATA[setting], specificity(cultures, rows, seed=_SEED), has_scores=False))
    if panels:
        note = (
            "The paper prints the scores divided by the best of each column; their ranks and C-SPEC follow from these."
        )
        yield from _figures(
            _Panels(PUBLISHED_MODEL, panels, notes=(note,), source="S2N, tables 8 to 10", mark=" (published)"),
            CultureCatalogue(content).names,
            0,
            "s2n-",
        )


def _of_runs(student: str, own: Sequence[StoredEvaluation]) -> _Panels:
    panels, notes = [], []
    for stored in own:
        assert stored.scores.specificity is not None
        run = f"offense/{stored.folder.name}"
        panels.append(MatrixPanel(stored.system.trained, stored.scores.specificity, run, f"{stored.scores.seed}"))
        if stored.scores.specificity.left_out:
            notes.append(f"{run}: no adapter scores above 0 in the grey columns.")
    if any(stored.marks.demonstration for stored in own):
        notes.append("DEMONSTRATION: a few texts written for this purpose, no measure of anything.")
    return _Panels(
        student,
        panels,
        tuple(stored.folder for stored in own),
        any(stored.marks.rehearsal or stored.marks.demonstration for stored in own),
        tuple(notes),
    )


def _figures(drawn: _Panels, names: Mapping[str, str], number: int, prefix: str = "") -> Iterator[Figure]:
    suffix = f"-{number + 1}" if number else ""
    runs, seeds = ([getattr(panel, key) for panel in drawn.panels if getattr(panel, key)] for key in ("run", "seed"))
    of_runs = f" Seed: {some(seeds)}. Runs: {some(runs)}" if runs else ""
    for kind in KINDS:
        data = MatrixFigure(drawn.model, kind, tuple(drawn.panels), names)
        caption = Caption(
            title=f"{HEADS[kind]}: {label(drawn.model)}, {some([panel.data for panel in drawn.panels])}{drawn.mark}",
            shows=_SHOWS[kind],
            alt=_alt(data),
            foot=(
                f"Model: {drawn.model[:80]}. Data: adapters trained on {some([panel.data for panel in drawn.panels])};"
                f" {drawn.source}. Metric: macro-F1 on offensiveness tests.{of_runs}"
            ),
            notes=drawn.notes,
        )
        id = f"{prefix}matrix-{kind}-{slug(drawn.model)}{suffix}"
        made_of, rehearsal = drawn.folders, drawn.rehearsal
        yield make_figure(id, caption, data.table, data.size, data.draw, sources=made_of, rehearsal=rehearsal)


_SHOWS: dict[Kind, str] = {
    "ranks": (
        "A row is the adapter of a culture and a column the tests of one; a cell has the adapter's rank among all on"
        " these tests, dark for the best. Framed: each culture's own adapter. C-SPEC is the mean of the normalised"
        " scores in the frames."
    ),
    "normalised": (
        "A row is the adapter of a culture and a column the tests of one; a cell has macro-F1 over the highest of its"
        " column. Framed: each culture's own adapter; C-SPEC is their mean."
    ),
}


def _alt(data: MatrixFigure) -> str:
    parts = []
    for panel in data.panels:
        of = panel.specificity
        won = sum(culture in winners for culture, winners in of.winners.items())
        score = "" if of.cspec is None else f", C-SPEC {of.cspec.value:.2f}"
        parts.append(f"{panel.data[:80]}: the own adapter is the best on {won} of {len(of.cultures)} tests{score}")
    return f"{HEADS[data.kind]} of {data.model[:80]}. {'; '.join(parts)}."
