"""Where the questions of MMLU come from, and every fault in them, with the message it gives."""

from __future__ import annotations

import logging
import os
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from clca.content.lookup import Content
from clca.errors import ContentError, NotFoundError, SettingsError
from clca.evaluation.mmlu.csv_questions import QUOTING
from clca.evaluation.mmlu.question_source import open_questions
from clca.evaluation.mmlu.questions import MmluItem, QuestionSet, require_shots
from clca.evaluation.mmlu.subjects import choose_subjects, load_subjects
from tests.conftest import Overlay
from tests.evaluation.mmlu.questions import QUESTION, csv_folder, hub_rows, parquet_folder, write_csv

KNOWN = tuple(load_subjects(Content()))
TWO = ("anatomy", "virology")


def opened(name: Path | str, subjects: tuple[str, ...] = TWO, *, named: bool = True) -> QuestionSet:
    return open_questions(str(name), subjects, KNOWN, Content(), named=named)


def refused(name: Path | str, subjects: tuple[str, ...] = TWO, *, named: bool = True) -> str:
    with pytest.raises((SettingsError, ContentError)) as caught:
        opened(name, subjects, named=named)
    assert "\n" not in caught.value.message
    return caught.value.message


def faulty(folder: Path, *rows: list[str]) -> str:
    """What is said of a folder with these rows after a sound one."""
    csv_folder(folder, *TWO)
    write_csv(folder / "test" / "anatomy_test.csv", [QUESTION, *rows])
    return refused(folder).removeprefix(f"{folder}/test/anatomy_test.csv:")


# ---------------------------------------------------------------- subjects


def test_there_are_57_subjects_in_four_groups(content: Content) -> None:
    subjects = load_subjects(content)
    groups = Counter(one.group for one in subjects.values())
    assert groups == {"stem": 19, "humanities": 13, "social_sciences": 12, "other": 13}
    assert all(one.name == id.replace("_", " ") for id, one in subjects.items())


def test_subjects_are_named_by_id_or_in_words() -> None:
    assert choose_subjects((), KNOWN) == KNOWN
    assert choose_subjects(("Virology", "high school us history"), KNOWN) == ("high_school_us_history", "virology")


def test_an_unknown_subject_is_refused_with_the_nearest_ones() -> None:
    with pytest.raises(SettingsError, match=r"^--subject anatom: is not known; did you mean anatomy"):
        choose_subjects(("anatom",), KNOWN)


def test_an_empty_subject_is_refused_in_few_words() -> None:
    with pytest.raises(SettingsError, match=r"^--subject: is empty; give the id of a subject, as in eval/mmlu/subj"):
        choose_subjects((" ",), KNOWN)


def test_a_subject_that_stands_twice_is_refused(overlay: Overlay) -> None:
    text = "id,group,name\nanatomy,stem,anatomy\nanatomy,other,anatomy\n"
    with pytest.raises(ContentError, match=r"subjects\.csv:3: id: duplicate anatomy$"):
        load_subjects(overlay({"eval/mmlu/subjects.csv": text}))


def test_a_group_that_is_none_of_the_four_is_refused(overlay: Overlay) -> None:
    with pytest.raises(ContentError, match=r"subjects\.csv:2: group: Input should be 'stem'"):
        load_subjects(overlay({"eval/mmlu/subjects.csv": "id,group,name\nanatomy,science,anatomy\n"}))


# ---------------------------------------------------------------- demonstration


def test_the_demonstration_has_every_group_and_spreads_the_right_answers_evenly(content: Content) -> None:
    exam = open_questions("demo", KNOWN, KNOWN, content, named=False)
    assert exam.demonstration
    groups = {load_subjects(content)[subject].group for subject in exam.test}
    assert groups == {"stem", "humanities", "social_sciences", "other"}
    for subject, items in exam.test.items():
        assert Counter(one.answer for one in items) == dict.fromkeys("ABCD", 2), subject
        assert len(exam.dev[subject]) == 5
    assert len(exam.test) == 6
    assert set(Counter(one.answer for items in exam.dev.values() for one in items).values()) <= {7, 8}


