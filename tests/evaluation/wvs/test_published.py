from __future__ import annotations

from collections import defaultdict

import pytest

from clca.content.lookup import Content
from clca.errors import ContentError
from clca.evaluation.wvs.published import PATH, PublishedScore, load_published, published_values
from clca.models.catalogue import PATH as MODELS
from tests.conftest import Overlay

PAPER = ("china", "germany", "uk", "mexico", "japan")

# Printed averages that are not the mean of their printed row: (model, method, setting, metric) -> printed, mean.
NOT_THE_MEAN = {
    ("qwen2.5-1.5b", "persona", None, "kl_paper"): (0.5956, 0.59566),
}


@pytest.fixture(scope="module")
def published(content: Content) -> tuple[PublishedScore, ...]:
    return load_published(content)


def test_the_table_of_clca_is_whole(published: tuple[PublishedScore, ...]) -> None:
    table = [one for one in published if one.source == "CLCA slides: results by culture" and one.metric == "kl_paper"]
    assert len(table) == 7 * 3 * 6
    assert {one.culture for one in table} == {*PAPER, "average"}
    assert published_values(published, "llama-3.1-8b", "clca", "kl_paper") == dict(
        zip((*PAPER, "average"), (0.5462, 0.4935, 0.5510, 0.4630, 0.5024, 0.5112), strict=True)
    )


def test_printed_averages_are_the_means_of_their_rows_but_for_those_that_are_listed(
    published: tuple[PublishedScore, ...],
) -> None:
    rows: dict[tuple[str, ...], dict[str, float]] = defaultdict(dict)
    for one in published:
        key = (one.source, one.model, one.method, one.setting, one.metric)
        assert one.culture not in rows[key], f"{key} {one.culture} stands twice"  # type: ignore[index]
        rows[key][one.culture] = one.value  # type: ignore[index]
    checked, odd = 0, {}
    for (_, *key), row in rows.items():
        if len(row) > 1:
            average = row.pop("average")
            mean = sum(row.values()) / len(row)
            checked += 1
            if abs(mean - average) > 0.0001 / 2 + 1e-9:
                odd[tuple(key)] = (average, pytest.approx(mean))
    assert checked == 21
    assert odd == NOT_THE_MEAN


def test_printed_deltas_are_the_differences_of_printed_averages(published: tuple[PublishedScore, ...]) -> None:
    deltas = [one for one in published if one.metric == "delta"]
    assert len(deltas) == 7
    for one in deltas:
        before, after = (
            published_values(published, one.model, method, "kl_paper")["average"] for method in ("persona", "clca")
        )
        assert one.value == pytest.approx(before - after, abs=0.00015)


def test_ablations_are_kept_apart_from_the_main_results(published: tuple[PublishedScore, ...]) -> None:
    settings = {one.setting for one in published if one.paper == "CLCA" and one.setting}
    assert settings == {"gsm8k", "mathchat", "intent only", "dialogue only", "teacher qwen2.5-32b"}
    assert published_values(published, "llama-3.1-8b", "clca", "accuracy_paper") == {"average": 0.3973}
    assert published_values(published, "no-such-model", "clca", "kl_paper") == {}


def test_models_and_cultures_go_by_the_names_that_clca_knows(
    content: Content, published: tuple[PublishedScore, ...]
) -> None:
    models = content.text(MODELS)
    assert all(f"\n  {model}:" in models for model in {one.model for one in published})
    cultures = {one.culture for one in published} - {"average"}
    assert cultures <= {path.split("/")[-1].removesuffix(".yaml") for path in content.files("personas/cultures/*.yaml")}


def test_a_fault_is_named_with_its_line(overlay: Overlay, content: Content) -> None:
    lines = content.text(PATH).split("\n")
    broken = "\n".join([*lines[:3], lines[3].rpartition(",")[0] + ",much", *lines[4:]])
    with pytest.raises(ContentError, match=r"published\.csv:4: value: .*much"):
        load_published(overlay({PATH: broken}))
