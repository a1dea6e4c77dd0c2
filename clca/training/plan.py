"""Training on one page: from what is asked for to jobs, each of which makes one adapter.

recipe, student, cultures -> runs -> material -> job
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from importlib.util import find_spec
from pathlib import Path

from clca.content.lookup import Content
from clca.culture import Catalogue
from clca.errors import NotFoundError, SettingsError
from clca.inference.hardware import Machine
from clca.inference.memory import weight_shortage
from clca.models import ModelCatalogue
from clca.models.adapter import FILE
from clca.models.load import compute_type
from clca.models.logging import LIBRARIES
from clca.models.student import TINY, Student, find_student
from clca.storage.fingerprint import fingerprint, slug
from clca.storage.run_dir import FILES
from clca.storage.run_index import RunInfo, find_run, list_runs
from clca.training.fingerprint_inputs import decisive, lineage, needs_dialogues
from clca.training.job import Job
from clca.training.material import CultureRef, TrainingSources
from clca.training.mixture import parse_mixture
from clca.training.recipe import Recipe
from clca.training.recipe_files import load_recipe

ALL, COMBINED = "all", "combined"
REHEARSED, USUAL = "tiny", "clca"  # the recipe where no student is named, and where one is


@dataclass(frozen=True, slots=True)
class TrainConfig:
    """What the command line asks for; `every` stands for --all."""

    cultures: tuple[str, ...] = ()
    combined: bool = False
    every: bool = False
    runs: tuple[str, ...] = ()
    student: str | None = None
    recipe: str | None = None
    mix: str | None = None
    sets: tuple[str, ...] = ()
    out: Path = Path("adapters")
    new: bool = False


@dataclass(frozen=True, slots=True)
class TrainingPlan:
    """A job, the name of what it teaches, what to warn of, and whether its adapter is there already."""

    job: Job
    taught: str
    warnings: tuple[str, ...]
    finished: bool


def require_libraries() -> None:
    """Refuse to begin without what training needs."""
    lacking = [name for name in LIBRARIES if find_spec(name) is None]
    if lacking:
        names = ", ".join(lacking)
        raise SettingsError(
            f"training needs {names}, not installed here: pip install '.[train]' where clca's source is"
        )


def choose_recipe(asked: TrainConfig, content: Content) -> Recipe:
    """The recipe with what the flags change. Without a recipe: the rehearsal's, or CLCA's where a student is named."""
    named = asked.student
    for key, _, value in (one.partition("=") for one in asked.sets):
        named = value.strip() if key.strip() == "student" and asked.student is None else named
    rehearsed = named is None or names_tiny(named)
    sets = list(asked.sets)
    if asked.mix is not None:
        try:
            parse_mixture(asked.mix)
        except ValueError as error:
            raise SettingsError(f"--mix {error}") from None
        sets.append(f"data.mix={asked.mix}")
    recipe = load_recipe(content, asked.recipe or (REHEARSED if rehearsed else USUAL), sets)
    if asked.student is None:
        return recipe
    if not asked.student.strip():
        raise SettingsError("--student: is empty; give an alias (clca models list), a hub id, a folder, or tiny")
    return recipe.model_copy(update={"student": asked.student.strip()})


def names_tiny(student: str) -> bool:
    """Whether a recipe's or a flag's student is the tiny one."""
    return student.strip().lower() == TINY


def choose_student(recipe: Recipe, content: Content, environment: Mapping[str, str]) -> Student:
    return find_student(recipe.student, ModelCatalogue(content), environment, content)


def plan(
    asked: TrainConfig, recipe: Recipe, student: Student, workspace: Path | None, generated: Path
) -> list[TrainingPlan]:
    """The jobs, in order. Everything that is wrong with what they need is found here; nothing is written yet."""
    catalogue = Catalogue(Content(workspace))
    dialogues = needs_dialogues(recipe.data)
    given = [find_run(name, generated) for name in asked.runs] if dialogues else []
    cultures = _cultures(asked, catalogue, generated, given, dialogues)
    strange = next((run for run in given if _culture_of(run) not in cultures), None)
    if strange is not None:
        raise SettingsError(f"--run {strange.folder} is of {_culture_of(strange)}, which is not to be trained")
    by_culture = {name: _runs(name, asked, generated, given) if dialogues else [] for name in cultures}
    groups = [(COMBINED, cultures)] if asked.combined else [(name, [name]) for name in cultures]
    planned: list[TrainingPlan] = []
    left_out = tuple(_left_out(cultures, asked, generated)) if dialogues and not given else ()
    for name, members in groups:
        taught = tuple(CultureRef(one, catalogue.aliases(one)[0], catalogue.culture(one).members) for one in members)
        one = _job(asked, recipe, student, workspace, name, taught, [r for m in members for r in by_culture[m]])
        planned.append(one if planned else replace(one, warnings=(*left_out, *one.warnings)))
    return planned


def shortage(recipe: Recipe, student: Student, machine: Machine, device: str, shards: int = 1) -> str:
    """Why the weights of a student, sharded over `shards` GPUs, do not fit here, and what would; "" where they fit."""
    base = recipe.base
    shortage = weight_shortage(student, base, compute_type(base, device), machine, device, shards=shards)
    if not shortage:
        return ""
    smaller = f"--student {student.model.smaller}" if student.model and student.model.smaller else "a smaller --student"
    fewer_bits = "--set base.bits=4, " if base.bits > 4 else ""
    more = "more GPUs (clca train --plan gives the command)" if base.bits == 16 else "a larger GPU"
    return f"{shortage}; instead: {fewer_bits}{smaller}, or {more}"


def require_room(recipe: Recipe, student: Student, machine: Machine, device: str, shards: int = 1) -> None:
    """Refuse what `shortage` tells of."""
    if lack := shortage(recipe, student, machine, device, shards):
        raise SettingsError(lack)


def _cultures(
    asked: TrainConfig, catalogue: Catalogue, generated: Path, given: Sequence[RunInfo], dialogues: bool
) -> list[str]:
    """The ids of what is to be taught: those named, those of the runs given, or all that there is material for."""
    if asked.every or any(name.casefold() == ALL for name in asked.cultures):
        known = catalogue.ids()
    elif asked.cultures:
        return list(dict.fromkeys(catalogue.find(name) for name in asked.cultures))
    elif given:
        return list(dict.fromkeys(catalogue.find(_culture_of(run)) for run in given))
    elif asked.combined:
        known = catalogue.ids()
    else:
        raise SettingsError("say what to train: --culture japan, --all, or --run RUN (clca show lists the runs)")
    if not dialogues:
        return known
    held = {_culture_of(run) for run in given or _finished(generated, None)}
    found = [name for name in known if name in held]
    if not found:
        raise NotFoundError(f"there are no finished runs in {generated}/: make some with `clca generate --culture all`")
    return found


def _left_out(cultures: Sequence[str], asked: TrainConfig, generated: Path) -> Iterator[str]:
    """Cultures that were not asked for by name, and have runs but none that is finished."""
    if asked.cultures and not any(name.casefold() == ALL for name in asked.cultures):
        return
    for name in dict.fromkeys(map(_culture_of, list_runs(generated, None))):
        if name not in cultures:
            yield f"{name} is left out: none of its runs in {generated}/ is finished; repeat its `clca generate`."


def _runs(culture: str, asked: TrainConfig, generated: Path, given: Sequence[RunInfo]) -> list[RunInfo]:
    """The runs to learn a culture from: those that were given, or its newest finished one."""
    if given:
        own = list({run.folder.resolve(): run for run in given if _culture_of(run) == culture}.values())
        if not own:
            raise SettingsError(f"--run: none of {', '.join(asked.runs)} is of {culture}; give one, or leave it out")
        return own
    finished = list(_finished(generated, culture))
    if finished:
        return finished[-1:]
    begun = list_runs(generated, culture)
    if begun:
        raise NotFoundError(
            f"no run of {culture} in {generated}/ is finished: repeat its `clca generate`, or train on what is there"
            f" with --run {begun[-1].folder}"
        )
    raise NotFoundError(f"there is no run of {culture} in {generated}/: make one with `clca generate -c {culture}`")


def _job(
    asked: TrainConfig,
    recipe: Recipe,
    student: Student,
    workspace: Path | None,
    name: str,
    taught: tuple[CultureRef, ...],
    found: Sequence[RunInfo],
) -> TrainingPlan:
    learned = tuple(map(lineage, found))
    files = tuple(run.folder / FILES["kept"] for run in found)
    material = TrainingSources(taught, files, Content(workspace), recipe.data, recipe.seed)
    digest = fingerprint(decisive(recipe, student, material, learned))
    base = asked.out / name / f"{slug(student.name)}-{slug(recipe.name)}-{digest[:6]}"
    out = _place(base, new=asked.new)
    rehearsed = any(run.data.get("rehearsed") is True for run in found)
    job = Job(recipe, student, material, learned, out, rehearsed)
    return TrainingPlan(job, name, tuple(_warnings(job, found)), (out / FILE).is_file())


def _warnings(job: Job, found: Iterable[RunInfo]) -> Iterator[str]:
    for run, learned in zip(found, job.lineage, strict=True):
        kept = run.data.get("counts", {}).get("kept", learned.dialogues)
        if run.data.get("finished") is True and kept != learned.dialogues:
            yield (
                f"{run.folder} was finished with {kept:,} kept dialogues, and {FILES['kept']} has {learned.dialogues:,}"
                " whole lines: it was changed, or cut off."
            )
        pending = run.data.get("counts", {}).get("pending", 0)
        if run.data.get("finished") is not True:
            yield f"{run.folder} is not finished: {pending} of its dialogues are missing."
        if run.data.get("rehearsed") is True and not job.student.tiny:
            yield (
                f"{run.folder} was played by the embedded rehearsal, a simulator: what {job.student.name} learns from"
                " it is the simulator's wording and no culture. Do not publish scores of this adapter."
            )


def _place(base: Path, *, new: bool) -> Path:
    """The newest folder of an adapter: `base`, `base-2`, `base-3`...; with `new` the next one, if it is finished."""
    folder, number = base, 1
    while True:
        following = base.with_name(f"{base.name}-{number + 1}")
        if not (_begun(following) or (new and folder.exists())):
            return folder
        folder, number = following, number + 1


def _begun(folder: Path) -> bool:
    return folder.exists() or folder.with_name(f".{folder.name}.unfinished").exists()


def _finished(generated: Path, culture: str | None) -> Iterator[RunInfo]:
    return (run for run in list_runs(generated, culture) if run.data.get("finished") is True)


def _culture_of(run: RunInfo) -> str:
    return str(run.data.get("culture", run.folder.parent.name))
