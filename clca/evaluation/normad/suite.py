"""The task, plan and run of the evaluation on NormAd."""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, get_args

from clca.content.decoding import decode_text
from clca.content.lookup import Content
from clca.content.parsing import read_csv, suggestion
from clca.culture import CultureCatalogue
from clca.errors import ContentError, NotFoundError, SettingsError
from clca.evaluation.classification.aggregate import score
from clca.evaluation.classification.scores import BASE, ZERO_SHOT
from clca.evaluation.classification.task import Example
from clca.evaluation.labelled.plan import LabelledPlan, Nouns, limited
from clca.evaluation.labelled.result import CultureResult
from clca.evaluation.labelled.run import answered
from clca.evaluation.labelled.tables import MatrixMetric, matrix_table
from clca.evaluation.normad import LABELS, SUITE, NormadConfig, NormadReader, NormadSuite, Story, load_suite
from clca.evaluation.systems import choose_systems
from clca.evaluation.validation import require_libraries
from clca.progress import ProgressCallback, ignore
from clca.safe_open import read_bytes

MOST_COUNTRIES = 500  # of a file; NormAd has 75


class NormadTask:
    """The stories of a country; the system `zero-shot` is asked with the country's name."""

    labels, answers = LABELS, ("1", "2", "3")

    def __init__(self, culture: str, country: str, stories: Sequence[Story], suite: NormadSuite) -> None:
        self.name, self.culture, self.count = f"{culture}/normad", culture, len(stories)
        self._country, self._stories, self._suite = country, stories, suite
        self._reader = NormadReader(suite)

    @property
    def digest(self) -> str:
        """SHA-256 of all that is asked and of the gold labels."""
        rows = [[story.id, self._country, story.story, story.label] for story in self._stories]
        return hashlib.sha256(json.dumps(rows).encode()).hexdigest()

    def system_prompt(self, system: str) -> str:
        """Empty: stories are asked without a system prompt."""
        return ""

    def examples(self, system: str) -> Iterator[Example]:
        """The stories as prompts; the zero-shot system is told the country."""
        prompt = self._suite.zero_shot if system == ZERO_SHOT else self._suite.prompt
        for story in self._stories:
            told = " ".join(story.story.split())
            text = prompt.replace("{country}", self._country).replace("{story}", told)
            yield Example(story.id, text, story.label, (told,))

    def read(self, reply: str, given: Sequence[str] = ()) -> str | None:
        """The label that a reply gives, or None where it is unreadable."""
        return self._reader.read(reply, given)

    def stop_condition(self, text: str, given: Sequence[str] = ()) -> bool:
        """Whether generation may stop: more text cannot change how the reply is read."""
        return self._reader.stop_condition(text, given)


@dataclass(frozen=True, kw_only=True)
class NormadPlan(LabelledPlan):
    """An evaluation on NormAd; `data` is None for the demonstration."""

    nouns: ClassVar[Nouns] = Nouns(text="story")
    screen_tables: ClassVar[tuple[str, ...]] = ("matrix_f1", "matrix_invalid")

    config: NormadConfig
    data: Path | None

    def prompt_form(self, system: str) -> str:
        """The zero-shot form names the country, the plain one does not."""
        return ZERO_SHOT if system == ZERO_SHOT else "plain"

    def suite_caveats(self) -> list[str]:
        """Whether it is a demonstration or asks a part of the stories only."""
        caveats = []
        if self.data is None:
            caveats.append(
                "DEMONSTRATION: a few stories written for this purpose, no measure of anything; --data takes NormAd's"
                " file."
            )
        if self.config.limit is not None:
            caveats.append(f"At most {self.config.limit:,} stories of each country, drawn by seed {self.config.seed}.")
        return caveats

    @property
    def summary(self) -> dict[str, Any]:
        """What `--plan --json` prints besides the cost."""
        cultures = [task.culture for task in self.tasks]
        return {**super().summary, "data": str(self.data) if self.data else None, "cultures": cultures}


