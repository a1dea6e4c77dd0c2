"""What an evaluation on MMLU asks of whom: stop_condition before anything is loaded, or refused in one line."""

from __future__ import annotations

import csv
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import datasets
import pytest

from clca.content.lookup import Content
from clca.errors import ClcaError, ContentError, SettingsError
from clca.evaluation.classification.request_group import ExampleRequestGroup, request_groups
from clca.evaluation.mmlu.config import MmluConfig
from clca.evaluation.mmlu.few_shot import fit_shots
from clca.evaluation.mmlu.plan import MmluPlan, plan
from clca.evaluation.mmlu.question_source import demonstration
from clca.evaluation.mmlu.run import run
from clca.evaluation.model_loading import load
from clca.evaluation.prediction_dir import read_records
from clca.inference.hf_model import HfModel
from clca.inference.prompt_format import TextFormat
from clca.inference.requests import Answer
from clca.inference.tokenization import Tokens
from clca.models.load import load_tokenizer
from clca.models.student import Student
from clca.records import Choice
from clca.stages import resolve_config
from tests.evaluation.mmlu.questions import QUESTION, csv_folder, hub_rows, parquet_folder, write_csv
from tests.evaluation.wvs.test_run import adapter
from tests.inference.stub_model import Answered, Answering, plain
from tests.training.jobs import tiny_student

CONTEXT = 4096  # tokens that the tiny student reads


@pytest.fixture(scope="module")
def cache(cache_home: Path) -> Path:
    return cache_home


@pytest.fixture(scope="module")
def tiny(cache: Path) -> Student:
    return tiny_student(cache)


@pytest.fixture(autouse=True)
def here(tmp_path: Path, cache: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of its own to be in: adapters lie below the working directory."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_CACHE_HOME", str(cache))
    return tmp_path


def planned(workspace: Path | None = None, **fields: Any) -> MmluPlan:
    return plan(resolve_config(MmluConfig, fields, {}), workspace)


def refusal(**fields: Any) -> str:
    with pytest.raises(ClcaError) as caught:
        planned(**fields)
    assert "\n" not in caught.value.message
    return caught.value.message


# ---------------------------------------------------------------- what is asked


def test_by_default_the_tiny_student_is_asked_the_demonstration_with_five_worked_examples() -> None:
    one = planned()
    assert one.exam.demonstration
    assert (one.inference.mode, one.config.shots, one.config.scoring) == ("probability", 5, "corrected")
    assert [row.name for row in one.systems] == ["base"]
    assert (len(one.tasks), one.prompts) == (6, 48)
    assert one.folder.parent == Path("evaluations/mmlu")
    assert one.folder.name.startswith("tiny-demo-5-shot-")
    assert [said.partition(" ")[0] for said in one.caveats()] == ["REHEARSAL", "DEMONSTRATION:"]


