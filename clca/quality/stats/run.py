"""The quality report on one page: dialogues are read one by one, counted, and forgotten."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path

import numpy as np

from clca.contamination.index import ContaminationIndex
from clca.progress import Note, Progress, ProgressCallback, ignore
from clca.quality.dialogue_reader import DialogueReader
from clca.quality.duplicates import NearDuplicates
from clca.quality.embedding import Embedder, Vectors, embedded, load_embedder
from clca.quality.sample import Sampled
from clca.quality.stats.blocks import block_size, measure, token_budget
from clca.quality.stats.caveats import caveats
from clca.quality.stats.contrasts import contrasts
from clca.quality.stats.counted import count
from clca.quality.stats.differences import estimates
from clca.quality.stats.figures import LIBRARY, figures
from clca.quality.stats.group import Group, group_name
from clca.quality.stats.likeness import MeaningStats, alike_in_meaning, near_duplicates
from clca.quality.stats.plan import StatsPlan
from clca.quality.stats.result import StatsResult
from clca.quality.stats.shared import ContaminationCounter
from clca.quality.stats.summary import group_stats, run_summary
from clca.storage.output_files import write_output
from clca.tokens import tokens

FILE = "stats.json"
EVERY = 100  # dialogues between two reports of progress


def run(plan: StatsPlan, progress: ProgressCallback = ignore) -> StatsResult:
    """Measure the kept dialogues of the runs.

    Raises `ContentError` for a line that is no dialogue or no text of an evaluation, `SettingsError` for an embedder
    that cannot be loaded, `StoreError` where a file cannot be read or written.
    """
    embedder = load_embedder(plan.embedder)
    progress(Note("Reading the texts of evaluations."))
    contamination = ContaminationCounter(ContaminationIndex(plan.evaluations.texts))
    reader, groups = DialogueReader([side_run.file for side_run in plan.runs]), dict[str, Group]()
    read = Counter[Path]()
    with NearDuplicates(plan.config.near, plan.config.seed) as index:
        for number, place, dialogue in reader:
            side_run = plan.runs[place]
            counted = count(dialogue, plan.instruments)
            name = group_name(side_run.side, dialogue.culture)
            if name not in groups:
                groups[name] = Group(side_run.side, dialogue.culture, plan.config.sample, plan.config.seed)
            groups[name].add(dialogue, counted, number)
            index.add(counted.words)
            contamination.add(side_run.info.name, dialogue)
            read[side_run.file] += 1
            if not (number + 1) % EVERY:
                progress(Progress(number + 1, max(plan.dialogues, number + 1), "dialogues"))
        progress(Progress(index.count, index.count, "dialogues"))
        progress(Note("Comparing dialogues."))
        likeness = near_duplicates(index, reader, plan.runs)
    runs = tuple(run_summary(side_run, read[side_run.file]) for side_run in plan.runs)
    samples = {name: group.sample.dialogues() for name, group in groups.items()}
    vectors = _vectors(embedder, samples, progress)
    texts = {name: [tokens(entry.text) for entry in sample] for name, sample in samples.items()}
    size = block_size([len(sample) for sample in samples.values()])
    budgets = token_budget(list(texts.values()), size)
    blocks = {name: measure(own, vectors.get(name), size, budgets) for name, own in texts.items()}
    observations = {name: group.observations() for name, group in groups.items()}
    progress(Note("Resampling."))
    stats = tuple(
        group_stats(
            group,
            plan.instruments.markers,
            estimates(observations[name], seed=plan.config.seed, name=name),
            blocks[name],
            meaning=_meaning(plan, embedder, samples[name], vectors.get(name)),
            sampled=len(samples[name]),
            scenarios=len(observations[name][0]),
            seed=plan.config.seed,
        )
        for name, group in groups.items()
    )
    result = StatsResult(
        runs=runs,
        groups=stats,
        differences=tuple(contrasts(list(groups.values()), observations, blocks, plan.config.seed)),
        near_duplicates=likeness,
        contamination=contamination.stats(),
        block=size,
        rehearsal=any(summary.rehearsed for summary in runs),
        caveats=(*caveats(runs, stats, size, plan.embedder), *plan.evaluations.caveats),
        selection=plan.selection,
        report=plan.config.report,
    )
    if plan.config.report is not None:
        text = json.dumps(result.json_object(), indent=2, ensure_ascii=False) + "\n"
        has_figures = find_spec(LIBRARY) is not None
        if not has_figures:
            progress(Note(f"No figures: {LIBRARY} is not installed: pip install '.[eval]' in clca's source folder."))
        write_output(plan.config.report, {FILE: text, **(figures(result) if has_figures else {})})
    return result


def _vectors(
    embedder: Embedder | None, samples: dict[str, list[Sampled]], progress: ProgressCallback
) -> dict[str, Vectors]:
    """The vectors of each sample, [n, d]; none without an embedder."""
    if embedder is None:
        return {}
    total, done = sum(map(len, samples.values())), 0
    vectors = {}
    for name, sample in samples.items():
        parts = []
        for part in embedded(embedder, [entry.text for entry in sample]):
            parts.append(part)
            done += len(part)
            progress(Progress(done, total, "embedded dialogues"))
        vectors[name] = np.concatenate(parts)
    return vectors


def _meaning(
    plan: StatsPlan, embedder: Embedder | None, sample: Sequence[Sampled], vectors: Vectors | None
) -> MeaningStats | None:
    if embedder is None or vectors is None:
        return None
    return alike_in_meaning(sample, vectors, embedder.name, plan.config.meaning)
