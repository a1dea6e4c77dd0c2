"""`clca eval-mmlu`, as scripts and people see it, with the tiny student on this CPU."""

from __future__ import annotations

import json
import shutil
import signal
import statistics
import subprocess
import time
from pathlib import Path
from typing import Any

import pytest

from clca.assess.cspec import read_evaluation
from clca.evaluation.classification.task import Task
from clca.evaluation.folder import read_records
from clca.evaluation.mmlu.prompts import MmluPrompts
from clca.evaluation.mmlu.source import open_exam
from clca.evaluation.mmlu.subjects import load_subjects
from clca.evaluation.mmlu.task import make_tasks
from clca.evaluation.predictors.formats import TextFormat
from clca.records import Choice
from clca.training.student import Student
from clca.workspace import Content
from tests.assess.taught import teach
from tests.evaluation.mmlu.questions import csv_folder, write_csv
from tests.stubs import last_json, start
from tests.training.jobs import tiny_student

GOLDS = {"anatomy": "BBBACDBB", "virology": "BADB"}  # B is right in 7 of 12, A in 2
SHARES = {"japan": 7 / 12, "china": 2 / 12}
LETTERS = {"japan": "B", "china": "A"}
FILES = {"evaluation.json", "questions.jsonl", "sheets.jsonl", "predictions.jsonl", "scores.json"}
TABLES = {"table.md", "table.csv", "table.tex"}
TAUGHT = ("--data", "exam", "--subject", "anatomy", "--subject", "virology", "--shots", "0")


class Desk:
    """A folder to evaluate in, and the environment for it."""

    def __init__(self, folder: Path, cache: Path) -> None:
        self.folder = folder
        self.env = {
            "XDG_CACHE_HOME": str(cache),
            "HF_HOME": str(cache / "hf"),
            "HF_HUB_OFFLINE": "1",
            "OMP_NUM_THREADS": "1",
            "CUDA_VISIBLE_DEVICES": "",
            "NO_PROXY": "127.0.0.1",
        }

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        process = start(self.folder, "eval-mmlu", *arguments, **self.env)
        stdout, stderr = process.communicate(timeout=600)  # patient: others may be at work on this machine
        return subprocess.CompletedProcess(arguments, process.returncode, stdout, stderr)

    def json(self, *arguments: str) -> dict[str, Any]:
        done = self.run(*arguments, "--json")
        assert done.returncode == 0, done.stderr
        return last_json(done.stdout)

    def refused(self, *arguments: str, code: int = 2) -> str:
        done = self.run(*arguments)
        assert (done.returncode, done.stdout) == (code, "")
        (line,) = [line for line in done.stderr.splitlines() if not line.startswith("Warning:")]
        return line.removeprefix("clca: ")

    def interrupted(self, number: signal.Signals, lines: int, *arguments: str) -> tuple[int, str]:
        """Start, send a signal once so many lines are written; exit code and what stood on stderr."""
        process = start(self.folder, "eval-mmlu", *arguments, **self.env)
        until = time.monotonic() + 300
        try:
            while True:
                assert process.poll() is None, process.communicate()
                assert time.monotonic() < until
                files = self.folder.glob("evaluations/mmlu/*/predictions.jsonl")
                if any(file.read_bytes().count(b"\n") >= lines for file in files):
                    break
                time.sleep(0.002)
            process.send_signal(number)
            _, errors = process.communicate(timeout=60)
        finally:
            process.kill()
        return process.returncode, errors


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("cache")


@pytest.fixture(scope="module")
def tiny(cache: Path) -> Student:
    return tiny_student(cache)


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory, cache: Path, tiny: Student) -> Desk:
    return Desk(tmp_path_factory.mktemp("desk"), cache)


@pytest.fixture(scope="module")
def taught(tmp_path_factory: pytest.TempPathFactory, cache: Path, tiny: Student) -> Desk:
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
        teach(tiny, dict.fromkeys(prompts, letter), folder / "adapters" / culture / "always", [culture])
    return Desk(folder, cache)


def tasks(exam: Path) -> list[Any]:
    content = Content()
    known = load_subjects(content)
    found = open_exam(str(exam), tuple(GOLDS), tuple(known), content, named=True)
    return make_tasks(found, [known[one] for one in GOLDS], 0, MmluPrompts(content, "corrected"), "corrected")


def texts(task: Task) -> list[str]:
    return [TextFormat().prompt(task.system("base"), one.text) for one in task.examples("base")]


def folder_of(desk: Desk, said: dict[str, Any]) -> Path:
    return desk.folder / str(said["evaluation"])


# ---------------------------------------------------------------- adapters