def test_a_real_student_is_asked_the_hubs_questions(tiny: Student, here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(datasets.config, "HF_HUB_OFFLINE", True)
    real = here / "real"
    real.mkdir()
    for file in Path(tiny.source).iterdir():
        (real / file.name).write_bytes(file.read_bytes())
    config = json.loads((real / "config.json").read_text())
    (real / "config.json").write_text(json.dumps({key: value for key, value in config.items() if key != "clca_tiny"}))
    message = refusal(student="./real")
    assert message.startswith("--data cais/mmlu: cannot be loaded: ")


def test_the_newest_adapter_of_every_culture_answers_beside_the_student_as_it_is(tiny: Student) -> None:
    adapter(tiny, "old", "japan")
    new = adapter(tiny, "new", "japan")
    other = adapter(tiny, "one", "china")
    both = adapter(tiny, "both", "combined", cultures=["japan", "china"])
    rows = {row.name: row.adapter for row in planned().systems}
    assert rows == {
        "base": "",
        "combined": str(both.folder),
        "china": str(other.folder),
        "japan": str(new.folder),
    }


def test_given_adapters_answer_alone_and_a_row_can_be_named(tiny: Student) -> None:
    adapter(tiny, "new", "japan")
    other = adapter(tiny, "one", "china")
    assert [row.name for row in planned(adapter=("china",)).systems] == ["base", "china"]
    rows = {row.name: row.adapter for row in planned(adapter=(f"uk={other.folder}",)).systems}
    assert rows == {"base": "", "uk": str(other.folder)}


def test_all_adapters_of_one_mix_have_it_on_record(tiny: Student) -> None:
    adapter(tiny, "one", "japan", mix="wvs")
    adapter(tiny, "all", "combined", cultures=["japan", "china"], mix="wiki")  # one adapter of several cultures
    assert planned().model.mix == "wvs"
    adapter(tiny, "two", "china", mix="wvs+wiki")
    assert planned().model.mix is None


def test_of_an_adapter_whose_recipe_names_no_mix_none_is_on_record(tiny: Student) -> None:
    adapter(tiny, "one", "japan", recipe={"name": "tiny", "base": {"bits": 16}})
    assert planned().model.mix is None


def test_subjects_and_a_limit_choose_questions() -> None:
    one = planned(subject=("Nutrition", "astronomy"), limit=4)
    assert [(task.name, task.count) for task in one.tasks] == [("astronomy", 4), ("nutrition", 4)]
    golds = {example.gold for task in one.tasks[:1] for example in task.examples("base")}
    assert golds == {"A", "B", "C", "D"}
    again = planned(subject=("Nutrition", "astronomy"), limit=4, seed=43)
    assert again.folder != one.folder


def test_the_same_questions_from_another_source_are_the_same_evaluation(here: Path) -> None:
    csv_folder(here / "csv", "anatomy")
    parquet_folder(here / "hub", hub_rows("anatomy", 5), hub_rows("anatomy", 3))
    one, two = (planned(data=name, subject=("anatomy",)) for name in ("csv", "hub"))
    assert one.folder == two.folder
    write_csv(here / "csv" / "test" / "anatomy_test.csv", [QUESTION])
    assert planned(data="csv", subject=("anatomy",)).folder != two.folder


def test_another_seed_alone_asks_nothing_anew() -> None:
    assert planned(seed=1).folder == planned(seed=2).folder


@pytest.mark.parametrize(("limit", "said"), [(1, ["At most 1 question of each subject, drawn by seed 42."]), (8, [])])
def test_a_limit_is_told_where_it_leaves_something_out(limit: int, said: list[str]) -> None:
    found = planned(subject=("astronomy",), limit=limit).caveats()
    assert [one for one in found if one.startswith("At most")] == said
    assert any(one.startswith("DEMONSTRATION: 1 subject with a few plain questions") for one in found)


def test_part_of_the_subjects_is_told_to_be_part(here: Path) -> None:
    csv_folder(here / "csv", "anatomy")
    said = planned(data="csv", subject=("anatomy",)).caveats()
    assert "1 of 57 subjects: overall numbers are not those of MMLU." in said
    assert not any(one.startswith("DEMONSTRATION") for one in said)


# ---------------------------------------------------------------- refused


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"shots": 3}, "--shots: Input should be 0 or 5 (given: 3)"),
        ({"mode": "probabilities"}, "--mode: Input should be 'generate' or 'probability' (given: \"probabilities\")"),
        ({"scoring": "papr"}, "--scoring: Input should be 'corrected' or 'paper' (given: \"papr\")"),
        ({"scoring": "paper", "shots": 5}, "--shots: --scoring paper asks without worked examples; leave --shots out"),
        ({"scoring": "paper", "mode": "probability"}, "--mode: --scoring paper reads what the student writes; leave"),
        ({"limit": 0}, "--limit: Input should be greater than or equal to 1 (given: 0)"),
        ({"data": " "}, "--data: is empty; give a folder, a data set of the hub such as cais/mmlu, or demo"),
        (
            {"subject": ("astrology",)},
            "--subject astrology: is not known; did you mean astronomy or virology or sociology?",
        ),
        ({"seed": -1}, "--seed: Input should be greater than or equal to 0 (given: -1)"),
        ({"bits": 5}, "--bits: Input should be 4, 8 or 16 (given: 5)"),
        ({"base_url": "http://localhost:1/v1"}, "--base-url needs --student NAME: the model's name on the server"),
        ({"student": "no-such-model"}, "unknown model 'no-such-model'"),
        ({"adapter": ("=x",)}, "--adapter =x: give CULTURE=DIR, as in --adapter japan=adapters/japan/NAME"),
        ({"adapter": ("nobody",)}, "no adapter 'nobody'"),
    ],
)
def test_what_cannot_be_asked_for_is_one_line(asked: dict[str, Any], said: str) -> None:
    assert refusal(**asked).startswith(said)


