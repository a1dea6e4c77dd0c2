"""Which rows a matrix has, and whose adapters answer for them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from clca.content.lookup import Content
from clca.culture import CultureCatalogue
from clca.errors import ClcaError
from clca.evaluation.classification.request_group import System
from clca.evaluation.evaluated_model import EvaluatedModel
from clca.evaluation.model_selection import NAMED
from clca.evaluation.offense.config import OffenseConfig
from clca.evaluation.systems import choose_systems
from clca.models.student import Student
from tests.evaluation.wvs.test_run import adapter
from tests.training.jobs import tiny_student

CULTURES = ("ara", "turkey")
USUAL = ("base", "zero-shot")


@pytest.fixture(scope="module")
def cache(cache_home: Path) -> Path:
    return cache_home


@pytest.fixture(scope="module")
def tiny(cache: Path) -> Student:
    return tiny_student(cache)


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder of its own to be in: adapters lie below the working directory."""
    monkeypatch.chdir(tmp_path)


def chosen(cache: Path, **fields: Any) -> tuple[EvaluatedModel, tuple[System, ...]]:
    content, config = Content(), OffenseConfig(**fields)
    environment = {"XDG_CACHE_HOME": str(cache)}
    return choose_systems(config, config.row, USUAL, CULTURES, CultureCatalogue(content), content, environment)


def rows(cache: Path, **fields: Any) -> dict[str, str]:
    return {system.name: system.adapter for system in chosen(cache, **fields)[1]}


def refusal(cache: Path, **fields: Any) -> str:
    with pytest.raises(ClcaError) as caught:
        chosen(cache, **fields)
    assert "\n" not in caught.value.message
    return caught.value.message


def test_by_default_the_newest_adapter_of_every_test_culture_and_the_combined_one_answer(
    cache: Path, tiny: Student
) -> None:
    assert rows(cache) == {"base": "", "zero-shot": ""}
    adapter(tiny, "old", "turkey")
    adapter(tiny, "new", "turkey")
    adapter(tiny, "any", "combined", cultures=["ara", "turkey"])
    adapter(tiny, "any", "japan")
    assert rows(cache) == {
        "base": "",
        "zero-shot": "",
        "combined": "adapters/combined/any",
        "turkey": "adapters/turkey/new",
    }


def test_given_adapters_answer_alone_each_for_the_culture_named_or_taught(cache: Path, tiny: Student) -> None:
    for culture in ("turkey", "ara", "japan"):
        adapter(tiny, "one", culture)
    adapter(tiny, "all", "combined", cultures=["ara", "turkey"])
    given = ("Türkiye=adapters/turkey/one", "japan/one", "combined=adapters/combined/all")
    subject, found = chosen(cache, adapter=given)
    assert [row.name for row in found] == ["base", "zero-shot", "combined", "turkey", "japan"]
    assert subject.notes == ()
    assert rows(cache, adapter=("combined/all",), row=("base",)) == {"base": "", "combined": "adapters/combined/all"}


def test_an_adapter_may_stand_in_for_a_culture_that_it_was_not_taught_and_that_is_said(
    cache: Path, tiny: Student
) -> None:
    adapter(tiny, "one", "japan")
    subject, _ = chosen(cache, adapter=("turkey=adapters/japan/one",))
    assert subject.notes == ("adapters/japan/one was taught japan; here it answers as turkey",)


def test_rows_that_are_named_are_the_only_ones(cache: Path, tiny: Student) -> None:
    adapter(tiny, "one", "turkey")
    adapter(tiny, "one", "ara")
    assert rows(cache, row=("turkey", "base")) == {"base": "", "turkey": "adapters/turkey/one"}
    assert rows(cache, row=("zero-shot",)) == {"zero-shot": ""}


def test_adapters_of_another_student_take_no_part_and_that_is_said(cache: Path, tiny: Student) -> None:
    adapter(tiny, "one", "turkey", source="elsewhere/other")
    subject, found = chosen(cache)
    assert [row.name for row in found] == ["base", "zero-shot"]
    (note,) = subject.notes
    assert note.startswith("adapters/turkey/one was trained on other, not on tiny-")
    assert note.endswith("it takes no part")


def test_on_a_server_adapters_go_by_its_own_names(cache: Path) -> None:
    given = ("turkey=tur-lora", "combined=all-lora")
    assert rows(cache, student="m", base_url="http://h/v1", adapter=given) == {
        "base": "",
        "zero-shot": "",
        "combined": "all-lora",
        "turkey": "tur-lora",
    }