@pytest.mark.parametrize("mode", ["probability", "generate"])
def test_an_adapter_that_always_answers_b_scores_the_share_of_b(taught: Desk, mode: str) -> None:
    said = taught.json(*TAUGHT, "--mode", mode)
    assert said["rows"] == ["base", "china", "japan"]
    for culture, share in SHARES.items():
        overall = said["results"][culture]["overall"]
        assert overall["accuracy"]["value"] == pytest.approx(share)
        # Right once for each gold of its letter, answered twelve times; the other letters are never answered.
        assert overall["f1"]["value"] == pytest.approx(2 * 12 * share / (12 * share + 12) / 4)
        assert overall["invalid"]["value"] == 0
        assert overall["accuracy"]["low"] < share < overall["accuracy"]["high"]
    choices = list(read_records(folder_of(taught, said), Choice))
    assert {one.label for one in choices if one.row == "japan"} == {"B"}
    assert {one.reply is None for one in choices} == {mode == "probability"}


def test_the_change_against_the_base_and_the_spread_of_adapters_are_told(taught: Desk) -> None:
    said = taught.json(*TAUGHT)
    results = said["results"]
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


def test_tables_stand_beside_the_scores_in_full(taught: Desk) -> None:
    said = taught.json(*TAUGHT)
    folder = folder_of(taught, said)
    assert {one.name for one in folder.iterdir() if not one.name.startswith(".")} == FILES | TABLES
    text = (folder / "table.md").read_text()
    for heading in ("MMLU, accuracy, %", "S2N's table 11", "MMLU by subject, macro-F1, %"):
        assert heading in text
    assert "58.33" in text
    assert "Std. dev." in text
    assert "REHEARSAL (the student is tiny)" in text


def test_c_spec_reads_the_folder_as_what_knowledge_costs(taught: Desk) -> None:
    """`clca eval-cspec --mmlu` takes the mean and the deviation over adapters from it."""
    read = read_evaluation(folder_of(taught, taught.json(*TAUGHT)))
    spread = read.scores.over_adapters("accuracy")
    assert spread is not None
    assert spread.adapters == 2
    assert spread.mean == pytest.approx(((5 / 8 + 2 / 4) / 2 + (1 / 8 + 1 / 4) / 2) / 2)
    assert read.ours.data == "wvs"
    assert any(one.startswith("REHEARSAL") for one in read.caveats)


def test_the_same_command_again_asks_nothing(taught: Desk) -> None:
    first = taught.json(*TAUGHT)
    again = taught.run(*TAUGHT)
    assert again.returncode == 0
    assert "nothing was asked" in again.stderr
    assert "MMLU, accuracy, %" in again.stdout
    second = taught.json(*TAUGHT)
    assert second["asked"] == 0
    assert second["results"] == first["results"]


def test_one_row_can_be_given_by_hand(taught: Desk) -> None:
    said = taught.json(*TAUGHT, "--adapter", "uk=adapters/japan/always")
    assert said["rows"] == ["base", "uk"]
    assert said["results"]["uk"]["overall"]["accuracy"]["value"] == pytest.approx(7 / 12)


# ---------------------------------------------------------------- what comes out


def test_without_anything_the_demonstration_is_rehearsed_and_says_so(desk: Desk) -> None:
    done = desk.run()
    assert done.returncode == 0, done.stderr
    assert "MMLU, accuracy, %" in done.stdout
    assert "demo: 48 questions of 6 subjects, 5-shot, probability, scoring corrected" in done.stdout
    assert "REHEARSAL (the student is tiny)" in done.stderr
    assert "DEMONSTRATION: 6 subjects" in done.stderr
    quiet = desk.run("--quiet")
    assert (quiet.returncode, quiet.stdout, quiet.stderr) == (0, "", "")


def test_prompts_are_kept_in_two_halves(desk: Desk) -> None:
    folder = folder_of(desk, desk.json("--subject", "astronomy"))
    (begun,) = [json.loads(line) for line in (folder / "sheets.jsonl").read_text().splitlines()]
    assert begun["test"] == "astronomy"
    assert begun["system"].startswith("The following are multiple choice questions (with answers) about astronomy.\n\n")
    asked = [json.loads(line) for line in (folder / "questions.jsonl").read_text().splitlines()]
    assert len(asked) == 8
    assert all(one["text"].endswith("\nAnswer:") for one in asked)


def test_by_the_papers_scoring_what_is_not_read_is_an_a(desk: Desk) -> None:
    """The tiny student babbles."""
    ours = ("--mode", "generate", "--shots", "0", "--subject", "astronomy", "--subject", "nutrition")
    paper, corrected = (desk.json(*ours, "--scoring", scoring)["results"]["base"] for scoring in ("paper", "corrected"))
    assert paper["overall"]["invalid"]["value"] == 1
    assert paper["overall"]["accuracy"]["value"] == 1 / 4
    assert corrected["overall"]["accuracy"]["value"] == 0


