"""Texts of evaluations in other texts: found where they stand, and nowhere else."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from clca.contamination.evaluations import NO_MMLU, find_evaluations
from clca.contamination.index import MOST_ITEMS, ContaminationIndex, Hit
from clca.contamination.run_length import LONG, SHORT, EvaluationTexts
from clca.content.lookup import Content
from clca.errors import SettingsError
from clca.evaluation.wvs.suite import languages

QUESTION = "How important is it to you that neighbours greet each other on the stairs every day?"
JAPANESE = "あなたの近所の人が毎日階段であいさつをすることはどのくらい重要ですか。"


def index(*texts: tuple[str, str], length: object = SHORT) -> ContaminationIndex:
    assert length in (SHORT, LONG)
    return ContaminationIndex([EvaluationTexts("a survey", SHORT if length is SHORT else LONG, texts)])


def items(found: list[Hit]) -> list[str]:
    return [hit.item for hit in found]


def test_eight_words_in_a_row_are_shared_and_seven_are_not() -> None:
    survey = index(("N1", QUESTION))
    eight = "Well, how IMPORTANT is it — to you that: neighbours, ah!"
    expected = Hit(where="turn 2", evaluation="a survey", item="N1", text="how important is it to you that neighbours")
    assert survey.hits({"turn 1": "Hello.", "turn 2": eight}) == [expected]
    assert survey.hits({"turn 1": "How important is it to you that we go?"}) == []
    assert survey.hits({"turn 1": "How important is it to", "turn 2": "you that neighbours greet"}) == []  # two texts


def test_a_text_shorter_than_a_run_counts_as_a_whole() -> None:
    survey = index(("N1", "Do you like your neighbours?"), ("N2", "Yes, I do."))
    assert items(survey.hits({"turn 1": "So tell me: do you like your neighbours, honestly?"})) == ["N1"]
    assert survey.hits({"turn 1": "Yes, I do. I do like your neighbours."}) == []
    assert survey.references[0].texts == 2
    assert survey.references[0].compared == 1  # three words are anybody's


def test_characters_are_run_together_where_there_are_no_spaces() -> None:
    survey = index(("N1", JAPANESE))
    assert items(survey.hits({"turn 1": f"ねえ、{JAPANESE[5:24]}って思う?"})) == ["N1"]
    assert survey.hits({"turn 1": f"ねえ、{JAPANESE[5:18]}って思う?"}) == []
    assert survey.hits({"turn 1": QUESTION}) == []


def test_an_item_is_found_once_and_other_evaluations_can_be_left_out() -> None:
    both = ContaminationIndex(
        [
            EvaluationTexts("first", SHORT, [("N1", QUESTION)]),
            EvaluationTexts("second", SHORT, [("M1", f"So: {JAPANESE}")]),
        ]
    )
    texts = {"a": f"{QUESTION} {QUESTION}", "b": QUESTION, "c": JAPANESE}
    assert [(hit.where, hit.evaluation) for hit in both.hits(texts)] == [("a", "first"), ("c", "second")]
    assert [hit.evaluation for hit in both.hits(texts, skip={"first"})] == ["second"]


def test_a_text_of_two_evaluations_is_found_in_both() -> None:
    names = ("first", "second")
    both = ContaminationIndex([EvaluationTexts(name, SHORT, [("N1", QUESTION), ("N2", QUESTION)]) for name in names])
    assert [(hit.evaluation, hit.item) for hit in both.hits({"a": QUESTION})] == [("first", "N1"), ("second", "N1")]
    assert [hit.evaluation for hit in both.hits({"a": QUESTION}, skip={"first"})] == ["second"]


def test_turns_of_phrase_of_many_items_are_no_hits() -> None:
    phrase = "which of the following statements is true about the"
    many = [(f"M{number}", f"{phrase} {number} of the country") for number in range(MOST_ITEMS + 1)]
    exam = index(*many)
    assert exam.references[0].common > 0
    assert exam.hits({"a": phrase}) == []
    assert items(index(*many[:-1]).hits({"a": phrase})) != []


def test_nothing_is_shared_with_nothing() -> None:
    assert index().hits({"a": QUESTION}) == []
    assert index(("N1", QUESTION)).hits({}) == []
    assert index(("N1", QUESTION)).hits({"a": "", "b": "!"}) == []


@pytest.fixture(scope="module")
def shipped(content: Content) -> ContaminationIndex:
    return ContaminationIndex(find_evaluations(content, None, {"HF_HUB_CACHE": "/nowhere"}).texts)


def test_the_survey_is_found_in_all_languages(content: Content, shipped: ContaminationIndex) -> None:
    names = {reference.name for reference in shipped.references}
    assert names >= {f"survey ({language})" for language in languages(content)}
    for evaluation in find_evaluations(content, None, {"HF_HUB_CACHE": "/nowhere"}).texts:
        if evaluation.name.startswith("survey"):
            questions = dict(reversed(list(evaluation.texts)))  # the question is the first text of an item
            missed = [item for item, text in questions.items() if not shipped.hits({"a": f"- {text} -"})]
            assert missed == [], evaluation.name


def test_what_is_not_here_is_said_and_what_is_given_is_read(content: Content, tmp_path: Path) -> None:
    long = " ".join(f"word{number}" for number in range(14))
    (tmp_path / "a.jsonl").write_text(json.dumps({"id": "x", "parts": {"text": long}}) + "\n")
    (tmp_path / "b.csv").write_text(f'question,answer\n"{long} again",1\n')
    (tmp_path / "c.txt").write_text(f"{long} too\n")
    (tmp_path / "ignored.md").write_text(long)
    found = find_evaluations(content, None, {"HF_HUB_CACHE": str(tmp_path)}, [tmp_path])
    assert found.caveats == (NO_MMLU,)
    moved = shutil.copytree(tmp_path, tmp_path.with_name("moved"))
    assert found.inputs == find_evaluations(content, None, {"HF_HUB_CACHE": str(tmp_path)}, [moved]).inputs
    assert found.inputs != find_evaluations(content, None, {"HF_HUB_CACHE": str(tmp_path)}).inputs
    given = ContaminationIndex([found.texts[-1]])
    assert given.references[0].compared == 3
    assert items(given.hits({"a": f"{long} again"}))[0].endswith(" 1")
    with pytest.raises(SettingsError, match="no such file or folder"):
        find_evaluations(content, None, {}, [tmp_path / "none"])
    with pytest.raises(SettingsError, match="holds no file that is read"):
        find_evaluations(content, None, {}, [tmp_path / "ignored.md"])


def test_imported_test_sets_and_mmlu_of_the_hub_s_cache_are_compared(content: Content, tmp_path: Path) -> None:
    pytest.importorskip("pyarrow")
    import pyarrow as pa
    from pyarrow import parquet

    post = "this post of fourteen words was written for a test and nothing else at all"
    folder = tmp_path / "data" / "offense"
    (folder / "japan").mkdir(parents=True)
    line = {"id": "p1", "text": post, "label": "1", "source_label": "1"}
    (folder / "japan" / "posts.jsonl").write_text(json.dumps(line) + "\n")
    entry = {"culture": "japan", "task": "posts", "type": "abuse", "rows": 1, "sha256": "0" * 64, "source": "s"}
    entry |= {"source_sha256": "0" * 64, "labels": {}, "corrected": {}, "gold": {}}
    manifest = {"version": "1", "mapping": "m", "mapping_sha256": "0" * 64, "sets": [entry]}
    (folder / "manifest.json").write_text(json.dumps(manifest))
    cache = tmp_path / "hub" / "datasets--cais--mmlu" / "snapshots" / "abc" / "all"
    cache.mkdir(parents=True)
    question = "which gas is it that plants take up from the air when the sun shines on them"
    table = pa.table({"question": [question], "subject": ["biology"], "choices": [["a", "b", "c", "d"]], "answer": [1]})
    parquet.write_table(table, cache / "test-00000-of-00001.parquet")
    found = find_evaluations(content, tmp_path, {"HF_HUB_CACHE": str(tmp_path / "hub")})
    assert found.caveats == ()
    assert found.inputs["mmlu"] == "abc"
    newer = cache.parents[2] / "snapshots" / "def" / "all"
    shutil.copytree(cache, newer)
    (cache.parents[2] / "refs").mkdir()
    (cache.parents[2] / "refs" / "main").write_text("def")
    assert find_evaluations(content, tmp_path, {"HF_HUB_CACHE": str(tmp_path / "hub")}).inputs["mmlu"] == "def"
    index = ContaminationIndex(found.texts)
    assert [(hit.evaluation, hit.item) for hit in index.hits({"a": post})] == [("offense japan/posts", "p1")]
    assert [hit.evaluation for hit in index.hits({"a": f"{question}?"})] == ["mmlu"]