def test_every_question_of_the_demonstration_has_four_different_choices(content: Content) -> None:
    exam = open_questions("demo", KNOWN, KNOWN, content, named=False)
    items = [one for split in (exam.dev, exam.test) for each in split.values() for one in each]
    assert all(len(set(one.choices)) == 4 for one in items)
    assert len({one.question for one in items}) == len(items) == 78


def test_the_demonstration_says_which_subjects_it_has() -> None:
    message = refused("demo", ("virology",))
    assert message == (
        "--data demo has no questions of virology; it has astronomy, elementary_mathematics, high_school_geography,"
        " miscellaneous, nutrition, world_religions"
    )


# ---------------------------------------------------------------- hendrycks' folder


@pytest.mark.parametrize("below", ["", "data"])
def test_a_csv_folder_is_read_with_or_without_data_above(tmp_path: Path, below: str) -> None:
    csv_folder(tmp_path / below, *TWO)
    exam = opened(tmp_path)
    assert list(exam.test) == list(TWO)
    assert exam.test["anatomy"][2] == MmluItem(3, "What is 2 + 2?", ("3", "4", "5", "6"), "B")
    assert [len(exam.dev[one]) for one in TWO] == [5, 5]
    assert not exam.demonstration


def test_quoted_line_breaks_commas_quotes_and_a_byte_order_mark_are_read(tmp_path: Path) -> None:
    csv_folder(tmp_path, *TWO)
    file = tmp_path / "test" / "anatomy_test.csv"
    text = '\ufeff"Which of\r\nthese, ""if"" any?",one,"two, three",,four,D\r\n\r\nIs it so?,a,b,c,d, A \n'
    file.write_bytes(text.encode())
    first, second = opened(tmp_path).test["anatomy"]
    assert first == MmluItem(1, 'Which of\r\nthese, "if" any?', ("one", "two, three", "", "four"), "D")
    assert second.answer == "A"


@pytest.mark.parametrize(
    ("row", "said"),
    [
        (QUESTION[:5], "2: 5 columns, expected six: question, four choices, answer"),
        ([*QUESTION, "B"], "2: 7 columns, expected six: question, four choices, answer"),
        ([*QUESTION[:5], "E"], "2: answer 'E': has to be one of A, B, C, D"),
        ([*QUESTION[:5], "b"], "2: answer 'b': has to be one of A, B, C, D"),
        ([*QUESTION[:5], ""], "2: answer '': has to be one of A, B, C, D"),
        ([" ", *QUESTION[1:]], "2: the question is empty"),
    ],
)
def test_a_malformed_row_is_named_by_file_and_line(tmp_path: Path, row: list[str], said: str) -> None:
    assert faulty(tmp_path, row) == said


def test_the_line_is_that_in_which_the_row_begins(tmp_path: Path) -> None:
    before = ["one\ntwo\nthree", *QUESTION[1:]]
    assert faulty(tmp_path, before, ["short"]).startswith("5: 1 column,")


def test_further_malformed_rows_are_counted(tmp_path: Path) -> None:
    message = faulty(tmp_path, ["short"], [*QUESTION[:5], "Z"], ["short"])
    assert message == ("2: 1 column, expected six: question, four choices, answer (and 2 more malformed rows)")


