"""From scenarios to training examples: what became of dialogues in each run, and of examples in each adapter."""

from __future__ import annotations

from collections.abc import Sequence

from clca.report.blocks import Bar, Block, Folded, Paragraph, ReportCell, ReportRow, ReportTable, Section
from clca.report.lineage.values import listed, mapping
from clca.report.sections.values import count, count_cell, counts, number, text, text_cell
from clca.report.sources import ReportInputs, Source

OUTCOMES = {
    "kept": "kept",
    "discarded": "discarded by the judge or a rule",
    "failed": "failed",
    "rejected": "rejected by a person",
    "pending": "pending",
}
MOST_REASONS = 40


def funnel_section(inputs: ReportInputs) -> Section | None:
    """The section; None without runs and adapters."""
    runs, adapters = inputs.of("run"), inputs.of("adapter")
    if not runs and not adapters:
        return None
    blocks: list[Block] = []
    if runs:
        blocks += [_dialogues(runs), *_reasons(runs), *_costs(runs)]
    if adapters:
        blocks += [_examples(adapters), *_dropped(adapters)]
    elif runs:
        blocks.append(Paragraph("No adapter is in this report: what became of the kept dialogues is not known here."))
    lead = (
        "Seed scenarios and norms become scenes of a culture, scenes dialogues, and kept dialogues training examples."
    )
    return Section("funnel", "From scenario to training example", tuple(blocks), lead)


def marks_of(sources: Sequence[Source]) -> tuple[str, ...]:
    """The marks that any of the results has."""
    return tuple(dict.fromkeys(mark for source in sources for mark in source.marks))


def _dialogues(runs: Sequence[Source]) -> ReportTable:
    columns = ("teacher", "scenarios", "dialogues", *OUTCOMES, "outcome")
    rows = []
    for run in runs:
        data, made = run.data, counts(run.data.get("counts"))
        asked = made.get("requested", 0)
        seeds = counts(data.get("seeds"))
        scenarios = sum(seeds.get(key, 0) for key in ("neutral", "own")) + count(_setting(run, "norms"))
        bar = Bar("dialogues", tuple((name, made.get(name, 0) / asked, name) for name in OUTCOMES)) if asked else None
        cells = (
            text_cell(mapping(mapping(data.get("models")).get("teacher")).get("name")),
            count_cell(scenarios if seeds else None),
            count_cell(asked),
            *(count_cell(made.get(name, 0)) for name in OUTCOMES),
            ReportCell("", bar=bar),
        )
        rows.append(ReportRow(_run_label(run), cells, sources=(run.code,)))
    notes = (
        "scenarios: seeds that are adapted or of the culture alone, and those written from norms.",
        *(f"{name}: {words}." for name, words in OUTCOMES.items() if name != words),
    )
    return ReportTable(
        "What became of the dialogues of each run", columns, tuple(rows), "funnel", "run", notes, marks_of(runs)
    )


def _setting(run: Source, name: str) -> object:
    return mapping(run.data.get("settings")).get(name)


def _run_label(run: Source) -> str:
    return f"{text(run.data.get('culture'), 'unknown culture')}, {run.folder.name}"


def _reasons(runs: Sequence[Source]) -> list[Block]:
    reasons: dict[str, dict[str, int]] = {}
    for run in runs:
        for reason, times in counts(run.data.get("reasons")).items():
            reasons.setdefault(reason, {})[run.code] = times
    if not reasons:
        return []
    ordered = sorted(reasons, key=lambda reason: -sum(reasons[reason].values()))
    rows = tuple(
        ReportRow(reason, tuple(count_cell(reasons[reason].get(run.code, 0)) for run in runs))
        for reason in ordered[:MOST_REASONS]
    )
    left = len(ordered) - MOST_REASONS
    notes = (f"{left:,} rarer reasons are in run.json.",) if left > 0 else ()
    columns = tuple(f"{run.code} {text(run.data.get('culture'))}" for run in runs)
    table = ReportTable(
        "Why dialogues were not kept",
        columns,
        rows,
        "reasons",
        "outcome: reason",
        notes,
        marks_of(runs),
        tuple(run.code for run in runs),
    )
    return [Folded("Why dialogues were not kept", (table,))]


