"""The plan of `clca compare`: two evaluations on the survey are read back, and their methods paired."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, get_args

from clca.content.lookup import Content
from clca.content.wvs_items import ITEMS
from clca.content.wvs_scales import scaled_items
from clca.culture import CultureCatalogue
from clca.errors import ClcaError, ContentError, NotFoundError, SettingsError
from clca.evaluation.compare.config import CompareConfig
from clca.evaluation.prediction_dir import INFO, PREDICTIONS, find_evaluation, read_info
from clca.evaluation.validation import require_libraries
from clca.evaluation.wvs.answer_patterns import ANSWERS
from clca.evaluation.wvs.counts import AnswerCounts, CountsKey, count_answers
from clca.evaluation.wvs.offered_items import OfferedItems
from clca.evaluation.wvs.prediction_dir import KIND, read_predictions
from clca.evaluation.wvs.sampling import Sample
from clca.evaluation.wvs.score_layout import ScoreLayout
from clca.evaluation.wvs.suite import WvsSuite, load_suite
from clca.evaluation.wvs.survey_source import culture_sample, find_respondents
from clca.records import Method, Order
from clca.storage.fingerprint import file_sha256
from clca.storage.selection import Selection

SUITE = "eval/"  # content that scores follow from; prompts were asked with as they were
WORDINGS = (ITEMS, ANSWERS)
"""Files of the suite that only word questions and replies: of those that are shipped, every version keeps the ids, the
number and the order of the options, so that answers to an older version are scored as they were."""
FIRST_VERSION = 1
"""The version of the items of evaluations that do not record it."""


@dataclass(frozen=True, slots=True)
class StoredAnswers:
    """The answers of a finished evaluation, with the respondents whose place they were given in.

    `items_version` is the version of the items by language.
    """

    folder: Path
    info: dict[str, Any]
    counts: dict[CountsKey, AnswerCounts]
    samples: dict[str, Sample]
    items_version: dict[str, int]
    selection: Selection

    @property
    def methods(self) -> list[Method]:
        """The methods that were asked, in the order of the tables."""
        answered = {key.method for key in self.counts}
        return [method for method in get_args(Method) if method in answered]

    @property
    def orders(self) -> list[Order]:
        """The orders of options that were asked."""
        answered = {key.order for key in self.counts}
        return [order for order in get_args(Order) if order in answered]

    @property
    def weighted(self) -> bool:
        """Whether respondents count by the survey's weights."""
        return bool(self.info["weighted"])


@dataclass(frozen=True, slots=True)
class ComparePlan:
    """Two evaluations, the pairs of their methods that are compared, and the order of the options."""

    config: CompareConfig
    first: StoredAnswers
    second: StoredAnswers
    pairs: tuple[tuple[Method, Method], ...]
    order: Order


def plan(config: CompareConfig, workspace: Path | None = None) -> ComparePlan:
    """Read both evaluations. Raises one-line `ClcaError`s for what cannot be compared, or is not there any more."""
    require_libraries(server=True)
    first, second = (read_answers(name, config.out, workspace) for name in (config.first, config.second))
    methods = config.method
    if first.folder.resolve() == second.folder.resolve() and len(set(methods)) < 2:
        raise SettingsError(
            f"{first.folder} twice: name two evaluations, or two methods of this one"
            f" ({', '.join(f'--method {method}' for method in first.methods)})"
        )
    if first.weighted != second.weighted:
        plain, weighted = (second, first) if first.weighted else (first, second)
        raise SettingsError(
            f"{weighted.folder} was scored with --weights and {plain.folder} without: repeat one of them with"
            " the options of the other"
        )
    order = _order(first, second)
    return ComparePlan(config, first, second, tuple(_pairs(first, second, methods)), order)