def test_a_header_is_told_apart_from_a_question(tmp_path: Path) -> None:
    csv_folder(tmp_path, *TWO)
    write_csv(tmp_path / "test" / "anatomy_test.csv", [["question", "A", "B", "C", "D", "answer"], QUESTION])
    assert refused(tmp_path).endswith(
        "anatomy_test.csv:1: answer 'answer': has to be one of A, B, C, D; the first line has to be a question,"
        " not a header"
    )


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b'"What is 2 + 2?,3,4,5,6,B\n', f"anatomy_test.csv:1: not CSV: unexpected end of data; {QUOTING}"),
        (b'Fine?,a,b,c,d,A\n"Wh"at,3,4,5,6,B\n', f"anatomy_test.csv:2: not CSV: ',' expected after '\"'; {QUOTING}"),
        (
            b'"' + b"a" * 140_000,
            f"anatomy_test.csv:1: a cell of more than 131,072 characters: is a quote not closed?; {QUOTING}",
        ),
        (
            b"Fine?;a;b;c;d;A\n",
            "anatomy_test.csv:1: 1 column, expected six, with commas between them: question, four choices, answer",
        ),
        (b"Fine?,a,b,c,d,A\nna\xefve?,a,b,c,d,A\n", "anatomy_test.csv:2: not UTF-8: save it as UTF-8"),
        (b"", "anatomy_test.csv: has no question"),
        (b"\n\n", "anatomy_test.csv: has no question"),
    ],
)
def test_a_file_that_is_no_csv_of_questions_is_refused(tmp_path: Path, data: bytes, said: str) -> None:
    csv_folder(tmp_path, *TWO)
    (tmp_path / "test" / "anatomy_test.csv").write_bytes(data)
    assert refused(tmp_path) == f"{tmp_path}/test/{said}"


def test_a_folder_that_lacks_subjects_is_refused_unless_the_others_are_named(tmp_path: Path) -> None:
    csv_folder(tmp_path, *TWO)
    assert refused(tmp_path, KNOWN, named=False) == (
        f"--data {tmp_path} lacks 55 of 57 subjects (abstract_algebra, astronomy, business_ethics, clinical_knowledge,"
        " college_biology and 50 more): complete it, or name the subjects to ask with --subject"
    )
    assert refused(tmp_path, ("astronomy",)) == (
        f"--data {tmp_path} has no questions of astronomy; it has anatomy, virology"
    )


def test_subjects_that_are_not_known_are_left_out_and_told(tmp_path: Path) -> None:
    csv_folder(tmp_path, *TWO, "alchemy")
    exam = opened(tmp_path)
    assert list(exam.test) == list(TWO)
    assert exam.notes[0] == f"{tmp_path}: alchemy: not in eval/mmlu/subjects.csv, and left out"


def test_questions_that_stand_twice_are_told(tmp_path: Path) -> None:
    csv_folder(tmp_path, *TWO)
    write_csv(tmp_path / "test" / "anatomy_test.csv", [QUESTION, QUESTION, QUESTION])
    assert opened(tmp_path).notes[0] == (
        "Duplicate questions within their subject, asked and counted each time: anatomy 2"
    )


def test_sound_questions_leave_no_note(tmp_path: Path, content: Content) -> None:
    csv_folder(tmp_path, "anatomy", dev=0)
    assert opened(tmp_path, ("anatomy",)).notes == ()
    assert open_questions("demo", KNOWN, KNOWN, content, named=False).notes == ()


def test_questions_that_are_worked_examples_too_are_told(tmp_path: Path) -> None:
    csv_folder(tmp_path, *TWO)
    write_csv(tmp_path / "dev" / "virology_dev.csv", [["Other?", *QUESTION[1:]]])
    assert opened(tmp_path).notes == (
        "Test questions that are worked examples, too, so that the prompt contains their answer: anatomy 3",
    )


@pytest.mark.parametrize("split", ["dev", "test"])
@pytest.mark.parametrize(
    ("row", "said"),
    [
        (["Why?", "", "b", "c", "d", "B"], "with an empty choice: anatomy 1"),
        (["Why?", "same", "b", "same ", "d", "B"], "with equal choices: anatomy 1"),
        (["Why\0?", "a", "b", "c", "d", "B"], "with a NUL character: anatomy 1"),
    ],
)
def test_flaws_of_questions_and_worked_examples_are_told_and_asked(
    tmp_path: Path, split: str, row: list[str], said: str
) -> None:
    for one in ("dev", "test"):
        write_csv(tmp_path / one / f"anatomy_{one}.csv", [[f"{one}?", *QUESTION[1:]], *([row] if one == split else [])])
    exam = opened(tmp_path, ("anatomy",))
    assert exam.notes == (f"Questions and worked examples {said}",)
    assert len({"dev": exam.dev, "test": exam.test}[split]["anatomy"]) == 2


