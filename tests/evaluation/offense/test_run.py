"""What an evaluation on offensiveness asks of whom: stop_condition before anything is loaded."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from clca.errors import ClcaError
from clca.evaluation.offense.config import OffenseConfig
from clca.evaluation.offense.plan import OffensePlan, plan
from clca.stages import resolve_config
from tests.evaluation.offense.posts import entry, lines, posts, run


@pytest.fixture(scope="module")
def cache(cache_home: Path) -> Path:
    return cache_home


@pytest.fixture(autouse=True)
def here(tmp_path: Path, cache: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of its own to be in: adapters and data lie below the working directory."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_CACHE_HOME", str(cache))
    return tmp_path


def planned(**fields: Any) -> OffensePlan:
    return plan(resolve_config(OffenseConfig, fields, {}))


def refusal(**fields: Any) -> str:
    with pytest.raises(ClcaError) as caught:
        planned(**fields)
    assert "\n" not in caught.value.message
    return caught.value.message


def imported(here: Path, *entries: dict[str, Any], **files: bytes) -> None:
    """Test sets in `data/offense`."""
    (here / "in").mkdir()
    for name, data in files.items():
        (here / "in" / f"{name}.jsonl").write_bytes(data)
    run(here / "in", here / "data" / "offense", *entries)


def test_without_imported_tests_the_demonstration_of_ten_cultures_is_asked() -> None:
    one = planned()
    assert (one.data, len(one.cultures), len(one.tasks)) == (None, 10, 20)
    assert [row.name for row in one.systems] == ["base", "zero-shot"]
    assert (one.cost.cells, one.texts, one.prompts) == (40, 240, 480)
    assert one.folder.parent == Path("evaluations/offense")
    assert one.folder.name.startswith("tiny-10-cultures-")
    assert any(caveat.startswith("DEMONSTRATION") for caveat in one.caveats())


def test_cultures_keep_the_order_of_the_papers_tables() -> None:
    assert planned(culture=("Türkiye", "deu", "turkey")).cultures == ("germany", "turkey")
    assert planned(culture=("all",)).cultures == planned().cultures


def test_what_decides_answers_makes_another_evaluation_and_what_decides_intervals_does_not() -> None:
    usual = planned(culture=("turkey",))
    assert usual.folder.name.startswith("tiny-turkey-")
    assert planned(culture=("turkey",), seed=7).folder == usual.folder
    others: list[dict[str, Any]] = [
        *({"scoring": "paper"}, {"format": "chat"}, {"mode": "generate"}, {"row": ("base",)}),
        *({"limit": 3}, {"limit": 3, "seed": 7}, {"limit": 4}, {"bits": 8}),
    ]
    places = {planned(culture=("turkey",), **other).folder for other in others}
    assert len({usual.folder, *places}) == 1 + len(others)


def test_tests_imported_anew_as_another_type_or_with_other_spellings_make_another_evaluation(here: Path) -> None:
    data = lines([{"text": f"text {n}", "label": str(n % 2)} for n in range(4)])

    kept = set[bytes]()

    def place(scoring: str, **more: Any) -> Path:
        folder = here / f"in-{len(list(here.iterdir()))}"
        folder.mkdir()
        (folder / "posts.jsonl").write_bytes(data)
        run(folder, here / "data" / "offense", entry(**more))
        kept.add((here / "data" / "offense" / "japan" / "posts.jsonl").read_bytes())
        return planned(scoring=scoring).folder

    insult, mockery = ({"type": one, "labels": {"0": "0", "1": "1"}} for one in ("insult_detect", "mockery_detect"))
    assert place("corrected", **insult) == place("corrected", **insult) != place("corrected", **mockery)
    swapped = {**insult, "labels": {"0": "1", "1": "0"}, "corrected": {"0": "1", "1": "0"}}
    assert place("paper", **insult) == place("paper", **insult) != place("paper", **swapped)
    assert len(kept) == 1  # the lines of the tests were the same throughout


def test_a_tiny_student_is_compared_by_odds_and_others_write_their_answers() -> None:
    assert planned().inference.mode == "probability"
    assert planned(mode="generate").inference.mode == "generate"
    assert planned(student="m", base_url="http://h/v1").inference.mode == "generate"


def test_the_country_is_named_to_the_zero_shot_row_alone() -> None:
    one = planned(culture=("turkey",))
    assert one.prompt_forms == {"plain": "base", "zero-shot": "zero-shot"}
    (task, *_) = one.tasks
    plain, named = (next(task.examples(row)).text for row in ("base", "zero-shot"))
    assert plain.startswith("### Question: ")
    assert named.startswith("You are a Turkey chatbot")


def test_imported_tests_are_asked_and_remarks_on_them_stand_beside_the_scores(here: Path) -> None:
    single = lines([{"text": f"text {n}", "label": "OFF"} for n in range(3)])
    imported(here, entry(), entry("other.jsonl", culture="turkey"), posts=lines(posts(6)), other=single)
    one = planned()
    assert (one.data, one.texts) == (Path("data/offense"), 9)
    assert any("The import had remarks on 1 of 2 tests" in caveat for caveat in one.caveats())


def test_answers_that_no_text_has_as_its_gold_are_wrong_and_not_invalid(here: Path) -> None:
    imported(here, entry(), posts=lines([{"text": f"text {n}", "label": "OFF"} for n in range(3)]))
    (task,) = planned().tasks
    assert task.labels == ("OFF", "NOT")
    assert task.read("2. Not offensive") == "NOT"


def test_texts_without_a_gold_are_asked_by_the_papers_scoring_alone(here: Path) -> None:
    imported(here, entry(), posts=lines([*posts(4), {"text": "whatever", "label": ""}]))
    assert [task.count for task in planned().tasks] == [4]
    (paper,) = planned(scoring="paper").tasks
    assert paper.count == len(list(paper.examples("base"))) == 5


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"culture": ("turky",)}, "unknown culture 'turky'; did you mean turkey"),
        ({"culture": ("japan",)}, "--culture japan: the demonstration set holds no test set of it"),
        ({"mode": "guess"}, "--mode: Input should be 'generate' or 'probability' (given: \"guess\")"),
        ({"scoring": "strict"}, "--scoring: Input should be 'corrected' or 'paper' (given: \"strict\")"),
        ({"format": "bare"}, "--format: Input should be 'text' or 'chat'"),
        ({"limit": 0}, "--limit: Input should be greater than or equal to 1 (given: 0)"),
        ({"seed": -1}, "--seed: Input should be greater than or equal to 0 (given: -1)"),
        ({"bits": 3}, "--bits: Input should be 4, 8 or 16 (given: 3)"),
        ({"student": " "}, "--student: is empty"),
        ({"base_url": "nonsense", "student": "m"}, "--base-url: "),
        ({"data": Path("nowhere")}, "no test sets at nowhere (import them with `clca data import-offense DIR`)"),
    ],
)
def test_what_cannot_be_asked_is_refused_in_one_line(asked: dict[str, Any], said: str) -> None:
    assert refusal(**asked).startswith(said)