def load_tasks(content: Content, file: Path | None, catalogue: CultureCatalogue) -> tuple[NormadTask, ...]:
    """A task for each country of the user's file, or of the demonstration, in their order.

    A country with a profile is called by its culture's id. Raises `NotFoundError` for no file, `ContentError` for a
    row that is not NormAd's.
    """
    suite = load_suite(content)
    rows = suite.demonstration if file is None else read_csv(str(file), _read(file), Story)
    by_country: dict[str, list[Story]] = {}
    for story in rows:
        by_country.setdefault(" ".join(story.country.replace("_", " ").split()).title(), []).append(story)
    if len(by_country) > MOST_COUNTRIES:
        raise ContentError(str(file), None, f"has stories of more than {MOST_COUNTRIES} countries")
    if not by_country:
        raise ContentError(str(file), None, "holds no stories")
    called: dict[str, str] = {}
    for country in by_country:
        other = called.setdefault(_culture(country, catalogue), country)
        if other != country:
            raise ContentError(str(file), None, f"{other!r} and {country!r} are one country: give it one name")
    return tuple(NormadTask(culture, country, by_country[country], suite) for culture, country in called.items())


def plan(config: NormadConfig, workspace: Path | None = None) -> NormadPlan:
    """Settle which stories are asked of which systems. Raises `SettingsError`, `NotFoundError` and `ContentError`."""
    require_libraries(server=config.base_url is not None)
    content = Content(workspace)
    catalogue = CultureCatalogue(content)
    stories = {task.culture: task for task in load_tasks(content, config.data, catalogue)}
    cultures = _chosen(config, stories, catalogue)
    tasks = limited([stories[culture] for culture in cultures], config)
    model, systems = choose_systems(config, config.row, (BASE, ZERO_SHOT), cultures, catalogue, content, os.environ)
    return NormadPlan.assemble(
        config,
        content,
        model,
        systems,
        tasks,
        labels=[cultures[0] if len(cultures) == 1 else f"{len(cultures)}-countries"],
        inputs={
            "tests": {culture: stories[culture].digest for culture in cultures},
            f"content:{SUITE}": content.used[SUITE].digest,
        },
        info={"cultures": cultures, "data": str(config.data) if config.data else None},
        demonstration=config.data is None,
        warnings=model.notes,
        data=config.data,
    )


def run(plan: NormadPlan, progress: ProgressCallback = ignore) -> CultureResult:
    """Have what is pending answered, and score it. Raises as `clca.evaluation.labelled.run.answered` does."""
    with answered(plan, progress) as answers:
        scores = score(answers.confusions, seed=plan.config.seed, single_class=False)
        notes = [*answers.caveats, *scores.notes()]
        names, taught = plan.names, plan.model.taught
        tables = tuple(matrix_table(metric, scores, names, notes, taught) for metric in get_args(MatrixMetric))
        return CultureResult(**answers.finish(scores, tables))


def _chosen(config: NormadConfig, tasks: Mapping[str, NormadTask], catalogue: CultureCatalogue) -> list[str]:
    wanted = [_culture(name, catalogue) for name in config.culture] or list(tasks)
    for culture in wanted:
        if culture not in tasks:
            hint = suggestion(culture, tasks) or f"; there are {', '.join(tasks)}"
            raise SettingsError(f"--culture {culture}: {config.data or 'the demonstration'} has no story of it{hint}")
    return list(dict.fromkeys(wanted))


def _culture(country: str, catalogue: CultureCatalogue) -> str:
    """The culture's id; without a profile the words of the country, which are part of the name of a folder."""
    try:
        return catalogue.find(country)
    except NotFoundError:
        return "_".join(re.findall(r"\w+", country.casefold()))[:80] or "country"


def _read(file: Path) -> str:
    try:
        return decode_text(str(file), read_bytes(file))
    except OSError as error:
        raise NotFoundError(f"--data {file}: cannot be read: {error.strerror}; give NormAd's CSV file") from None
