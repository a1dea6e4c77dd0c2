"""`clca eval-mmlu`, as scripts and people see it, with the tiny student on this CPU."""

from __future__ import annotations

import shutil
import signal
import statistics
import subprocess
from pathlib import Path
from typing import Any

import pytest

from clca.content.lookup import Content
from clca.evaluation.classification.task import LimitedTask, Task
from clca.evaluation.mmlu.knowledge_table import over_adapters
from clca.evaluation.mmlu.prompts import MmluPrompts
from clca.evaluation.mmlu.question_source import open_questions
from clca.evaluation.mmlu.subjects import load_subjects
from clca.evaluation.mmlu.task import make_tasks
from clca.evaluation.prediction_dir import read_records
from clca.evaluation.results import read_evaluation
from clca.inference.prompt_format import TextFormat
from clca.models.student import Student
from clca.records import Choice
from tests.cli.evaluation_folder import Desk
from tests.evaluation.mmlu.questions import csv_folder, write_csv
from tests.evaluation.trained_adapters import teach

GOLDS = {"anatomy": "BBBACDBB", "virology": "BADB"}  # B is right in 7 of 12, A in 2
SHARES = {"japan": 7 / 12, "china": 2 / 12}
LETTERS = {"japan": "B", "china": "A"}
FILES = {"evaluation.json", "questions.jsonl", "sheets.jsonl", "predictions.jsonl", "scores.json"}
TABLES = {"table.md", "table.csv", "table.tex"}
TAUGHT = ("--data", "exam", "--subject", "anatomy", "--subject", "virology", "--shots", "0")


class Exams(Desk):
    """A desk that has one command."""

    def run(self, *arguments: str, **env: str) -> subprocess.CompletedProcess[str]:
        return super().run("eval-mmlu", *arguments, **env)


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Desk:
    return Exams(tmp_path_factory.mktemp("desk"))


@pytest.fixture(scope="module")
def taught(tmp_path_factory: pytest.TempPathFactory, tiny_student: Student) -> Desk:
    """Two adapters that answer every question with a letter of their own."""
    folder = tmp_path_factory.mktemp("taught")
    for subject, golds in GOLDS.items():
        rows = [
            [f"Which is number {n} of {subject}?", "one", "two", "six", "ten", gold] for n, gold in enumerate(golds)
        ]
        write_csv(folder / "exam" / "test" / f"{subject}_test.csv", rows)
        write_csv(folder / "exam" / "dev" / f"{subject}_dev.csv", rows[:5])
    prompts = [text for task in tasks(folder / "exam") for text in texts(task)]
    assert len(prompts) == 12
    for culture, letter in LETTERS.items():
        teach(tiny_student, dict.fromkeys(prompts, letter), folder / "adapters" / culture / "always", [culture])
    return Exams(folder)


def tasks(exam: Path) -> list[Any]:
    content = Content()
    known = load_subjects(content)
    found = open_questions(str(exam), tuple(GOLDS), tuple(known), content, named=True)
    return make_tasks(found, [known[one] for one in GOLDS], 0, MmluPrompts(content, "corrected"), "corrected")


def texts(task: Task) -> list[str]:
    return [TextFormat().prompt(task.system_prompt("base"), one.text) for one in task.examples("base")]


def first_prompt() -> str:
    """The first question on nutrition as the model reads it, worked examples and all."""
    content = Content()
    known = load_subjects(content)
    exam = open_questions("demo", ("nutrition",), tuple(known), content, named=True)
    (task,) = make_tasks(exam, [known["nutrition"]], 5, MmluPrompts(content, "corrected"), "corrected")
    return texts(LimitedTask(task, 3, 42))[0]


def folder_of(desk: Desk, said: dict[str, Any]) -> Path:
    return desk.folder / str(said["evaluation"])


# ---------------------------------------------------------------- adapters


@pytest.fixture(scope="module")
def letters(taught: Desk) -> dict[str, Any]:
    """What the two adapters and the student as it is have scored."""
    return taught.json(*TAUGHT)


def check_shares(taught: Desk, said: dict[str, Any]) -> list[Choice]:
    assert said["rows"] == ["base", "china", "japan"]
    for culture, share in SHARES.items():
        overall = said["results"][culture]["overall"]
        assert overall["accuracy"]["value"] == pytest.approx(share)
        # Right once for each gold of its letter, answered twelve times; the other letters are never answered.
        assert overall["f1"]["value"] == pytest.approx(2 * 12 * share / (12 * share + 12) / 4)
        assert overall["invalid"]["value"] == 0
        assert overall["accuracy"]["low"] < share < overall["accuracy"]["high"]
    found = list(read_records(folder_of(taught, said), Choice))
    assert {one.label for one in found if one.row == "japan"} == {"B"}
    return found


