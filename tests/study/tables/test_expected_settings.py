"""What an evaluation of a study will be follows from its settings, those of its trainings and of their runs."""

from __future__ import annotations

from clca.content.lookup import Content
from clca.culture import CultureCatalogue
from clca.study.tables.expected_settings import ExpectedEvaluation, expected_evaluations
from tests.study.tables.finished_cells import study_of

STUDY = """\
title: A student of two cultures
matrix: {culture: [japan, uk], seed: [1, 2]}
stages:
  dialogues: {run: generate, over: [culture], with: {culture: "{culture}", teacher: qwen2.5-32b}}
  adapters:
    run: train
    over: [culture, seed]
    with: {culture: "{culture}", run: "{dialogues}", student: qwen2.5-7b, settings: ["seed={seed}", lora.r=8]}
  together:
    {run: train, with: {run: "{dialogues}", culture: "{culture}", combined: true, student: qwen2.5-7b, recipe: s2n}}
  asked: {run: %s, %s}
"""


def expected(run: str, more: str) -> list[ExpectedEvaluation]:
    _, cells = study_of(STUDY % (run, more))
    return list(expected_evaluations(cells, Content()))


def test_the_survey_is_asked_of_the_adapters_cultures_with_what_they_were_taught() -> None:
    first, second = expected("eval-wvs", 'over: [seed], with: {adapter: "{adapters}", scoring: paper}')
    assert (first.seed, second.seed) == ("1", "2")
    assert (first.student, first.cultures) == ("qwen2.5-7b", ("japan", "uk"))
    assert first.systems == ("persona", "cultural", "clca")
    taught = first.taught["uk"]
    assert (taught["recipe"], taught["mixture"], taught["teacher"]) == ("clca with other lora.r", "clca", "qwen2.5-32b")
    settings = first.settings["japan"]
    assert (settings["mode"], settings["format"], settings["people"], settings["items"]) == (
        *("generate", "chat", "synthetic", "44"),
    )


def test_an_adapter_of_all_cultures_answers_for_each() -> None:
    (survey,) = expected("eval-wvs", 'with: {adapter: "{together}", culture: "{culture}", method: clca}')
    assert {culture: facts["mixture"] for culture, facts in survey.taught.items()} == {
        "japan": "culturellm",
        "uk": "culturellm",
    }
    (behaviour,) = expected("eval-offense", 'with: {adapter: "{together}", row: [zero-shot]}')
    assert (behaviour.systems, behaviour.adapters) == (("zero-shot", "combined"), ())


def test_all_cultures_are_those_of_the_catalogue() -> None:
    (survey,) = expected("eval-wvs", "with: {student: qwen2.5-7b, culture: all, language: en}")
    assert survey.cultures == tuple(CultureCatalogue(Content()).ids())
    assert survey.systems == ("persona", "cultural")  # without an adapter


def test_the_language_of_each_culture_is_its_own_where_that_is_asked_for() -> None:
    (survey,) = expected("eval-wvs", "with: {student: tiny, culture: [japan, mexico], language: native}")
    assert [survey.settings[culture]["language"] for culture in survey.cultures] == ["ja", "es"]
    assert survey.settings["japan"]["respondents"] == "100"  # of the tiny student


def test_texts_are_asked_of_rows_and_adapters() -> None:
    (behaviour, _) = expected("eval-offense", 'over: [seed], with: {adapter: "{adapters}", data: data/offense}')
    assert behaviour.systems == ("base", "zero-shot", "japan", "uk")
    assert behaviour.settings[""]["data"] == "imported"
    (knowledge,) = expected("eval-mmlu", "with: {student: tiny, limit: 3}")
    assert (knowledge.systems, knowledge.settings[""]["data"]) == (("base",), "demonstration")
    assert knowledge.settings[""]["texts"] == "at most 3 of a test"
