"""`clca eval-wvs` and `clca compare`, as scripts and people see them, with the tiny student on this CPU."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from clca.evaluation.wvs.metric_names import METRICS
from clca.evaluation.wvs.prediction_dir import read_predictions
from clca.models.student import Student
from clca.records import Prediction
from tests.cli.evaluation_folder import Desk
from tests.cli_process import environment, last_json
from tests.evaluation.wvs.survey_files import official, people
from tests.inference.stub_model import Answered, Answering, chat

FEW = ("--items", "Q1,Q2,Q7,Q33,Q43")
FILES = {"evaluation.json", "questions.jsonl", "sheets.jsonl", "predictions.jsonl", "scores.json"}
TABLES = {"table.md", "table.csv", "table.tex"}


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Desk:
    return Desk(tmp_path_factory.mktemp("desk"))


@pytest.fixture(scope="module")
def evaluated(desk: Desk) -> dict[str, Any]:
    """What evaluating the tiny student printed last."""
    return desk.json("eval-wvs", "--culture", "japan", "-n", "10", *FEW, "--order", "given", "--order", "reversed")


def without(folder: Path, *libraries: str) -> str:
    """A PYTHONPATH on which these libraries are not to be had."""
    lines = "".join(f"sys.modules[{name!r}] = None\n" for name in libraries)
    (folder / "sitecustomize.py").write_text(f"import sys\n{lines}")
    return os.pathsep.join([str(folder), *filter(None, [os.environ.get("PYTHONPATH")])])


def by_key(folder: Path) -> dict[tuple[str, ...], Prediction]:
    return {(one.culture, one.method, one.respondent, one.item, one.order): one for one in read_predictions(folder)}


# ---------------------------------------------------------------- what comes out


def test_json_has_every_metric_with_its_interval_and_the_references(evaluated: dict[str, Any]) -> None:
    japan = evaluated["cultures"]["japan"]
    assert list(japan["methods"]) == ["persona", "cultural"]
    assert list(japan["references"]) == ["uniform", "majority", "split_half"]
    for method in japan["methods"].values():
        assert set(METRICS) <= set(method)
        for metric in ("kl_paper", "kl", "jsd", "wasserstein_1", "invalid"):
            one = method[metric]
            assert one["low"] <= one["value"] <= one["high"]
        assert method["accuracy"] is method["accuracy_paper"] is None  # nobody real was asked
        assert method["respondents"] == 10
        assert 0 < method["mass"] < 1
    kl = {name: one["kl"]["value"] for name, one in japan["references"].items()}
    assert 0 < kl["split_half"] < kl["uniform"] < kl["majority"]
    assert (evaluated["rehearsal"], evaluated["synthetic"], evaluated["mode"]) == (True, True, "probability")
    assert {one["method"]: one["orders"] for one in evaluated["sensitivity"]} == {
        "persona": ["given", "reversed"],
        "cultural": ["given", "reversed"],
    }


def test_every_prediction_can_be_followed_back_to_its_prompt(desk: Desk, evaluated: dict[str, Any]) -> None:
    folder = desk.folder / evaluated["evaluation"]
    assert {file.name for file in folder.iterdir()} == FILES | TABLES
    questions = [json.loads(line) for line in (folder / "questions.jsonl").read_text().splitlines()]
    asked = {(one["set"], one["item"], one["order"]): one for one in questions}
    begun = [json.loads(line) for line in (folder / "sheets.jsonl").read_text().splitlines()]
    groups = {(one["culture"], one["method"], one["respondent"]): one for one in begun}
    predictions = list(read_predictions(folder))
    assert len(predictions) == 11 * 5 * 2
    for one in predictions:
        group = groups[one.culture, one.method, one.respondent]
        question = asked[group["questions"], one.item, one.order]
        assert group["system"]
        assert question["text"].count("\n") == len(question["shown"]) == len(one.probabilities or ())
        assert question["shown"] == sorted(question["shown"], reverse=one.order == "reversed")


def test_tables_and_scores_are_marked_as_a_rehearsal_of_synthetic_people(desk: Desk, evaluated: dict[str, Any]) -> None:
    folder = desk.folder / evaluated["evaluation"]
    scores = json.loads((folder / "scores.json").read_text())
    assert scores["rehearsal"] is scores["synthetic"] is True
    for name in ("table.md", "table.tex"):
        assert "REHEARSAL (the student is tiny)" in (folder / name).read_text()
        assert "Synthetic respondents (japan)" in (folder / name).read_text()
    lines = (folder / "table.csv").read_text().splitlines()
    assert lines[0].endswith(",rehearsal")
    assert all(line.endswith(",yes") for line in lines[1:])
    info = json.loads((folder / "evaluation.json").read_text())
    assert (info["finished"], info["prompts"], info["sheets"]) == (True, 110, {"asked": 11, "of": 11})
    assert info["content"]["eval/wvs/items.yaml"]["origin"] == "package"
    japan = {one["method"]: one for one in scores["results"] if one["order"] == "given"}
    assert japan["persona"]["overall"]["kl"] == evaluated["cultures"]["japan"]["methods"]["persona"]["kl"]
    assert len(japan["persona"]["items"]) == 5


def test_same_command_again_asks_nothing_and_says_the_same(desk: Desk, evaluated: dict[str, Any]) -> None:
    file = desk.folder / evaluated["evaluation"] / "predictions.jsonl"
    before = (file.read_bytes(), file.stat().st_mtime_ns)
    done = desk.run(
        "eval-wvs", "-c", "japan", "-n", "10", *FEW, "--order", "given", "--order", "reversed", "--json", "--quiet"
    )
    assert (last_json(done.stdout)["asked"], evaluated["asked"]) == (0, 11)
    assert {**last_json(done.stdout), "seconds": 0, "asked": 11} == {**evaluated, "seconds": 0}
    assert (file.read_bytes(), file.stat().st_mtime_ns) == before


def test_the_table_of_the_paper_is_shown(desk: Desk, evaluated: dict[str, Any]) -> None:
    info = desk.folder / evaluated["evaluation"] / "evaluation.json"
    before = json.loads(info.read_text())
    done = desk.run("eval-wvs", "-c", "japan", "-n", "10", *FEW, "--order", "given", "--order", "reversed")
    assert done.returncode == 0, done.stderr
    assert "all 11 request groups were answered on 20" in done.stderr
    assert "no request was sent (--new evaluates again)" in done.stderr
    after = json.loads(info.read_text())
    assert after["sittings"] == before["sittings"]
    (sitting,) = after["sittings"]
    assert (sitting["sheets"], sitting["versions"]["clca"]) == (11, after["sittings"][0]["versions"]["clca"])
    for words in (
        "Asked for 10 respondents, seed 42: 5 items, version 3, language en, options as given, reversed;"
        " probability, chat format",
        "more notes: ",
        "tiny (reversed) cultural",
    ):
        assert words in done.stdout
    whole = (desk.folder / done.stdout.rpartition("more notes: ")[2].split()[0]).read_text()
    for words in (
        "Survey, shares by country",
        "Accuracies need respondents' own answers",
        "Order of the options, persona, reversed against given: ",
    ):
        assert words in whole
    for words in ("KL-D ↓ (paper-compatible)", "KL ↓ (proper)", "tiny cultural", "people, split half", "REHEARSAL"):
        assert words in done.stdout
    assert evaluated["evaluation"] in done.stderr


# ---------------------------------------------------------------- interruptions


def test_killed_evaluation_goes_on_to_the_same_predictions_and_scores(desk: Desk) -> None:
    command = ("eval-wvs", "-c", "uk", "-n", "60", *FEW, "--method", "persona")
    code, _ = desk.interrupted(signal.SIGKILL, Path("evaluations/wvs/tiny-uk-*/predictions.jsonl"), 25, *command)
    assert code == -signal.SIGKILL
    (folder,) = desk.folder.glob("evaluations/wvs/tiny-uk-*")
    assert not (folder / "scores.json").exists()
    assert json.loads((folder / "evaluation.json").read_text())["finished"] is False
    left = folder / "predictions.jsonl"
    left.write_bytes(left.read_bytes() + b'{"culture":"uk","meth')
    about = folder / "evaluation.json"
    said = about.read_text()
    other = json.loads(said)
    about.write_text(json.dumps({**other, "fingerprint": "0" * 64, "inputs": {**other["inputs"], "seed": 1}}))
    torn = left.read_bytes()
    assert "was made from other inputs (seed: 1 -> 42): --new starts another" in desk.refused(*command)
    assert left.read_bytes() == torn
    about.write_text(said)
    kept = left.read_bytes().splitlines()[:25]
    resumed = desk.json(*command, "--quiet")
    assert left.read_bytes().splitlines()[:25] == kept
    sittings = json.loads(about.read_text())["sittings"]
    assert [one["ended"] is not None for one in sittings] == [False, True]
    assert 0 < sittings[1]["sheets"] == resumed["asked"] < 60
    whole = desk.json(*command, "--quiet", "--out", "whole")
    mine, theirs = by_key(folder), by_key(desk.folder / whole["evaluation"])
    assert set(mine) == set(theirs)
    for key, one in mine.items():
        assert one.probabilities == pytest.approx(theirs[key].probabilities, abs=2e-5)
        assert one.option == theirs[key].option
    for metric in METRICS:
        ours, other = (one["cultures"]["uk"]["methods"]["persona"][metric] for one in (resumed, whole))
        assert ours == pytest.approx(other, abs=5e-5)


def test_ctrl_c_says_how_to_go_on(desk: Desk) -> None:
    code, errors = desk.interrupted(
        *(signal.SIGINT, Path("evaluations/wvs/tiny-china-*/predictions.jsonl"), 25),
        *("eval-wvs", "-c", "china", "-n", "200", *FEW, "--json"),
    )
    assert code == 130
    assert errors.splitlines()[-1].startswith("clca: stopped after ")
    assert errors.splitlines()[-1].endswith("repeat the command to resume")
    assert "Traceback" not in errors


def test_early_stop_says_of_whom_it_is(desk: Desk) -> None:
    command = ("eval-wvs", "-c", "mexico", "-n", "160", "--items", "Q7", "--method", "persona", "--quiet")
    stopped = desk.json(*command, "--until-ci", "0.5")
    (stop,) = stopped["stopped"]
    assert (stop["culture"], stop["method"], stop["respondents"]) == ("mexico", "persona", 100)
    assert stopped["cultures"]["mexico"]["methods"]["persona"]["respondents"] == 100
    table = (desk.folder / stopped["evaluation"] / "table.md").read_text()
    assert "Stopped early" in table
    assert "mexico persona 100" in table
    whole = desk.json(*command)
    assert (whole["evaluation"], whole["stopped"]) == (stopped["evaluation"], [])
    assert whole["cultures"]["mexico"]["methods"]["persona"]["respondents"] == 160


# ---------------------------------------------------------------- other ways to ask


def test_imported_respondents_give_individual_accuracy_and_weights(desk: Desk) -> None:
    (desk.folder / "survey.csv").write_bytes(official(people({"DEU": 80, "JPN": 5})))
    assert desk.run("data", "import-wvs", "survey.csv", "--out", "mine").returncode == 0
    command = ("eval-wvs", "-c", "germany", "-n", "12", *FEW, "--data", "mine/respondents.parquet", "--quiet")
    plain, weighted = desk.json(*command), desk.json(*command, "--weights")
    assert (plain["synthetic"], plain["evaluation"]) == (False, weighted["evaluation"])
    persona = plain["cultures"]["germany"]["methods"]["persona"]
    for metric in ("accuracy", "accuracy_paper"):
        assert 0 <= persona[metric]["low"] <= persona[metric]["value"] <= persona[metric]["high"] <= 1
    assert persona["accuracy_paper"]["value"] <= persona["accuracy"]["value"] + 1e-9
    assert persona["kl"] != weighted["cultures"]["germany"]["methods"]["persona"]["kl"]
    system = (desk.folder / plain["evaluation"] / "sheets.jsonl").read_text()
    assert "Country: Germany" in system
    refused = desk.refused("eval-wvs", "-c", "uk", "--data", "mine/respondents.parquet")
    assert refused.startswith("mine/respondents.parquet has no respondents of uk; there are germany, japan")
    compared = desk.json(
        "compare", plain["evaluation"], plain["evaluation"], "--method", "persona", "--method", "cultural"
    )
    assert {"accuracy", "accuracy_paper"} <= set(compared["comparisons"][0]["metrics"])


def test_written_answers_are_read_or_counted_as_unreadable(desk: Desk) -> None:
    said = desk.json("eval-wvs", "-c", "japan", "-n", "2", *FEW, "--mode", "generate", "--language", "native")
    predictions = list(read_predictions(desk.folder / said["evaluation"]))
    assert all(one.reply is not None and one.probabilities is None for one in predictions)
    unread = [one.method for one in predictions if one.option is None]
    for method, count in (("persona", 10), ("cultural", 5)):
        assert said["cultures"]["japan"]["methods"][method]["invalid"]["value"] == unread.count(method) / count


def test_a_server_answers_in_the_students_place(desk: Desk) -> None:
    def second(body: dict[str, Any], number: int) -> Answered:
        return 200, chat("2" if body["model"] == "japan-lora" else "Answer: 1."), {}

    with Answering(second) as server:
        command = ("eval-wvs", "-c", "japan", "-n", "3", *FEW, "--student", "m", "--base-url", server.url)
        said = desk.json(*command, "--adapter", "japan-lora", "--quiet")
        assert {body["temperature"] for body in server.bodies} == {0.0}
    options = {
        method: {one.option for one in read_predictions(desk.folder / said["evaluation"]) if one.method == method}
        for method in ("persona", "cultural", "clca")
    }
    assert options == {"persona": {0}, "cultural": {0}, "clca": {1}}
    assert (said["mode"], said["rehearsal"]) == ("generate", False)
    folder = desk.folder / said["evaluation"]
    (number, point) = (caveat for caveat in said["caveats"] if caveat.startswith("CAUTION"))
    assert "(japan persona 100% are option 1; japan cultural 100% are option 1; japan clca 100% are option 2)" in number
    assert point.startswith("CAUTION: kl, jsd and wasserstein_1 are those of a point mass")
    assert json.loads((folder / "evaluation.json").read_text())["caveats"] == said["caveats"]
    assert number in (folder / "table.md").read_text()
    lost = desk.refused(*command, "--adapter", "japan-lora", "--new", "--quiet", code=2)
    assert server.url.split("/")[2] in lost


# ---------------------------------------------------------------- plan, comparison, bad input


def test_plan_counts_shared_tokens_once_and_writes_nothing(desk: Desk, evaluated: dict[str, Any]) -> None:
    before = sorted(desk.folder.glob("**/*"))
    plan = desk.json("eval-wvs", "-c", "greece", "-n", "7", "--plan")
    parts = {one["method"]: one for one in plan["parts"]}
    assert (parts["persona"]["sheets"], parts["persona"]["prompts"], parts["cultural"]["prompts"]) == (7, 175, 25)
    assert parts["persona"]["tokens"] < parts["persona"]["tokens_unshared"] / 2
    assert plan["tokens"] == sum(one["tokens"] for one in plan["parts"])
    assert plan["seconds"] > 0
    shown = desk.run("eval-wvs", "-c", "greece", "-n", "7", "--plan").stdout
    assert "Country: Greece" in shown
    assert "a rough estimate" in shown
    assert sorted(desk.folder.glob("**/*")) == before


def test_methods_of_an_evaluation_are_compared_on_the_same_people(desk: Desk, evaluated: dict[str, Any]) -> None:
    name = Path(evaluated["evaluation"]).name
    said = desk.json("compare", name, name, "--method", "persona", "--method", "cultural")
    (one,) = said["comparisons"]
    assert (one["methods"], one["culture"], one["respondents"], one["items"]) == (
        ["persona", "cultural"],
        "japan",
        10,
        5,
    )
    methods = evaluated["cultures"]["japan"]["methods"]
    kl = one["metrics"]["kl"]
    assert kl["first"] == pytest.approx(methods["persona"]["kl"]["value"])
    assert kl["second"] == pytest.approx(methods["cultural"]["kl"]["value"])
    assert kl["difference"]["value"] == pytest.approx(kl["first"] - kl["second"])
    shown = desk.run("compare", name, name, "--method", "persona", "--method", "cultural").stdout
    assert "kl_paper *" in shown
    assert "is a rehearsal" in shown


def test_comparisons_that_make_no_sense_are_refused(desk: Desk, evaluated: dict[str, Any]) -> None:
    name = evaluated["evaluation"]
    assert " twice: name two evaluations, or two methods of this one" in desk.refused("compare", name, name)
    other = desk.json("eval-wvs", "-c", "japan", "-n", "10", *FEW, "--seed", "43", "--quiet")["evaluation"]
    assert "the two evaluations have different respondents of" in desk.refused("compare", name, other)
    assert desk.refused("compare", name, "nothing").startswith("no evaluation 'nothing' in evaluations/")
    two = ("--method", "clca", "--method", "persona")
    assert desk.refused("compare", name, name, *two).endswith("has persona, cultural")


def test_bad_input_is_one_line(desk: Desk) -> None:
    assert desk.refused("eval-wvs", "-c", "japn").startswith("unknown culture 'japn'; did you mean japan")
    assert desk.refused("eval-wvs", "-c", "japan", "--adapter", "no").startswith("no adapter 'no'")
    assert desk.refused("eval-wvs", "-c", "japan", "--base-url", "http://localhost:1/v1").startswith("--base-url needs")
    assert desk.refused("eval-wvs", "-c", "japan", "--student", "lama-3.1-8b").startswith("unknown model 'lama-3.1-8b'")
    (desk.folder / "file").touch()
    assert "choose another folder with --out" in desk.refused("eval-wvs", "-c", "japan", "-n", "1", "--out", "file")


def test_without_the_libraries_one_line_says_what_to_install(desk: Desk, tmp_path: Path) -> None:
    done = desk.run("eval-wvs", "-c", "japan", PYTHONPATH=without(tmp_path, "numpy"))
    assert done.returncode == 2
    assert (
        done.stderr
        == "clca: an evaluation needs numpy, not installed here: pip install '.[eval]' in clca's source folder\n"
    )


def test_a_model_of_the_hub_is_another_one_once_its_main_has_moved(desk: Desk, tiny_student: Student) -> None:
    repository, source = Path(desk.env["HF_HOME"]) / "hub" / "models--org--moved", Path(tiny_student.source)
    (repository / "refs").mkdir(parents=True)
    for commit in ("a" * 40, "b" * 40):
        folder = repository / "snapshots" / commit
        folder.mkdir(parents=True)
        for file in source.iterdir():
            (folder / file.name).write_bytes(file.read_bytes())
    places = []
    for commit in ("a" * 40, "b" * 40, "a" * 40):
        (repository / "refs" / "main").write_text(commit)
        places.append(desk.json("eval-wvs", "-c", "japan", "-n", "1", "-s", "org/moved", "--plan")["evaluation"])
    assert places[0] == places[2] != places[1]


def test_two_servers_are_two_subjects(desk: Desk) -> None:
    places = [
        desk.json("eval-wvs", "-c", "japan", "-s", "m", "--plan", "--base-url", f"http://127.0.0.1:{port}/v1")[
            "evaluation"
        ]
        for port in (1, 2)
    ]
    assert places[0] != places[1]


ONE_AFTER_THE_OTHER = """
import json, sys
from clca.cli import main
for words in json.loads(sys.argv[1]):
    sys.argv = ["clca", *words]
    try:
        main()
    except SystemExit as end:
        print(end.code)