def test_an_adapter_that_always_answers_b_scores_the_share_of_b(taught: Desk, letters: dict[str, Any]) -> None:
    found = check_shares(taught, letters)
    assert all(one.probabilities is not None and one.reply is None for one in found)


def test_so_it_does_where_it_writes_its_answers(taught: Desk) -> None:
    found = check_shares(taught, taught.json(*TAUGHT, "--mode", "generate"))
    assert {one.reply for one in found if one.row == "china"} == {" A"}


def test_the_change_against_the_base_and_the_spread_of_adapters_are_told(letters: dict[str, Any]) -> None:
    said, results = letters, letters["results"]
    assert results["base"]["change"] is None
    for culture in SHARES:
        change = results[culture]["change"]["accuracy"]
        difference = results[culture]["overall"]["accuracy"]["value"] - results["base"]["overall"]["accuracy"]["value"]
        assert change["value"] == pytest.approx(difference)
        assert change["low"] <= change["value"] <= change["high"]
    assert said["spread"]["accuracy"]["mean"] == pytest.approx(statistics.mean(SHARES.values()))
    assert said["spread"]["accuracy"]["sd"] == pytest.approx(statistics.stdev(SHARES.values()))
    assert results["japan"]["groups"]["stem"]["accuracy"]["value"] == 5 / 8
    assert results["japan"]["groups"]["other"]["accuracy"]["value"] == 2 / 4
    assert results["japan"]["over_subjects"]["accuracy"]["value"] == pytest.approx((5 / 8 + 2 / 4) / 2)
    assert results["japan"]["subjects"]["virology"]["accuracy"]["value"] == 2 / 4


def test_tables_stand_beside_the_scores_in_full(taught: Desk, letters: dict[str, Any]) -> None:
    folder = folder_of(taught, letters)
    assert {one.name for one in folder.iterdir() if not one.name.startswith(".")} == FILES | TABLES
    text = (folder / "table.md").read_text()
    for heading in ("MMLU, accuracy, %", "S2N's table 11", "MMLU by subject, macro-F1, %"):
        assert heading in text
    assert "58.33" in text
    assert "Std. dev." in text
    assert "REHEARSAL (the student is tiny)" in text


def test_the_scores_hold_a_matrix_as_those_of_offensiveness_do(taught: Desk, letters: dict[str, Any]) -> None:
    """`clca eval-cspec --mmlu` takes from it what varies from adapter to adapter."""
    read = read_evaluation(str(folder_of(taught, letters)), "mmlu")
    spread = over_adapters(read.scores, "accuracy")
    assert spread is not None
    assert spread.adapters == 2
    assert spread.mean == pytest.approx(statistics.mean(SHARES.values())) == letters["spread"]["accuracy"]["mean"]
    assert read.system.data == "wvs"
    assert read.caveats[0].startswith("REHEARSAL")


def test_the_same_command_again_asks_nothing(taught: Desk, letters: dict[str, Any]) -> None:
    again = taught.run(*TAUGHT)
    assert again.returncode == 0
    assert "no request was sent" in again.stderr
    assert "MMLU, accuracy, %" in again.stdout
    assert folder_of(taught, letters).name in again.stderr


# ---------------------------------------------------------------- what comes out


def test_without_anything_the_demonstration_is_rehearsed_and_says_so(desk: Desk) -> None:
    done = desk.run()
    assert done.returncode == 0, done.stderr
    assert "MMLU, accuracy, %" in done.stdout
    assert "demo: 48 questions of 6 subjects, 5-shot, probability, scoring corrected" in done.stdout
    assert "REHEARSAL (the student is tiny)" in done.stderr
    assert "DEMONSTRATION: 6 subjects" in done.stderr
    quiet = desk.run("--quiet")
    assert (quiet.returncode, quiet.stdout) == (0, "")
    (marks,) = quiet.stderr.splitlines()  # that nobody may miss
    assert marks.startswith("REHEARSAL (the student is tiny)")
    assert "DEMONSTRATION: 6 subjects" in marks


