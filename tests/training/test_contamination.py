"""Training data that share a text with an evaluation are left out, counted and listed."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

from clca.contamination.evaluations import find_evaluations
from clca.content.lookup import Content
from clca.models.adapter import read_adapter
from clca.models.student import Student
from clca.training.contamination import CONTAMINATED, contamination_lines
from clca.training.examples import ExampleCounts
from clca.training.fingerprint_inputs import decisive
from clca.training.recipe import Data
from clca.training.recipe_files import load_recipe
from clca.training.trainer import train
from clca.training.training_sources import TrainingSources
from tests.training.jobs import Screen, job
from tests.training.material import IDA, JAPAN, RUTH, dialogue, labelled, material, numbered, of, write

ITEM = "あなたの生活において、家族はどのくらい重要ですか。"


def sources(*files: Path, against: list[Path] | None = None, **data: object) -> TrainingSources:
    """Material that is compared with all evaluations of the package, and more."""
    evaluations = find_evaluations(Content(), None, {"HF_HUB_CACHE": "/nowhere"}, against or [])
    return TrainingSources((JAPAN,), files, Content(), Data.model_validate({"held_out": 0, **data}), 42, evaluations)


def test_a_dialogue_with_an_item_of_the_survey_is_left_out_as_a_whole(tmp_path: Path) -> None:
    turns = (labelled(RUTH, "Here is what they asked me.", "Ruth tells."), labelled(IDA, ITEM, "Ida reads it out."))
    bad = dialogue(turns, id="japan-survey-1")
    counts = ExampleCounts()
    examples = of(sources(write(tmp_path / "d.jsonl", [*numbered(2), bad])), tally=counts)
    assert {example.id.split(":")[0] for example in examples} == {"japan-scene-0-1", "japan-scene-1-1"}
    assert len(examples) == 6  # two sides and the intents of each
    assert counts.dropped[CONTAMINATED] == 1
    assert dict(counts.shared) == {"survey (ja)": 1}
    (hit,) = counts.hits
    assert (hit.source, hit.where, hit.evaluation, hit.item) == ("japan-survey-1", "turn 2", "survey (ja)", "Q1")
    (line,) = contamination_lines(counts, ExampleCounts())
    assert line.startswith("1 thing shares a text with an evaluation, and is left out (japan-survey-1, turn 2: survey")


def test_a_secret_is_not_trained_on_and_does_not_count(tmp_path: Path) -> None:
    scene = dialogue().scenario
    keeper = scene.participants[0].model_copy(update={"secret": ITEM})
    kept = dialogue(scenario=scene.model_copy(update={"participants": (keeper, scene.participants[1])}))
    assert len(of(sources(write(tmp_path / "d.jsonl", [kept])))) == 3


def test_nothing_is_left_out_where_nothing_is_compared(tmp_path: Path) -> None:
    turns = (labelled(RUTH, ITEM, "Ruth reads."), labelled(IDA, "Very.", "Ida answers."))
    file = write(tmp_path / "d.jsonl", [dialogue(turns)])
    keeping = TrainingSources((JAPAN,), (file,), Content(), Data(held_out=0), 42)
    assert len(of(keeping)) == 3
    assert list(contamination_lines(ExampleCounts())) == []


def test_rows_of_the_user_s_are_compared_and_survey_pairs_only_with_what_is_not_the_survey(tmp_path: Path) -> None:
    question = "Which gas is it that plants take up from the air when the sun shines on them all day?"
    exam = tmp_path / "exam.csv"
    exam.write_text(f'"{question}",a,b,c,d,A\n')
    chats = [
        {"messages": [{"role": "user", "content": text}, {"role": "assistant", "content": "Carbon dioxide."}]}
        for text in (f"Tell me: {question}", "What do plants breathe?", f"Translate: {ITEM}")
    ]
    file = tmp_path / "chat.jsonl"
    file.write_text("".join(json.dumps(chat, ensure_ascii=False) + "\n" for chat in chats))
    counts = ExampleCounts()
    given = sources(against=[exam], mix="chat", files={"chat": str(file)})
    assert len(of(given, tally=counts)) == 1
    assert dict(counts.shared) == {str(exam): 1, "survey (ja)": 1}
    survey = of(sources(mix="wvs"), tally=(pairs := ExampleCounts()))
    assert survey
    assert pairs.dropped[CONTAMINATED] == 0


def test_evaluations_decide_an_adapter_by_what_they_hold(tmp_path: Path, tiny_student: Student) -> None:
    file, recipe = tmp_path / "texts.txt", load_recipe(Content(), "tiny", [])
    inputs = []
    for text in ("one two three", "one two three", "four"):
        file.write_text(text)
        inputs.append(decisive(recipe, tiny_student, sources(against=[file]), []))
    assert inputs[0] == inputs[1]
    assert inputs[0]["evaluations"] != inputs[2]["evaluations"]
    assert "evaluations" not in decisive(recipe, tiny_student, material(), [])


def test_an_adapter_records_what_was_compared_and_left_out(tiny_student: Student, tmp_path: Path) -> None:
    planned = job(tiny_student, tmp_path, "training.steps=1", "data.held_out=0", talks=4)
    turns = (labelled(RUTH, "Here is what they asked me.", "Ruth tells."), labelled(IDA, ITEM, "Ida reads it out."))
    with planned.sources.dialogues[0].open("a", encoding="utf-8") as file:
        file.write(dialogue(turns, id="japan-survey-1").model_dump_json() + "\n")
    screen = Screen()
    evaluations = find_evaluations(Content(), None, {"HF_HUB_CACHE": "/nowhere"})
    result = train(replace(planned, sources=replace(planned.sources, evaluations=evaluations)), screen)
    adapter = read_adapter(result.adapter).data
    assert adapter.train.shared == {"survey (ja)": 1}
    assert adapter.train.dropped[CONTAMINATED] == 1
    assert [hit.source for hit in adapter.train.shared_texts] == ["japan-survey-1"]
    assert adapter.compared is not None
    assert adapter.compared["survey (ja)"] > 40
    assert adapter.train.rows == {"dialogue": 8, "intent": 4}
    assert any("1 thing shares a text with an evaluation" in note for note in screen.notes)
