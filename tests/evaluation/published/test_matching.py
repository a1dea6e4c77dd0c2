"""A published number stands beside a run that has all it needs, and beside no other."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import pytest

from clca.content.lookup import Content
from clca.evaluation.classification.aggregate import score
from clca.evaluation.classification.scores import MatrixScores
from clca.evaluation.evaluated_model import Adapter, EvaluatedModel
from clca.evaluation.published.catalogue import PublishedCatalogue, load_catalogue
from clca.evaluation.published.matching import Matched
from clca.evaluation.published.s2n import comparable as comparable_s2n
from clca.evaluation.s2n_results import CODES, Printed
from clca.evaluation.table_systems import TableSystem
from clca.evaluation.wvs.comparable import comparable
from clca.evaluation.wvs.paper_table import PAPER_ORDER
from clca.evaluation.wvs.published import PublishedScore, published_values
from clca.models.adapter import TrainedAdapter
from clca.models.adapter_info import AdapterInfo, Lineage
from clca.records import Method
from tests.evaluation.classification.answers import scored

# ---------------------------------------------------------------- CLCA

PAPER = {
    "scoring": "paper",
    "mode": "generate",
    "format": "chat",
    "language": "en",
    "order": "given",
    "items": "44",
    "people": "survey",
    "respondents": "1000",
    "weights": "no",
    "bits": "4",
}
METHODS: tuple[Method, ...] = ("persona", "cultural", "clca")


def adapter(
    recipe: str = "clca",
    mix: str = "clca",
    teacher: str = "llama-3.1-70b",
    changed: tuple[str, ...] | None = (),
) -> Adapter:
    run = Lineage(run="run", fingerprint="f", dialogues=1, sha256="0", inputs={"teacher": teacher})
    info = AdapterInfo.model_construct(changed=changed, recipe={"name": recipe, "data": {"mix": mix}}, lineage=(run,))
    return Adapter("adapter", TrainedAdapter(Path("adapter"), info))


def matched(
    cultures: tuple[str, ...] = PAPER_ORDER,
    taught: Adapter | None = None,
    student: str = "llama-3.1-8b",
    japan: dict[str, str] | None = None,
    **changes: str,
) -> Matched:
    """What a run may stand beside that has the paper's settings with `changes`; those of Japan with `japan`."""
    model = EvaluatedModel(student, None, 4, dict.fromkeys(cultures, taught or adapter()))
    settings = {key: value for key, value in {**PAPER, **changes}.items() if value}
    by_culture = {culture: {**settings, **(japan or {} if culture == "japan" else {})} for culture in cultures}
    return comparable(Content(), model, dict.fromkeys(cultures, METHODS), by_culture)


def scores(found: Matched) -> list[PublishedScore]:
    return [entry for entry in found.entries if isinstance(entry, PublishedScore)]


def test_the_papers_own_run_stands_beside_all_numbers_of_its_student() -> None:
    found = matched()
    assert (found.withheld, found.notes()) == (0, ())
    table = published_values(scores(found), "llama-3.1-8b", "clca", "kl_paper")
    assert table == dict(zip((*PAPER_ORDER, "average"), (0.5462, 0.4935, 0.5510, 0.4630, 0.5024, 0.5112), strict=True))
    assert {entry.setting for entry in scores(found)} == {None}
    assert len(scores(found)) == 3 * 6 + 1 + 4  # KL-D, Δ, and the first two rows of the ablations


@pytest.mark.parametrize(
    ("setting", "other", "words"),
    [
        ("scoring", "corrected", "scoring corrected, published paper"),
        ("mode", "probability", "mode probability, published generate"),
        ("format", "text", "format text, published chat"),
        ("language", "ja", "language ja, published en"),
        ("order", "reversed", "order reversed, published given"),
        ("items", "5", "items 5, published 44"),
        ("people", "synthetic", "people synthetic, published survey"),
        ("respondents", "up to 1000", "respondents of each culture up to 1000, published 1000"),
        ("weights", "yes", "weighted respondents yes, published no"),
        ("bits", "16", "bits 16, published 4"),
        ("bits", "", "bits not known, published 4"),
    ],
)
def test_a_run_that_differs_in_one_setting_stands_beside_none_and_says_so(setting: str, other: str, words: str) -> None:
    found = matched(**{setting: other})
    assert found.entries == ()
    (note,) = found.notes()
    assert note.startswith(
        f"Published numbers of this student: 23 are not shown, from which this run differs ({words})"
    )
    assert "\n" not in note


