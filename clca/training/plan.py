"""The plan of a training: from a configuration to jobs, each of which makes one adapter.

recipe, student, cultures -> runs -> sources -> jobs
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from clca.content.lookup import Content
from clca.culture import CultureCatalogue
from clca.errors import SettingsError
from clca.inference.hardware import machine
from clca.models.adapter import FILE
from clca.models.load import is_sharded, this_device
from clca.models.student import Student
from clca.storage.fingerprint import adapters_identity, fingerprint, slug
from clca.storage.reviews import FILE as REVIEWS
from clca.storage.reviews import reviewed
from clca.storage.run_dir import FILES
from clca.storage.run_index import RunInfo
from clca.storage.selection import Selection
from clca.training.config import TrainConfig
from clca.training.fingerprint_inputs import decisive, lineage, needs_dialogues, source_names
from clca.training.job import Job
from clca.training.recipe import Recipe
from clca.training.requirements import require_libraries, require_loggers, shortage
from clca.training.s2n_sources import load_s2n_sources
from clca.training.selection import (
    COMBINED,
    NAMED,
    choose_cultures,
    choose_recipe,
    choose_runs,
    choose_student,
    left_out,
    named_runs,
    unavailable_student,
)
from clca.training.training_sources import CultureRef, TrainingSources

if TYPE_CHECKING:
    from clca.contamination.evaluations import Evaluations


@dataclass(frozen=True, slots=True)
class PlannedAdapter:
    """An adapter to train: `target` is its culture or `combined`, `finished` says that its folder is there already."""

    job: Job
    target: str
    warnings: tuple[str, ...]
    finished: bool


@dataclass(frozen=True, slots=True)
class TrainingPlan:
    """The adapters to train, in order.

    `unavailable_reason` says why the student is unavailable on this machine; `refusals` are what `run` refuses.
    """

    config: TrainConfig
    recipe: Recipe
    student: Student
    adapters: tuple[PlannedAdapter, ...]
    content: Content
    unavailable_reason: str
    refusals: tuple[str, ...]

    @property
    def finished(self) -> bool:
        """Whether every adapter is finished."""
        return all(adapter.finished for adapter in self.adapters)

    @property
    def identity(self) -> str:
        """What identifies the results, in 64 hexadecimal digits."""
        return adapters_identity([adapter.job.out.name for adapter in self.adapters])

    def warnings(self) -> tuple[str, ...]:
        """The warnings of all adapters, each once; a refusal is one until `run` is called."""
        refusals = () if self.finished else (f"{refusal}." for refusal in self.refusals)
        return tuple(dict.fromkeys((*(text for adapter in self.adapters for text in adapter.warnings), *refusals)))

    def selections(self) -> tuple[Selection, ...]:
        """What was taken of several runs that the user did not name one by one, each once."""
        taken = [entry for adapter in self.adapters for entry in adapter.job.selection if entry.reason != NAMED]
        return tuple({entry.line: entry for entry in taken if entry.others}.values())

    def require_runnable(self) -> None:
        """Refuse a training that cannot run on this machine. Raises `SettingsError`."""
        refusals = (self.unavailable_reason, *self.refusals)
        if not self.finished and any(refusals):
            raise SettingsError(next(filter(None, refusals)))


def plan(config: TrainConfig, workspace: Path | None = None, *, allow_unavailable: bool = False) -> TrainingPlan:
    """Find the recipe, the student, the runs and the folders. Everything that is wrong with them is raised here.

    With `allow_unavailable` a student or a library that this machine lacks is a reason in the plan, not an error: the
    rest of the plan holds on another machine.
    """
    content = Content(workspace)
    recipe = choose_recipe(config, content)
    targets = choose_targets(config, recipe, workspace)
    reason, refusals, has_libraries = "", [], False
    try:
        require_libraries()
        has_libraries = True
        student = choose_student(recipe, content, os.environ)
    except SettingsError as error:
        if not allow_unavailable:
            raise
        reason, student = error.message, unavailable_student(recipe, content)
    adapters = plan_adapters(config, recipe, student, workspace, targets)
    if has_libraries:
        shards = int(os.environ.get("WORLD_SIZE", "1")) if is_sharded() else 1
        refusals.append(shortage(recipe, student, machine(os.environ), this_device(), shards))
        if recipe.lora.save and is_sharded():
            refusals.append("lora.save: sharded training does not train whole modules: leave it out, or use one GPU")
    try:
        require_loggers(recipe)
    except SettingsError as error:
        if not allow_unavailable:
            raise
        refusals.append(error.message)
    return TrainingPlan(config, recipe, student, adapters, content, reason, tuple(filter(None, refusals)))


@dataclass(frozen=True, slots=True)
class Targets:
    """The cultures to train, the runs of each with what else there was, and warnings over what is left out."""

    cultures: tuple[str, ...]
    runs: dict[str, tuple[list[RunInfo], Selection]]
    warnings: tuple[str, ...]


def choose_targets(config: TrainConfig, recipe: Recipe, workspace: Path | None) -> Targets:
    """What is trained on which runs, without a look at the student, which may have to be made or loaded.

    Raises `SettingsError` and `NotFoundError`.
    """
    catalogue = CultureCatalogue(Content(workspace))
    with_dialogues = needs_dialogues(recipe.data)
    named = named_runs(config) if with_dialogues else {}
    runs = [run for run, _ in named.values()]
    cultures = choose_cultures(config, catalogue, runs, needs_dialogues=with_dialogues)
    stray = next((run for run in runs if run.culture not in cultures), None)
    if stray is not None:
        raise SettingsError(f"--run {stray.folder} is of {stray.culture}, which is not among the cultures to train")
    chosen = {name: choose_runs(config, name, named) for name in cultures} if with_dialogues else {}
    missing = tuple(left_out(config, cultures)) if with_dialogues and not named else ()
    given = () if with_dialogues else (flag for flag in ("run", "teacher") if getattr(config, flag))
    unused = (f"--{flag} is not used: the mix {recipe.data.mix} takes no dialogues." for flag in given)
    return Targets(tuple(cultures), chosen, (*missing, *unused))


def plan_adapters(
    config: TrainConfig, recipe: Recipe, student: Student, workspace: Path | None, targets: Targets
) -> tuple[PlannedAdapter, ...]:
    """One adapter for each culture, or one for all of them."""
    catalogue = CultureCatalogue(Content(workspace))
    cultures, chosen = targets.cultures, targets.runs
    groups = [(COMBINED, cultures)] if config.combined else [(name, (name,)) for name in cultures]
    adapters: list[PlannedAdapter] = []
    for target, members in groups:
        taught = tuple(
            CultureRef(name, catalogue.aliases(name)[0], catalogue.culture(name).members) for name in members
        )
        runs_of_target = [run for name in members if name in chosen for run in chosen[name][0]]
        selection = tuple(chosen[name][1] for name in members if name in chosen)
        adapter = _plan_adapter(config, recipe, student, workspace, target, taught, runs_of_target, selection)
        adapters.append(adapter if adapters else replace(adapter, warnings=(*targets.warnings, *adapter.warnings)))
    return tuple(adapters)


def _plan_adapter(
    config: TrainConfig,
    recipe: Recipe,
    student: Student,
    workspace: Path | None,
    target: str,
    cultures: tuple[CultureRef, ...],
    runs: Sequence[RunInfo],
    selection: tuple[Selection, ...],
) -> PlannedAdapter:
    learned = tuple(map(lineage, runs))
    files = tuple(run.folder / FILES["kept"] for run in runs)
    evaluations = _evaluations(recipe, workspace)
    sources = TrainingSources(cultures, files, Content(workspace), recipe.data, recipe.seed, evaluations)
    digest = fingerprint(decisive(recipe, student, sources, learned))
    base = config.out / target / f"{slug(student.name)}-{slug(recipe.name)}-{digest[:6]}"
    out = _choose_folder(base, new=config.new)
    rehearsed = any(run.is_rehearsed for run in runs)
    job = Job(recipe, student, sources, learned, out, rehearsed, selection)
    return PlannedAdapter(job, target, tuple(_warnings(job, runs)), (out / FILE).is_file())


def _evaluations(recipe: Recipe, workspace: Path | None) -> Evaluations | None:
    """What training data are compared with; None where the recipe keeps all."""
    if recipe.data.contamination == "keep":
        return None
    from clca.contamination.evaluations import find_evaluations

    against = [Path(os.path.expanduser(name)) for name in recipe.data.against]
    return find_evaluations(Content(workspace), workspace, os.environ, against)


def _warnings(job: Job, runs: Sequence[RunInfo]) -> Iterator[str]:
    data = job.recipe.data
    if data.normad_countries == "s2n" and "normad" in source_names(data):
        known = load_s2n_sources(job.sources.content)
        unknown = [culture.id for culture in job.sources.cultures if culture.id not in known]
        if unknown:
            yield f"NormAd's rows for {', '.join(unknown)}: of its own countries, since those of S2N are not known."
    for run in runs:
        rejected = sum(status == "rejected" for status in reviewed(run.folder).values())
        if rejected:
            yield f"{run.folder}: {rejected:,} dialogues that a reviewer rejected are left out ({REVIEWS})."
    for run, learned in zip(runs, job.lineage, strict=True):
        kept = run.data.get("counts", {}).get("kept", learned.dialogues)
        if run.is_finished and kept != learned.dialogues:
            yield (
                f"{run.folder} was finished with {kept:,} kept dialogues, and {FILES['kept']} has {learned.dialogues:,}"
                " whole lines: it was changed, or cut off."
            )
        pending = run.data.get("counts", {}).get("pending", 0)
        if not run.is_finished:
            yield f"{run.folder} is not finished: {pending} of its dialogues are missing."
        if run.is_rehearsed and not job.student.tiny:
            yield (
                f"{run.folder} was played by the embedded rehearsal, a simulator: what {job.student.name} learns from"
                " it is the simulator's wording and no culture. Do not publish scores of this adapter."
            )


def _choose_folder(base: Path, *, new: bool) -> Path:
    """The newest folder of an adapter: `base`, `base-2`, `base-3`...; with `new` the next one, if it is finished."""
    folder, number = base, 1
    while True:
        following = base.with_name(f"{base.name}-{number + 1}")
        if not (_is_begun(following) or (new and folder.exists())):
            return folder
        folder, number = following, number + 1


def _is_begun(folder: Path) -> bool:
    return folder.exists() or folder.with_name(f".{folder.name}.unfinished").exists()
