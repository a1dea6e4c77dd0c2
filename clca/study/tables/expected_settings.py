"""What an evaluation of a study will be by its configuration, before anything is asked.

The names of settings are those of `eval/published.yaml`, so that the cells of a study are told apart by them, and
compared with what published numbers need.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from clca.content.lookup import Content
from clca.culture import CultureCatalogue
from clca.evaluation.classification.scores import BASE, COMBINED, WITHOUT_CULTURE, ZERO_SHOT
from clca.evaluation.config import EvaluationConfig
from clca.evaluation.mmlu.config import MmluConfig
from clca.evaluation.offense.config import OffenseConfig
from clca.evaluation.published.s2n import evaluation_settings
from clca.evaluation.wvs.config import WvsConfig
from clca.evaluation.wvs.paper_table import PAPER_ORDER
from clca.evaluation.wvs.plan import RESPONDENTS, TINY_RESPONDENTS
from clca.evaluation.wvs.questionnaire import ALL, METHODS, choose_orders
from clca.evaluation.wvs.suite import NATIVE, native_language
from clca.models.student import TINY
from clca.stages import STAGES
from clca.study.cells import Cell
from clca.training.changed_settings import changed_settings
from clca.training.config import TrainConfig
from clca.training.selection import choose_recipe

SEED = "seed"
"""The axis whose values differ in chance only: scores of its cells are averaged, and their spread is shown."""

MATRIX_KINDS = {"eval-offense": "offense", "eval-mmlu": "mmlu", "eval-normad": "normad"}
KINDS = {"eval-wvs": "wvs", **MATRIX_KINDS}
"""The kind of evaluation of each command whose scores stand in tables."""

ALL_SUBJECTS = 57  # of MMLU


@dataclass(frozen=True, slots=True)
class ExpectedEvaluation:
    """An evaluation cell: `kind`, the `cultures` that are asked, and the `systems` that answer.

    Systems are the methods of the survey, else rows: `base`, `zero-shot`, `combined`, or the culture of an adapter.
    `settings` are by culture for the survey, else by "". `taught` has recipe, mixture and teacher of the adapter of a
    culture or row. `seed` is the value of the study's axis of that name, "" without one.
    """

    cell: Cell
    kind: str
    student: str
    cultures: tuple[str, ...]
    systems: tuple[str, ...]
    settings: Mapping[str, Mapping[str, str]]
    taught: Mapping[str, Mapping[str, str]] = field(default_factory=dict)

    @property
    def seed(self) -> str:
        """The seed of the cell, "" where the stage is not over seeds."""
        return str(self.cell.axes.get(SEED, ""))

    @property
    def adapters(self) -> tuple[str, ...]:
        """The systems that are adapters of one culture each."""
        return tuple(system for system in self.systems if self.kind != "wvs" and system not in WITHOUT_CULTURE)


def expected_evaluations(cells: Sequence[Cell], content: Content) -> tuple[ExpectedEvaluation, ...]:
    """The evaluations among the cells of a study. Raises `ClcaError` for settings that a stage refuses."""
    by_id = {cell.id: cell for cell in cells}
    catalogue = CultureCatalogue(content)
    taught: dict[str, dict[str, Mapping[str, str]]] = {}
    evaluations = []
    for cell in cells:
        if cell.run not in KINDS:
            continue
        config = _config(cell)
        named = [name.rpartition("=")[2] for name in config.adapter]
        of_cell: dict[str, Mapping[str, str]] = {}
        for name in named:
            if name in by_id and by_id[name].run == "train":
                if name not in taught:
                    taught[name] = _taught(by_id[name], by_id, catalogue, content)
                of_cell |= taught[name]
        student = config.student or next((facts["student"] for facts in of_cell.values()), TINY)
        make = _survey if isinstance(config, WvsConfig) else _labelled
        evaluations.append(make(cell, config, student, of_cell, catalogue, content))
    return tuple(evaluations)


def _config(cell: Cell) -> Any:
    """The configuration of a cell, in which the cells that it needs stand for their folders."""
    config_type = STAGES[cell.run].config_type
    names, settings = config_type.names(), cell.settings({id: (id,) for id in cell.needs})
    return config_type.model_validate({names[key.replace("-", "_")]: value for key, value in settings.items()})


def _taught(
    cell: Cell, by_id: Mapping[str, Cell], catalogue: CultureCatalogue, content: Content
) -> dict[str, Mapping[str, str]]:
    """What each adapter of a training is taught with, by its culture or `combined`."""
    config: TrainConfig = _config(cell)
    recipe = choose_recipe(config, content)
    changed = changed_settings(recipe)
    runs = [_config(by_id[id]) for id in cell.needs if by_id[id].run == "generate"]
    teachers = {run.teacher for run in runs}
    facts = {
        "student": recipe.student,
        "recipe": f"{recipe.name} with other {', '.join(changed)}" if changed else recipe.name,
        "mixture": recipe.data.mix,
        "teacher": teachers.pop() if len(teachers) == 1 else config.teacher or "",
    }
    cultures = config.culture or [culture for run in runs for culture in run.culture]
    if config.combined:
        return {COMBINED: facts}
    return dict.fromkeys(_found(cultures, catalogue), facts)


def _found(names: Iterable[str], catalogue: CultureCatalogue) -> tuple[str, ...]:
    """The ids of cultures by their names; `all` stands for every one."""
    each = (catalogue.ids() if name.casefold() == ALL else [catalogue.find(name)] for name in names)
    return tuple(dict.fromkeys(id for ids in each for id in ids))


def _survey(
    cell: Cell,
    config: WvsConfig,
    student: str,
    taught: Mapping[str, Mapping[str, str]],
    catalogue: CultureCatalogue,
    content: Content,
) -> ExpectedEvaluation:
    of_adapters = [culture for culture in taught if culture != COMBINED]
    cultures = _found(config.culture or of_adapters or PAPER_ORDER, catalogue)
    # An adapter of one or of several cultures answers for all of them where it is the only one.
    only = next(iter(taught.values())) if len(taught) == 1 else None
    by_culture = {culture: taught.get(culture, only) for culture in cultures}
    methods = [method for method in METHODS if not config.method or method in config.method]
    if not config.adapter:
        methods = [method for method in methods if method != "clca"]
    tiny = student == TINY
    shared = {
        "scoring": config.scoring,
        "mode": config.mode or ("probability" if tiny else "generate"),
        "format": config.format or "chat",
        "order": choose_orders(config)[0],
        "items": f"{len(config.items) or 44}",
        "weights": "yes" if config.weights else "no",
        "respondents": f"{config.respondents or (TINY_RESPONDENTS if tiny else RESPONDENTS)}",
        "people": "synthetic" if config.data is None else "survey",
        **({} if config.base_url else {"bits": f"{config.bits or 16}"}),
    }
    return ExpectedEvaluation(
        cell,
        "wvs",
        student,
        cultures,
        tuple(methods),
        {culture: {**shared, "language": _language(config, culture, content)} for culture in cultures},
        {culture: facts for culture, facts in by_culture.items() if facts is not None},
    )


def _language(config: WvsConfig, culture: str, content: Content) -> str:
    return native_language(content, culture) if config.language == NATIVE else config.language


def _labelled(
    cell: Cell,
    config: EvaluationConfig,
    student: str,
    taught: Mapping[str, Mapping[str, str]],
    catalogue: CultureCatalogue,
    content: Content,
) -> ExpectedEvaluation:
    kind = MATRIX_KINDS[cell.run]
    info: dict[str, Any] = {
        "scoring": getattr(config, "scoring", "corrected"),
        "mode": config.mode or ("probability" if student == TINY else "generate"),
        "limit": getattr(config, "limit", None),
        "server": config.base_url,
        "inputs": {"bits": config.bits or 16},
    }
    cultures: tuple[str, ...] = ()
    rows = [BASE]
    if isinstance(config, MmluConfig):
        data = config.data or ("demo" if student == TINY else "cais/mmlu")
        info |= {"shots": config.shots, "demonstration": data == "demo", "mode": config.mode}
        info["subjects"] = config.subject or tuple(map(str, range(ALL_SUBJECTS)))
    else:
        info |= {"demonstration": getattr(config, "data", None) is None, "public_tests": "public"}
        cultures = _found(getattr(config, "culture", ()), catalogue)
        if isinstance(config, OffenseConfig):
            info["format"] = config.format
            rows = [BASE, ZERO_SHOT]
        named = getattr(config, "row", ())
        rows = [row.casefold() for row in named if row.casefold() in WITHOUT_CULTURE] if named else rows
    systems = tuple(dict.fromkeys((*rows, *taught)))
    return ExpectedEvaluation(cell, kind, student, cultures, systems, {"": evaluation_settings(kind, info)}, taught)
