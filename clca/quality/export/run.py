"""The export on one page: dialogues are read one by one, written as rows, counted, and described."""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from clca.progress import Note, Progress, ProgressCallback, ignore
from clca.quality.export.card import CARD, card
from clca.quality.export.caveats import caveats
from clca.quality.export.composition import Composition
from clca.quality.export.outputs import DIALOGUES, Outputs, summary
from clca.quality.export.plan import ExportPlan
from clca.quality.export.push import push
from clca.quality.export.result import FILE, ExportResult, FileSummary
from clca.quality.export.rows import LOST, dialogue_row, message_rows
from clca.quality.export.trainers import DATASET_INFO, dataset_info
from clca.records import Dialogue
from clca.storage.atomic import atomic_folder, encoded
from clca.storage.run_dir import FILES
from clca.training.dialogue_examples import dialogue_examples, intent_examples
from clca.training.examples import Dropped, Example
from clca.training.kept_dialogues import REASONS, kept_dialogues

EVERY = 100  # dialogues between two reports of progress


def run(plan: ExportPlan, progress: ProgressCallback = ignore) -> ExportResult:
    """Write the folder, which appears whole or not at all, and upload it where that is asked for.

    Raises `ContentError` for a line that is no dialogue, `StoreError` where a file cannot be read or written, or the
    hub refuses.
    """
    config, composition, left_out = plan.config, Composition(), Counter[str]()
    with atomic_folder(Path(os.path.realpath(config.out)), replaces=plan.replaces) as draft:
        with Outputs(draft, config.format) as outputs:
            forms = [name for name in outputs.tables if name != DIALOGUES]
            for number, (run_name, dialogue) in enumerate(_dialogues(plan, left_out), start=1):
                composition.add(dialogue)
                for example in _examples(plan, dialogue) if forms else ():
                    if isinstance(example, Dropped):
                        left_out[example.reason] += 1
                        continue
                    for row in message_rows(dialogue, run_name, example, forms[0]):
                        outputs.tables[forms[0]].add(row)
                if DIALOGUES in outputs.tables:
                    outputs.tables[DIALOGUES].add(dialogue_row(dialogue))
                if not number % EVERY:
                    progress(Progress(number, max(plan.dialogues, number), "dialogues"))
        progress(Progress(composition.dialogues, composition.dialogues, "dialogues"))
        rows = {name: count for table in outputs.tables.values() for name, count in table.rows.items()}
        files = {name: summary(draft / name, count) for name, count in rows.items()}
        made = ExportResult(
            format=config.format,
            task=config.task if forms else None,
            runs=tuple(info.name for info in plan.runs),
            read=composition.dialogues + sum(left_out[reason] for reason in REASONS),
            dialogues=composition.dialogues,
            left_out=dict(left_out),
            files=files,
            lost=LOST.get(config.format, ""),
            audits=tuple(audit.name for audit in plan.audits.taken),
            rehearsal=any(info.is_rehearsed for info in plan.runs),
            caveats=tuple(caveats(plan, composition)),
            selection=plan.selection,
        )
        texts = {CARD: card(plan, composition, made, outputs.columns)}
        if config.format in LOST:
            texts[DATASET_INFO] = json.dumps(dataset_info(config.format), indent=2) + "\n"
        written = {name: _write(draft / name, text) for name, text in texts.items()}
        made = made.model_copy(update={"files": {**files, **written}})
        _write(draft / FILE, json.dumps(made.public_object(), indent=2, ensure_ascii=False) + "\n")
    made = made.model_copy(update={"folder": config.out})
    if config.push is None:
        return made
    size = sum(file.bytes for file in made.files.values())
    progress(Note(f"Uploading {size / 2**20:,.1f} MiB to {config.push}."))
    return made.model_copy(update={"url": push(config.out, config.push, public=config.public)})


def _dialogues(plan: ExportPlan, left_out: Counter[str]) -> Iterator[tuple[str, Dialogue]]:
    """(run, kept dialogue) of all runs, each once; what else stands in their files is counted."""
    runs = {info.folder / FILES["kept"]: info for info in plan.runs}
    for entry in kept_dialogues(list(runs), plan.cultures, accepted_only=plan.config.reviewed):
        if isinstance(entry, Dropped):
            left_out[entry.reason] += 1
            continue
        file, dialogue = entry
        yield dialogue.run or runs[file].name, dialogue


def _examples(plan: ExportPlan, dialogue: Dialogue) -> Iterator[Example | Dropped]:
    culture = plan.cultures[dialogue.culture]
    if plan.config.task in ("both", "dialogue"):
        yield from dialogue_examples(dialogue, culture, plan.prompts)
    if plan.config.task in ("both", "intent"):
        yield from intent_examples(dialogue, culture, plan.prompts)


def _write(path: Path, text: str) -> FileSummary:
    path.write_bytes(encoded(text))
    return summary(path, None)