def test_an_adapter_of_another_student_is_refused(tiny: Student) -> None:
    one = adapter(tiny, "other", "japan", source="some/other-model")
    message = refusal(student="tiny", adapter=(str(one.folder),))
    assert message.startswith(f"--adapter {one.folder} was trained on other-model, not on ")


def test_two_adapters_of_a_culture_answer_in_rows_of_their_own_and_none_twice(tiny: Student) -> None:
    first, second = adapter(tiny, "one", "japan"), adapter(tiny, "two", "japan", mix="wvs")
    one = planned(adapter=(str(first.folder), str(second.folder)))
    rows = ["base", "japan: recipe tiny, mix clca", "japan: recipe tiny, mix wvs"]
    assert [system.name for system in one.systems] == rows
    message = refusal(adapter=(str(first.folder), str(first.folder)))
    assert message == f"--adapter: japan={first.folder} is given twice; leave one of them out"


def test_too_few_worked_examples_are_refused_unless_none_is_wanted(here: Path) -> None:
    csv_folder(here / "csv", "anatomy", dev=2)
    assert "csv has 2 worked examples of anatomy, but --shots 5 needs 5" in refusal(data="csv", subject=("anatomy",))
    assert planned(data="csv", subject=("anatomy",), shots=0).prompts == 3


# ---------------------------------------------------------------- prompts that are too long


def long_folder(folder: Path, dev: int, test: int) -> Path:
    """Questions of so many words: worked examples, and one question."""
    write_csv(folder / "dev" / "anatomy_dev.csv", [[f"{number} {'why ' * dev}", *QUESTION[1:]] for number in range(5)])
    write_csv(folder / "test" / "anatomy_test.csv", [["why " * test, *QUESTION[1:]], QUESTION])
    return folder


def test_a_subject_whose_longest_question_leaves_no_room_has_fewer_worked_examples(here: Path, tiny: Student) -> None:
    long_folder(here / "long", 900, 900)
    one = planned(data="long", subject=("anatomy",))
    assert one.shortened == {"anatomy": 3}
    assert "Fewer than 5 worked examples, as the student reads no longer prompts: anatomy 3." in one.caveats()
    (task,) = one.tasks
    tokens = Tokens(load_tokenizer(tiny), TextFormat())
    lengths = [
        len(tokens.ids(TextFormat().prompt(task.system_prompt("base"), each.text))) for each in task.examples("base")
    ]
    assert max(lengths) + 1 <= CONTEXT < max(lengths) + 900


def test_every_question_of_that_subject_has_as_many(here: Path) -> None:
    long_folder(here / "long", 900, 900)
    (task,) = planned(data="long", subject=("anatomy",)).tasks
    assert task.system_prompt("base").count("Answer:") == 3


def test_what_fits_keeps_its_worked_examples(here: Path) -> None:
    long_folder(here / "long", 700, 300)
    assert planned(data="long", subject=("anatomy",)).shortened == {}


def test_a_written_answer_needs_room_too(here: Path, tiny: Student) -> None:
    tokens, words = Tokens(load_tokenizer(tiny), TextFormat()), 700
    one = planned(data=str(long_folder(here / "long", 10, words)), subject=("anatomy",))
    (task,) = one.tasks
    longest = max(len(tokens.ids(TextFormat().prompt(task.system_prompt(""), each.text))) for each in task.examples(""))
    long_folder(here / "long", 10, words + CONTEXT - longest - 1)
    assert planned(data="long", subject=("anatomy",)).shortened == {}
    assert planned(data="long", subject=("anatomy",), mode="generate").shortened == {"anatomy": 4}


def test_a_question_that_is_too_long_by_itself_is_refused_before_anything_is_asked(here: Path) -> None:
    long_folder(here / "long", 10, CONTEXT + 100)
    one = planned(data="long", subject=("anatomy",))
    assert one.shortened == {"anatomy": 0}
    with pytest.raises(
        SettingsError, match=r"^anatomy, text 1: prompt and answer take 4,\d\d\d tokens, but tiny takes at most"
    ):
        run(one)
    assert not (one.folder / "predictions.jsonl").exists()