def test_numbers_of_single_cultures_stand_where_the_average_does_not() -> None:
    found = matched(("japan", "uk"))
    assert {entry.culture for entry in scores(found)} == {"japan", "uk"}
    assert found.withheld == 3 + 1 + 4  # averages, Δ and the ablations
    assert "cultures japan, uk, published china, germany, japan, mexico, uk); 6 are shown" in found.notes()[0]


@pytest.mark.parametrize(
    ("japan", "words"),
    [
        ({"respondents": "996"}, "respondents of each culture 996, published 1000"),
        ({"people": "synthetic"}, "people synthetic, published survey"),
        ({"language": "ja"}, "language ja, published en"),
    ],
)
def test_a_culture_that_differs_takes_no_number_of_the_others_away(japan: dict[str, str], words: str) -> None:
    found = matched(japan=japan)
    assert {entry.culture for entry in scores(found)} == {"china", "germany", "uk", "mexico"}
    assert len(scores(found)) == 3 * 4
    assert found.withheld == 3 + (3 + 1 + 4)  # Japan's own, and what is over all five
    assert words in found.notes()[0]


@pytest.mark.parametrize(
    ("taught", "setting", "accuracy"),
    [
        (adapter("intent-only", "intent-only"), "intent only", 0.3117),
        (adapter("clca-released", "dialogue-only"), "dialogue only", 0.3453),
        (adapter("gsm8k", "gsm8k"), "gsm8k", 0.3287),
        (adapter(teacher="qwen2.5-32b"), "teacher qwen2.5-32b", 0.3487),
    ],
)
def test_an_ablation_stands_beside_its_own_row_and_not_beside_the_main_one(
    taught: Adapter, setting: str, accuracy: float
) -> None:
    found = matched(taught=taught)
    adapted = [entry for entry in scores(found) if entry.method == "clca"]
    assert {entry.setting for entry in adapted} == {setting}
    assert accuracy in [entry.value for entry in adapted]
    assert {entry.method for entry in scores(found)} == set(METHODS)
    assert found.withheld == 6 + 1 + 2  # CLCA's own: KL-D, Δ, and in the ablations
    assert ("mixture" in found.notes()[0]) == (setting != "teacher qwen2.5-32b")


def test_adapters_of_which_little_is_known_stand_beside_none() -> None:
    found = matched(taught=Adapter("lora", None))
    assert {entry.method for entry in scores(found)} == {"persona", "cultural"}
    assert "teacher not known, published llama-3.1-70b" in found.notes()[0]


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        (
            ("lora.r", "training.epochs"),
            "recipe clca with other lora.r, training.epochs, published clca or clca-released",
        ),
        (None, "recipe not known, published clca or clca-released"),
    ],
)
def test_a_recipe_that_was_changed_is_another_one(changed: tuple[str, ...] | None, words: str) -> None:
    found = matched(taught=adapter(changed=changed))
    assert {entry.method for entry in scores(found)} == {"persona", "cultural"}
    assert words in found.notes()[0]


def test_a_student_without_published_numbers_is_told_nothing() -> None:
    assert matched(student="tiny", scoring="corrected") == Matched()


# ---------------------------------------------------------------- S2N

TEN = tuple(CODES)


@pytest.fixture(scope="module")
def catalogue() -> PublishedCatalogue:
    return load_catalogue(Content())


@cache
def answers(cultures: tuple[str, ...], tests: tuple[str, ...]) -> MatrixScores:
    rows = {row: [0, 1] for row in ("base", "zero-shot", "combined", *cultures)}
    return score([scored(f"{test}/hate", [0, 1], rows) for test in tests], seed=1, resamples=2)


def system(cultures: tuple[str, ...] = TEN, data: str = "culturellm", tests: tuple[str, ...] = ()) -> TableSystem:
    return TableSystem("llama-3.1-8b", data, answers(cultures, tests or cultures), combined="culturellm")


OFFENSE: dict[str, Any] = {
    "scoring": "paper",
    "mode": "generate",
    "format": "text",
    "limit": None,
    "public_tests": "public",
    "demonstration": False,
    "inputs": {"bits": 4},
    "recipes": dict.fromkeys((*TEN, "combined"), "s2n"),
}
MMLU: dict[str, Any] = {
    **{key: value for key, value in OFFENSE.items() if key not in ("format", "public_tests")},
    "shots": 0,
    "subjects": [f"{number}" for number in range(57)],
}


def sources(found: Matched) -> dict[str, int]:
    entries = [entry.source for entry in found.entries if isinstance(entry, Printed)]
    return {source: entries.count(source) for source in dict.fromkeys(entries)}


