"""The sources of scenarios: the seeds of the content, a user's file, and norms to compose new ones from."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from fnmatch import fnmatch
from itertools import chain
from pathlib import Path
from typing import Protocol, TypeVar

from pydantic import Field

from clca.content.lookup import Content
from clca.content.parsing import parse_records
from clca.culture.localisation import mark_fault
from clca.errors import ContentError, NotFoundError, SettingsError
from clca.records import Culture, Norm, Record, Scenario, Seed
from clca.safe_open import bounded_lines, safe_open
from clca.seeding import chooser

SEEDS = "scenarios/seeds*.jsonl"
OWN = "scenarios/own/*.jsonl"
NORMS = "scenarios/norms*.jsonl"
FAMILY = "family"


R = TypeVar("R", Seed, Norm)


class _Digest(Protocol):
    def update(self, data: bytes, /) -> None: ...


class SeedOrigins(Record):
    """How many seeds of a run are of no culture, of its own, or of another one."""

    neutral: int = Field(description="Of no particular culture: adapted to the run's.")
    own: int = Field(description="Of the run's culture alone: played as they are.")
    skipped: int = Field(description="Of another culture alone, in a file that was read: not played.")
    family: int = Field(default=0, description="Of relatives, whom two cultures do not have: not played.")


class SeedScenarios:
    """`count` seed scenarios of the content in an order that `seed` decides, or all of them by id.

    They are those of no culture, and those of `cultures` alone. The first N of a larger count are those of a count of
    N, so that a small run is the beginning of a large one; either kind has its share of any beginning, and the ones
    of no culture are taken in the same order for all cultures. `rest` are the seeds after those, in that order; if
    `mixed`, all of them are taken in that order, too. A `pair` is two cultures, which leaves out those of relatives.
    Raises `ContentError` for a broken or duplicate scenario, `NotFoundError` when there is none, `SettingsError` when
    there are fewer than `count`.
    """

    def __init__(
        self,
        content: Content,
        count: int | None,
        seed: int,
        cultures: Sequence[str] = (),
        *,
        mixed: bool = False,
        pair: bool = False,
    ) -> None:
        read = read_seeds(content, [SEEDS, *(OWN.replace("*", culture) for culture in cultures)])
        of_these = [scenario for scenario in read if scenario.culture in ("", *cultures)]
        seeds = [scenario for scenario in of_these if not (pair and scenario.relationship == FAMILY)]
        available = len(seeds)
        if not seeds:
            raise NotFoundError(f"no seed scenarios: no content file matches {SEEDS}")
        if count is not None and count > len(seeds):
            raise SettingsError(
                f"--scenarios {count}: there are {len(seeds)} seed scenarios; for more dialogues raise --samples,"
                " add --norms, or give a JSONL file of your own"
            )
        if count is not None or mixed:
            neutral = [scenario for scenario in seeds if not scenario.culture]
            own = [scenario for scenario in seeds if scenario.culture]
            chooser(seed, "seed scenarios").shuffle(neutral)
            chooser(seed, "own scenarios", *cultures).shuffle(own)
            seeds = _in_proportion(neutral, own)
        self.rest = () if count is None else tuple(seeds[count:])
        self._scenarios = seeds = seeds[:count]
        skipped = sum(scenario.culture not in ("", *cultures) for scenario in read)
        self.counts = _origins(seeds, skipped, family=len(of_these) - available)

    def __len__(self) -> int:
        return len(self._scenarios)

    def __iter__(self) -> Iterator[Scenario]:
        return iter(self._scenarios)


class FileScenarios:
    """The scenarios of a user's JSONL file, which is checked as a whole first and then read line by line.

    Those of a culture alone are left out unless it is one of `cultures`, and those of relatives if it is for a
    `pair`. `digest` is the file's SHA-256 in hex. Memory grows with the number of ids only. Raises `SettingsError`
    when the file cannot be read, `ContentError` for a broken or duplicate scenario and when there is none.
    """

    def __init__(self, path: Path, cultures: Sequence[str] = (), *, pair: bool = False) -> None:
        self.path, self._cultures, self._pair = path, ("", *cultures), pair
        ids: set[str] = set()
        own = skipped = family = 0
        digest = hashlib.sha256()
        try:
            if path.exists() and not path.is_file():
                raise SettingsError(f"--scenarios {path}: not a file")
            with safe_open(path) as file:
                for line_number, scenario in parse_records(hashed(bounded_lines(file), digest), str(path), Seed):
                    if scenario.id in ids:
                        raise ContentError(str(path), line_number, f"id: duplicate scenario {scenario.id!r}")
                    if mark := mark_fault(scenario):
                        raise ContentError(str(path), line_number, mark)
                    ids.add(scenario.id)
                    skipped += scenario.culture not in self._cultures
                    family += self._is_family(scenario)
                    own += scenario.culture in cultures
        except OSError as error:
            raise SettingsError(f"--scenarios {path}: cannot read the file: {error.strerror}") from None
        if not ids:
            raise ContentError(str(path), None, "no scenarios in the file")
        if skipped + family == len(ids):
            what = "are of another culture" if skipped == len(ids) else "are of one culture alone or of relatives"
            raise ContentError(str(path), None, f"all {len(ids)} scenarios in the file {what}")
        self.counts = SeedOrigins(neutral=len(ids) - own - skipped - family, own=own, skipped=skipped, family=family)
        self.digest = digest.hexdigest()

    def __len__(self) -> int:
        return self.counts.neutral + self.counts.own

    def __iter__(self) -> Iterator[Scenario]:
        try:
            with safe_open(self.path) as file:
                for _, scenario in parse_records(bounded_lines(file), str(self.path), Seed):
                    if scenario.culture not in self._cultures or self._is_family(scenario):
                        continue
                    has_source = "source" in scenario.model_fields_set
                    yield scenario if has_source else scenario.model_copy(update={"source": "file"})
        except OSError as error:
            raise SettingsError(f"--scenarios {self.path}: cannot read the file any more: {error.strerror}") from None

    def _is_family(self, scenario: Seed) -> bool:
        """Whether it is left out since it is of relatives."""
        return self._pair and scenario.culture in self._cultures and scenario.relationship == FAMILY


def load_norms(content: Content, culture: Culture, count: int, seed: int) -> list[Norm]:
    """`count` norms that hold in the culture, in an order that `seed` decides: its own first, then general ones.

    Its own are those of the culture alone and those of a few cultures that it is one of. A language has the norms that
    hold in at least one of its countries.

    Raises `ContentError` for a broken or duplicate norm, `SettingsError` when there are fewer than `count`.
    """
    if count == 0:
        return []
    norms = all_norms(content, culture, seed)
    if count > len(norms):
        own = sum(not norm.is_general for norm in norms)
        raise SettingsError(
            f"--norms {count}: there are {own} norms of {culture.id} and {len(norms) - own} general ones"
        )
    return norms[:count]


def all_norms(content: Content, culture: Culture, seed: int) -> list[Norm]:
    """All norms that hold in the culture, in the order of `load_norms`."""
    norms = _read_by_id(content, [NORMS], Norm, "norm")
    held = [norm for norm in norms if holds(norm, culture)]
    own = [norm for norm in held if not norm.is_general]
    general = [norm for norm in held if norm.is_general]
    for group in (own, general):
        chooser(seed, "norms", culture.id).shuffle(group)
    return own + general


def holds(norm: Norm, culture: Culture) -> bool:
    """Whether the norm holds in the culture; in a language, if it does in one of its countries.

    Of two cultures those of the first hold, but for norms of relatives.
    """
    if culture.guest is not None and norm.relationship == FAMILY:
        return False
    return (not norm.is_general and norm.holds_in(culture.id)) or any(
        norm.holds_in(member) for member in culture.members or (culture.id,)
    )


def read_seeds(content: Content, patterns: Iterable[str]) -> list[Seed]:
    """The seeds of all content files that match a pattern, sorted by id.

    Raises `ContentError` for a broken or duplicate seed, and for one in the file of another culture.
    """
    return _read_by_id(content, patterns, Seed, "scenario", own_fault)


def is_own(scenario: Scenario) -> bool:
    """Whether a scenario is of one culture alone, and played there as it is."""
    return isinstance(scenario, Seed) and scenario.culture != ""


def own_fault(path: str, seed: Seed) -> str | None:
    """What is wrong with the culture of a seed in that content file, or None: in `own/` it is the file's name."""
    if fnmatch(path, OWN) and seed.culture != Path(path).stem:
        return f"culture: {seed.culture!r} must be the file's name, {Path(path).stem!r}"
    return None