def test_what_a_server_reads_is_not_known_here(content: Content) -> None:
    exam = demonstration(("astronomy",), ("astronomy",), content, named=True)
    one = planned()
    assert [task.shots for task in fit_shots([one.tasks[0]], None, 1)] == [5]  # type: ignore[list-item]
    assert list(exam.test) == ["astronomy"]


# ---------------------------------------------------------------- the worked examples are read once


class Counted:
    """How many tokens go through a model."""

    def __init__(self, model: Any) -> None:
        self.tokens = 0
        model.get_input_embeddings().register_forward_pre_hook(self._count)

    def _count(self, _: Any, arguments: tuple[Any, ...]) -> None:
        self.tokens += arguments[0].numel()


def test_the_worked_examples_of_a_subject_go_through_the_model_once(here: Path) -> None:
    write_csv(here / "csv" / "dev" / "anatomy_dev.csv", [QUESTION] * 5)
    write_csv(
        here / "csv" / "test" / "anatomy_test.csv", [[f"What is {10 + one} + 2?", *QUESTION[1:]] for one in range(80)]
    )
    one = planned(data="csv", subject=("anatomy",))
    student = one.model.student
    assert student is not None
    model, tokenizer = load(one.model, "cpu"), load_tokenizer(student)
    counter = Counted(model)
    found: dict[str, Answer] = {}
    asked = list(request_groups(one.tasks, one.systems, lambda _: True))
    assert [len(group.questions) for group in asked] == [64, 16]

    def done(group: ExampleRequestGroup, answers: Sequence[Answer]) -> None:
        found.update(zip((each.id for each in group.questions), answers, strict=True))

    HfModel(model, tokenizer, TextFormat(), "probability").predict(asked, done)
    together, counter.tokens = counter.tokens, 0
    alone: dict[str, Answer] = {}
    for group in asked:
        for question in group.questions:
            single = ExampleRequestGroup("", group.system, (question,), "base", "anatomy", 0, (0,))
            HfModel(model, tokenizer, TextFormat(), "probability").predict(
                [single], lambda one, answers: alone.update({one.questions[0].id: answers[0]})
            )
    begins = len(Tokens(tokenizer, TextFormat()).ids(one.tasks[0].system_prompt("base")))
    rest = max(map(len, (Tokens(tokenizer, TextFormat()).ids(each.text) for each in asked[0].questions))) + 2
    assert counter.tokens > 80 * begins
    assert together < begins + 80 * rest
    assert all(found[id].probabilities == pytest.approx(alone[id].probabilities, abs=1e-4) for id in alone)


# ---------------------------------------------------------------- what is left behind


