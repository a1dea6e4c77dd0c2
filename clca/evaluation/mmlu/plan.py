"""An examination: which questions are asked of whom, and how. Everything that is settled before it begins.

subjects, student and adapters, questions -> tasks -> matrix
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from clca.content.lookup import Content
from clca.culture import CultureCatalogue
from clca.evaluation.classification.request_group import ExampleRequestGroup, System
from clca.evaluation.classification.scores import BASE
from clca.evaluation.classification.task import LimitedTask, Task
from clca.evaluation.evaluated_model import EvaluatedModel
from clca.evaluation.mmlu.config import MmluConfig, check
from clca.evaluation.mmlu.few_shot import fitted
from clca.evaluation.mmlu.hub_questions import DEFAULT
from clca.evaluation.mmlu.prompts import MmluPrompts, Scoring
from clca.evaluation.mmlu.question_source import DEMO, open_questions
from clca.evaluation.mmlu.questions import QuestionSet, require_shots
from clca.evaluation.mmlu.subjects import GROUPS, choose_subjects, load_subjects
from clca.evaluation.mmlu.task import MmluTask, make_tasks
from clca.evaluation.prediction_dir import SCORES
from clca.evaluation.predictor import InferenceConfig
from clca.evaluation.run import Evaluation, place
from clca.evaluation.systems import SystemSelection, choose_all
from clca.evaluation.task_run import Matrix
from clca.inference.prompt_format import Mode
from clca.storage.fingerprint import fingerprint, slug
from clca.urls import without_credentials

KIND = "mmlu"
REPLY_TOKENS = 25  # as in S2N's listing D.1
DECISIVE = ("eval/mmlu/subjects.csv", "prompts/")
"""Content that decides prompts or scores; questions are known by what they say, wherever they come from."""


@dataclass(frozen=True)
class MmluPlan:
    """An evaluation on MMLU. `fewer` are the worked examples of subjects whose prompts had no room for all.

    `whole` is how many subjects there are; `finished` says whether the scores are there already.
    """

    asked: MmluConfig
    exam: QuestionSet
    matrix: Matrix
    fewer: dict[str, int]
    whole: int
    names: dict[str, str]
    finished: bool
    warnings: tuple[str, ...]

    @property
    def subject(self) -> EvaluatedModel:
        return self.matrix.evaluation.subject

    @property
    def scoring(self) -> Scoring:
        return cast(Scoring, self.asked.scoring)


def prepare(
    asked: MmluConfig,
    workspace: Path | None,
    generated: Path,
    environment: Mapping[str, str],
    *,
    elsewhere: bool = False,
) -> MmluPlan:
    """The evaluation that is asked for. Everything that is wrong with it is found here; nothing is written yet.

    With `elsewhere` it need not be possible here.
    """
    check(asked)
    content = Content(workspace)
    catalogue = CultureCatalogue(content)
    known = load_subjects(content)
    chosen = choose_subjects(asked.subjects, known)
    wish = SystemSelection(asked.student, asked.adapters, (), asked.base_url, asked.bits)
    subject, rows = choose_all(
        wish, (BASE,), catalogue.ids(), catalogue, generated, content, environment, elsewhere=elsewhere
    )
    source = asked.data or (DEMO if subject.tiny else DEFAULT)
    exam = open_questions(source, chosen, tuple(known), content, named=bool(asked.subjects))
    require_shots(exam, asked.shots)
    scoring, mode = cast(Scoring, asked.scoring), cast(Mode, asked.mode)
    in_groups = sorted((known[one] for one in chosen), key=lambda one: GROUPS.index(one.group))
    every = make_tasks(exam, in_groups, asked.shots, MmluPrompts(content, scoring), scoring)
    written = REPLY_TOKENS if mode == "generate" else 1
    shortened = every if subject.obstacle else fitted(every, subject.student, written)
    fewer = {one.name: one.shots for one in shortened if one.shots < asked.shots}
    tasks: tuple[Task, ...] = tuple(shortened)
    if asked.limit is not None:
        tasks = tuple(LimitedTask(one, asked.limit, asked.seed) for one in tasks)
    inputs: dict[str, Any] = {
        "kind": KIND,
        "student": subject.id,
        "server": without_credentials(asked.base_url) if asked.base_url else None,
        "rows": [row.name for row in rows],
        "adapters": {row: one.digest for row, one in subject.adapters.items()},
        "bits": subject.bits,
        "mode": mode,
        "scoring": scoring,
        "shots": asked.shots,
        "fewer": fewer,
        "subjects": [one.name for one in tasks],
        "data": exam.digest,
        "limit": None if asked.limit is None else {"questions": asked.limit, "seed": asked.seed},
        **{f"content:{path}": used.digest for path, used in sorted(content.used.items()) if path.startswith(DECISIVE)},
    }
    label = DEMO if exam.demonstration else "all" if len(tasks) == len(known) else _label(tasks)
    name = "-".join((slug(subject.name), label, f"{asked.shots}-shot", fingerprint(inputs)[:6]))
    out = place(asked.out / KIND / name, new=asked.new)
    evaluation = Evaluation(
        kind=KIND,
        subject=subject,
        base_url=asked.base_url,
        content=content,
        inputs=inputs,
        out=out,
        facts={
            "rows": [row.name for row in rows],
            "mix": subject.mix,
            "mode": mode,
            "scoring": scoring,
            "shots": asked.shots,
            "fewer": fewer,
            "subjects": [one.name for one in tasks],
            "questions": sum(one.count for one in tasks),
            "limit": asked.limit,
            "seed": asked.seed,
            "data": exam.source,
            "prompts": len(rows) * sum(one.count for one in tasks),
        },
        demonstration=exam.demonstration,
    )
    return MmluPlan(
        asked=asked,
        exam=exam,
        matrix=Matrix(evaluation, tasks, rows, lambda _: "question", _way(mode, asked, workspace, shortened)),
        fewer=fewer,
        whole=len(known),
        names={row.name: _name(row, catalogue) for row in rows},
        finished=(out / SCORES).is_file(),
        warnings=(*subject.notes, *exam.notes),
    )


def _way(mode: Mode, asked: MmluConfig, workspace: Path | None, tasks: Sequence[MmluTask]) -> InferenceConfig:
    by_name = {one.name: one for one in tasks}

    def settled(sheet: ExampleRequestGroup, text: str) -> bool:
        return by_name[sheet.task].stop_condition(text)

    return InferenceConfig(mode, False, asked.base_url, workspace, REPLY_TOKENS, settled)


def _label(tasks: Sequence[Task]) -> str:
    return slug(tasks[0].name) if len(tasks) == 1 else f"{len(tasks)}-subjects"


def _name(row: System, catalogue: CultureCatalogue) -> str:
    return catalogue.culture(row.name).name if row.name in catalogue.ids() else row.name