def test_an_evaluation_as_s2ns_stands_beside_all_tables_of_its_student(catalogue: PublishedCatalogue) -> None:
    tables = ("table 2", "table 3", "table 7", "table 8", "table 9", "table 13", "table 5")
    found = comparable_s2n(catalogue, "offense", OFFENSE, system(), tables)
    assert found.withheld == 0
    assert sources(found) == {"table 2": 22, "table 3": 2, "table 5": 2, "table 7": 11, "table 8": 100, "table 13": 12}
    knowledge = comparable_s2n(catalogue, "mmlu", MMLU, system(tests=("stem",)), ["table 4", "table 5"])
    assert (sources(knowledge), knowledge.withheld) == ({"table 4": 12, "table 5": 2}, 0)


@pytest.mark.parametrize(
    ("kind", "changes", "words"),
    [
        ("offense", {"scoring": "corrected"}, "scoring corrected, published paper"),
        ("offense", {"mode": "probability"}, "mode probability, published generate"),
        ("offense", {"format": "chat"}, "format chat, published text"),
        ("offense", {"limit": 20}, "texts at most 20 of a test, published all"),
        ("offense", {"public_tests": "3 of 60 public"}, "tests 3 of 60 public, published public"),
        ("offense", {"demonstration": True}, "data demonstration, published imported"),
        ("mmlu", {"shots": 5}, "shots 5, published 0"),
        ("mmlu", {"scoring": "corrected"}, "scoring corrected, published paper"),
        ("mmlu", {"subjects": ["virology"]}, "subjects 1, published 57"),
        ("mmlu", {"demonstration": True}, "data demonstration, published MMLU"),
    ],
)
def test_an_evaluation_that_differs_in_one_setting_stands_beside_none(
    catalogue: PublishedCatalogue, kind: str, changes: dict[str, Any], words: str
) -> None:
    info = {**(OFFENSE if kind == "offense" else MMLU), **changes}
    tables = ["table 2", "table 8"] if kind == "offense" else ["table 4"]
    found = comparable_s2n(catalogue, kind, info, system(tests=TEN if kind == "offense" else ("stem",)), tables)
    assert found.entries == ()
    assert f"differs ({words})" in found.notes()[0]


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"inputs": {"bits": 16}}, "bits 16, published 4"),
        ({"server": "http://localhost/v1"}, "bits not known, published 4"),
        ({"recipes": dict.fromkeys(TEN, "mine")}, "recipe mine, published s2n"),
        ({"recipes": dict.fromkeys(TEN, "s2n with other lora.r")}, "recipe s2n with other lora.r, published s2n"),
    ],
)
def test_zero_shot_rows_do_not_depend_on_adapters(
    catalogue: PublishedCatalogue, changes: dict[str, Any], words: str
) -> None:
    found = comparable_s2n(catalogue, "offense", {**OFFENSE, **changes}, system(), ["table 2"])
    assert sources(found) == {"table 2": 11}
    assert f"({words}" in found.notes()[0]


def test_our_translated_pairs_are_not_those_of_s2n(catalogue: PublishedCatalogue) -> None:
    found = comparable_s2n(catalogue, "offense", OFFENSE, system(data="wvs-translated"), ["table 3", "table 7"])
    assert not [entry for entry in found.entries if isinstance(entry, Printed) and entry.setting == "wvs-translated"]


def test_totals_and_normalised_scores_are_over_all_ten_cultures(catalogue: PublishedCatalogue) -> None:
    found = comparable_s2n(catalogue, "offense", OFFENSE, system(("ara", "germany")), ["table 2", "table 3", "table 8"])
    assert sources(found) == {"table 2": 4}
    assert found.withheld == 2 + 2 + 4
    assert "adapters of ara, germany, published ara, bangladesh" in found.notes()[0]


def test_other_data_of_adapters_are_another_kind_of_system(catalogue: PublishedCatalogue) -> None:
    found = comparable_s2n(catalogue, "offense", OFFENSE, system(data="clca"), ["table 2", "table 8"])
    assert (sources(found), found.withheld) == ({"table 2": 11}, 0)


def test_survey_pairs_of_our_own_items_are_not_s2ns(catalogue: PublishedCatalogue) -> None:
    found = comparable_s2n(catalogue, "offense", OFFENSE, system(data="wvs"), ["table 2"])
    assert (sources(found), found.withheld) == ({"table 2": 11}, 11)
    assert "(mixture wvs, published culturellm)" in found.notes()[0]
