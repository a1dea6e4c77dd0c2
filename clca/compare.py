"""Two evaluations compared, on the respondents that both of them asked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, get_args

from clca.culture import Catalogue
from clca.errors import ContentError, NotFoundError, SettingsError
from clca.evaluation.columns import Columns
from clca.evaluation.comparison import Comparison
from clca.evaluation.comparison import compare as compare_tallies
from clca.evaluation.folder import INFO, PREDICTIONS, find_evaluation, read_info, read_predictions
from clca.evaluation.sample import Sample
from clca.evaluation.suite import Suite, load_suite
from clca.evaluation.tally import Key, Tally, tally
from clca.poll import digest_of, find_data, sample_of
from clca.records import Method
from clca.workspace import Content


@dataclass(frozen=True, slots=True)
class Read:
    """An evaluation read back: what was predicted, for whom."""

    folder: Path
    info: dict[str, Any]
    tallies: dict[Key, Tally]
    samples: dict[str, Sample]

    @property
    def methods(self) -> list[Method]:
        there = {key.method for key in self.tallies}
        return [method for method in get_args(Method) if method in there]


@dataclass(frozen=True, slots=True)
class Compared:
    """The comparisons of one method of the first evaluation with one of the second."""

    methods: tuple[Method, Method]
    cultures: tuple[Comparison, ...]


def compare(first: Read, second: Read, methods: Sequence[str], *, seed: int) -> tuple[Compared, ...]:
    """Method by method those that both have, or those that are named: one for both, or one for each."""
    return tuple(Compared(pair, _cultures(first, second, pair, seed)) for pair in _pairs(first, second, methods))


def read(name: str, out: Path, workspace: Path | None) -> Read:
    """An evaluation by folder or name; raises one-line errors for what it was made from and is gone."""
    folder = find_evaluation(name, out)
    info = read_info(folder)
    content = Content(workspace)
    catalogue, suite = Catalogue(Content(workspace)), load_suite(content)
    try:
        inputs = info["inputs"]
        items, n, seed = set(inputs["items"]), int(inputs["respondents"]), int(inputs["seed"])
        cultures, given = list(inputs["cultures"]), info["data"]
    except (KeyError, TypeError, ValueError) as error:
        raise ContentError(str(folder / INFO), None, f"does not say what was asked of whom ({error})") from None
    columns = Columns([item for item in suite.items.items if item.id in items])
    data = None if given is None else find_data(Path(given), workspace)
    if data is not None and digest_of(data.path) != inputs["data"]:
        raise SettingsError(
            f"{data.path} has changed since {folder} was made: evaluate again, or import the same files"
        )
    samples = {
        culture: sample_of(catalogue.culture(culture), suite, columns, data, False, n=n, seed=seed, weighted=False)
        for culture in cultures
    }
    return Read(folder, info, _tallies(folder, samples, columns, suite), samples)


def _tallies(folder: Path, samples: dict[str, Sample], columns: Columns, suite: Suite) -> dict[Key, Tally]:
    people = {culture: sample.respondents for culture, sample in samples.items()}
    if not (folder / PREDICTIONS).is_file():
        raise NotFoundError(f"{folder} has no {PREDICTIONS}: repeat the `clca eval-wvs` that made it")
    return tally(read_predictions(folder), people, columns)


def _pairs(first: Read, second: Read, methods: Sequence[str]) -> list[tuple[Method, Method]]:
    if len(methods) > 2:
        raise SettingsError(f"--method: {len(methods)} given; give one for both evaluations, or one for each")
    if not methods:
        both = [method for method in first.methods if method in second.methods]
        if both:
            return [(method, method) for method in both]
        raise SettingsError(
            f"the two have no method in common ({', '.join(first.methods)}; {', '.join(second.methods)}): name one of"
            " each with --method"
        )
    pair = []
    for one, method in zip((first, second), (methods[0], methods[-1]), strict=True):
        found = next((known for known in one.methods if known == method), None)
        if found is None:
            raise SettingsError(f"--method {method}: {one.folder} has {', '.join(one.methods)}")
        pair.append(found)
    return [(pair[0], pair[1])]


def _cultures(first: Read, second: Read, methods: tuple[Method, Method], seed: int) -> tuple[Comparison, ...]:
    pairs, surveys = {}, {}
    for culture, sample in first.samples.items():
        mine, theirs = _tally(first, culture, methods[0]), _tally(second, culture, methods[1])
        if mine is None or theirs is None:
            continue
        others = {one.id: one for one in second.samples[culture].respondents}
        if any(others.get(one.id, one) != one for one in sample.respondents):
            raise SettingsError(
                f"the respondents of {culture} are not the same people: compare evaluations with the same --seed and"
                " --data"
            )
        pairs[culture], surveys[culture] = (mine, theirs), sample.survey
    if not pairs:
        raise SettingsError(
            f"the two have no culture in common ({', '.join(first.samples)}; {', '.join(second.samples)})"
        )
    return compare_tallies(pairs, surveys, seed=seed)


def _tally(one: Read, culture: str, method: Method) -> Tally | None:
    """In the order of options that it has first."""
    return next((found for key, found in one.tallies.items() if key[:2] == (culture, method)), None)
