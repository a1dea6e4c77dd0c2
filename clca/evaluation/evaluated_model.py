"""Who is evaluated: a student as it is, and as its adapters make it; here, or on a server."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

from clca.errors import ClcaError, StoreError
from clca.evaluation.classification.scores import WITHOUT_CULTURE
from clca.models.adapter import WEIGHTS, TrainedAdapter
from clca.models.student import TINY, Student
from clca.storage.fingerprint import file_sha256
from clca.training.mixture import parse_mixture

PLAIN = {"wvs", "wvs-translated", "wiki", "normad"}  # sources whose examples are no chats
WHOLE = 16  # bits of weights that are not quantised
MODEL_FILES = {".safetensors", ".bin", ".json", ".jinja", ".model", ".txt"}


class EvaluatedModelError(ClcaError):
    """The student cannot be run: its memory, or its weights. Finished sheets are kept."""

    exit_code = 1


@dataclass(frozen=True, slots=True)
class Adapter:
    """An adapter by its folder here (`found`), or by the name that a server has for it."""

    name: str
    found: TrainedAdapter | None

    @property
    def digest(self) -> str:
        """Of its weights; of one on a server nothing but the name is known."""
        if self.found is None:
            return f"server:{self.name}"
        return file_sha256(self.found.folder / WEIGHTS)


@dataclass(frozen=True, slots=True)
class EvaluatedModel:
    """`student` is None on a server. `adapters` are by culture; `because` says why its scores mean nothing.

    `obstacle` says why it cannot be run here, where that is all the same to a plan.
    """

    name: str
    student: Student | None
    bits: int
    adapters: dict[str, Adapter]
    because: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    obstacle: str = ""

    @property
    def id(self) -> str:
        """What decides its answers, but for the adapters."""
        if self.student is None:
            return f"server:{self.name}"
        return base_id(self.student)

    @property
    def tiny(self) -> bool:
        return self.student is not None and self.student.tiny

    @property
    def mix(self) -> str | None:
        """What all its adapters of one culture learned from, where that is known and the same."""
        found = [one.found for row, one in self.adapters.items() if row not in WITHOUT_CULTURE]
        mixes = {one.data.recipe.get("data", {}).get("mix") if one is not None else None for one in found}
        return mixes.pop() if len(mixes) == 1 else None

    @property
    def plain(self) -> bool:
        """Whether all its adapters learned from plain texts alone."""
        found = [one.found for one in self.adapters.values()]
        return bool(found) and all(one is not None and _is_plain(one) for one in found)


def base_id(student: Student) -> str:
    """What decides a student's answers; the tiny one is the same wherever it lies."""
    folder = Path(student.source).expanduser()
    if student.name == TINY:
        return folder.name
    if folder.is_dir():
        return f"{folder.resolve().name}:{_stamp(folder)}"
    return f"{student.source}@{student.revision or 'main'}"


def _stamp(folder: Path) -> str:
    """A digest of the names, sizes and times of a model's files: to read weights would take as long as to load them."""
    try:
        facts = [(one.name, one.stat()) for one in sorted(folder.iterdir()) if one.suffix in MODEL_FILES]
    except OSError as error:
        raise StoreError(f"cannot read {folder}: {error.strerror}") from None
    said = "".join(f"{name} {fact.st_size} {fact.st_mtime_ns}\n" for name, fact in facts)
    return hashlib.sha256(said.encode()).hexdigest()


def _is_plain(one: TrainedAdapter) -> bool:
    try:
        return set(parse_mixture(one.data.recipe["data"]["mix"]).sources) <= PLAIN
    except (KeyError, ValueError):
        return False
