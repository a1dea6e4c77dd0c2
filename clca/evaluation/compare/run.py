"""Two evaluations compared, on the respondents that both of them asked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, get_args

from clca.content.lookup import Content
from clca.culture import CultureCatalogue
from clca.errors import ClcaError, ContentError, NotFoundError, SettingsError
from clca.evaluation.prediction_dir import INFO, PREDICTIONS, find_evaluation, read_info
from clca.evaluation.wvs.comparison import Comparison
from clca.evaluation.wvs.comparison import compare as compare_tallies
from clca.evaluation.wvs.counts import AnswerCounts, CountsKey, count_answers
from clca.evaluation.wvs.plan import find_data, sample_of
from clca.evaluation.wvs.prediction_dir import KIND, read_predictions
from clca.evaluation.wvs.sampling import Sample
from clca.evaluation.wvs.score_layout import ScoreLayout
from clca.evaluation.wvs.suite import load_suite
from clca.records import Method, Order
from clca.storage.fingerprint import file_sha256

SUITE = "eval/"  # content that scores follow from; prompts were asked with as they were


@dataclass(frozen=True, slots=True)
class Read:
    """An evaluation read back: what was predicted, for whom."""

    folder: Path
    info: dict[str, Any]
    tallies: dict[CountsKey, AnswerCounts]
    samples: dict[str, Sample]

    @property
    def methods(self) -> list[Method]:
        there = {key.method for key in self.tallies}
        return [method for method in get_args(Method) if method in there]

    @property
    def orders(self) -> list[Order]:
        there = {key.order for key in self.tallies}
        return [order for order in get_args(Order) if order in there]

    @property
    def weighted(self) -> bool:
        return bool(self.info["weighted"])


@dataclass(frozen=True, slots=True)
class Compared:
    """The comparisons of one method of the first evaluation with one of the second, in one order of the options."""

    methods: tuple[Method, Method]
    order: Order
    cultures: tuple[Comparison, ...]


def compare(first: Read, second: Read, methods: Sequence[str], *, seed: int) -> tuple[Compared, ...]:
    """Method by method those that both have, or those that are named: one for both, or one for each."""
    if not 0 <= seed < 2**31:
        raise SettingsError(f"--seed {seed}: has to be from 0 to {2**31 - 1}")
    if first.folder.resolve() == second.folder.resolve() and len(set(methods)) < 2:
        raise SettingsError(
            f"{first.folder} twice: name two evaluations, or two methods of this one"
            f" ({', '.join(f'--method {one}' for one in first.methods)})"
        )
    if first.weighted != second.weighted:
        plain, weighted = (second, first) if first.weighted else (first, second)
        raise SettingsError(
            f"{weighted.folder} was scored with --weights and {plain.folder} without: repeat one of the commands as the"
            " other"
        )
    order = _order(first, second)
    return tuple(
        Compared(pair, order, _cultures(first, second, pair, order, seed)) for pair in _pairs(first, second, methods)
    )


def read(name: str, out: Path, workspace: Path | None) -> Read:
    """An evaluation by folder or name; raises one-line errors for what it was made from and is gone."""
    folder = find_evaluation(name, out, KIND)
    info = read_info(folder)
    if info.get("kind", KIND) != KIND:
        raise SettingsError(
            f"{folder} is of `clca eval-{info['kind']}`: only evaluations of `clca eval-wvs` are compared"
        )
    if info.get("finished") is not True:
        raise SettingsError(f"{folder} is not finished: repeat the `clca eval-wvs` that made it")
    content = Content(workspace)
    catalogue, suite = CultureCatalogue(content), load_suite(content)
    try:
        inputs = info["inputs"]
        items, n, seed = set(inputs["items"]), int(inputs["respondents"]), int(inputs["seed"])
        cultures, given, weighted = list(inputs["cultures"]), info["data"], bool(info["weighted"])
        countries, digests = (
            dict(inputs["countries"]),
            {path: str(info["content"][path]["sha256"]) for path in info["content"]},
        )
    except (KeyError, TypeError, ValueError) as error:
        raise ContentError(str(folder / INFO), None, f"does not say what was asked of whom ({error})") from None
    columns = ScoreLayout([item for item in suite.items.items if item.id in items])
    data = None if given is None else find_data(Path(given), workspace)
    if data is not None and file_sha256(data.path) != inputs["data"]:
        raise SettingsError(
            f"{data.path} has changed since {folder} was made: evaluate again, or import the same files"
        )
    known = {culture: catalogue.culture(culture) for culture in cultures}
    changed = [
        path for path, used in content.used.items() if path.startswith(SUITE) and digests.get(path) != used.digest
    ]
    changed += [name for name, one in known.items() if list(one.members or (one.id,)) != countries.get(name)]
    if changed:
        raise SettingsError(
            f"{', '.join(changed)}: changed since {folder} was made: evaluate again, or put back what it was made with"
        )
    samples = {
        name: sample_of(one, suite, columns, data, False, n=n, seed=seed, weighted=weighted)
        for name, one in known.items()
    }
    return Read(folder, info, _tallies(folder, info, samples, columns, weighted=weighted), samples)


def _tallies(
    folder: Path, info: dict[str, Any], samples: dict[str, Sample], columns: ScoreLayout, *, weighted: bool
) -> dict[CountsKey, AnswerCounts]:
    people = {culture: sample.respondents for culture, sample in samples.items()}
    if not (folder / PREDICTIONS).is_file():
        raise NotFoundError(f"{folder} has no {PREDICTIONS}: repeat the `clca eval-wvs` that made it")
    predictions = list(read_predictions(folder))
    if len(predictions) != info.get("predictions"):
        raise SettingsError(
            f"{folder / PREDICTIONS} has {len(predictions)} predictions, and had {info.get('predictions')} when it"
            " was scored: repeat the `clca eval-wvs` that made it"
        )
    try:
        return count_answers(predictions, people, columns, weighted=weighted)
    except ClcaError as error:
        raise ContentError(
            str(folder / PREDICTIONS),
            None,
            f"{error.message}: it was changed since; put it back, or evaluate again with --new",
        ) from None


def _order(first: Read, second: Read) -> Order:
    """The first order of the options that both have: answers to unlike orders are not compared."""
    both = [order for order in first.orders if order in second.orders]
    if not both:
        raise SettingsError(
            f"the two have no order of the options in common ({', '.join(first.orders)}; {', '.join(second.orders)}):"
            " evaluate one of them with the --order of the other"
        )
    return both[0]


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


def _cultures(
    first: Read, second: Read, methods: tuple[Method, Method], order: Order, seed: int
) -> tuple[Comparison, ...]:
    pairs, surveys = {}, {}
    for culture, sample in first.samples.items():
        mine = first.tallies.get(CountsKey(culture, methods[0], order))
        theirs = second.tallies.get(CountsKey(culture, methods[1], order))
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
