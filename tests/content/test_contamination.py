"""Norms and seeds do not give the survey's items away, by the measures of `tests.content.contamination`."""

from __future__ import annotations

import pytest

from clca.content.lookup import Content
from clca.content.parsing import read_jsonl, read_yaml
from clca.content.wvs_items import ITEMS, Item, Items, load_items
from clca.records import Norm, Seed
from tests.content.contamination import Survey, runs


@pytest.fixture(scope="module")
def items(content: Content) -> tuple[Item, ...]:
    return load_items(content).items


@pytest.fixture(scope="module")
def translated(content: Content) -> list[Item]:
    paths = [ITEMS, *content.files("eval/wvs/*/items.yaml")]
    return [item for path in paths for item in read_yaml(path, content.text(path), Items).items]


@pytest.fixture(scope="module")
def survey(items: tuple[Item, ...], translated: list[Item]) -> Survey:
    return Survey(items, translated)


def test_no_norm_leaks_the_survey(content: Content, survey: Survey) -> None:
    norms = [
        norm for path in content.files("scenarios/norms*.jsonl") for norm in read_jsonl(path, content.text(path), Norm)
    ]
    texts = {norm.id: " ".join((norm.text, norm.breach, norm.explain, norm.remedy)) for norm in norms}
    assert texts
    assert {norm: leaks for norm, text in texts.items() if (leaks := survey.leaks(text))} == {}


def test_no_text_of_a_seed_leaks_the_survey(content: Content, survey: Survey) -> None:
    paths = [*content.files("scenarios/seeds*.jsonl"), *content.files("scenarios/own/*.jsonl")]
    seeds = [seed for path in paths for seed in read_jsonl(path, content.text(path), Seed)]
    texts = {(seed.id, key): text for seed in seeds for key, text in seed.texts.items()}
    assert texts
    assert {where: leaks for where, text in texts.items() if (leaks := survey.leaks(text))} == {}


def test_every_item_is_found_in_every_language(translated: list[Item], survey: Survey) -> None:
    assert len({item.question for item in translated}) > 200
    missed = [
        item.question for item in translated if f"wording: {item.id}" not in survey.leaks(f"Well, {item.question}")
    ]
    assert missed == []


@pytest.mark.parametrize(
    ("text", "leak"),
    [
        ("New neighbours are greeted alike, whatever their faith or origin.", "ground: unwanted neighbours"),
        ("Children do some of the work of the house, sons as much as daughters.", "ground: child qualities"),
        ("Tasks go to whoever can do them, not to men or women by habit.", "ground: men and women"),
        ("Grown children let their parents know how they are.", "ground: parents and grown children"),
        ("A good son is obedient.", "ground: child qualities"),
        ("Her husband says that a wife should not earn so much.", "ground: men and women"),
        ("Nobody here wants a neighbour from abroad, and least of all immigrant workers.", "subject: Q21"),
        ("He says that people who sit about at home get lazy.", "ground: work ethic"),
    ],
)
def test_an_item_in_other_words_is_found(survey: Survey, text: str, leak: str) -> None:
    assert leak in survey.leaks(text)


@pytest.mark.parametrize(
    "text",
    [
        "People wait for their turn in the order in which they came.",
        "The neighbour brings back the drill.",
        "She asks her son to come home for supper.",
        "The plumber comes at eight, before work.",
        "He has three brothers. He helped his daughter until she had work.",
    ],
)
def test_everyday_matters_are_no_leak(survey: Survey, text: str) -> None:
    assert survey.leaks(text) == []


def test_a_run_is_of_five_words_or_ten_characters() -> None:
    assert runs("Where there are too few") == {("where", "there", "are", "too", "few")}
    assert runs("Where there are too") == set()
    assert runs("あなたの生活の中で家族") == {tuple("あなたの生活の中で家"), tuple("なたの生活の中で家族")}
