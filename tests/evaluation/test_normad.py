"""`clca eval-normad`: stories of the user's file are asked by country, and replies are read as yes, no or neutral."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

from clca.content.lookup import Content
from clca.errors import ClcaError
from clca.evaluation.evaluated_model import EvaluatedModel
from clca.evaluation.labelled.result import CultureResult
from clca.evaluation.normad import NormadConfig, NormadReader, load_suite
from clca.evaluation.normad.suite import NormadPlan, plan, run
from clca.evaluation.prediction_dir import read_records
from clca.evaluation.predictor import ALL_COVERED, InferenceConfig
from clca.inference.requests import Answer, AnsweredCallback, G
from clca.records import Choice
from clca.stages import resolve_config

HEAD = "ID,Country,Background,Axis,Subaxis,Value,Rule-of-Thumb,Story,Explanation,Gold Label\n"
STORIES = HEAD + "".join(
    f'{number},{country},"### Eating\n- Wait.",etiquette,eating,Tact,One waits.,"Ana, number {number}.",So.,{label}\n'
    for number, (country, label) in enumerate(
        [
            ("japan", "yes"),
            ("japan", "no"),
            ("japan", "Neutral"),
            ("exampleland", "no"),
            ("united_states_of_america", "yes"),
        ]
    )
)


class Yes:
    """Answers 1, which is yes, to everything."""

    coverage = ALL_COVERED

    def __init__(self, model: EvaluatedModel, inference: InferenceConfig) -> None:
        pass

    def predict(self, groups: Iterable[G], answered: AnsweredCallback[G]) -> None:
        for group in groups:
            answered(group, [Answer(reply="1. yes") for _ in group.questions])


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("cache")


@pytest.fixture(autouse=True)
def here(tmp_path: Path, cache: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_CACHE_HOME", str(cache))
    monkeypatch.setattr("clca.evaluation.run_recorder.LazyPredictor", Yes)
    (tmp_path / "normad.csv").write_text(STORIES, encoding="utf-8")
    return tmp_path


def planned(**fields: Any) -> NormadPlan:
    return plan(resolve_config(NormadConfig, {"mode": "generate", **fields}, {}))


def evaluated(**fields: Any) -> CultureResult:
    return run(planned(data="normad.csv", **fields))


def refusal(**fields: Any) -> str:
    with pytest.raises(ClcaError) as caught:
        planned(**fields)
    assert "\n" not in caught.value.message
    return caught.value.message


def test_stories_are_tests_of_their_country_by_the_culture_that_has_a_profile() -> None:
    one = planned(data="normad.csv")
    assert [(task.culture, task.count) for task in one.tasks] == [("japan", 3), ("exampleland", 1), ("usa", 1)]
    assert [example.gold for example in one.tasks[0].examples("base")] == ["yes", "no", "neutral"]
    assert [system.name for system in one.systems] == ["base", "zero-shot"]
    assert one.demonstration is False


def test_the_country_is_named_to_the_zero_shot_system_alone() -> None:
    (task, *_) = planned(data="normad.csv").tasks
    plain, named = (next(iter(task.examples(row))).text for row in ("base", "zero-shot"))
    assert "Ana, number 0." in plain
    assert "Japan" not in plain
    assert "socially acceptable in Japan?" in named


def test_macro_f1_is_of_all_three_labels_by_country() -> None:
    result = evaluated()
    said = result.json_object()
    # yes: precision 1/3, recall 1, F1 1/2; the other two labels are never answered.
    assert said["matrix"]["base"]["japan"]["f1"]["value"] == pytest.approx(1 / 6)
    assert said["matrix"]["base"]["japan"]["accuracy"]["value"] == pytest.approx(1 / 3)
    assert said["matrix"]["base"]["exampleland"]["f1"] is None  # a single label is no test of anything
    assert said["rows"] == ["base", "zero-shot"]
    assert said["cultures"] == ["japan", "exampleland", "usa"]


def test_an_evaluation_is_resumed_and_read_back_as_any_other() -> None:
    first, again = evaluated(culture=("japan",)), evaluated(culture=("Japan",))
    assert (first.asked, again.asked, again.folder) == (2, 0, first.folder)
    assert first.folder.parent == Path("evaluations/normad")
    assert {choice.label for choice in read_records(first.folder, Choice)} == {"yes"}
    info = json.loads((first.folder / "evaluation.json").read_text())
    assert (info["kind"], info["finished"], info["cells"]) == ("normad", True, {"done": 2, "of": 2})
    assert evaluated(culture=("japan",), limit=2).folder != first.folder


def test_without_a_file_the_demonstration_is_asked_and_marked() -> None:
    one = planned()
    assert (len(one.tasks), one.texts, one.demonstration) == (4, 12, True)
    assert any(caveat.startswith("DEMONSTRATION") for caveat in one.caveats())
    assert one.cost.total("prompts") == 24
    assert one.cost.parts[0].names == {"culture": "japan"}


@pytest.mark.parametrize(
    ("reply", "label"),
    [
        ("1", "yes"),
        (" 2. no", "no"),
        ("Answer: Neutral.", "neutral"),
        ("not acceptable, since he was late", "no"),
        ("It is socially acceptable", "yes"),
        ("yes or no", None),
        ("Sure thing! 2", "no"),
        ("I think it is not acceptable", "no"),
        ("yes, if she is a guest", None),
        ("no, but it depends", None),
        ("It is acceptable, but only for guests", None),
        ("no. It depends on the host", None),
        ("yes, it is not", None),
        ("1. yes\n2. no\n3. neutral", None),
        ("1. yes, 2. no", None),
        ("10", None),
        ("nothing", None),
        ("", None),
    ],
)
def test_replies_are_read_by_what_they_begin_with(content: Content, reply: str, label: str | None) -> None:
    assert NormadReader(load_suite(content)).read(reply) == label


STORY = "No, that is acceptable, said Ana, and yes, she ate the soup"


@pytest.mark.parametrize(
    ("reply", "label"),
    [(STORY, None), (STORY[:25], None), (f"{STORY}. 2", "no"), ("No", "no"), ("No, that was rude", "no"), ("1", "yes")],
)
def test_a_reply_that_repeats_its_story_is_no_answer(content: Content, reply: str, label: str | None) -> None:
    assert NormadReader(load_suite(content)).read(reply, (STORY,)) == label


def test_replies_are_read_beside_their_stories_when_they_come_and_when_they_are_resumed(
    here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    row = f'1,japan,"b",etiquette,eating,Tact,r,"{STORY}",So.,no\n'
    (here / "normad.csv").write_text(HEAD + row + row.replace("1,", "2,").replace("no\n", "yes\n"), encoding="utf-8")

    class Repeats(Yes):
        def predict(self, groups: Iterable[G], answered: AnsweredCallback[G]) -> None:
            for group in groups:
                answered(group, [Answer(reply=STORY) for _ in group.questions])

    monkeypatch.setattr("clca.evaluation.run_recorder.LazyPredictor", Repeats)
    first, again = evaluated(), evaluated()
    assert (again.asked, again.folder) == (0, first.folder)
    assert {choice.label for choice in read_records(first.folder, Choice)} == {None}


@pytest.mark.parametrize("reply", ["Answer: 2. no because", "not acceptable at all", "yes or no", "perhaps 1", "no. "])
def test_a_reply_that_is_final_is_read_as_its_whole_is(content: Content, reply: str) -> None:
    reader = NormadReader(load_suite(content))
    for end in range(len(reply) + 1):
        if reader.stop_condition(reply[:end]):
            assert reader.read(reply[:end]) == reader.read(reply)


def test_what_cannot_be_asked_is_one_line(here: Path) -> None:
    assert refusal(culture=("greece",)).startswith("--culture greece: the demonstration has no story of it")
    assert refusal(data="nowhere.csv").startswith("--data nowhere.csv: cannot be read")
    (here / "bad.csv").write_text(STORIES + '9,japan,b,etiquette,eating,v,r,"A story.",e,perhaps\n')
    assert refusal(data="bad.csv").startswith("bad.csv:12: Gold Label: Input should be 'yes', 'no' or 'neutral'")
