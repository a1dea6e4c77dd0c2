"""A group of dialogues as it stands in the result."""

from __future__ import annotations

from collections import Counter

from clca.evaluation.bootstrap import Estimate
from clca.generation.seed_counts import AGES, age_band
from clca.quality.markers import Markers
from clca.quality.stats.blocks import Blocks
from clca.quality.stats.group import Group, quantiles
from clca.quality.stats.likeness import MeaningStats
from clca.quality.stats.result import GroupStats, RunSummary
from clca.quality.stats.sides import SideRun


def group_stats(
    group: Group,
    markers: Markers,
    measures: dict[str, Estimate],
    blocks: Blocks,
    *,
    meaning: MeaningStats | None,
    sampled: int,
    scenarios: int,
    seed: int,
) -> GroupStats:
    """What is reported of a group, whose measures and blocks are given."""
    diversity = {
        name: blocks.estimate(name, blocks.replicates(name, seed=seed, name=group.name)) for name in blocks.scores
    }
    return GroupStats(
        side=group.side,
        culture=group.culture,
        dialogues=group.dialogues,
        scenarios=scenarios,
        sampled=sampled,
        measures=measures,
        diversity={name: estimate for name, estimate in diversity.items() if estimate is not None},
        turns=quantiles(group.turns),
        words=quantiles(group.words),
        actions=dict(group.actions.most_common()),
        endings=dict(group.endings.most_common()),
        relationships=dict(group.relationships.most_common()),
        genders=dict(group.genders.most_common()),
        ages=_bands(group.ages),
        names=group.names.variety(),
        settings=group.settings.variety(),
        occupations=group.occupations.variety(),
        languages=dict(group.languages.most_common()),
        markers={name: group.markers[name] for name in markers.names(group.culture)}
        if markers.has(group.culture)
        else None,
        meaning=meaning,
        asking_known=group.asking,
        yielding_known=group.yielding,
    )


def _bands(ages: Counter[int]) -> dict[str, int]:
    bands = dict.fromkeys(AGES, 0)
    for age, count in ages.items():
        bands[age_band(age)] += count
    return bands


def run_summary(side_run: SideRun, read: int) -> RunSummary:
    """What is reported of a run, of which that many lines were read."""
    data = side_run.info.data
    models, counts, reasons = (data.get(key) or {} for key in ("models", "counts", "reasons"))
    return RunSummary(
        side=side_run.side,
        run=side_run.info.folder,
        culture=side_run.info.culture,
        teacher=str((models.get("teacher") or {}).get("name", "")),
        rehearsed=side_run.info.is_rehearsed,
        finished=side_run.info.is_finished,
        funnel={name: int(count) for name, count in counts.items()},
        reasons={name: int(count) for name, count in reasons.items()},
        read=read,
        fingerprint=data.get("fingerprint", ""),
    )
