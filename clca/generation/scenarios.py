"""Where scenarios come from: the content's seeds, a user's file, and norms to write new ones from."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Protocol

from clca.content.lookup import Content
from clca.content.parsing import parse_records
from clca.errors import ContentError, NotFoundError, SettingsError
from clca.records import Culture, Norm, Scenario, Seed
from clca.seeding import chooser

SEEDS = "scenarios/seeds*.jsonl"
NORMS = "scenarios/norms*.jsonl"


class _Digest(Protocol):
    def update(self, data: bytes, /) -> None: ...


class SeedScenarios:
    """The seed scenarios of the content, `count` of them (all by default) in an order that `seed` decides.

    The first N of a larger count are those of N, so a small run is the beginning of a large one.
    """

    def __init__(self, content: Content, count: int | None, seed: int) -> None:
        found: dict[str, Seed] = {}
        for path in content.files(SEEDS):
            for number, scenario in parse_records(content.text(path).split("\n"), content.shown(path), Seed):
                if scenario.id in found:
                    raise ContentError(content.shown(path), number, f"id: scenario {scenario.id!r} stands twice")
                found[scenario.id] = scenario
        if not found:
            raise NotFoundError(f"no seed scenarios: no content file matches {SEEDS}")
        if count is not None and count > len(found):
            raise SettingsError(
                f"--scenarios {count}: there are {len(found)} seed scenarios; for more dialogues raise --samples,"
                " add --norms, or give a JSONL file of your own"
            )
        ordered = sorted(found.values(), key=lambda one: one.id)
        if count is not None:
            chooser(seed, "seed scenarios").shuffle(ordered)
            ordered = ordered[:count]
        self._scenarios = ordered

    def __len__(self) -> int:
        return len(self._scenarios)

    def __iter__(self) -> Iterator[Scenario]:
        return iter(self._scenarios)


class FileScenarios:
    """A user's JSONL file: checked whole at the start, then read line by line, so that its size does not matter."""

    def __init__(self, path: Path) -> None:
        self.path = path
        ids: set[str] = set()
        digest = hashlib.sha256()
        try:
            if path.exists() and not path.is_file():
                raise SettingsError(f"--scenarios {path}: is no file")
            with path.open("rb") as file:
                for number, scenario in parse_records(_hashed(file, digest), str(path), Seed):
                    if scenario.id in ids:
                        raise ContentError(str(path), number, f"id: scenario {scenario.id!r} stands twice")
                    ids.add(scenario.id)
        except OSError as error:
            raise SettingsError(f"--scenarios {path}: cannot be read: {error.strerror}") from None
        if not ids:
            raise ContentError(str(path), None, "holds no scenarios")
        self._count = len(ids)
        self.digest = digest.hexdigest()

    def __len__(self) -> int:
        return self._count

    def __iter__(self) -> Iterator[Scenario]:
        try:
            with self.path.open("rb") as file:
                for _, scenario in parse_records(file, str(self.path), Seed):
                    named = "source" in scenario.model_fields_set
                    yield scenario if named else scenario.model_copy(update={"source": "file"})
        except OSError as error:
            raise SettingsError(f"--scenarios {self.path}: cannot be read any more: {error.strerror}") from None


def load_norms(content: Content, culture: Culture, count: int, seed: int) -> list[Norm]:
    """`count` norms that hold in the culture: its own first, then general ones."""
    if count == 0:
        return []
    found: dict[str, Norm] = {}
    for path in content.files(NORMS):
        for number, norm in parse_records(content.text(path).split("\n"), content.shown(path), Norm):
            if norm.id in found:
                raise ContentError(content.shown(path), number, f"id: norm {norm.id!r} stands twice")
            found[norm.id] = norm
    scopes = {culture.id, *culture.members}
    own = sorted((norm for norm in found.values() if norm.scope in scopes), key=lambda one: one.id)
    general = sorted((norm for norm in found.values() if norm.scope == "general"), key=lambda one: one.id)
    if count > len(own) + len(general):
        raise SettingsError(
            f"--norms {count}: there are {len(own)} norms of {culture.id} and {len(general)} general ones"
        )
    for part in (own, general):
        chooser(seed, "norms", culture.id).shuffle(part)
    return (own + general)[:count]


def _hashed(lines: Iterable[bytes], digest: _Digest) -> Iterator[bytes]:
    for line in lines:
        digest.update(line)
        yield line
