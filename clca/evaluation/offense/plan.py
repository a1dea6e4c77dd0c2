"""Everything of an evaluation on offensiveness that is settled before it begins.

data, tasks -> cultures -> student, rows -> matrix
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from clca.content.lookup import Content
from clca.content.parsing import suggestion
from clca.culture import CultureCatalogue
from clca.errors import NotFoundError, SettingsError
from clca.evaluation.classification.scores import BASE, ZERO_SHOT
from clca.evaluation.classification.task import LimitedTask, Task
from clca.evaluation.evaluated_model import EvaluatedModel
from clca.evaluation.offense.config import OffenseConfig, check
from clca.evaluation.offense.suite import (
    TASKS,
    OffenseSuite,
    Scoring,
    ScoringDifference,
    load_offense_suite,
    scoring_differences,
)
from clca.evaluation.offense.task import countries_of, fingerprint_inputs, make_tasks, require_unchanged
from clca.evaluation.offense.test_sets import MANIFEST, TestSet, default_folder, open_tests
from clca.evaluation.prediction_dir import SCORES
from clca.evaluation.predictor import InferenceConfig
from clca.evaluation.run import Evaluation, place
from clca.evaluation.systems import SystemSelection, choose_all
from clca.evaluation.task_run import Matrix
from clca.inference.prompt_format import Mode
from clca.storage.fingerprint import fingerprint, slug
from clca.urls import without_credentials

KIND = "offense"
ALL = "all"
REPLY_TOKENS = 25  # S2N, section 3.4
ROWS = (BASE, ZERO_SHOT)
PLAIN = "plain"  # the form of prompts that name no culture


@dataclass(frozen=True, slots=True)
class OffensePlan:
    """An evaluation on offensiveness. `data` is None for the demonstration set; `warnings` are for the user.

    `differences` are those of the scorings that concern these tests, `remarks` what their import had to say of each.
    `finished` says whether its scores are there already.
    """

    asked: OffenseConfig
    matrix: Matrix
    subject: EvaluatedModel
    cultures: tuple[str, ...]
    scoring: Scoring
    content: Content
    data: Path | None
    differences: tuple[ScoringDifference, ...]
    remarks: dict[str, tuple[str, ...]]
    finished: bool
    warnings: tuple[str, ...]

    @property
    def out(self) -> Path:
        return self.matrix.evaluation.out


def prepare(
    asked: OffenseConfig,
    workspace: Path | None,
    generated: Path,
    environment: Mapping[str, str],
    *,
    elsewhere: bool = False,
) -> OffensePlan:
    """The evaluation that is asked for. Everything that is wrong with it is found here; nothing is written yet.

    With `elsewhere` it need not be possible here.
    """
    check(asked)
    scoring: Scoring = asked.scoring  # type: ignore[assignment]
    content = Content(workspace)
    catalogue, known = CultureCatalogue(content), load_offense_suite(content)
    data = _data(asked.data, workspace)
    every = open_tests(data, content)
    cultures = _cultures(asked, catalogue, every, data)
    tests = [one for culture in cultures for one in every if one.culture == culture]
    require_unchanged(tests)
    countries = countries_of(cultures, known, catalogue)
    tasks: tuple[Task, ...] = make_tasks(tests, scoring, countries)
    if not tasks:
        raise NotFoundError(f"{data} holds no text to ask about of {', '.join(cultures)}")
    if asked.limit is not None:
        tasks = tuple(LimitedTask(one, asked.limit, asked.seed) for one in tasks)
    wish = SystemSelection(asked.student, asked.adapters, asked.rows, asked.base_url, asked.bits)
    subject, rows = choose_all(wish, ROWS, cultures, catalogue, generated, content, environment, elsewhere=elsewhere)
    mode: Mode = asked.mode or ("probability" if subject.tiny else "generate")  # type: ignore[assignment]
    inputs = {
        "kind": KIND,
        "student": subject.id,
        "server": without_credentials(asked.base_url) if asked.base_url else None,
        "rows": [row.name for row in rows],
        "adapters": {row: one.digest for row, one in subject.adapters.items()},
        "bits": subject.bits,
        "tests": {one.name: fingerprint_inputs(one, scoring) for one in tests},
        "countries": countries if any(row.name == ZERO_SHOT for row in rows) else {},
        "mode": mode,
        "format": asked.layout,
        "scoring": scoring,
        "limit": None if asked.limit is None else {"texts": asked.limit, "seed": asked.seed},
        f"content:{TASKS}": content.used[TASKS].digest,
    }
    name = "-".join((slug(subject.name), _label(cultures), fingerprint(inputs)[:6]))
    by_name = {task.name: task for task in tasks}
    way = InferenceConfig(
        mode,
        asked.layout == "chat",
        asked.base_url,
        workspace,
        max_new_tokens=REPLY_TOKENS,
        stop_condition=lambda sheet, text: by_name[sheet.task].stop_condition(text),
    )
    out = place(asked.out / KIND / name, new=asked.new)
    facts = {
        "cultures": list(cultures),
        "rows": [row.name for row in rows],
        "mode": mode,
        "format": asked.layout,
        "scoring": scoring,
        "seed": asked.seed,
        "limit": asked.limit,
        "mix": subject.mix,
        "data": None if data is None else str(data),
        "tests": {one.name: _about(one, by_name) for one in tests},
        "prompts": sum(task.count for task in tasks) * len(rows),
    }
    evaluation = Evaluation(KIND, subject, asked.base_url, content, inputs, out, facts, data is None)
    return OffensePlan(
        asked=asked,
        matrix=Matrix(evaluation, tasks, rows, lambda row: ZERO_SHOT if row == ZERO_SHOT else PLAIN, way),
        subject=subject,
        cultures=cultures,
        scoring=scoring,
        content=content,
        data=data,
        differences=_concerning(known, tests),
        remarks={one.name: one.notes for one in tests},
        finished=(out / SCORES).is_file(),
        warnings=subject.notes,
    )


def _data(given: Path | None, workspace: Path | None) -> Path | None:
    """The test sets to use: those given, else those imported, else None for the demonstration."""
    if given is not None:
        return given
    usual = default_folder(workspace)
    return usual if (usual / MANIFEST).is_file() else None


def _cultures(
    asked: OffenseConfig, catalogue: CultureCatalogue, tests: Sequence[TestSet], data: Path | None
) -> tuple[str, ...]:
    there = tuple(dict.fromkeys(one.culture for one in tests))
    where = "the demonstration set" if data is None else str(data)
    if not there:
        raise NotFoundError(f"{where} holds no test sets: import some with `clca data import-offense DIR`")
    if not asked.cultures or any(name.casefold() == ALL for name in asked.cultures):
        return there
    wanted = tuple(dict.fromkeys(map(catalogue.find, asked.cultures)))
    for culture in wanted:
        if culture not in there:
            hint = suggestion(culture, there)
            raise SettingsError(f"--culture {culture}: {where} holds no test set of it{hint}; of {', '.join(there)}")
    return tuple(one for one in there if one in wanted)


def _about(test: TestSet, asked: Mapping[str, Task]) -> dict[str, object]:
    texts = asked[test.name].count if test.name in asked else 0
    return {"type": test.type, "rows": test.rows, "texts": texts, "sha256": test.digest, "notes": list(test.notes)}


def _concerning(tasks: OffenseSuite, tests: Sequence[TestSet]) -> tuple[ScoringDifference, ...]:
    names = {"all", *(one.name for one in tests), *(one.type for one in tests)}
    return tuple(one for one in scoring_differences(tasks) if one.task in names)


def _label(cultures: Sequence[str]) -> str:
    return cultures[0] if len(cultures) == 1 else f"{len(cultures)}-cultures"