def _in_proportion(neutral: Sequence[Seed], own: Sequence[Seed]) -> list[Seed]:
    """Both lists in one, of which any beginning has its share of each, to within one scenario."""
    total, mixed = len(neutral) + len(own), list[Seed]()
    for index in range(total):
        owned = (index + 1) * len(own) // total
        takes_own = owned > index * len(own) // total
        mixed.append(own[owned - 1] if takes_own else neutral[index - owned])
    return mixed


def _origins(seeds: Sequence[Seed], skipped: int, family: int) -> SeedOrigins:
    own = sum(bool(scenario.culture) for scenario in seeds)
    return SeedOrigins(neutral=len(seeds) - own, own=own, skipped=skipped, family=family)


def _read_by_id(
    content: Content,
    patterns: Iterable[str],
    model: type[R],
    kind: str,
    fault: Callable[[str, R], str | None] = lambda path, record: None,
) -> list[R]:
    """The records of all content files that match a pattern, sorted by id; `fault` says what is wrong with one."""
    records: dict[str, R] = {}
    for path in chain.from_iterable(map(content.files, patterns)):
        for line_number, record in parse_records(content.text(path).split("\n"), content.shown(path), model):
            if record.id in records:
                raise ContentError(content.shown(path), line_number, f"id: duplicate {kind} {record.id!r}")
            if wrong := fault(path, record):
                raise ContentError(content.shown(path), line_number, wrong)
            records[record.id] = record
    return [records[record_id] for record_id in sorted(records)]


def hashed(lines: Iterable[bytes], digest: _Digest) -> Iterator[bytes]:
    """The lines, each added to the digest as it is read."""
    for line in lines:
        digest.update(line)
        yield line
