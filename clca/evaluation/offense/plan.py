"""The plan of `clca eval-offense`: which cultures' tests are asked of which systems.

data, tasks -> cultures -> student, systems
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

from clca.content.lookup import Content
from clca.content.parsing import suggestion
from clca.culture import CultureCatalogue
from clca.errors import NotFoundError, SettingsError
from clca.evaluation.classification.scores import BASE, ZERO_SHOT
from clca.evaluation.labelled.plan import LabelledPlan, limited
from clca.evaluation.offense.config import OffenseConfig
from clca.evaluation.offense.imports.mapping import load_mapping
from clca.evaluation.offense.suite import (
    TASKS,
    OffenseSuite,
    ScoringDifference,
    load_offense_suite,
    scoring_differences,
)
from clca.evaluation.offense.task import countries_of, fingerprint_inputs, make_tasks, require_unchanged
from clca.evaluation.offense.test_sets import MANIFEST, TestSet, default_folder, open_tests
from clca.evaluation.published.catalogue import PublishedCatalogue, load_catalogue
from clca.evaluation.systems import choose_systems
from clca.evaluation.validation import require_libraries

ALL = "all"
DEFAULT_ROWS = (BASE, ZERO_SHOT)
PLAIN = "plain"  # the form of prompts that name no culture


@dataclass(frozen=True, kw_only=True)
class OffensePlan(LabelledPlan):
    """An evaluation on offensiveness. `data` is None for the demonstration set.

    `differences` are those of the scorings that concern these tests, `import_notes` what the import found in each.
    """

    screen_tables: ClassVar[tuple[str, ...]] = ("matrix_f1", "matrix_invalid", "f1", "f1_normalised")

    config: OffenseConfig
    cultures: tuple[str, ...]
    data: Path | None
    differences: tuple[ScoringDifference, ...]
    import_notes: dict[str, tuple[str, ...]]
    published: PublishedCatalogue

    def prompt_form(self, system: str) -> str:
        """The zero-shot form names the culture, the plain one does not."""
        return ZERO_SHOT if system == ZERO_SHOT else PLAIN

    def suite_caveats(self) -> list[str]:
        """Whether it is a demonstration, asks a part of the texts, or scores as the paper does."""
        caveats = []
        if self.data is None:
            caveats.append(
                "DEMONSTRATION: a few texts written for this purpose, no measure of anything; `clca data"
                " import-offense` brings in test sets."
            )
        if self.config.limit is not None:
            caveats.append(f"At most {self.config.limit:,} texts of each test, drawn with seed {self.config.seed}.")
        if self.config.scoring == "paper":
            caveats.append("Scored as the paper's framework does, with its reading of replies and its lists of labels.")
        noted = [name for name, notes in self.import_notes.items() if notes]
        if noted and self.data is not None:
            caveats.append(
                f"The import had remarks on {len(noted)} of {len(self.import_notes)} tests: they stand in"
                f" evaluation.json, and the whole audit in {self.data}."
            )
        return caveats

    @property
    def summary(self) -> dict[str, Any]:
        """What `--plan --json` prints besides the cost."""
        return {
            **super().summary,
            "data": None if self.data is None else str(self.data),
            "cultures": list(self.cultures),
            "format": self.config.format,
            "scoring": self.config.scoring,
        }


def plan(config: OffenseConfig, workspace: Path | None = None) -> OffensePlan:
    """Settle which tests are asked of which systems. Everything that is wrong is found here; nothing is written.

    Raises `SettingsError`, `NotFoundError` and `ContentError`.
    """
    require_libraries(server=config.base_url is not None)
    content = Content(workspace)
    catalogue, suite = CultureCatalogue(content), load_offense_suite(content)
    data = _data(config.data, workspace)
    all_tests = open_tests(data, content)
    cultures = _cultures(config, catalogue, all_tests, data)
    tests = [test for culture in cultures for test in all_tests if test.culture == culture]
    require_unchanged(tests)
    countries = countries_of(cultures, suite, catalogue)
    tasks = limited(make_tasks(tests, config.scoring, countries), config)
    if not tasks:
        raise NotFoundError(f"{data} holds no usable text of {', '.join(cultures)}")
    model, systems = choose_systems(config, config.row, DEFAULT_ROWS, cultures, catalogue, content, os.environ)
    counts = {task.name: task.count for task in tasks}
    return OffensePlan.assemble(
        config,
        content,
        model,
        systems,
        tasks,
        labels=[cultures[0] if len(cultures) == 1 else f"{len(cultures)}-cultures"],
        inputs={
            "tests": {test.name: fingerprint_inputs(test, config.scoring) for test in tests},
            "countries": countries if any(system.name == ZERO_SHOT for system in systems) else {},
            "format": config.format,
            "scoring": config.scoring,
            f"content:{TASKS}": content.used[TASKS].digest,
        },
        info={
            "cultures": list(cultures),
            "format": config.format,
            "scoring": config.scoring,
            "data": None if data is None else str(data),
            "public_tests": _public_tests(tests, suite, catalogue, workspace),
            "tests": {test.name: _test_info(test, counts.get(test.name, 0)) for test in tests},
        },
        chat=config.format == "chat",
        demonstration=data is None,
        warnings=model.notes,
        cultures=cultures,
        data=data,
        differences=_concerning(suite, tests),
        import_notes={test.name: test.notes for test in tests},
        published=load_catalogue(Content(workspace)),
    )


def _public_tests(
    tests: Sequence[TestSet], suite: OffenseSuite, catalogue: CultureCatalogue, workspace: Path | None
) -> str:
    """Whether these are the public test files of S2N's framework for their cultures, in words."""
    cultures, names = {test.culture for test in tests}, {test.name for test in tests}
    files = load_mapping(Content(workspace), None, suite, catalogue.ids()).files
    public = {entry.name for entry in files if entry.culture in cultures}
    if names == public:
        return "public"
    others = f" and {len(names - public)} others" if names - public else ""
    return f"{len(names & public)} of {len(public)} public{others}"


def _data(folder: Path | None, workspace: Path | None) -> Path | None:
    """The test sets of that folder, else the imported ones, else None for the demonstration set."""
    if folder is not None:
        return folder
    default = default_folder(workspace)
    return default if (default / MANIFEST).is_file() else None


def _cultures(
    config: OffenseConfig, catalogue: CultureCatalogue, tests: Sequence[TestSet], data: Path | None
) -> tuple[str, ...]:
    available = tuple(dict.fromkeys(test.culture for test in tests))
    where = "the demonstration set" if data is None else str(data)
    if not available:
        raise NotFoundError(f"{where} holds no test sets: import some with `clca data import-offense DIR`")
    if not config.culture or any(name.casefold() == ALL for name in config.culture):
        return available
    wanted = tuple(dict.fromkeys(map(catalogue.find, config.culture)))
    for culture in wanted:
        if culture not in available:
            hint = suggestion(culture, available)
            raise SettingsError(
                f"--culture {culture}: {where} holds no test set of it{hint}; of {', '.join(available)}"
            )
    return tuple(culture for culture in available if culture in wanted)


def _test_info(test: TestSet, texts: int) -> dict[str, object]:
    return {"type": test.type, "rows": test.rows, "texts": texts, "sha256": test.digest, "notes": list(test.notes)}


def _concerning(suite: OffenseSuite, tests: Sequence[TestSet]) -> tuple[ScoringDifference, ...]:
    names = {"all", *(test.name for test in tests), *(test.type for test in tests)}
    return tuple(difference for difference in scoring_differences(suite) if difference.task in names)
