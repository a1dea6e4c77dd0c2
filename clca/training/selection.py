"""What a configuration means: its recipe, its student, its cultures and the runs to learn each from."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from glob import has_magic
from pathlib import Path

from clca.content.lookup import Content
from clca.culture import CultureCatalogue
from clca.culture.catalogue import is_of_two
from clca.errors import NotFoundError, SettingsError
from clca.models import ModelCatalogue
from clca.models.student import TINY, Student, find_student
from clca.storage.run_index import RunInfo, damaged_runs, find_runs, list_runs, matching_runs
from clca.storage.run_selection import others_of, select_run
from clca.storage.selection import Selection, listed
from clca.training.config import TrainConfig
from clca.training.recipe import Recipe
from clca.training.recipe_files import load_recipe

ALL, COMBINED = "all", "combined"
NAMED = "named by --run"
REHEARSAL_RECIPE, DEFAULT_RECIPE = "tiny", "clca"  # where no student is named, and where one is


def choose_recipe(config: TrainConfig, content: Content) -> Recipe:
    """The recipe with what the flags change: the rehearsal's, or CLCA's where a student is named."""
    student = config.student
    for setting in config.settings:
        key, _, value = setting.partition("=")
        student = value.strip() if key.strip() == "student" and config.student is None else student
    if config.student is not None and any(entry.partition("=")[0].strip() == "student" for entry in config.settings):
        raise SettingsError("--student and --set student both name the student: leave one of them out")
    settings = [*config.settings, *([f"data.mix={config.mix}"] if config.mix is not None else [])]
    settings += ["data.reviewed=true"] if config.reviewed else []
    _refuse_two_values(settings)
    default = REHEARSAL_RECIPE if student is None or names_tiny(student) else DEFAULT_RECIPE
    recipe = load_recipe(content, config.recipe or default, settings)
    return recipe if config.student is None else recipe.model_copy(update={"student": config.student.strip()})


def _refuse_two_values(settings: Sequence[str]) -> None:
    """Raise `SettingsError` for a key of the recipe that is set to two values: none is dropped in silence."""
    values: dict[str, str] = {}
    for key, _, value in (setting.partition("=") for setting in settings):
        first = values.setdefault(key.strip(), value.strip())
        if first != value.strip():
            raise SettingsError(
                f"{key.strip()} of the recipe is set to {first} and to {value.strip()}: leave one of them out"
            )


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


def named_runs(config: TrainConfig) -> dict[Path, tuple[RunInfo, str]]:
    """The runs of `--run` by their folders, each with why it was taken.

    Each `--run` is a folder, a name, a pattern of folders or files, or a culture, of which one run is taken. Raises
    `NotFoundError` for an unknown name, `SettingsError` for one that stands for several runs.
    """
    runs = [entry for name in config.run for entry in _named(name, config.generated)]
    for run, _ in runs:
        if is_of_two(run.culture):
            raise SettingsError(
                f"--run {run.folder} is of two cultures, {run.culture}, and teaches neither alone: give runs of one"
            )
    return {run.folder.resolve(): (run, reason) for run, reason in runs}


def _named(name: str, generated: Path) -> list[tuple[RunInfo, str]]:
    if has_magic(name) and not Path(name).exists():
        return [(run, NAMED) for run in matching_runs(name)]
    runs = find_runs(name, generated)
    if len(runs) == 1:
        return [(runs[0], NAMED)]
    finished = [run for run in runs if run.is_finished]
    if not finished or len({run.culture for run in runs}) > 1:
        names = ", ".join(str(run.folder) for run in runs)
        raise SettingsError(f"--run {name} stands for {len(runs)} runs: {names}; give one by its folder")
    selection = select_run(runs[0].culture, runs)
    return [(run, selection.reason) for run in runs if str(run.folder) in selection.taken]


def choose_cultures(
    config: TrainConfig, catalogue: CultureCatalogue, named: Collection[RunInfo], *, needs_dialogues: bool
) -> list[str]:
    """The ids of the cultures to train: those named, those of the runs named, or all that there are sources for."""
    if config.every_culture or any(name.casefold() == ALL for name in config.culture):
        candidates = catalogue.ids()
    elif config.culture:
        return list(dict.fromkeys(catalogue.find(name) for name in config.culture))
    elif named:
        return list(dict.fromkeys(catalogue.find(run.culture) for run in named))
    elif config.combined:
        candidates = catalogue.ids()
    else:
        raise SettingsError(
            "nothing selected to train: give --culture japan, --all, or --run RUN (clca show lists the runs)"
        )
    if not needs_dialogues:
        return candidates
    with_runs = {run.culture for run in named or [run for run in runs_of(config, None) if run.is_finished]}
    cultures = [name for name in candidates if name in with_runs]
    if not cultures:
        raise NotFoundError(
            f"there are no finished runs{_by(config)} in {config.generated}/: make some with `clca generate --culture"
            " all`"
        )
    return cultures


def left_out(config: TrainConfig, cultures: Sequence[str]) -> Iterator[str]:
    """A warning for each culture that was not named and has runs, but none that is finished."""
    if config.culture and not any(name.casefold() == ALL for name in config.culture):
        return
    for name in dict.fromkeys(run.culture for run in list_runs(config.generated, None)):
        if is_of_two(name):
            yield f"{name} is left out: its dialogues are between two cultures, and teach neither alone."
        elif name not in cultures:
            yield (
                f"{name} is left out: none of its runs{_by(config)} in {config.generated}/ is finished; repeat its"
                " `clca generate`."
            )


def choose_runs(
    config: TrainConfig, culture: str, named: Mapping[Path, tuple[RunInfo, str]]
) -> tuple[list[RunInfo], Selection]:
    """The runs to learn a culture from: those named, or the finished one that covers the most; and what else there is.

    Raises `NotFoundError` without a finished run, `SettingsError` where runs have to be named (see `select_run`).
    """
    runs = runs_of(config, culture)
    damaged = dict.fromkeys(damaged_runs(config.generated, culture), "its run.json cannot be read")
    if named:
        of_culture = {folder: entry for folder, entry in named.items() if entry[0].culture == culture}
        if not of_culture:
            raise SettingsError(f"--run: none of {', '.join(config.run)} is of {culture}; give one, or leave it out")
        own = [run for run, _ in of_culture.values()]
        others = others_of(own[0], [run for run in runs if run.folder.resolve() not in of_culture])
        taken = tuple(str(run.folder) for run in own)
        reason = ", ".join(dict.fromkeys(reason for _, reason in of_culture.values()))
        return own, Selection(target=culture, taken=taken, reason=reason, others={**others, **damaged})
    if any(run.is_finished for run in runs):
        selection = select_run(culture, runs)
        taken_runs = [run for run in runs if str(run.folder) in selection.taken]
        return taken_runs, selection.model_copy(update={"others": {**selection.others, **damaged}})
    if runs:
        raise NotFoundError(
            f"no run of {culture} in {config.generated}/ is finished: repeat its `clca generate`, or train on what is"
            f" there with --run {runs[-1].folder}"
        )
    teachers = dict.fromkeys(map(teacher_of, list_runs(config.generated, culture)))
    if teachers:
        raise NotFoundError(
            f"--teacher {config.teacher}: no run of {culture} in {config.generated}/ is of this teacher; there are"
            f" those of {', '.join(teachers)}"
        )
    if damaged:
        raise NotFoundError(
            f"no run of {culture} in {config.generated}/ can be read ({listed(damaged)}): repeat its `clca generate`"
        )
    raise NotFoundError(
        f"there is no run of {culture} in {config.generated}/: make one with `clca generate -c {culture}`"
    )


def runs_of(config: TrainConfig, culture: str | None) -> list[RunInfo]:
    """The runs of a culture, or of all, by the teacher of the configuration if it names one; oldest first."""
    runs = list_runs(config.generated, culture)
    if config.teacher is None:
        return runs
    return [run for run in runs if teacher_of(run).casefold() == config.teacher.strip().casefold()]


def teacher_of(run: RunInfo) -> str:
    """The name of a run's teacher, "" where it is not recorded."""
    return str(run.inputs.get("teacher", ""))


def _by(config: TrainConfig) -> str:
    return "" if config.teacher is None else f" by {config.teacher}"