@pytest.mark.parametrize(
    ("wish", "said"),
    [
        ({"row": ("peru",)}, "unknown culture 'peru'"),
        (
            {"row": ("turkey",)},
            "--row turkey: there is no adapter of turkey for tiny in adapters/: make one with `clca",
        ),
        ({"row": ("combined",)}, "--row combined: there is no adapter of combined for tiny in adapters/: make one"),
        ({"row": ("base", "base")}, "--row: base is given twice; leave one of them out"),
        ({"adapter": ("turkey=",)}, "--adapter turkey=: give CULTURE=DIR, as in --adapter japan=adapters/japan/NAME"),
        ({"adapter": ("=x",)}, "--adapter =x: give CULTURE=DIR"),
        ({"adapter": ("base=one",)}, "--adapter base=one: base is the student without an adapter"),
        ({"adapter": ("turkey=nothing",)}, "no adapter 'nothing', neither a folder nor a name"),
        ({"adapter": ("peru=x",)}, "unknown culture 'peru'"),
        (
            {"adapter": ("x",), "base_url": "http://h/v1", "student": "m"},
            "--adapter x: with --base-url, say which culture it answers for: --adapter CULTURE=x",
        ),
        ({"base_url": "http://h/v1"}, "--base-url needs --student NAME"),
        (
            {"base_url": "http://h/v1", "student": "m", "row": ("turkey",)},
            "--row turkey: name its adapter on the server: --adapter turkey=NAME",
        ),
    ],
)
def test_what_makes_no_row_is_refused_in_one_line(cache: Path, wish: dict[str, Any], said: str) -> None:
    assert refusal(cache, **wish).startswith(said)


def test_a_row_that_is_none_is_refused_with_those_that_are_of_no_culture(cache: Path) -> None:
    assert refusal(cache, row=("bases",)).endswith("; rows without a culture are base, zero-shot, combined")


def test_several_adapters_of_one_culture_have_rows_of_their_own(cache: Path, tiny: Student) -> None:
    adapter(tiny, "one", "turkey")
    adapter(tiny, "two", "turkey", mix="wvs")
    adapter(tiny, "three", "turkey", mix="wvs")
    adapter(tiny, "one", "ara")
    model, found = chosen(cache, adapter=("turkey/one", "turkey=turkey/two", "ara/one"))
    assert {system.name: system.adapter for system in found if system.adapter} == {
        "ara": "adapters/ara/one",
        "turkey: recipe tiny, mix clca": "adapters/turkey/one",
        "turkey: recipe tiny, mix wvs": "adapters/turkey/two",
    }
    assert model.notes == ()
    alike = rows(cache, adapter=("turkey/two", "turkey/three"))
    assert list(alike)[2:] == ["turkey: adapters/turkey/two", "turkey: adapters/turkey/three"]
    served = rows(cache, student="m", base_url="http://h/v1", adapter=("turkey=a", "turkey=b"))
    assert list(served)[2:] == ["turkey: a", "turkey: b"]


def test_what_else_the_name_of_an_adapter_stands_for_is_said(cache: Path, tiny: Student) -> None:
    for name in ("old", "new"):
        adapter(tiny, name, "turkey")
    model, _ = chosen(cache, adapter=("turkey",))
    named, of_row = model.selection
    assert (named.target, named.taken) == ("turkey", ("adapters/turkey/new",))
    assert named.others == {"adapters/turkey/old": "the same recipe and data"}
    assert of_row.reason == NAMED
    assert [entry.reason for entry in chosen(cache, adapter=("turkey/old",))[0].selection] == [NAMED]


def test_a_damaged_adapter_is_not_passed_over_in_silence(cache: Path, tiny: Student) -> None:
    adapter(tiny, "old", "turkey")
    Path("adapters/turkey/new").mkdir()
    Path("adapters/turkey/new/adapter.json").write_text("{}")
    model, _ = chosen(cache)
    (note,) = model.notes
    assert note.startswith("passed over: adapters/turkey/new/adapter.json")
    assert model.adapters["turkey"].name == "adapters/turkey/old"


def test_by_default_adapters_that_differ_are_asked_for_by_name(cache: Path, tiny: Student) -> None:
    adapter(tiny, "one", "turkey")
    adapter(tiny, "two", "turkey", mix="wvs")
    message = refusal(cache)
    assert message.startswith("turkey has adapters that differ: adapters/turkey/two (recipe tiny, mix wvs)")
    assert message.endswith("say which with --adapter turkey=DIR")


def test_an_adapter_given_twice_and_those_of_two_students_are_refused(cache: Path, tiny: Student) -> None:
    adapter(tiny, "one", "turkey")
    adapter(tiny, "one", "ara", source="elsewhere/other")
    adapter(tiny, "all", "combined", cultures=["ara", "turkey"])
    adapter(tiny, "any", "combined", cultures=["ara", "turkey"])
    assert refusal(cache, adapter=("turkey/one", "turkey=turkey/one")).startswith(
        "--adapter: turkey=adapters/turkey/one is given twice"
    )
    assert refusal(cache, adapter=("combined/all", "combined/any")).startswith("--adapter: combined is given twice")
    assert refusal(cache, adapter=("turkey/one", "ara/one")).startswith("--adapter: they were trained on different")
    assert "was trained on other, not on tiny-" in refusal(cache, adapter=("ara/one",), student="tiny")
