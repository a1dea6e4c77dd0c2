"""What has to be known before exported data is used."""

from __future__ import annotations

from collections.abc import Iterator

from clca.quality.export.composition import UNKNOWN, Composition
from clca.quality.export.plan import ExportPlan

REHEARSAL = (
    "REHEARSAL: some of it was played by the embedded simulator, from written phrases. It is there to rehearse a study"
    " with: do not train on it, and publish no score of what was."
)


def caveats(plan: ExportPlan, composition: Composition) -> Iterator[str]:
    """The caveats of an export, each in one or two sentences."""
    if any(run.is_rehearsed for run in plan.runs):
        yield REHEARSAL
    if composition.flawed:
        yield f"{composition.flawed:,} of its dialogues have a flaw that the rehearsal planted and the judge kept."
    for run in plan.runs:
        if not run.is_finished:
            yield f"{run.name} is not finished: what is missing may differ from what is there."
        if rejected := run.data.get("counts", {}).get("rejected"):
            yield f"{run.name}: a person removed {rejected:,} dialogues that the judge had kept."
    unlicensed = sum(count for (_, licence), count in composition.origins.items() if licence == UNKNOWN)
    if unlicensed:
        yield (
            f"{unlicensed:,} dialogues are of scenarios or norms whose file names no licence: find out whether you may"
            " publish what was made of them."
        )
    if not composition.dialogues:
        yield "It is empty: no dialogue of the runs was kept."
