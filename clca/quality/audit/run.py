"""The audit on one page: judges are asked, verdicts counted, and the folder written."""

from __future__ import annotations

import json
import os
from functools import partial

from clca.bounded_json import parse_json
from clca.errors import StoreError
from clca.evaluation import table_formats
from clca.generation.interruption import Interruption
from clca.generation.progress import ServerStarting
from clca.generation.teachers import unserved
from clca.progress import Note, ProgressCallback, ignore
from clca.quality.audit.asking import MAIN, SECOND_JUDGE, Asked, ask
from clca.quality.audit.caveats import caveats
from clca.quality.audit.items import PREPARED
from clca.quality.audit.judges import roles
from clca.quality.audit.plan import AuditPlan
from clca.quality.audit.result import AuditResult, People
from clca.quality.audit.sheet import on_sheet, write_sheet
from clca.quality.audit.tables import tables
from clca.quality.audit.tally import (
    compared,
    discarded_by_judge,
    flawed,
    kind_rates,
    position_effects,
    unanswered,
    verbosity_effects,
    with_people,
)
from clca.quality.audit.verdict_lines import verdict_lines
from clca.quality.rate import wilson
from clca.safe_open import read_json
from clca.storage.atomic import atomic_write, held_folder
from clca.storage.lock import folder_lock

AUDIT, TABLE, VERDICTS = "audit.json", "table", "judgements.jsonl"
WRITTEN = (AUDIT, VERDICTS, f"{TABLE}.md", f"{TABLE}.csv", f"{TABLE}.tex")


def run(plan: AuditPlan, progress: ProgressCallback = ignore) -> AuditResult:
    """Ask the judges what they were not asked before, and write the audit.

    The first Ctrl-C waits for the answers under way; the same command goes on from there. Raises `TeacherError` when
    no request can be answered, `TeacherLost` when a judge was lost on the way, `StoreError` for a folder or sheet that
    cannot be written, `KeyboardInterrupt` when it was interrupted.
    """
    rows = 0
    if plan.config.sheet is not None:
        rows = write_sheet(plan.config.sheet, plan.items, plan.cultures, plan.config.seed)
        progress(
            Note(f"{plan.config.sheet} has {rows:,} dialogues to judge: write good or bad into its column verdict")
        )
    if plan.unavailable is not None:
        raise plan.unavailable
    try:
        plan.folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StoreError(f"cannot write to {plan.folder}: {error.strerror}; give --audits another folder") from None
    interruption = Interruption(progress)

    def on_stop(stop: object) -> None:
        interruption.drain = stop  # type: ignore[assignment]

    _require_own(plan)
    with folder_lock(plan.folder), plan.servers as servers:
        chosen = unserved(plan.generation, roles(plan.config))
        for placement in servers.start(chosen, lambda text: progress(ServerStarting(text))):
            progress(Note(f"Started {placement}"))
        asked = interruption.run(partial(ask, plan, servers, progress, on_stop))
        if asked.stopped:
            raise KeyboardInterrupt
        result = _result(plan, asked, rows)
        _write(plan, asked, result)
    return result


def _result(plan: AuditPlan, asked: Asked, rows: int) -> AuditResult:
    config, items, seed = plan.config, plan.items, plan.config.seed
    main, second = asked.passes[MAIN], asked.passes.get(SECOND_JUDGE)
    kinds = kind_rates(items, config.flaws, main, plan.filter)
    repeats = {name: verdicts for name, verdicts in asked.passes.items() if name.startswith("repeat")}
    result = AuditResult(
        folder=plan.folder,
        runs=tuple(run.folder for run in plan.runs),
        judge=plan.judge,
        second_judge=plan.second_judge,
        own=plan.own,
        rehearsal=plan.rehearsal,
        dialogues=len(plan.sources),
        seed=seed,
        kinds=kinds,
        without_place=plan.without_place,
        repeats={
            name: compared(items, main, verdicts, plan.filter, seed=seed, name=name)
            for name, verdicts in repeats.items()
        },
        between=None if second is None else compared(items, main, second, plan.filter, seed=seed, name="between"),
        second={} if second is None else kind_rates(items, config.flaws, second, plan.filter),
        position=position_effects(items, config.flaws, main),
        verbosity=verbosity_effects(items, main),
        flawed=flawed(kinds, discarded_by_judge(plan.runs), kinds[PREPARED].discarded, seed) if plan.own else None,
        people=_people(plan, asked),
        unanswered=unanswered(asked),
        requests=asked.requests,
        cached=asked.cached,
        prompt_tokens=asked.prompt_tokens,
        completion_tokens=asked.completion_tokens,
        sheet=config.sheet,
        sheet_rows=rows,
        caveats=(),
        selection=plan.selection,
        tables=(),
    )
    return result.model_copy(update={"caveats": tuple(caveats(plan, result)), "tables": tables(result)})


def _people(plan: AuditPlan, asked: Asked) -> People | None:
    labels, path = plan.labels, plan.config.labels
    if labels is None or path is None:
        return None
    labelled = [item for item in plan.items if item.id in labels]
    flawed_ones = [labels[item.id] for item in labelled if not item.is_sound]
    sound_ones = [labels[item.id] for item in labelled if item.is_sound]
    return People(
        labels=path,
        labelled=len(labelled),
        unlabelled=sum(item.id not in labels for item in on_sheet(plan.items, plan.config.seed)),
        flawed=wilson(sum(flawed_ones), len(flawed_ones)),
        sound=wilson(sum(sound_ones), len(sound_ones)),
        judge=with_people(plan.items, asked.passes[MAIN], labels, plan.filter, plan.config.seed),
    )


def _write(plan: AuditPlan, asked: Asked, result: AuditResult) -> None:
    settings = plan.config.model_dump(mode="json", exclude={"vllm", "judge_base_url", "second_judge_base_url"})
    data = {
        **result.json_object(),
        "fingerprint": plan.digest,
        "run_fingerprints": {str(run.folder): run.data.get("fingerprint", "") for run in plan.runs},
        "settings": settings,
        "filter": [list(plan.filter.labels), plan.filter.confidence],
    }
    files = {
        AUDIT: json.dumps(data, indent=2, ensure_ascii=False) + "\n",  # the first: it tells whose the others are
        VERDICTS: "".join(verdict_lines(plan, asked)),
        f"{TABLE}.md": table_formats.markdown(result.tables),
        f"{TABLE}.csv": table_formats.csv_text(result.tables, rehearsal=result.rehearsal),
        f"{TABLE}.tex": table_formats.latex(result.tables),
    }
    with held_folder(plan.folder) as folder:
        for name, text in files.items():
            atomic_write(folder / name, text)


def _require_own(plan: AuditPlan) -> None:
    """Refuse a folder that holds files of no audit, or of another one: it may be a link of a stranger to others."""
    try:
        recorded = parse_json(read_json(plan.folder / AUDIT, within=plan.folder))
        if isinstance(recorded, dict) and recorded.get("fingerprint") == plan.digest:
            return
        foreign = [AUDIT]
    except (OSError, ValueError):
        foreign = [name for name in WRITTEN if os.path.lexists(plan.folder / name)]
    if foreign:
        raise StoreError(
            f"{plan.folder} holds {foreign[0]}, which is not of this audit: move it away, or give --audits another"
            " folder"
        )