def _costs(runs: Sequence[Source]) -> list[Block]:
    rows = []
    for run in runs:
        usage = counts(run.data.get("usage"))
        sessions = [mapping(session) for session in listed(run.data.get("sessions"))]
        seconds = sum(number(session.get("seconds")) or 0.0 for session in sessions)
        cells = (
            *(count_cell(usage.get(key, 0)) for key in ("requests", "prompt_tokens", "completion_tokens")),
            ReportCell(f"{seconds:,.0f}", seconds),
            count_cell(len(sessions)),
        )
        rows.append(ReportRow(_run_label(run), cells, sources=(run.code,)))
    columns = ("requests", "prompt tokens", "tokens of replies", "seconds", "commands")
    table = ReportTable(
        "What the runs cost",
        columns,
        tuple(rows),
        "costs",
        "run",
        ("Replies from the reply cache are counted once, seconds over all commands that worked on a run.",),
        marks_of(runs),
    )
    return [Folded("What the runs cost", (table,))]


def _examples(adapters: Sequence[Source]) -> ReportTable:
    tasks = list(dict.fromkeys(task for adapter in adapters for task in counts(_split(adapter, "rows"))))
    rows = []
    for adapter in adapters:
        data = adapter.data
        lineage = [mapping(run) for run in listed(data.get("lineage"))]
        by_task, loss, held_out = counts(_split(adapter, "rows")), number(data.get("loss")), data.get("eval_loss")
        cells = (
            text_cell(mapping(data.get("student")).get("name")),
            text_cell(_taught(adapter)),
            count_cell(sum(count(run.get("dialogues")) for run in lineage)),
            *(count_cell(by_task.get(task, 0)) for task in tasks),
            count_cell(sum(counts(mapping(data.get("held_out")).get("rows")).values())),
            count_cell(count(data.get("steps"))),
            ReportCell() if loss is None else ReportCell(f"{loss:.3f}", loss),
            ReportCell() if number(held_out) is None else ReportCell(f"{number(held_out):.3f}", number(held_out)),
        )
        rows.append(ReportRow(adapter.name, cells, sources=(adapter.code,)))
    columns = ("student", "recipe, mix", "dialogues", *tasks, "held out", "steps", "loss", "held-out loss")
    notes = ("dialogues: those that the adapter learned from; then its training examples by task, and those held out.",)
    return ReportTable(
        "Training examples of each adapter", columns, tuple(rows), "examples", "adapter", notes, marks_of(adapters)
    )


def _split(adapter: Source, key: str) -> object:
    return mapping(adapter.data.get("train")).get(key)


def _taught(adapter: Source) -> str:
    recipe = mapping(adapter.data.get("recipe"))
    name, mix = text(recipe.get("name")), text(mapping(recipe.get("data")).get("mix"))
    changed = ", ".join(text(key) for key in listed(adapter.data.get("changed")))
    return f"{name}, {mix}" + (f", with other {changed}" if changed else "")


def _dropped(adapters: Sequence[Source]) -> list[Block]:
    rows = []
    for adapter in adapters:
        parts = (mapping(adapter.data.get(part)) for part in ("train", "held_out"))
        for part in parts:
            for what, key in (("left out", "dropped"), ("shares a text with", "shared"), ("cut to length", "cut")):
                rows += [
                    ReportRow(f"{adapter.name}: {what} {reason}", (count_cell(times),), sources=(adapter.code,))
                    for reason, times in counts(part.get(key)).items()
                    if times
                ]
    if not rows:
        return []
    table = ReportTable(
        "Examples that were left out or cut",
        ("examples",),
        tuple(rows[:200]),
        "",
        "adapter: reason",
        (f"{len(rows) - 200:,} more are in adapter.json.",) if len(rows) > 200 else (),
        marks_of(adapters),
    )
    return [Folded("Examples that were left out or cut", (table,))]
