"""What two evaluations must have in common to be compared. Answers come from a predictor that knows no model."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

from clca.cli.views.comparison import show
from clca.content.lookup import Content
from clca.errors import ClcaError, ContentError, SettingsError
from clca.evaluation.compare.config import CompareConfig
from clca.evaluation.compare.plan import plan as plan_comparison
from clca.evaluation.compare.plan import read_answers
from clca.evaluation.compare.result import CompareResult
from clca.evaluation.compare.run import run as compare
from clca.evaluation.evaluated_model import EvaluatedModel
from clca.evaluation.predictor import ALL_COVERED, InferenceConfig, TopKCoverage
from clca.evaluation.result import EvaluationInfo
from clca.evaluation.run_recorder import EvaluationStopped
from clca.evaluation.wvs.config import WvsConfig
from clca.evaluation.wvs.microdata.codebook import load_codebook
from clca.evaluation.wvs.microdata.importer import import_survey
from clca.evaluation.wvs.plan import plan
from clca.evaluation.wvs.result import WvsResult
from clca.evaluation.wvs.run import run
from clca.inference.requests import Answer, AnsweredCallback, G
from clca.models.student import Student
from tests.evaluation.wvs.survey_files import official, people
from tests.evaluation.wvs.test_run import adapter


class Steady:
    """Gives everyone the number of the same place."""

    coverage = ALL_COVERED

    def __init__(self, subject: EvaluatedModel, way: InferenceConfig) -> None:
        self.asked = 0

    def predict(self, groups: Iterable[G], done: AnsweredCallback[G]) -> None:
        for group in groups:
            self.asked += 1
            done(group, [Answer(reply="1") for _ in group.questions])


@pytest.fixture(scope="module")
def cache(cache_home: Path) -> Path:
    return cache_home


@pytest.fixture(autouse=True)
def here(tmp_path: Path, cache: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_CACHE_HOME", str(cache))
    monkeypatch.setattr("clca.evaluation.wvs.questionnaire.has_chat_template", lambda student: True)
    monkeypatch.setattr("clca.evaluation.run_recorder.LazyPredictor", Steady)
    return tmp_path


def evaluated(workspace: Path | None = None, **fields: Any) -> WvsResult:
    usual: dict[str, Any] = {"culture": ("japan",), "respondents": 6, "items": "Q1,Q2", "mode": "generate"}
    return run(plan(WvsConfig(**{**usual, **fields}), workspace))


def compared(
    first: WvsResult, second: WvsResult, method: tuple[str, ...] = (), workspace: Path | None = None
) -> CompareResult:
    fields: dict[str, Any] = {"first": str(first.folder), "second": str(second.folder), "method": method, "seed": 1}
    return compare(plan_comparison(CompareConfig(**fields), workspace))


def refusal(first: WvsResult, second: WvsResult, workspace: Path | None = None) -> str:
    with pytest.raises(SettingsError) as caught:
        compared(first, second, (), workspace)
    assert "\n" not in caught.value.message
    return caught.value.message


def test_answers_to_unlike_orders_of_the_options_are_not_compared() -> None:
    given, reversed_ = evaluated(), evaluated(order=("reversed",))
    assert "no option order in common (given; reversed)" in refusal(given, reversed_)
    both = evaluated(order=("given", "reversed"))
    (persona, _) = compared(both, reversed_).comparisons
    assert (persona.methods, persona.order) == (("persona", "persona"), "reversed")
    assert persona.metrics["kl"].difference.value == 0


def test_a_suite_that_was_edited_since_is_not_compared_with(here: Path) -> None:
    one = evaluated(here)
    (here / "clca.toml").touch()
    shares = here / "eval" / "wvs" / "shares.csv"
    shares.parent.mkdir(parents=True)
    shares.write_text(Content().text("eval/wvs/shares.csv") + "\n")
    assert refusal(one, one, here) == (
        f"eval/wvs/shares.csv: changed since {one.folder} was made: evaluate again, or restore the old version"
    )


def first_version(result: WvsResult) -> WvsResult:
    """The evaluation as it was left by the first wordings: other digests, no version, five points everywhere."""
    file = result.folder / "evaluation.json"
    info = json.loads(file.read_text(encoding="utf-8"))
    del info["items_version"], info["three_points"]
    for path in ("eval/wvs/items.yaml", "eval/wvs/answers.yaml"):
        info["content"][path]["sha256"] = "0" * 64
    file.write_text(json.dumps(info), encoding="utf-8")
    return result


def test_answers_to_older_wordings_are_scored_as_what_they_were_and_that_is_said() -> None:
    old, new = first_version(evaluated()), evaluated(seed=43)
    with pytest.raises(SettingsError, match="different respondents"):
        compared(old, new)
    assert read_answers(str(old.folder), Path("evaluations"), None).items_version == {"en": 1}
    new = evaluated(method=("cultural",))
    (cultural,) = (result := compared(old, new, ("cultural",))).comparisons
    assert cultural.metrics["kl"].difference.value == 0
    assert result.items_versions == ({"en": 1}, {"en": 3})
    assert result.notes == (
        "The items are worded in other ways: the first was asked version 1 (en); the second was asked version 3 (en).",
    )
    assert compared(old, old, ("persona", "cultural")).notes == ()


@pytest.mark.parametrize(
    ("key", "value"), [("items_version", {"en": "x"}), ("items_version", [1]), ("three_points", [1])]
)
def test_a_damaged_record_of_the_items_is_a_fault_of_the_file(key: str, value: Any) -> None:
    file = (one := evaluated()).folder / "evaluation.json"
    file.write_text(json.dumps({**json.loads(file.read_text(encoding="utf-8")), key: value}), encoding="utf-8")
    with pytest.raises(ContentError, match="does not name its items and respondents"):
        read_answers(str(one.folder), Path("evaluations"), None)


def test_evaluations_that_were_asked_in_other_ways_are_said_to_be() -> None:
    ours, papers = evaluated(mode="generate"), evaluated(scoring="paper")
    assert compared(ours, ours, ("persona", "cultural")).notes == ()
    assert compared(ours, papers).notes == (
        "They were asked or read in other ways (scoring corrected against paper), from which differences may come.",
    )


def test_answers_on_five_points_are_still_scored_on_five_where_three_are_offered_now() -> None:
    old = first_version(evaluated(culture=("usa",), items="Q33,Q36"))
    file = old.folder / "predictions.jsonl"
    file.write_text(file.read_text().replace('"option":0', '"option":4'), encoding="utf-8")
    (sample,) = (answers := read_answers(str(old.folder), Path("evaluations"), None)).samples.values()
    assert [len(row) for row in sample.survey.shares.values()] == [5, 5]
    assert {counts.layout.items[0].options[0] for counts in answers.counts.values()} == {"Strongly agree"}
    new = evaluated(culture=("usa",), items="Q33,Q36", method=("cultural",))
    with pytest.raises(ClcaError, match=r"usa: .* offered other options with them \(three points or five\)"):
        compared(old, new, ("cultural",))


def test_items_of_ones_own_that_were_edited_since_are_not_compared_with(here: Path) -> None:
    (here / "clca.toml").touch()
    items = here / "eval" / "wvs" / "items.yaml"
    items.parent.mkdir(parents=True)
    items.write_text(Content().text("eval/wvs/items.yaml"), encoding="utf-8")
    one = evaluated(here)
    items.write_text(items.read_text(encoding="utf-8") + "\n", encoding="utf-8")
    assert refusal(one, one, here).startswith(f"eval/wvs/items.yaml: changed since {one.folder} was made")


def test_other_countries_of_a_language_are_not_compared(here: Path) -> None:
    one = evaluated(here, culture=("spa",), respondents=2)
    (here / "clca.toml").touch()
    profile = here / "personas" / "cultures" / "spa.yaml"
    profile.parent.mkdir(parents=True)
    text = Content().text("personas/cultures/spa.yaml")
    before = "members: [argentina, mexico]"
    assert before in text
    profile.write_text(text.replace(before, "members: [mexico, jordan]"))
    assert refusal(one, one, here).startswith(f"spa: changed since {one.folder} was made")


def test_weighted_evaluations_are_compared_weighted_and_only_with_each_other(here: Path) -> None:
    (here / "survey.csv").write_bytes(official(people({"JPN": 60})))
    import_survey([here / "survey.csv"], load_codebook(Content()), here / "mine")
    data = here / "mine" / "respondents.parquet"
    weighted = evaluated(data=data, weights=True)
    (persona,) = compared(weighted, weighted, ("persona", "cultural")).comparisons
    result = next(one for one in weighted.scores.results if one.method == "persona")
    assert result.overall.kl is not None
    assert persona.metrics["kl"].first == pytest.approx(result.overall.kl.value)
    plain = evaluated(data=data, seed=43)
    assert refusal(weighted, plain).startswith(
        f"{weighted.folder} was scored with --weights and {plain.folder} without"
    )


def test_an_evaluation_is_not_compared_with_itself_but_by_method() -> None:
    one = evaluated()
    for methods in ((), ("persona",), ("persona", "persona")):
        with pytest.raises(SettingsError, match="twice: name two evaluations, or two methods of this one"):
            compared(one, one, methods)


def test_which_of_several_evaluations_is_compared_is_printed_and_recorded(capsys: pytest.CaptureFixture[str]) -> None:
    first, again = evaluated(), evaluated(new=True)
    beginning = first.folder.name[:-1]
    result = compare(plan_comparison(CompareConfig(first=beginning, second=str(first.folder), seed=1)))
    assert (result.first, result.second) == (again.folder, first.folder)
    assert result.selection[0].others == {str(first.folder): "the same inputs"}
    show(result, as_json=True)
    assert capsys.readouterr().err == (
        f"Takes for {beginning}: {again.folder}, the newest of 2 with the same inputs; not taken: {first.folder} (the"
        " same inputs)\n"
    )


def test_an_evaluation_records_which_adapters_were_taken_and_the_date_of_its_prompts(tiny_student: Student) -> None:
    for name in ("old", "new"):
        adapter(tiny_student, name)
    result = evaluated(method=("clca",))
    info = EvaluationInfo.model_validate_json((result.folder / "evaluation.json").read_text(encoding="utf-8"))
    (selection,) = info.selection
    assert selection.taken == ("adapters/japan/new",)
    assert selection.others == {"adapters/japan/old": "the same recipe and data"}
    assert info.date == "2024-07-26"
    assert result.tables[0].rows[0].label == "tiny adapted (recipe tiny, mix clca), corrected reading"


def test_predictions_that_were_changed_are_refused_with_their_file() -> None:
    file = evaluated().folder / "predictions.jsonl"
    file.write_text(file.read_text().replace('"option":0', '"option":9', 1))
    with pytest.raises(ContentError) as caught:
        read_answers(str(file.parent), Path("evaluations"), None)
    assert caught.value.message.startswith(f"{file}: predictions: Q1 has the options 0 to 3, not 9: it has changed")


def test_a_sitting_that_asks_nothing_leaves_no_trace_of_itself() -> None:
    first, again = evaluated(), evaluated()
    assert (first.asked, again.asked) == (7, 0)
    assert again.answered == first.answered
    assert len(read_answers(str(again.folder), Path("evaluations"), None).info["sittings"]) == 1


class Interrupted(Steady):
    """A server whose likeliest tokens held 6 of 8 labels; the first sitting is stopped after two groups."""

    coverage = TopKCoverage(8, 2)

    def predict(self, groups: Iterable[G], done: AnsweredCallback[G]) -> None:
        super().predict(list(groups)[:2], done)
        raise KeyboardInterrupt


def test_labels_that_a_server_did_not_tell_of_are_counted_over_all_sittings(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("clca.evaluation.run_recorder.LazyPredictor", Interrupted)
    with pytest.raises(EvaluationStopped, match=r"^stopped after 2 of 7 request groups \(2 of them in this run\)"):
        evaluated()
    monkeypatch.setattr("clca.evaluation.run_recorder.LazyPredictor", Steady)
    done = evaluated()
    sittings = read_answers(str(done.folder), Path("evaluations"), None).info["sittings"]
    assert [one["sheets"] for one in sittings] == [2, 5]
    assert sittings[0]["labels"] == {"asked": 8, "outside": 2}
    assert any(note.startswith("2 of 8 labels (25.0%) were not among") for note in done.tables[0].notes)