"""


def test_sixteen_bits_need_neither_data_sets_nor_quantisation(desk: Desk, tmp_path: Path) -> None:
    """Both commands in one interpreter, which has to import torch."""
    command = ["eval-wvs", "-c", "japan", "-n", "1", "--items", "Q1", "--quiet"]
    done = subprocess.run(
        [sys.executable, "-c", ONE_AFTER_THE_OTHER, json.dumps([command, [*command, "--bits", "4"]])],
        cwd=desk.folder,
        env=environment(**{**desk.env, "PYTHONPATH": without(tmp_path, "datasets", "bitsandbytes", "trl")}),
        capture_output=True,
        text=True,
    )
    assert done.stdout.split()[-2:] == ["0", "2"], done.stderr
    *_, refusal = done.stderr.splitlines()
    assert refusal.startswith("clca: tiny in 4 bits needs bitsandbytes, not installed here: pip install")


def test_the_plan_counts_a_servers_tokens_with_the_tokenizer_that_lies_here(desk: Desk, tiny_student: Student) -> None:
    student = tiny_student.source
    command = ("eval-wvs", "-c", "japan", "-n", "2", "--base-url", "http://127.0.0.1:1/v1", "--plan")
    known = desk.json(*command, "-s", student)
    assert known["tokens"] > 0
    assert (known["seconds"], known["obstacle"]) == (None, "")
    unknown = desk.json(*command, "-s", "llama-3.1-8b")
    assert (unknown["tokens"], unknown["obstacle"]) == (None, "the server has the student's tokenizer")


# ---------------------------------------------------------------- what a student learns


LEARNING = (
    "base.bits=16",
    "data.held_out=0",
    "data.text_loss=answer",
    "data.survey.per_item=40",
    "lora.r=32",
    "lora.alpha=64",
    "training.schedule=cosine",
    "training.optimizer=adamw",
    "training.gradient_checkpointing=false",
    "training.deterministic=false",
    "training.packing=false",
    "training.batch=16",
    "training.learning_rate=2.5e-3",
    "training.log=[]",
    "data.survey.items=all",
)
EPOCH = 110
"""Steps of 16 rows each over 44 items with 40 answers each."""

# glibc maps large tensors anew each time, and half of a training's time would go into filling their pages.
KEPT_MEMORY = {"MALLOC_MMAP_THRESHOLD_": str(2**32), "MALLOC_TRIM_THRESHOLD_": str(2**33)}


@pytest.mark.parametrize(
    ("curve", "near"), [((40,), 0.85), pytest.param((25, EPOCH, 3 * EPOCH), 0.1, marks=pytest.mark.slow)]
)
def test_a_student_that_is_taught_a_countrys_answers_comes_near_its_people(
    tmp_path: Path, curve: tuple[int, ...], near: float
) -> None:
    desk = Desk(tmp_path)
    desk.env |= KEPT_MEMORY
    taught = []
    sets = [word for one in LEARNING for word in ("--set", one)]
    for steps in curve:
        trained = desk.json(
            *("train", "-c", "japan", "--mix", "wvs", "--recipe", "tiny", "--quiet"),
            *(*sets, "--set", f"training.steps={steps}"),
        )
        assert (trained["steps"], trained["examples"]) == (steps, 44 * 40)
        said = desk.json(
            *("eval-wvs", "-c", "japan", "--adapter", trained["adapter"], "--format", "bare", "--quiet"),
            *("--mode", "probability"),
        )
        assert said["rehearsal"] is True
        japan = said["cultures"]["japan"]
        taught.append(japan["methods"]["clca"]["kl"]["value"])
    untaught = japan["methods"]["cultural"]["kl"]["value"]
    uniform, people = (japan["references"][name]["kl"]["value"] for name in ("uniform", "split_half"))
    assert people < 0.01 < 0.25 < uniform < untaught
    assert [untaught, *taught] == sorted([untaught, *taught], reverse=True)
    assert taught[-1] < people + near * (uniform - people)
    assert japan["methods"]["clca"]["mass"] > 0.95