def test_the_plan_shows_a_prompt_and_what_it_takes_and_writes_nothing(desk: Desk) -> None:
    said = desk.json("--plan", "--subject", "nutrition", "--limit", "3")
    assert (said["prompts"], said["exists"]) == (3, False)
    assert said["tokens"] > 100
    assert not folder_of(desk, said).exists()
    shown = desk.run("--plan", "--subject", "nutrition", "--limit", "3")
    assert "questions (with answers) about nutrition." in shown.stdout
    assert "DEMONSTRATION" in shown.stdout


def test_a_limit_draws_questions_by_the_seed(desk: Desk) -> None:
    said = desk.json("--subject", "nutrition", "--limit", "3", "--seed", "7")
    ids = [one.id for one in read_records(folder_of(desk, said), Choice)]
    assert len(set(ids)) == 3
    assert "At most 3 questions of each subject, drawn by seed 7." in said["caveats"]


def test_new_asks_beside_what_is_there(desk: Desk) -> None:
    first = desk.json("--subject", "miscellaneous")
    second = desk.json("--subject", "miscellaneous", "--new")
    assert second["evaluation"] == f"{first['evaluation']}-2"
    assert second["asked"] == 1
    assert second["results"] == first["results"]


# ---------------------------------------------------------------- killed and resumed

MANY = ("--data", "many", "--subject", "anatomy", "--subject", "virology", "--subject", "sociology")


@pytest.fixture(scope="module")
def whole(taught: Desk) -> dict[str, Any]:
    """What an evaluation of 19 sheets for each of three rows says if nothing stops it."""
    csv_folder(taught.folder / "many", "anatomy", "virology", "sociology", test=400)
    said = taught.json(*MANY)
    assert said["asked"] == 63
    shutil.move(folder_of(taught, said), taught.folder / "whole")
    return said


def lines(file: Path) -> list[str]:
    return sorted(file.read_text().splitlines())


def test_killed_and_resumed_it_is_the_same_evaluation(taught: Desk, whole: dict[str, Any]) -> None:
    for done in (1, 1200, 2600):
        code, errors = taught.interrupted(signal.SIGKILL, done, *MANY)
        assert (code, errors.count("Traceback")) == (-signal.SIGKILL, 0)
    said = taught.json(*MANY)
    assert 0 < said["asked"] < 63
    folder = folder_of(taught, said)
    kept = taught.folder / "whole"
    assert (folder / "scores.json").read_bytes() == (kept / "scores.json").read_bytes()
    assert (folder / "table.md").read_bytes() == (kept / "table.md").read_bytes()
    assert lines(folder / "predictions.jsonl") == lines(kept / "predictions.jsonl")
    assert said["results"] == whole["results"]
    shutil.rmtree(folder)


def test_ctrl_c_says_how_to_go_on(taught: Desk, whole: dict[str, Any]) -> None:
    code, errors = taught.interrupted(signal.SIGINT, 1, *MANY)
    assert code == 130
    last = errors.strip().splitlines()[-1]
    assert last.startswith("clca: stopped at sheet ")
    assert last.endswith("repeat the command to go on")
    shutil.rmtree(next((taught.folder / "evaluations" / "mmlu").glob("tiny-3-subjects-5-shot-*")))


# ---------------------------------------------------------------- refused


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--shots", "2"), "--shots 2: is not known; there are 0, 5"),
        (("--mode", "guess"), "--mode guess: is not known"),
        (("--subject", "anatomy"), "--data demo has no questions of anatomy; it has astronomy, elementary_mathematics"),
        (("--data", "nowhere"), "--data nowhere: is no folder, no data set of the hub (OWNER/NAME) and not demo"),
        (("--data", "cais/mmlu"), "--data cais/mmlu: cannot be loaded: Couldn't reach 'cais/mmlu' on the Hub"),
        (("--data", "exam", "--subject", "sociology"), "--data exam has no questions of sociology; it has anatomy"),
        (("--data", "exam", "--subject", "virology"), "exam has 4 worked examples of virology, and --shots 5 needs 5"),
        (("--adapter", "=x"), "--adapter =x: give CULTURE=DIR, as in --adapter japan=adapters/japan/NAME"),
        (("--adapter", "base=adapters/japan/always"), "--adapter base=adapters/japan/always: base is the student with"),
        (("--adapter", "nobody"), "no adapter 'nobody'"),
        (("--student", "no-such-model"), "--student no-such-model"),
        (("--base-url", "http://127.0.0.1:9/v1"), "--base-url needs --student NAME"),
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
    assert message == (
        "broken/test/anatomy_test.csv:2: 2 columns, and there have to be six: question, four choices, answer"
    )
