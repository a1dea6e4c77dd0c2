from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clca.content.lookup import Content
from clca.errors import NotFoundError, SettingsError
from clca.evaluation.wvs.microdata.codebook import load_codebook
from clca.evaluation.wvs.microdata.importer import import_survey
from clca.evaluation.wvs.microdata.respondents import open_respondents
from clca.evaluation.wvs.sampling import Sample, SampleSources, draw_respondents, sample_culture
from clca.evaluation.wvs.score_layout import ScoreLayout
from clca.evaluation.wvs.suite import load_suite
from clca.records import Respondent
from tests.evaluation.wvs.survey_files import ITEMS, official, people


def weighed(content: Content, folder: Path, columns: list[str], weights: list[str]) -> Sample:
    """Japan as the survey weighs it, out of a file with these columns."""
    rows = people({"JPN": len(weights)})
    for row, weight in zip(rows, weights, strict=True):
        row["W_WEIGHT"] = weight
    folder.mkdir()
    (folder / "a.csv").write_bytes(official(rows, [*columns, "D_INTERVIEW", "B_COUNTRY", *ITEMS]))
    import_survey([folder / "a.csv"], load_codebook(content), folder)
    suite = load_suite(content)
    sources = SampleSources(open_respondents(folder), suite.shares, suite.demographics, {})
    return sample_culture(sources, "japan", ("japan",), ScoreLayout(suite.items.items), n=3, seed=1, weighted=True)


def test_weights_that_nobody_has_are_refused(content: Content, tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"has no weights of japan: import files with a column W_WEIGHT"):
        weighed(content, tmp_path / "none", [], ["1", "1", "1"])
    with pytest.raises(SettingsError, match=r"has no weights of japan"):
        weighed(content, tmp_path / "empty", ["W_WEIGHT"], ["", "", ""])


def test_weights_that_only_some_have_are_told(content: Content, tmp_path: Path) -> None:
    notes = weighed(content, tmp_path / "some", ["W_WEIGHT"], ["2", "", "0.5"]).notes
    assert any("has a weight of 2 of 3 respondents of japan: the others count 1" in note for note in notes)
    notes = weighed(content, tmp_path / "all", ["W_WEIGHT"], ["2", "1", "0.5"]).notes
    assert not any("the others count" in note for note in notes)


def test_a_country_with_shares_and_no_number_of_respondents_is_named(content: Content) -> None:
    suite = load_suite(content)
    sources = SampleSources(None, suite.shares, suite.demographics, {})
    with pytest.raises(
        NotFoundError, match=r"^no number of respondents of japan in eval/wvs/coverage\.csv: add a row for each"
    ):
        sample_culture(sources, "japan", ("japan",), ScoreLayout(suite.items.items), n=1, seed=1, weighted=False)


def crowd(country: str, n: int) -> list[Respondent]:
    return [Respondent(id=f"{country}-{k}", country=country, demographics={}, answers={}) for k in range(n)]


EVERYONE = [*crowd("iraq", 40), *crowd("jordan", 40), *crowd("japan", 40)]


def ids(respondents: tuple[Respondent, ...]) -> list[str]:
    return [one.id for one in respondents]


@given(st.permutations(EVERYONE), st.integers(min_value=1, max_value=90))
def test_the_order_of_the_file_does_not_matter(shuffled: list[Respondent], n: int) -> None:
    assert draw_respondents(shuffled, ["iraq", "jordan"], n, 42) == draw_respondents(
        EVERYONE, ["iraq", "jordan"], n, 42
    )


@given(st.integers(min_value=1, max_value=80), st.integers(min_value=0, max_value=10**6))
def test_nobody_is_drawn_twice_and_countries_have_equal_parts(n: int, seed: int) -> None:
    found = draw_respondents(EVERYONE, ["iraq", "jordan"], n, seed).respondents
    assert len(set(ids(found))) == n
    of = Counter(one.country for one in found)
    assert (of["iraq"], of["jordan"]) == ((n + 1) // 2, n // 2)


@given(st.integers(min_value=1, max_value=40), st.integers(min_value=1, max_value=40))
def test_a_larger_draw_goes_on_from_a_smaller_one(a: int, b: int) -> None:
    few, many = sorted((2 * a, 2 * b))
    smaller = draw_respondents(EVERYONE, ["iraq", "jordan"], few, 42).respondents
    assert draw_respondents(EVERYONE, ["iraq", "jordan"], many, 42).respondents[:few] == smaller


def test_the_seed_decides_who_is_drawn() -> None:
    assert set(ids(draw_respondents(EVERYONE, ["japan"], 10, 1).respondents)) != set(
        ids(draw_respondents(EVERYONE, ["japan"], 10, 2).respondents)
    )


def test_everyone_has_the_same_chance() -> None:
    counts = Counter(
        one for seed in range(400) for one in ids(draw_respondents(EVERYONE, ["japan"], 10, seed).respondents)
    )
    assert len(counts) == 40
    assert min(counts.values()) > 60  # expected 100, standard deviation 8.7
    assert max(counts.values()) < 140


def test_where_there_are_too_few_all_are_taken_and_it_is_said() -> None:
    drawn = draw_respondents([*crowd("iraq", 3), *crowd("jordan", 40)], ["iraq", "jordan"], 20, 42)
    assert Counter(one.country for one in drawn.respondents) == {"iraq": 3, "jordan": 10}
    assert drawn.short == {"iraq": 3}
    assert draw_respondents(EVERYONE, ["japan"], 40, 42).short == {}


def test_a_culture_of_which_nobody_was_asked_is_named() -> None:
    with pytest.raises(NotFoundError, match=r"^no respondent of greece among those imported$"):
        draw_respondents(EVERYONE, ["greece"], 10, 42)
