"""What decides an adapter: recipe, student, and the digests of all that its examples are made from."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from pathlib import Path

from clca.content.wvs_items import ITEMS, SHARES
from clca.errors import NotFoundError, SettingsError, StoreError
from clca.models.adapter_info import Lineage
from clca.models.student import Student
from clca.safe_open import bounded_lines, safe_open
from clca.shell import command_line
from clca.storage.fingerprint import Inputs, fingerprint
from clca.storage.reviews import Status, reviewed
from clca.storage.run_index import RunInfo
from clca.training.mixture import SURVEY_SOURCES, Source, parse_mixture
from clca.training.recipe import Data, Files, Recipe
from clca.training.s2n_sources import PATH as S2N_SOURCES
from clca.training.sources.files import source_files
from clca.training.training_sources import TrainingSources

DIALOGUES = "dialogues.jsonl"
FILE_OF = {"wvs-translated": "translation"}  # keys of `data.files` that are not called as the source that reads them
WORDING = ("name", "summary")  # of a recipe: they change no weight


def source_names(data: Data) -> set[Source]:
    """The sources that are read, those of a mix whose size is matched included."""
    mixes = [data.mix, *([data.match.mix] if data.match is not None else [])]
    return {source for mix in mixes for source in parse_mixture(mix).sources}


def needs_dialogues(data: Data) -> bool:
    """Whether a mix draws on the dialogues of runs."""
    return bool({"dialogue", "intent"} & source_names(data))


def lineage(run: RunInfo) -> Lineage:
    """A run and the dialogues in it, as they are now; a run without any is an error."""
    file = run.folder / DIALOGUES
    digest, count = hashlib.sha256(), 0
    try:
        with safe_open(file, within=run.folder) as lines:
            for line in bounded_lines(lines):
                digest.update(line)
                count += line.endswith(b"\n")
    except FileNotFoundError:
        raise NotFoundError(f"{run.folder} has no {DIALOGUES}: it is not a run, or was never started") from None
    except OSError as error:
        raise StoreError(f"cannot read {file}: {error.strerror}") from None
    if not count:
        raise SettingsError(
            f"{run.folder} holds no kept dialogue to train on: `{command_line('clca', 'show', run.folder)}` says why"
        )
    return Lineage(
        run=str(run.folder),
        fingerprint=str(run.data.get("fingerprint", "")),
        dialogues=count,
        sha256=digest.hexdigest(),
        inputs=run.inputs,
    )


def decisive(recipe: Recipe, student: Student, sources: TrainingSources, runs: Sequence[Lineage]) -> Inputs:
    """Everything that decides an adapter's weights; nothing that does not, such as where runs and files lie.

    A student or a data set of the hub goes by its name: what changes there still finds the old adapter.
    """
    names = source_names(sources.data)
    if needs_dialogues(sources.data):
        _ = sources.prompts  # reading them notes their digests
    if names & SURVEY_SOURCES:
        sources.content.text(ITEMS)
    if {"wvs", "wvs-translated"} & names:
        sources.content.text(SHARES)
    if "normad" in names and sources.data.normad_countries == "s2n":
        sources.content.text(S2N_SOURCES)
    return {
        "recipe": {**decisive_recipe(recipe), "student": student.name},
        "student": Path(student.source).name if student.tiny else f"{student.source}@{student.revision or 'main'}",
        "cultures": [(culture.id, culture.name, culture.members) for culture in sources.cultures],
        "dialogues": sorted(run.sha256 for run in runs),
        **{f"content:{path}": used.digest for path, used in sorted(sources.content.used.items())},
        **dict(_files(sources)),
        **_reviews(sources),
        **({"evaluations": fingerprint(sources.evaluations.inputs)} if sources.evaluations is not None else {}),
    }


def _reviews(sources: TrainingSources) -> Inputs:
    """What reviewers say where it decides what is left out; nothing for runs that nobody reviewed."""
    statuses = {}
    for path in sources.dialogues if needs_dialogues(sources.data) else ():
        own = {name: status for name, status in reviewed(path.parent).items() if _decides(status, sources.data)}
        if own:
            statuses[fingerprint(dict(sorted(own.items())))] = len(own)
    return {"reviews": statuses} if statuses else {}


def _decides(status: Status, data: Data) -> bool:
    return data.reviewed or status == "rejected"


def decisive_recipe(recipe: Recipe) -> Inputs:
    """What of a recipe decides an adapter's weights: the loggers, its wording and where files lie do not."""
    settings = {key: value for key, value in recipe.resolved().items() if key not in WORDING}
    settings["training"] = {key: value for key, value in settings["training"].items() if key != "log"}
    settings["data"] = {key: value for key, value in settings["data"].items() if key not in ("files", "against")}
    for group, key, before in BEFORE:
        if settings[group][key] == before:
            del settings[group][key]
    survey = {key: value for key, value in settings["data"]["survey"].items() if not _as_before(recipe, key, value)}
    settings["data"]["survey"] = survey
    return settings


BEFORE: tuple[tuple[str, str, object], ...] = (
    ("data", "contamination", "keep"),
    ("data", "normad_countries", "own"),
    ("data", "reviewed", False),
    ("lora", "save", []),
    ("training", "max_grad_norm", 1.0),
)
"""Keys that earlier versions did not have, and what they did."""
SURVEY_BEFORE = {"items": "all", "digits": False, "paraphrases": True}
"""The same of keys of `data.survey`."""


def _as_before(recipe: Recipe, key: str, value: object) -> bool:
    """Whether a key of `data.survey` changes nothing against earlier versions: adapters keep their identity."""
    if key not in SURVEY_BEFORE:
        return False
    return value == SURVEY_BEFORE[key] or not SURVEY_SOURCES & source_names(recipe.data)


def _files(sources: TrainingSources) -> Iterator[tuple[str, list[str]]]:
    """The digests of the user's files that the mix reads; a data set of the hub goes by its name."""
    read = {FILE_OF.get(name, name) for name in source_names(sources.data)}
    for key in Files.model_fields:
        if key not in read or getattr(sources.data.files, key) is None:
            continue
        digests = []
        for source in source_files(sources, key, ""):
            if source.on_hub:
                digests.append(source.name)
                continue
            for path in source.files(".txt", ".jsonl", ".csv", ".yaml"):
                try:
                    with safe_open(path) as file:
                        digests.append(hashlib.file_digest(file, "sha256").hexdigest())
                except OSError as error:
                    raise source.fault(f"cannot be read: {error.strerror}") from None
        yield f"file:{key}", digests
