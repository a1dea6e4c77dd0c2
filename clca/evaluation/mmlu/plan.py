"""The plan of `clca eval-mmlu`: which questions are asked of which systems, and how.

subjects, student and adapters, questions -> tasks
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

from clca.content.lookup import Content
from clca.culture import CultureCatalogue
from clca.evaluation.classification.scores import BASE
from clca.evaluation.labelled.plan import REPLY_TOKENS, LabelledPlan, Nouns, limited
from clca.evaluation.mmlu.answer_extraction import READER
from clca.evaluation.mmlu.config import MmluConfig
from clca.evaluation.mmlu.few_shot import fit_shots
from clca.evaluation.mmlu.hub_questions import DEFAULT
from clca.evaluation.mmlu.notes import count_of
from clca.evaluation.mmlu.prompts import MmluPrompts
from clca.evaluation.mmlu.question_source import DEMO, open_questions, require_source
from clca.evaluation.mmlu.questions import SHOTS, QuestionSet, require_shots
from clca.evaluation.mmlu.subjects import GROUPS, choose_subjects, load_subjects
from clca.evaluation.mmlu.task import make_tasks
from clca.evaluation.plan import content_inputs
from clca.evaluation.published.catalogue import PublishedCatalogue, load_catalogue
from clca.evaluation.systems import choose_systems
from clca.evaluation.validation import require_libraries
from clca.models.lookup import require_no_folder
from clca.storage.fingerprint import slug

FINGERPRINTED = ("eval/mmlu/subjects.csv", "prompts/")
"""Content that decides prompts or scores; questions are known by what they say, wherever they come from."""


@dataclass(frozen=True, kw_only=True)
class MmluPlan(LabelledPlan):
    """An evaluation on MMLU. `shortened` has the worked examples of subjects whose prompts had no room for all.

    `subject_count` is that of all MMLU.
    """

    nouns: ClassVar[Nouns] = Nouns("group", "subject", "question")
    label_noun: ClassVar[str] = "letter"
    measures: ClassVar[str] = "what a model knows"
    screen_tables: ClassVar[tuple[str, ...]] = (
        "mmlu_accuracy_groups",
        "mmlu_f1_groups",
        "mmlu_invalid_groups",
        "mmlu_f1",
    )

    config: MmluConfig
    exam: QuestionSet
    shortened: dict[str, int]
    subject_count: int
    published: PublishedCatalogue

    def suite_caveats(self) -> list[str]:
        """Whether it is a demonstration, which subjects, shots or questions are left out, and the paper's scoring."""
        config, caveats = self.config, []
        if self.exam.demonstration:
            subjects = count_of(len(self.tasks), "subject")
            caveats.append(
                f"DEMONSTRATION: {subjects} with a few plain questions each, made for clca: not MMLU, which"
                " --data cais/mmlu or --data DIR asks."
            )
        elif len(self.tasks) < self.subject_count:
            caveats.append(
                f"{len(self.tasks)} of {self.subject_count} subjects: overall numbers are not those of MMLU."
            )
        if config.limit is not None and any(task.count < len(self.exam.test[task.name]) for task in self.tasks):
            questions = count_of(config.limit, "question")
            caveats.append(f"At most {questions} of each subject, drawn by seed {config.seed}.")
        if self.shortened:
            shots = ", ".join(f"{name} {count}" for name, count in self.shortened.items())
            caveats.append(f"Fewer than {SHOTS} worked examples, as the student reads no longer prompts: {shots}.")
        if config.scoring == "paper":
            caveats.append(
                "Scoring as S2N's listing D.1: a reply that is not read counts as A and as invalid. The words around"
                " the markers are ours, since the paper does not print its prompt."
            )
        return caveats

    @property
    def summary(self) -> dict[str, Any]:
        """What `--plan --json` prints besides the cost."""
        return {
            **super().summary,
            "data": self.exam.source,
            "subjects": [task.name for task in self.tasks],
            "questions": self.texts,
            "shots": self.config.shots,
            "fewer": self.shortened,
            "scoring": self.config.scoring,
        }


def plan(config: MmluConfig, workspace: Path | None = None) -> MmluPlan:
    """Settle which questions are asked of which systems. Everything that is wrong is found here; nothing is written.

    Raises `SettingsError`, `NotFoundError` and `ContentError`.
    """
    require_libraries(server=config.base_url is not None)
    content = Content(workspace)
    catalogue = CultureCatalogue(content)
    known = load_subjects(content)
    chosen = choose_subjects(config.subject, known)
    if config.data is not None:
        require_source(config.data)
    model, systems = choose_systems(config, (), (BASE,), catalogue.ids(), catalogue, content, os.environ)
    source = config.data or (DEMO if model.tiny else DEFAULT)
    if config.data is None and source == DEFAULT:
        require_no_folder(DEFAULT)
    exam = open_questions(source, chosen, tuple(known), content, named=bool(config.subject))
    require_shots(exam, config.shots)
    in_groups = sorted((known[subject] for subject in chosen), key=lambda subject: GROUPS.index(subject.group))
    prompts = MmluPrompts(content, config.scoring)
    full = make_tasks(exam, in_groups, config.shots, prompts, config.scoring)
    answer_tokens = REPLY_TOKENS if config.mode == "generate" else 1
    fitting = full if model.unavailable_reason else fit_shots(full, model.student, answer_tokens)
    shortened = {task.name: task.shots for task in fitting if task.shots < config.shots}
    tasks = limited(fitting, config)
    subjects = [task.name for task in tasks]
    if exam.demonstration:
        label = DEMO
    elif len(tasks) == len(known):
        label = "all"
    else:
        label = slug(subjects[0]) if len(tasks) == 1 else f"{len(tasks)}-subjects"
    return MmluPlan.assemble(
        config,
        content,
        model,
        systems,
        tasks,
        labels=[label, f"{config.shots}-shot"],
        inputs={
            "scoring": config.scoring,
            "reader": READER,
            "shots": config.shots,
            "fewer": shortened,
            "subjects": subjects,
            "data": exam.digest,
            **content_inputs(content, FINGERPRINTED),
        },
        info={
            "scoring": config.scoring,
            "shots": config.shots,
            "fewer": shortened,
            "subjects": subjects,
            "questions": sum(task.count for task in tasks),
            "data": exam.source,
        },
        demonstration=exam.demonstration,
        warnings=(*model.notes, *exam.notes),
        exam=exam,
        shortened=shortened,
        subject_count=len(known),
        published=load_catalogue(Content(workspace)),
    )
