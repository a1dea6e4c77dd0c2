"""The dataset card of an export, from what was counted and what `run.json` says of each run."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, TypeVar

import yaml
from pydantic import ValidationError

from clca.content.parsing import validation_message
from clca.errors import StoreError
from clca.generation.judge_metrics import JudgeCalibration, JudgeMetrics
from clca.printable import markdown_text
from clca.quality.columns import Kind, card_features
from clca.quality.export.composition import MODELS, Composition
from clca.quality.export.plan import ExportPlan
from clca.quality.export.result import ExportResult
from clca.quality.export.trainers import axolotl
from clca.records import Record
from clca.storage.run_index import INFO, RunInfo

R = TypeVar("R", bound=Record)

CARD = "README.md"
MOST_ORIGINS = 40
SIZES = ((1_000, "n<1K"), (10_000, "1K<n<10K"), (100_000, "10K<n<100K"), (1_000_000, "100K<n<1M"))

USE = (
    "Training and evaluating models on talk between people of a culture, as role-play and as naming what a turn is for;"
    " studying what the teacher takes a culture to be.",
    "Not for learning what people of a culture are like: nobody of it was asked, and nothing here was observed.",
)
LIMITS = (
    "All of it is written by a language model that was told about a culture. It says what the model makes of that, with"
    " the model's stereotypes and gaps.",
    "The judge is a language model, too: what it kept is what it liked. Where this card has figures of its mistakes,"
    " they are of planted ones, which may be easier to find than real ones.",
    "Each culture is one profile: regions, classes, minorities and generations within it hardly occur.",
    "The people are invented; a name that somebody bears is chance.",
    "Whether evaluations or training sets hold the same texts is measured by `clca stats`, and not in here.",
)


def card(
    plan: ExportPlan, composition: Composition, made: ExportResult, columns: Mapping[str, Mapping[str, Kind]]
) -> str:
    """The card: YAML for the hub and `datasets`, then Markdown in which no text of the data is markup."""
    front = yaml.safe_dump(_front(plan, composition, made, columns), sort_keys=False, allow_unicode=False, width=1000)
    sections = (
        ("Composition", _composition(composition, made)),
        ("How it was made", _making(plan, composition)),
        ("What was filtered", _filtering(plan.runs)),
        ("How good the judge is", _judge(plan)),
        ("Scenarios, origins and licences", _origins(plan, composition)),
        ("Intended use", (f"- {line}" for line in USE)),
        ("Known limits", (f"- {line}" for line in (*LIMITS, *([made.lost] if made.lost else [])))),
        ("Reading it", _reading(made, columns)),
    )
    lines = ["---", front.rstrip(), "---", "", f"# Dialogues: {markdown_text(', '.join(composition.cultures))}", ""]
    for caveat in made.caveats:
        lines += [f"**{markdown_text(caveat)}**", ""]
    for title, body in sections:
        lines += [f"## {title}", "", *body, ""]
    return "\n".join(lines)


def _front(
    plan: ExportPlan, composition: Composition, made: ExportResult, columns: Mapping[str, Mapping[str, Kind]]
) -> dict[str, Any]:
    configs, features = [], []
    for name, own in columns.items():
        paths = [file for file in made.files if file.removeprefix("data/").startswith(name)]
        data_files = [{"split": "train", "path": paths[0] if len(paths) == 1 else paths}]
        is_default = {"default": True} if name == next(iter(columns)) else {}
        configs.append({"config_name": name, "data_files": data_files, **is_default})
        features.append({"config_name": name, "features": card_features(own)})
    rows = max((file.rows or 0 for file in made.files.values()), default=0)
    return {
        "pretty_name": f"Dialogues: {', '.join(composition.cultures)}",
        **({"license": plan.config.license} if plan.config.license else {}),
        "task_categories": ["text-generation"],
        "tags": ["clca", "synthetic", "dialogue", "culture", *(["rehearsal"] if made.rehearsal else [])],
        "size_categories": [next((size for most, size in SIZES if rows < most), "n>1M")],
        "configs": configs,
        "dataset_info": features,
    }


def _composition(composition: Composition, made: ExportResult) -> Iterator[str]:
    yield from _table(
        ("culture", "dialogues", "scenarios", "turns", "intents", "cultural intents"),
        (
            (
                culture,
                f"{counts.dialogues:,}",
                f"{len(counts.scenarios):,}",
                f"{counts.turns:,}",
                f"{counts.intents:,}",
                f"{100 * counts.cultural / counts.intents:.1f} %" if counts.intents else "-",
            )
            for culture, counts in composition.cultures.items()
        ),
    )
    rows = (f"- `{name}`: {file.rows:,} rows" for name, file in made.files.items() if file.rows is not None)
    yield from ("", *rows)
    yield from (f"- left out: {count:,} x {reason}" for reason, count in made.left_out.items())


def _making(plan: ExportPlan, composition: Composition) -> Iterator[str]:
    by_role = {role: [(name, n) for (own, name), n in composition.models.items() if own == role] for role in MODELS}
    for role, names in by_role.items():
        if names:
            yield f"- {role}: {', '.join(f'{markdown_text(name)} ({count:,} dialogues)' for name, count in names)}"
    for run in plan.runs:
        settings = run.data.get("settings") or {}
        keys = ("seed", "samples", "exchanges", "temperature", "top_p", "turn_format", "thought", "adaptation")
        shown = ", ".join(f"{key} {settings[key]}" for key in keys if settings.get(key) is not None)
        version = run.inputs.get("clca", "unknown")
        yield f"- run {markdown_text(run.name)}: {markdown_text(f'clca {version}, {shown}')}"
    prompts = {
        (key.removeprefix("content:"), str(digest))
        for run in plan.runs
        for key, digest in run.inputs.items()
        if key.startswith("content:prompts/")
    }
    prompts |= {(path, used.digest) for path, used in plan.content.used.items() if path.startswith("prompts/")}
    yield from ("", "Prompts, by SHA-256:", "")
    yield from (f"- {markdown_text(path)}: {markdown_text(digest[:16])}" for path, digest in sorted(prompts))


def _filtering(runs: Iterable[RunInfo]) -> Iterator[str]:
    for run in runs:
        counts = run.data.get("counts") or {}
        settings = run.data.get("settings") or {}
        kept = int(counts.get("kept", 0))
        played = kept + int(counts.get("discarded", 0))
        share = f", {100 * kept / played:.1f} % of those that did not fail" if played else ""
        shown = ", ".join(f"{name} {count:,}" for name, count in counts.items())
        yield f"- {markdown_text(f'{run.name}: {shown}{share}')}"
        labels = settings.get("discard")
        if isinstance(labels, list) and labels:
            rule = f"discarded where {' or '.join(map(str, labels))} is bad, {settings.get('discard_confidence')}"
            yield f"  - {markdown_text(rule)}"
        least = settings.get("rate_least")
        if isinstance(least, list) and least:
            scores = ", ".join(map(str, least))
            yield f"  - {markdown_text(f'discarded where a rating is lower than {scores}')}"
        for reason, count in (run.data.get("reasons") or {}).items():
            yield f"  - {markdown_text(f'{reason}: {count:,}')}"


def _judge(plan: ExportPlan) -> Iterator[str]:
    audited = {name for audit in plan.audits.taken for name in audit.runs}
    for run in plan.runs:
        if recorded := run.data.get("calibration"):
            audited.add(run.name)
            metrics = _recorded(JudgeMetrics, recorded, run, "calibration")
            yield (
                f"- {markdown_text(run.name)}: of {metrics.planted:,} dialogues with a planted flaw"
                f" {metrics.caught:,} were discarded, of {metrics.clean:,} others {metrics.false_alarms:,}."
            )
        sessions = run.data.get("sessions") or []
        prepared = next((own for s in reversed(sessions) if (own := s.get("judge_calibration"))), None)
        if prepared:
            audited.add(run.name)
            calibration = _recorded(JudgeCalibration, prepared, run, "judge_calibration")
            bad = "; ".join(f"{flaw} {count.found} of {count.shown}" for flaw, count in calibration.bad.items())
            false_alarms = f"{calibration.sound.found} of {calibration.sound.shown}"
            text = f"prepared dialogues with a flaw that the judge found: {bad}; false alarms {false_alarms}"
            yield f"- {markdown_text(f'{run.name}: {text}')}."
        if run.name not in audited:
            yield f"- {markdown_text(run.name)}: the judge was not audited."
    for audit in plan.audits.taken:
        first, *rest = audit.lines()
        yield f"- {markdown_text(first)}:"
        yield from (f"  - {markdown_text(line)}" for line in rest)
    yield from (f"- {markdown_text(note)}" for note in plan.audits.notes)


def _recorded(kind: type[R], value: object, run: RunInfo, key: str) -> R:
    try:
        return kind.model_validate(value)
    except ValidationError as error:
        raise StoreError(f"{run.folder / INFO}: {key}: {validation_message(error)}") from None


def _origins(plan: ExportPlan, composition: Composition) -> Iterator[str]:
    licence = plan.config.license
    yield f"The dialogues are published under {licence}." if licence else "No licence was named for the dialogues."
    yield ""
    origins = composition.origins.most_common()
    shown = ((origin, licence or "nobody said", f"{count:,}") for (origin, licence), count in origins[:MOST_ORIGINS])
    yield from _table(("scenarios from", "their licence", "dialogues"), shown)
    if rest := origins[MOST_ORIGINS:]:
        yield f"\nand {len(rest):,} more origins with {sum(count for _, count in rest):,} dialogues."


def _reading(made: ExportResult, columns: Mapping[str, Mapping[str, Kind]]) -> Iterator[str]:
    yield from ("```python", "from datasets import load_dataset", "")
    yield from (f'{name} = load_dataset("DIR", "{name}", split="train")' for name in columns)
    yield from ("```", "")
    if "dialogues" in columns:
        yield "`clca.quality.export.rows.dialogue_of(row)` makes the record of a row of `dialogues` again, whole."
    else:
        yield "`run` and `dialogue` of a row name the record that it was made of, in the `dialogues.jsonl` of that run."
    if made.format in ("sharegpt", "alpaca"):
        yield "\nLLaMA-Factory: `dataset_dir: DIR` and `dataset: clca`, by `dataset_info.json`."
    if made.format in ("chat", "sharegpt", "alpaca"):
        entry = yaml.safe_dump({"datasets": [axolotl(made.format)]}, sort_keys=False)
        yield from ("\naxolotl:\n", "```yaml", entry.rstrip(), "```")
    yield "\n`export.json` has the digest of each file."


def _table(names: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> Iterator[str]:
    yield f"| {' | '.join(names)} |"
    yield f"|{'---|' * len(names)}"
    for row in rows:
        yield f"| {' | '.join(map(markdown_text, row))} |"