def test_the_plan_shows_a_prompt_and_what_it_takes_and_writes_nothing(desk: Desk) -> None:
    said = desk.json("--plan", "--subject", "nutrition", "--limit", "3")
    assert (said["prompts"], said["exists"]) == (3, False)
    assert said["tokens"] > 100
    assert not folder_of(desk, said).exists()
    shown = desk.run("--plan", "--subject", "nutrition", "--limit", "3")
    (group,) = said["parts"]
    assert {key: group[key] for key in ("group", "subjects", "questions", "prompts")} == {
        "group": "other",
        "subjects": 1,
        "questions": 3,
        "prompts": 3,
    }
    assert "group   subjects   questions   prompts   tokens" in shown.stdout
    assert "\n1 cell, rows: base\n" in shown.stdout
    assert first_prompt() in shown.stdout
    assert "DEMONSTRATION" in shown.stdout


# ---------------------------------------------------------------- killed and resumed

MANY = ("--data", "many", "--subject", "anatomy", "--subject", "virology", "--subject", "sociology")
THESE = Path("evaluations/mmlu/tiny-3-subjects-*/predictions.jsonl")


@pytest.fixture(scope="module")
def whole(taught: Desk) -> dict[str, Any]:
    """What an evaluation of twelve groups for each of three rows says if nothing stops it."""
    csv_folder(taught.folder / "many", "anatomy", "virology", "sociology", test=200)
    said = taught.json(*MANY)
    assert said["asked"] == 36
    shutil.move(folder_of(taught, said), taught.folder / "whole")
    return said


@pytest.fixture
def undone(taught: Desk, whole: dict[str, Any]) -> Path:
    """Where that evaluation would be, with nothing of it there."""
    folder = folder_of(taught, whole)
    shutil.rmtree(folder, ignore_errors=True)
    return folder


def choices(folder: Path) -> dict[tuple[str, str, int], Choice]:
    return {(one.row, one.test, one.place): one for one in read_records(folder, Choice)}


def test_killed_and_resumed_it_is_the_same_evaluation(taught: Desk, whole: dict[str, Any], undone: Path) -> None:
    for done in (1, 600, 1300):
        code, errors = taught.interrupted(signal.SIGKILL, THESE, done, "eval-mmlu", *MANY)
        assert (code, errors.count("Traceback")) == (-signal.SIGKILL, 0)
    said, kept = taught.json(*MANY), taught.folder / "whole"
    assert 0 < said["asked"] < 36
    assert (undone / "scores.json").read_bytes() == (kept / "scores.json").read_bytes()
    assert (undone / "table.md").read_bytes() == (kept / "table.md").read_bytes()
    assert said["results"] == whole["results"]
    first, second = choices(kept), choices(undone)
    assert len((undone / "predictions.jsonl").read_text().splitlines()) == len(second) == len(first) == 1800
    for key, one in first.items():
        # Other questions are together in a pass, and float32 is rounded otherwise.
        assert second[key].label == one.label
        assert second[key].probabilities == pytest.approx(one.probabilities, abs=1e-4)


def test_ctrl_c_says_how_to_go_on(taught: Desk, undone: Path) -> None:
    code, errors = taught.interrupted(signal.SIGINT, THESE, 1, "eval-mmlu", *MANY)
    assert code == 130
    last = errors.strip().splitlines()[-1]
    assert last.startswith("clca: stopped after ")
    assert last.endswith("repeat the command to resume")
    assert not (undone / "scores.json").exists()


# ---------------------------------------------------------------- refused


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--data", "nowhere"), "--data nowhere: neither a folder, nor a data set of the hub (OWNER/NAME), nor demo"),
        (("--data", "cais/mmlu"), "--data cais/mmlu: cannot be loaded: the hub cannot be reached"),
        (("--adapter", "base=adapters/japan/always"), "--adapter base=adapters/japan/always: base is the student with"),
        (("--out", "exam/test/anatomy_test.csv"), "cannot write to exam/test/anatomy_test.csv/mmlu/tiny-demo-5-shot"),
    ],
)
def test_what_cannot_be_evaluated_is_one_line(taught: Desk, arguments: tuple[str, ...], said: str) -> None:
    assert taught.refused(*arguments).startswith(said)


def test_a_damaged_csv_file_is_named_by_line(taught: Desk) -> None:
    write_csv(
        taught.folder / "broken" / "test" / "anatomy_test.csv", [["Why?", "a", "b", "c", "d", "A"], ["Why?", "a"]]
    )
    message = taught.refused("--data", "broken", "--subject", "anatomy", "--shots", "0")
    assert message == ("broken/test/anatomy_test.csv:2: 2 columns, expected six: question, four choices, answer")