@pytest.mark.parametrize("name", ["anatomy_test.csv", "test.jsonl"])
def test_what_is_no_plain_file_is_not_waited_for(tmp_path: Path, name: str) -> None:
    folder = tmp_path / "test" if name.endswith("csv") else tmp_path
    folder.mkdir(exist_ok=True)
    os.mkfifo(folder / name)
    (tmp_path / "dev.jsonl").write_text(f"{dumps(hub_rows('anatomy', 1)[0])}\n")
    assert refused(tmp_path, ("anatomy",)).startswith(f"{folder / name}: is not a regular file: put ")


def test_a_folder_one_too_deep_names_the_one_above(tmp_path: Path) -> None:
    csv_folder(tmp_path, *TWO)
    assert refused(tmp_path / "test").endswith(f"; give the folder above it, {tmp_path}")


def test_what_the_libraries_log_of_an_error_is_left_to_the_one_line(tmp_path: Path) -> None:
    import datasets

    for split in ("dev", "test"):
        (tmp_path / f"{split}.jsonl").write_text('{"question": "Wh')
    logged = list[logging.LogRecord]()
    handler, logger = logging.Handler(), logging.getLogger(datasets.__name__)
    handler.emit = logged.append  # type: ignore[method-assign]
    level = logger.level
    logger.addHandler(handler)
    try:
        assert refused(tmp_path).startswith(f"--data {tmp_path}: cannot be loaded: ")
    finally:
        logger.removeHandler(handler)
    assert logged == []
    assert logger.level == level


def test_too_few_worked_examples_are_refused(tmp_path: Path) -> None:
    exam = opened(csv_folder(tmp_path, "anatomy", dev=4), ("anatomy",))
    with pytest.raises(SettingsError) as caught:
        require_shots(exam, 5)
    assert caught.value.message == (
        f"{tmp_path} has 4 worked examples of anatomy, but --shots 5 needs 5 (its dev questions): complete it, or ask"
        " with --shots 0"
    )
    require_shots(exam, 0)


def test_no_worked_examples_at_all_are_refused_too(tmp_path: Path) -> None:
    write_csv(tmp_path / "test" / "anatomy_test.csv", [QUESTION])
    with pytest.raises(SettingsError, match=r"has 0 worked examples of anatomy"):
        require_shots(opened(tmp_path, ("anatomy",)), 5)


# ---------------------------------------------------------------- the hub's layout


def test_a_folder_in_the_hubs_layout_has_the_same_questions_as_the_csv_folder(tmp_path: Path) -> None:
    dev, test = ([*hub_rows("anatomy", count), *hub_rows("virology", count)] for count in (5, 3))
    here = opened(parquet_folder(tmp_path / "hub", dev, test))
    there = opened(csv_folder(tmp_path / "csv", *TWO))
    assert (here.dev, here.test) == (there.dev, there.test)
    assert here.digest == there.digest


def test_jsonl_and_what_datasets_saved_to_disk_are_read(tmp_path: Path) -> None:
    import datasets

    dev, test = hub_rows("anatomy", 5), hub_rows("anatomy", 3)
    saved = tmp_path / "saved"
    splits = {"dev": datasets.Dataset.from_list(dev), "test": datasets.Dataset.from_list(test)}
    datasets.disable_progress_bars()
    datasets.DatasetDict(splits).save_to_disk(str(saved))
    lines = tmp_path / "lines"
    lines.mkdir()
    for split, one in splits.items():
        (lines / f"{split}.jsonl").write_text("".join(f"{json_line}\n" for json_line in map(dumps, one)))
    assert opened(saved, ("anatomy",)).digest == opened(lines, ("anatomy",)).digest


