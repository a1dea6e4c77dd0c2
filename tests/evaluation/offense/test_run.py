"""What an evaluation on offensiveness asks of whom: settled before anything is loaded."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from clca.errors import ClcaError
from clca.evaluation.offense.config import OffenseConfig
from clca.evaluation.offense.plan import OffensePlan, prepare
from clca.evaluation.offense.tables import caveats
from tests.evaluation.offense.posts import entry, lines, posts, run


@pytest.fixture(scope="module")
def cache(cache_home: Path) -> Path:
    return cache_home


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of its own to be in: adapters and data lie below the working directory."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def prepared(cache: Path, **asked: Any) -> OffensePlan:
    return prepare(OffenseConfig(**asked), None, Path("generated"), {"XDG_CACHE_HOME": str(cache)})


def refusal(cache: Path, **asked: Any) -> str:
    with pytest.raises(ClcaError) as caught:
        prepared(cache, **asked)
    assert "\n" not in caught.value.message
    return caught.value.message


def imported(here: Path, *entries: dict[str, Any], **files: bytes) -> None:
    """Test sets in `data/offense`."""
    (here / "in").mkdir()
    for name, data in files.items():
        (here / "in" / f"{name}.jsonl").write_bytes(data)
    run(here / "in", here / "data" / "offense", *entries)


def test_without_imported_tests_the_demonstration_of_ten_cultures_is_asked(cache: Path) -> None:
    one = prepared(cache)
    assert (one.data, len(one.cultures), len(one.matrix.tasks)) == (None, 10, 20)
    assert [row.name for row in one.matrix.rows] == ["base", "zero-shot"]
    assert (one.matrix.cells, one.matrix.texts, one.matrix.prompts) == (40, 240, 480)
    assert one.out.parent == Path("evaluations/offense")
    assert one.out.name.startswith("tiny-10-cultures-")
    assert any(caveat.startswith("DEMONSTRATION") for caveat in caveats(one))


def test_cultures_keep_the_order_of_the_papers_tables(cache: Path) -> None:
    assert prepared(cache, cultures=("Türkiye", "deu", "turkey")).cultures == ("germany", "turkey")
    assert prepared(cache, cultures=("all",)).cultures == prepared(cache).cultures


def test_what_decides_answers_makes_another_evaluation_and_what_decides_intervals_does_not(cache: Path) -> None:
    usual = prepared(cache, cultures=("turkey",))
    assert usual.out.name.startswith("tiny-turkey-")
    assert prepared(cache, cultures=("turkey",), seed=7).out == usual.out
    others: list[dict[str, Any]] = [
        *({"scoring": "paper"}, {"layout": "chat"}, {"mode": "generate"}, {"rows": ("base",)}),
        *({"limit": 3}, {"limit": 3, "seed": 7}, {"limit": 4}, {"bits": 8}),
    ]
    places = {prepared(cache, cultures=("turkey",), **other).out for other in others}
    assert len({usual.out, *places}) == 1 + len(others)


def test_tests_imported_anew_as_another_type_or_with_other_spellings_make_another_evaluation(
    cache: Path, here: Path
) -> None:
    data = lines([{"text": f"text {n}", "label": str(n % 2)} for n in range(4)])

    kept = set[bytes]()

    def place(scoring: str, **more: Any) -> Path:
        folder = here / f"in-{len(list(here.iterdir()))}"
        folder.mkdir()
        (folder / "posts.jsonl").write_bytes(data)
        run(folder, here / "data" / "offense", entry(**more))
        kept.add((here / "data" / "offense" / "japan" / "posts.jsonl").read_bytes())
        return prepared(cache, scoring=scoring).out

    insult, mockery = ({"type": one, "labels": {"0": "0", "1": "1"}} for one in ("insult_detect", "mockery_detect"))
    assert place("corrected", **insult) == place("corrected", **insult) != place("corrected", **mockery)
    swapped = {**insult, "labels": {"0": "1", "1": "0"}, "corrected": {"0": "1", "1": "0"}}
    assert place("paper", **insult) == place("paper", **insult) != place("paper", **swapped)
    assert len(kept) == 1  # the lines of the tests were the same throughout


def test_a_tiny_student_is_compared_by_odds_and_others_write_their_answers(cache: Path) -> None:
    assert prepared(cache).matrix.way.mode == "probability"
    assert prepared(cache, mode="generate").matrix.way.mode == "generate"
    assert prepared(cache, student="m", base_url="http://h/v1").matrix.way.mode == "generate"


def test_the_country_is_named_to_the_zero_shot_row_alone(cache: Path) -> None:
    one = prepared(cache, cultures=("turkey",))
    assert one.matrix.forms == {"plain": "base", "zero-shot": "zero-shot"}
    (task, *_) = one.matrix.tasks
    plain, named = (next(task.examples(row)).text for row in ("base", "zero-shot"))
    assert plain.startswith("### Question: ")
    assert named.startswith("You are a Turkey chatbot")


def test_imported_tests_are_asked_and_remarks_on_them_stand_beside_the_scores(cache: Path, here: Path) -> None:
    single = lines([{"text": f"text {n}", "label": "OFF"} for n in range(3)])
    imported(here, entry(), entry("other.jsonl", culture="turkey"), posts=lines(posts(6)), other=single)
    one = prepared(cache)
    assert (one.data, one.matrix.texts) == (Path("data/offense"), 9)
    assert any("The import had remarks on 1 of 2 tests" in caveat for caveat in caveats(one))


def test_answers_that_no_text_has_as_its_gold_are_wrong_and_not_invalid(cache: Path, here: Path) -> None:
    imported(here, entry(), posts=lines([{"text": f"text {n}", "label": "OFF"} for n in range(3)]))
    (task,) = prepared(cache).matrix.tasks
    assert task.labels == ("OFF", "NOT")
    assert task.read("2. Not offensive") == "NOT"


def test_texts_without_a_gold_are_asked_by_the_papers_scoring_alone(cache: Path, here: Path) -> None:
    imported(here, entry(), posts=lines([*posts(4), {"text": "whatever", "label": ""}]))
    assert [task.count for task in prepared(cache).matrix.tasks] == [4]
    (paper,) = prepared(cache, scoring="paper").matrix.tasks
    assert paper.count == len(list(paper.examples("base"))) == 5


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"cultures": ("turky",)}, "unknown culture 'turky'; did you mean turkey"),
        ({"cultures": ("japan",)}, "--culture japan: the demonstration set holds no test set of it"),
        ({"mode": "guess"}, "--mode guess: is not known; there are generate, probability"),
        ({"scoring": "strict"}, "--scoring strict: is not known; there are corrected, paper"),
        ({"layout": "bare"}, "--format bare: is not known"),
        ({"limit": 0}, "--limit 0: has to be 1 or more"),
        ({"seed": -1}, "--seed -1: has to be from 0 to 2147483647"),
        ({"bits": 3}, "--bits 3: is not known; there are 4, 8, 16"),
        ({"student": " "}, "--student: is empty"),
        ({"base_url": "nonsense", "student": "m"}, "--base-url: "),
        ({"data": Path("nowhere")}, "no test sets at nowhere (import them with `clca data import-offense DIR`)"),
    ],
)
def test_what_cannot_be_asked_is_refused_in_one_line(cache: Path, asked: dict[str, Any], said: str) -> None:
    assert refusal(cache, **asked).startswith(said)
