"""The sources of scenarios: the seeds of the content, a user's file, and norms to compose new ones from."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Protocol, TypeVar

from clca.content.lookup import Content
from clca.content.parsing import parse_records
from clca.culture.localisation import mark_fault
from clca.errors import ContentError, NotFoundError, SettingsError
from clca.records import Culture, Norm, Scenario, Seed
from clca.safe_open import bounded_lines, safe_open
from clca.seeding import chooser

SEEDS = "scenarios/seeds*.jsonl"
NORMS = "scenarios/norms*.jsonl"


R = TypeVar("R", Seed, Norm)


class _Digest(Protocol):
    def update(self, data: bytes, /) -> None: ...


class SeedScenarios:
    """`count` seed scenarios of the content in an order that `seed` decides, or all of them by id.

    The first N of a larger count are those of a count of N, so that a small run is the beginning of a large one.
    Raises `ContentError` for a broken or duplicate scenario, `NotFoundError` when there is none, `SettingsError` when
    there are fewer than `count`.
    """

    def __init__(self, content: Content, count: int | None, seed: int) -> None:
        seeds = _read_by_id(content, SEEDS, Seed, "scenario")
        if not seeds:
            raise NotFoundError(f"no seed scenarios: no content file matches {SEEDS}")
        if count is not None and count > len(seeds):
            raise SettingsError(
                f"--scenarios {count}: there are {len(seeds)} seed scenarios; for more dialogues raise --samples,"
                " add --norms, or give a JSONL file of your own"
            )
        if count is not None:
            chooser(seed, "seed scenarios").shuffle(seeds)
            seeds = seeds[:count]
        self._scenarios = seeds

    def __len__(self) -> int:
        return len(self._scenarios)

    def __iter__(self) -> Iterator[Scenario]:
        return iter(self._scenarios)


class FileScenarios:
    """The scenarios of a user's JSONL file, which is checked as a whole first and then read line by line.

    `digest` is the file's SHA-256 in hex. Memory grows with the number of ids only. Raises `SettingsError` when the
    file cannot be read, `ContentError` for a broken or duplicate scenario and when there is none.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        ids: set[str] = set()
        digest = hashlib.sha256()
        try:
            if path.exists() and not path.is_file():
                raise SettingsError(f"--scenarios {path}: not a file")
            with safe_open(path) as file:
                for line_number, scenario in parse_records(_hashed(bounded_lines(file), digest), str(path), Seed):
                    if scenario.id in ids:
                        raise ContentError(str(path), line_number, f"id: duplicate scenario {scenario.id!r}")
                    if mark := mark_fault(scenario):
                        raise ContentError(str(path), line_number, mark)
                    ids.add(scenario.id)
        except OSError as error:
            raise SettingsError(f"--scenarios {path}: cannot read the file: {error.strerror}") from None
        if not ids:
            raise ContentError(str(path), None, "no scenarios in the file")
        self._count = len(ids)
        self.digest = digest.hexdigest()

    def __len__(self) -> int:
        return self._count

    def __iter__(self) -> Iterator[Scenario]:
        try:
            with safe_open(self.path) as file:
                for _, scenario in parse_records(bounded_lines(file), str(self.path), Seed):
                    has_source = "source" in scenario.model_fields_set
                    yield scenario if has_source else scenario.model_copy(update={"source": "file"})
        except OSError as error:
            raise SettingsError(f"--scenarios {self.path}: cannot read the file any more: {error.strerror}") from None


def load_norms(content: Content, culture: Culture, count: int, seed: int) -> list[Norm]:
    """`count` norms that hold in the culture, in an order that `seed` decides: its own first, then general ones.

    Its own are those of the culture alone and those of a few cultures that it is one of. A language has the norms that
    hold in at least one of its countries.

    Raises `ContentError` for a broken or duplicate norm, `SettingsError` when there are fewer than `count`.
    """
    if count == 0:
        return []
    norms = _read_by_id(content, NORMS, Norm, "norm")
    held = [norm for norm in norms if _holds(norm, culture)]
    own = [norm for norm in held if not norm.is_general]
    general = [norm for norm in held if norm.is_general]
    if count > len(own) + len(general):
        raise SettingsError(
            f"--norms {count}: there are {len(own)} norms of {culture.id} and {len(general)} general ones"
        )
    for group in (own, general):
        chooser(seed, "norms", culture.id).shuffle(group)
    return (own + general)[:count]


def _holds(norm: Norm, culture: Culture) -> bool:
    return (not norm.is_general and norm.holds_in(culture.id)) or any(
        norm.holds_in(member) for member in culture.members or (culture.id,)
    )


def _read_by_id(content: Content, pattern: str, model: type[R], kind: str) -> list[R]:
    """The records of all content files that match the pattern, sorted by id."""
    records: dict[str, R] = {}
    for path in content.files(pattern):
        for line_number, record in parse_records(content.text(path).split("\n"), content.shown(path), model):
            if record.id in records:
                raise ContentError(content.shown(path), line_number, f"id: duplicate {kind} {record.id!r}")
            records[record.id] = record
    return [records[record_id] for record_id in sorted(records)]


def _hashed(lines: Iterable[bytes], digest: _Digest) -> Iterator[bytes]:
    for line in lines:
        digest.update(line)
        yield line