def dumps(row: dict[str, Any]) -> str:
    import json

    return json.dumps(row)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"answer": 4}, "answer: Input should be less than 4 (given: 4)"),
        ({"answer": "B"}, 'answer: Input should be a valid integer (given: "B")'),
        ({"choices": ["one", "two", "three"]}, "choices: List should have at least 4 items after validation, not 3"),
        ({"question": " "}, "question: String should match pattern"),
    ],
)
def test_a_row_with_other_fields_is_named(tmp_path: Path, changes: dict[str, Any], said: str) -> None:
    folder = parquet_folder(tmp_path, hub_rows("anatomy", 5), hub_rows("anatomy", 2, **changes))
    message = refused(folder, ("anatomy",))
    assert message.startswith(f"{folder}, test, row 1: {said}")
    assert message.endswith(
        "; the fields have to be question (text), subject (text), choices (four texts) and answer (0 to 3)"
    )


def test_a_row_without_a_field_is_named(tmp_path: Path) -> None:
    lacking = [{"question": "Why?", "choices": ["a", "b", "c", "d"], "answer": 0}]
    folder = parquet_folder(tmp_path, hub_rows("anatomy", 5), lacking)
    assert "test, row 1: subject: missing key; the fields" in refused(folder, ("anatomy",))


def test_a_folder_of_the_hub_that_lacks_subjects_is_refused(tmp_path: Path) -> None:
    folder = parquet_folder(tmp_path, hub_rows("anatomy", 5), hub_rows("anatomy", 2))
    assert refused(folder, ("virology",)) == f"--data {folder} has no questions of virology; it has anatomy"


def test_a_damaged_parquet_file_is_one_line(tmp_path: Path) -> None:
    folder = parquet_folder(tmp_path, hub_rows("anatomy", 5), hub_rows("anatomy", 2))
    (folder / "all" / "test-00000-of-00001.parquet").write_bytes(b"PAR1 no more")
    message = refused(folder, ("anatomy",))
    assert message.startswith(f"--data {folder}: cannot be loaded: ")
    assert message.endswith("; check the folder")


def test_a_folder_without_questions_says_what_is_looked_for(tmp_path: Path) -> None:
    assert refused(tmp_path) == (
        f"--data {tmp_path}: neither DIR/test/SUBJECT_test.csv and DIR/dev/SUBJECT_dev.csv nor dev-*.parquet or"
        " dev.jsonl"
    )


def test_a_hub_that_cannot_be_reached_says_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import datasets

    monkeypatch.setattr(datasets.config, "HF_HUB_OFFLINE", True)
    monkeypatch.setenv("HF_HOME", str(tmp_path))
    message = refused("nobody/no-such-mmlu")
    assert message.startswith("--data nobody/no-such-mmlu: cannot be loaded: ")
    assert message.endswith(
        "; a set that needs a licence needs HF_TOKEN; where the hub cannot be reached, give --data DIR with hendrycks'"
        " CSV folder (DIR/test/SUBJECT_test.csv and DIR/dev/SUBJECT_dev.csv), or --data demo"
    )


def test_without_the_library_the_hub_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "datasets", None)
    assert refused("cais/mmlu").startswith("--data cais/mmlu: needs the library datasets, not installed here: pip")


@pytest.mark.parametrize("name", ["no-such-folder", "./no/such", "/no/such", "a/b/c"])
def test_what_is_neither_folder_nor_set_of_the_hub_is_refused(name: str) -> None:
    assert refused(name) == f"--data {name}: neither a folder, nor a data set of the hub (OWNER/NAME), nor demo"


def test_a_misspelt_demo_is_guessed() -> None:
    assert refused("deno").endswith("nor demo; did you mean demo?")


def test_an_unreadable_content_file_of_the_demonstration_is_named(overlay: Overlay) -> None:
    content = overlay({"eval/mmlu/demo/test/astronomy_test.csv": "short\n"})
    with pytest.raises(ContentError, match=r"astronomy_test\.csv:1: 1 column,"):
        open_questions("demo", ("astronomy",), KNOWN, content, named=True)
    with pytest.raises(NotFoundError):
        content.locate("eval/mmlu/demo/test/virology_test.csv")
