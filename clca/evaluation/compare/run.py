"""Comparison of two evaluations on the respondents that both of them asked."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from clca.errors import SettingsError
from clca.evaluation.compare.plan import ComparePlan
from clca.evaluation.compare.result import CompareResult, MethodComparison
from clca.evaluation.wvs.comparison import Comparison
from clca.evaluation.wvs.comparison import compare as compare_counts
from clca.evaluation.wvs.counts import CountsKey
from clca.progress import ProgressCallback, ignore
from clca.records import Method


def run(plan: ComparePlan, progress: ProgressCallback = ignore) -> CompareResult:
    """Compare each pair of methods. Raises `SettingsError` where the respondents or the cultures are not the same."""
    comparisons = []
    for methods in plan.pairs:
        for comparison in _by_culture(plan, methods):
            comparisons.append(MethodComparison(methods=methods, order=plan.order, **dict(comparison)))
    return CompareResult(
        first=plan.first.folder,
        second=plan.second.folder,
        rehearsals=tuple(answers.folder for answers in (plan.first, plan.second) if answers.info.get("rehearsal")),
        comparisons=tuple(comparisons),
        selection=(plan.first.selection, plan.second.selection),
        items_versions=(plan.first.items_version, plan.second.items_version),
        asked=(_asked(plan.first.info), _asked(plan.second.info)),
        taught=tuple(answers.info.get("taught", {}) for answers in (plan.first, plan.second)),
    )


def _asked(info: Mapping[str, Any]) -> dict[str, str]:
    """How an evaluation was asked and read; those that do not record their scoring are older than the paper's."""
    how = {"scoring": info.get("scoring") or "corrected", "mode": info.get("mode"), "format": info.get("format")}
    return {key: str(value) for key, value in how.items() if value}


def _by_culture(plan: ComparePlan, methods: tuple[Method, Method]) -> tuple[Comparison, ...]:
    """A comparison for each culture that both asked, and for their mean."""
    first, second = plan.first, plan.second
    pairs, surveys = {}, {}
    for culture, sample in first.samples.items():
        of_first = first.counts.get(CountsKey(culture, methods[0], plan.order))
        of_second = second.counts.get(CountsKey(culture, methods[1], plan.order))
        if of_first is None or of_second is None:
            continue
        others = {respondent.id: respondent for respondent in second.samples[culture].respondents}
        if any(others.get(respondent.id, respondent) != respondent for respondent in sample.respondents):
            raise SettingsError(
                f"the two evaluations have different respondents of {culture}: compare evaluations with the"
                " same --seed and --data"
            )
        pairs[culture], surveys[culture] = (of_first, of_second), sample.survey
    if not pairs:
        raise SettingsError(
            f"the two evaluations have no culture in common ({', '.join(first.samples)}; {', '.join(second.samples)})"
        )
    return compare_counts(pairs, surveys, seed=plan.config.seed)
