"""The model under evaluation: a student with and without its adapters, on this machine or on a server."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path

from clca.errors import ClcaError, StoreError
from clca.evaluation.classification.scores import COMBINED, WITHOUT_CULTURE
from clca.models.adapter import WEIGHTS, TrainedAdapter
from clca.models.student import TINY, Student
from clca.storage.fingerprint import file_sha256
from clca.storage.selection import Selection
from clca.training.mixture import PLAIN_SOURCES, parse_mixture

CLCA = "CLCA"
"""What an adapter of the recipe `clca` with the mixture `clca` is called: the paper's method."""
FULL_BITS = 16  # bits of weights that are not quantised
MODEL_FILES = {".safetensors", ".bin", ".json", ".jinja", ".model", ".txt"}


class EvaluatedModelError(ClcaError):
    """The model cannot be run: its memory, or its weights. Finished request groups are kept."""

    exit_code = 1


@dataclass(frozen=True, slots=True)
class Adapter:
    """An adapter: `trained` on this machine, or None for one that a server knows by its name."""

    name: str
    trained: TrainedAdapter | None

    @property
    def taught(self) -> str:
        """What it was trained with, as far as that is known."""
        return f"served as {self.name}" if self.trained is None else self.trained.taught

    @property
    def digest(self) -> str:
        """SHA-256 of the weights; of an adapter on a server only the name is known."""
        if self.trained is None:
            return f"server:{self.name}"
        return file_sha256(self.trained.folder / WEIGHTS)


@dataclass(frozen=True, slots=True)
class EvaluatedModel:
    """A student and its adapters by culture. `student` is None on a server, whose weights `bits` does not describe.

    `rehearsal_reasons` say why its scores mean nothing, `notes` are for the user. `unavailable_reason` says why it
    cannot be run on this machine, or is "": it can be planned with all the same. `selection` says which adapters were
    taken, and what else there was.
    """

    name: str
    student: Student | None
    bits: int
    adapters: dict[str, Adapter]
    rehearsal_reasons: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    unavailable_reason: str = ""
    selection: tuple[Selection, ...] = ()

    @property
    def id(self) -> str:
        """Identifies the model without its adapters: equal ids give equal answers."""
        if self.student is None:
            return f"server:{self.name}"
        return base_id(self.student)

    def with_selection(self, selections: Iterable[Selection]) -> EvaluatedModel:
        """The model with what was taken of several things that a name stands for, before what is recorded already."""
        of_several = (selection for selection in selections if selection.others)
        return replace(self, selection=(*of_several, *self.selection))

    @property
    def rehearsal(self) -> bool:
        """Whether the student or the data of an adapter is a rehearsal."""
        return bool(self.rehearsal_reasons)

    @property
    def loaded_bits(self) -> int | None:
        """Bits of the weights that are loaded here; None on a server, which decides them."""
        return None if self.student is None else self.bits

    @property
    def tiny(self) -> bool:
        """Whether the student is the tiny one."""
        return self.student is not None and self.student.tiny

    @property
    def mix(self) -> str | None:
        """The mixture that all its adapters of one culture learned from; None where it is unknown or not the same."""
        single_culture = [adapter.trained for row, adapter in self.adapters.items() if row not in WITHOUT_CULTURE]
        mixes = {
            trained.data.recipe.get("data", {}).get("mix") if trained is not None else None
            for trained in single_culture
        }
        return mixes.pop() if len(mixes) == 1 else None

    @property
    def combined_mix(self) -> str | None:
        """The mixture of the adapter of several cultures; None where it is unknown or there is none."""
        combined = self.adapters.get(COMBINED)
        return None if combined is None or combined.trained is None else combined.trained.mix or None

    def row_label(self, row: str) -> str:
        """What the answers of a row's adapter are called: the paper's method, or recipe and mixture."""
        trained = self.adapters[row].trained
        if trained is not None:
            changed = trained.data.changed
            if changed:
                return f"adapted ({trained.taught}, with other {', '.join(changed)})"
            return CLCA if trained.recipe == trained.mix == "clca" else f"adapted ({trained.taught})"
        names = {adapter.name for adapter in self.adapters.values()}
        return f"adapted (served as {names.pop()})" if len(names) == 1 else "adapted (by adapters on the server)"

    @property
    def taught(self) -> dict[str, str]:
        """The recipe and mixture of each adapter by its row; of an adapter on a server its name there."""
        return {row: adapter.taught for row, adapter in self.adapters.items()}

    @property
    def recipes(self) -> dict[str, str]:
        """The recipe of each adapter by its row, with what was changed of it, where that is known."""
        trained = {row: adapter.trained for row, adapter in self.adapters.items()}
        return {row: entry.recipe_as_used for row, entry in trained.items() if entry is not None}

    @property
    def learned_plain_text(self) -> bool:
        """Whether all its adapters learned from plain texts alone."""
        trained = [adapter.trained for adapter in self.adapters.values()]
        return bool(trained) and all(entry is not None and _learned_plain_text(entry) for entry in trained)


def base_id(student: Student) -> str:
    """Identifies a student without adapters; the tiny one is the same in whatever folder it lies.

    Raises `StoreError` for a folder that cannot be read.
    """
    folder = Path(os.path.expanduser(student.source))
    if student.name == TINY:
        return folder.name
    if folder.is_dir():
        return f"{folder.resolve().name}:{_files_digest(folder)}"
    return f"{student.source}@{student.revision or 'main'}"


def _files_digest(folder: Path) -> str:
    """A digest of the names, sizes and times of a model's files: reading weights would take as long as loading them."""
    try:
        files = [(file.name, file.stat()) for file in sorted(folder.iterdir()) if file.suffix in MODEL_FILES]
    except OSError as error:
        raise StoreError(f"cannot read {folder}: {error.strerror}") from None
    lines = "".join(f"{name} {stat.st_size} {stat.st_mtime_ns}\n" for name, stat in files)
    return hashlib.sha256(lines.encode()).hexdigest()


def _learned_plain_text(adapter: TrainedAdapter) -> bool:
    try:
        return set(parse_mixture(adapter.data.recipe["data"]["mix"]).sources) <= PLAIN_SOURCES
    except (KeyError, ValueError):
        return False