def read_answers(name: str, out: Path, workspace: Path | None) -> StoredAnswers:
    """The answers of an evaluation, by its folder or name.

    Raises `SettingsError` for one that is not finished, of another kind, or whose inputs have changed since.
    """
    folder, selection = find_evaluation(name, out, KIND)
    info = read_info(folder)
    if info.get("kind", KIND) != KIND:
        raise SettingsError(f"{folder} is of `clca eval-{info['kind']}`: give an evaluation of `clca eval-wvs`")
    if info.get("finished") is not True:
        raise SettingsError(f"{folder} is not finished: repeat the `clca eval-wvs` that made it")
    content = Content(workspace)
    catalogue, suite = CultureCatalogue(content), load_suite(content)
    try:
        inputs = info["inputs"]
        n, seed = int(inputs["respondents"]), int(inputs["seed"])
        cultures, file, weighted = list(inputs["cultures"]), info["data"], bool(info["weighted"])
        if n < 1:
            raise ValueError(f"{n:,} respondents")
        data = None if file is None else (Path(file), str(inputs["data"]))
        countries = dict(inputs["countries"])
        files = {path: (str(used["sha256"]), str(used["origin"])) for path, used in info["content"].items()}
        offered = _offered(info, suite)
        items_version = dict(offered.version)
        taught = {str(row): str(what) for row, what in dict(info.get("taught", {})).items()}
    except (KeyError, TypeError, ValueError, AttributeError, ArithmeticError) as error:
        raise ContentError(
            str(folder / INFO), None, f"does not name its items and respondents ({error}): evaluate again"
        ) from None
    imported = None if data is None else find_respondents(data[0], workspace)
    if imported is not None and data is not None and file_sha256(imported.path) != data[1]:
        raise SettingsError(
            f"{imported.path} has changed since {folder} was made: evaluate again, or import the same files"
        )
    profiles = {culture: catalogue.culture(culture) for culture in cultures}
    changed = [
        path
        for path, used in content.used.items()
        if path.startswith(SUITE)
        and files.get(path, ("", ""))[0] != used.digest
        and not (path in WORDINGS and used.origin == files.get(path, ("", ""))[1] == "package")
    ]
    changed += [
        name for name, culture in profiles.items() if list(culture.members or (culture.id,)) != countries.get(name)
    ]
    if changed:
        raise SettingsError(
            f"{', '.join(changed)}: changed since {folder} was made: evaluate again, or restore the old version"
        )
    samples = {
        name: culture_sample(culture, suite, offered, imported, False, n=n, seed=seed, weighted=weighted)
        for name, culture in profiles.items()
    }
    counts = _counts(folder, info, samples, offered, weighted=weighted)
    return StoredAnswers(folder, {**info, "taught": taught}, counts, samples, items_version, selection)


def _offered(info: dict[str, Any], suite: WvsSuite) -> OfferedItems:
    """The items that were asked, on the scales that the evaluation records: all as in the survey if it records none."""
    inputs = info["inputs"]
    wanted = set(inputs["items"])
    items = tuple(item for item in suite.items.items if item.id in wanted)
    three = {name: tuple(map(str, ids)) for name, ids in info.get("three_points", {}).items()}
    layouts = {name: ScoreLayout(scaled_items(items, three.get(name, ()))) for name in inputs["cultures"]}
    version = info.get("items_version") or dict.fromkeys(inputs["languages"].values(), FIRST_VERSION)
    versions = {str(name): int(number) for name, number in version.items()}
    return OfferedItems(items, versions, three, (), tuple(info.get("unread_translations", ())), layouts)


def _counts(
    folder: Path, info: dict[str, Any], samples: dict[str, Sample], offered: OfferedItems, *, weighted: bool
) -> dict[CountsKey, AnswerCounts]:
    file = folder / PREDICTIONS
    if not file.is_file():
        raise NotFoundError(f"{folder} has no {PREDICTIONS}: repeat the `clca eval-wvs` that made it")
    predictions = list(read_predictions(folder))
    if len(predictions) != info.get("predictions"):
        raise SettingsError(
            f"{file} has {len(predictions)} predictions, and had {info.get('predictions')} when it was scored: repeat"
            " the `clca eval-wvs` that made it"
        )
    respondents = {culture: sample.respondents for culture, sample in samples.items()}
    try:
        return count_answers(predictions, respondents, offered.layouts, weighted=weighted)
    except ClcaError as error:
        raise ContentError(
            str(file), None, f"{error.message}: it has changed since; restore it, or evaluate again with --new"
        ) from None


def _order(first: StoredAnswers, second: StoredAnswers) -> Order:
    """The first order of the options that both have: answers to unlike orders are not compared."""
    both = [order for order in first.orders if order in second.orders]
    if not both:
        raise SettingsError(
            "the two evaluations have no option order in common"
            f" ({', '.join(first.orders)}; {', '.join(second.orders)}):"
            " evaluate one of them with the --order of the other"
        )
    return both[0]


def _pairs(first: StoredAnswers, second: StoredAnswers, methods: Sequence[Method]) -> list[tuple[Method, Method]]:
    if not methods:
        both = [method for method in first.methods if method in second.methods]
        if both:
            return [(method, method) for method in both]
        raise SettingsError(
            f"the two evaluations have no method in common ({', '.join(first.methods)}; {', '.join(second.methods)}):"
            " name one of each with --method"
        )
    for answers, method in zip((first, second), (methods[0], methods[-1]), strict=True):
        if method not in answers.methods:
            raise SettingsError(f"--method {method}: {answers.folder} has {', '.join(answers.methods)}")
    return [(methods[0], methods[-1])]
