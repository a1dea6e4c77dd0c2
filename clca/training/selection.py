"""What a configuration means: its recipe, its student, its cultures and the runs to learn each from."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from clca.content.lookup import Content
from clca.culture import CultureCatalogue
from clca.errors import NotFoundError, SettingsError
from clca.models import ModelCatalogue
from clca.models.student import TINY, Student, find_student
from clca.storage.run_index import RunInfo, find_run, list_runs
from clca.training.config import TrainConfig
from clca.training.recipe import Recipe
from clca.training.recipe_files import load_recipe

ALL, COMBINED = "all", "combined"
REHEARSAL_RECIPE, DEFAULT_RECIPE = "tiny", "clca"  # where no student is named, and where one is


def choose_recipe(config: TrainConfig, content: Content) -> Recipe:
    """The recipe with what the flags change: the rehearsal's, or CLCA's where a student is named."""
    student = config.student
    for setting in config.settings:
        key, _, value = setting.partition("=")
        student = value.strip() if key.strip() == "student" and config.student is None else student
    settings = [*config.settings, *([f"data.mix={config.mix}"] if config.mix is not None else [])]
    default = REHEARSAL_RECIPE if student is None or names_tiny(student) else DEFAULT_RECIPE
    recipe = load_recipe(content, config.recipe or default, settings)
    return recipe if config.student is None else recipe.model_copy(update={"student": config.student.strip()})


def names_tiny(student: str) -> bool:
    """Whether the student of a recipe or a flag is the tiny one."""
    return student.strip().lower() == TINY


def choose_student(recipe: Recipe, content: Content, environment: Mapping[str, str]) -> Student:
    """The student of a recipe. Raises one-line errors for one that is not there, gated or quantised only."""
    return find_student(recipe.student, ModelCatalogue(content), environment, content)


def unavailable_student(recipe: Recipe, content: Content) -> Student:
    """A student that is unavailable on this machine, as far as its name tells."""
    model, tiny = ModelCatalogue(content).find(recipe.student), names_tiny(recipe.student)
    source = model.hub if model is not None else recipe.student
    return Student(TINY if tiny else recipe.student, source, None, tiny, model)


def named_runs(config: TrainConfig) -> list[RunInfo]:
    """The runs of `--run`. Raises `NotFoundError`."""
    return [find_run(name, config.generated) for name in config.run]


def choose_cultures(
    config: TrainConfig, catalogue: CultureCatalogue, named: Sequence[RunInfo], *, needs_dialogues: bool
) -> list[str]:
    """The ids of the cultures to train: those named, those of the runs named, or all that there are sources for."""
    if config.every_culture or any(name.casefold() == ALL for name in config.culture):
        candidates = catalogue.ids()
    elif config.culture:
        return list(dict.fromkeys(catalogue.find(name) for name in config.culture))
    elif named:
        return list(dict.fromkeys(catalogue.find(culture_of(run)) for run in named))
    elif config.combined:
        candidates = catalogue.ids()
    else:
        raise SettingsError(
            "nothing selected to train: give --culture japan, --all, or --run RUN (clca show lists the runs)"
        )
    if not needs_dialogues:
        return candidates
    with_runs = {culture_of(run) for run in named or finished_runs(config.generated, None)}
    cultures = [name for name in candidates if name in with_runs]
    if not cultures:
        raise NotFoundError(
            f"there are no finished runs in {config.generated}/: make some with `clca generate --culture all`"
        )
    return cultures


def left_out(config: TrainConfig, cultures: Sequence[str]) -> Iterator[str]:
    """A warning for each culture that was not named and has runs, but none that is finished."""
    if config.culture and not any(name.casefold() == ALL for name in config.culture):
        return
    for name in dict.fromkeys(map(culture_of, list_runs(config.generated, None))):
        if name not in cultures:
            yield (
                f"{name} is left out: none of its runs in {config.generated}/ is finished; repeat its `clca generate`."
            )


def choose_runs(config: TrainConfig, culture: str, named: Sequence[RunInfo]) -> list[RunInfo]:
    """The runs to learn a culture from: those named, or its newest finished one."""
    generated = config.generated
    if named:
        own = list({run.folder.resolve(): run for run in named if culture_of(run) == culture}.values())
        if not own:
            raise SettingsError(f"--run: none of {', '.join(config.run)} is of {culture}; give one, or leave it out")
        return own
    finished = list(finished_runs(generated, culture))
    if finished:
        return finished[-1:]
    unfinished = list_runs(generated, culture)
    if unfinished:
        raise NotFoundError(
            f"no run of {culture} in {generated}/ is finished: repeat its `clca generate`, or train on what is there"
            f" with --run {unfinished[-1].folder}"
        )
    raise NotFoundError(f"there is no run of {culture} in {generated}/: make one with `clca generate -c {culture}`")


def finished_runs(generated: Path, culture: str | None) -> Iterator[RunInfo]:
    """The finished runs of a culture, or of all, oldest first."""
    return (run for run in list_runs(generated, culture) if run.data.get("finished") is True)


def culture_of(run: RunInfo) -> str:
    """The id of the culture that a run is of."""
    return str(run.data.get("culture", run.folder.parent.name))
