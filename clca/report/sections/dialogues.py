"""Sample dialogues, kept and discarded."""

from __future__ import annotations

from clca.report.blocks import Block, Heading, Paragraph, SampledDialogue, Section
from clca.report.sample import sample_or_fault
from clca.report.sections.values import text
from clca.report.sources import ReportInputs
from clca.storage.reply_cache import Outcome
from clca.storage.run_dir import FILES

MOST = 48  # dialogues of a report
OUTCOMES: tuple[Outcome, ...] = ("kept", "discarded")


def dialogues_section(inputs: ReportInputs, count: int, seed: int) -> Section | None:
    """The section with up to `count` dialogues of each run and outcome; None without runs, or where none are wanted."""
    runs = inputs.of("run")
    if not runs or not count:
        return None
    blocks: list[Block] = []
    shown = skipped = 0
    for run in runs:
        samples = []
        for outcome in OUTCOMES:
            if shown >= MOST:
                skipped += 1
                continue
            file = run.folder / FILES[outcome]
            sample, fault = sample_or_fault(file, min(count, MOST - shown), seed, run.name)
            shown += len(sample.dialogues)
            samples.append((outcome, sample, fault))
        if not samples:
            continue
        counted = [f"{len(sample.dialogues)} of {sample.lines:,} {outcome}" for outcome, sample, _ in samples]
        culture = text(run.data.get("culture"), "unknown culture")
        blocks.append(Heading(f"{culture}: {run.folder.name}", "; ".join(counted), (run.code,)))
        for outcome, sample, fault in samples:
            if fault:
                blocks.append(Paragraph(f"The {outcome} dialogues cannot be shown: {fault}", emphasis=True))
            if sample.unreadable:
                blocks.append(
                    Paragraph(
                        f"{sample.unreadable:,} of the {outcome} dialogues that were drawn could not be read, and"
                        " others stand in their place.",
                        emphasis=True,
                    )
                )
            blocks += [SampledDialogue(dialogue, run.code, run.marks) for dialogue in sample.dialogues]
    if skipped:
        blocks.append(Paragraph(f"A report shows at most {MOST} dialogues: those of further runs are not here."))
    lead = (
        f"Drawn by seed {seed} from each run. Goals, secrets and thoughts are private: the partner, the judge and a"
        " student never see them."
    )
    return Section("dialogues", "Sample dialogues", tuple(blocks), lead)