def test_an_evaluation_leaves_scores_of_subjects_groups_and_all() -> None:
    one = planned()
    done = run(one)
    folder = done.folder
    info = json.loads((folder / "evaluation.json").read_text())
    assert (info["kind"], info["finished"], info["demonstration"]) == ("mmlu", True, True)
    assert info["cells"] == {"done": 6, "of": 6}
    scores = json.loads((folder / "scores.json").read_text())
    assert scores["rows"] == ["base"]
    assert {one["row"] for one in scores["knowledge"]["rows"]} == {"base"}
    assert set(scores["cultures"]) == {"stem", "humanities", "social_sciences", "other"}
    with (folder / "table.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert {row["rehearsal"] for row in rows} == {"yes"}
    assert {row["metric"] for row in rows} == {
        "mmlu_accuracy_groups",
        "mmlu_f1_groups",
        "mmlu_accuracy_subjects",
        "mmlu_f1_subjects",
    }
    for text in ("table.md", "table.tex"):
        assert "DEMONSTRATION" in (folder / text).read_text()


def test_a_subject_with_a_single_right_letter_has_its_own_words(here: Path) -> None:
    csv_folder(here / "csv", "anatomy", "virology")
    write_csv(here / "csv" / "test" / "virology_test.csv", [QUESTION, ["Why?", *QUESTION[1:5], "A"]])
    done = run(planned(data="csv", subject=("anatomy", "virology")))
    text = (done.folder / "table.md").read_text()
    assert "csv: 5 questions of 2 subjects, 5-shot, probability, scoring corrected; seed 42." in text
    assert "the mean over subjects is without it; a group's and the overall one count its questions" in text
    assert "C-SPEC" not in text
    scores = json.loads((done.folder / "scores.json").read_text())
    assert any(note.startswith("Test questions that are worked examples") for note in scores["notes"])


def test_the_engine_reads_what_was_answered_and_asks_nothing_again() -> None:
    first, second = (run(planned()) for _ in range(2))
    assert (first.asked, second.asked) == (6, 0)
    assert first.scores == second.scores
    assert first.knowledge == second.knowledge


def test_a_line_that_is_not_of_this_evaluation_is_refused() -> None:
    done = run(planned(subject=("astronomy",)))
    file = done.folder / "predictions.jsonl"
    file.write_text(file.read_text().replace('"test":"astronomy"', '"test":"virology"', 1))
    with pytest.raises(ContentError, match=r"predictions\.jsonl:1: its request group is not part of this evaluation"):
        run(planned(subject=("astronomy",)))


def test_a_new_evaluation_stands_beside_the_old_one() -> None:
    first = run(planned(subject=("astronomy",)))
    second = run(planned(subject=("astronomy",), new=True))
    assert second.folder.name == f"{first.folder.name}-2"
    assert second.asked == 1
    assert second.knowledge == first.knowledge


def test_prompts_are_kept_in_two_halves() -> None:
    folder = run(planned(subject=("astronomy",))).folder
    (begun,) = [json.loads(line) for line in (folder / "sheets.jsonl").read_text().splitlines()]
    assert begun["test"] == "astronomy"
    assert begun["system"].startswith("The following are multiple choice questions (with answers) about astronomy.\n\n")
    asked = [json.loads(line) for line in (folder / "questions.jsonl").read_text().splitlines()]
    assert len(asked) == 8
    assert all(one["text"].endswith("\nAnswer:") for one in asked)


def test_the_papers_scoring_asks_without_examples_and_reads_what_is_written() -> None:
    paper, usual = planned(scoring="paper").config, planned().config
    assert (paper.shots, paper.mode) == (0, "generate")
    assert (usual.shots, usual.mode) == (5, "probability")


def test_by_the_papers_scoring_what_is_not_read_is_an_a() -> None:
    """The tiny student babbles, and hardly ever names a letter."""
    found = {}
    for scoring in ("paper", "corrected"):
        one = planned(subject=("astronomy", "nutrition"), mode="generate", shots=0, scoring=scoring)
        done = run(one)
        base = done.knowledge.row("base")
        assert base is not None
        assert base.overall.accuracy is not None
        assert base.overall.invalid is not None
        found[scoring] = (base.overall.accuracy.value, base.overall.invalid.value)
        assert any(table.metric == "mmlu_invalid_groups" for table in done.tables)
    assert all(invalid > 0.5 for _, invalid in found.values())
    assert found["paper"][0] == pytest.approx(1 / 4, abs=0.1)
    assert found["corrected"][0] < 0.1


# ---------------------------------------------------------------- on a server


@pytest.mark.parametrize("mode", ["generate", "probability"])
def test_a_server_is_asked_in_plain_text_and_its_adapters_by_their_names(mode: str) -> None:
    """The base answers B and the adapter D, whatever the question."""

    def answer(body: dict[str, Any], _: int) -> Answered:
        letter = "D" if body["model"] == "japan-lora" else "B"
        shares = {f" {one}": 0.7 if one == letter else 0.1 for one in "ABCD"}
        return 200, plain(f" {letter}\n", *([shares] if mode == "probability" else [])), {}

    with Answering(answer) as server:
        asked = {
            "student": "m",
            "base_url": server.url,
            "adapter": ("japan=japan-lora",),
            "data": "demo",
            "mode": mode,
        }
        done = run(planned(**asked))
        assert {body["path"] for body in server.bodies} == {"completions"}
        # Before the questions each model is greeted once, to see that it is there.
        prompts = [body["prompt"] for body in server.bodies if "Answer:" in body["prompt"]]
        assert len(prompts) == 96
        assert all(one.startswith("The following are multiple") and one.endswith("\nAnswer:") for one in prompts)
    found = {row.row: row.overall for row in done.knowledge.rows}
    for overall in found.values():
        assert overall.accuracy is not None
        assert overall.accuracy.value == 1 / 4  # each letter is right in a quarter of the questions
    labels = {one.row: one.label for one in read_records(done.folder, Choice)}
    assert labels == {"base": "B", "japan": "D"}
    assert not any(said.startswith("REHEARSAL") for said in done.caveats)
