"""`clca eval-offense`, as scripts and people see it: three adapters that answer differently per culture."""

from __future__ import annotations

import csv
import json
import shutil
import signal
from itertools import groupby
from pathlib import Path
from typing import Any

import pytest

from clca.evaluation.classification.prediction_dir import key_of
from clca.evaluation.classification.scores import MatrixScores
from clca.evaluation.prediction_dir import read_records
from clca.models.student import Student
from clca.records import Choice
from tests.cli.evaluation_folder import Desk
from tests.cli_process import start
from tests.evaluation.trained_adapters import ALWAYS, OFFENSE, TEXTS, offense_adapters
from tests.inference.stub_model import Answered, Answering, plain

LABELS = ("non", "prof", "grp")
COUNT = 80
ROWS = ["base", "zero-shot", "ara", "germany", "turkey"]

EVAL = ("eval-offense", "--mode", "generate")
OWN, OTHER = 2 / 15, 2 / 25
"""Half of a culture's texts have the label that its adapter always answers, a quarter each of two others: of the five
labels one has an F1 of 2/3 (precision 1/2, recall 1), or 2/5 (1/4, 1) by the adapter of another culture."""


def golds(culture: str) -> list[str]:
    own = LABELS[int(ALWAYS[culture]) - 1]
    others = [label for label in LABELS if label != own]
    return [own if number % 2 else others[number // 2 % 2] for number in range(COUNT)]


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory, tiny_student: Student, session_folder: Path) -> Desk:
    """A folder with test sets of three cultures, imported, and an adapter of each."""
    one = Desk(tmp_path_factory.mktemp("desk"))
    (one.folder / "in").mkdir()
    files = []
    for culture in ALWAYS:
        lines = [{"text": f"{TEXTS[n % 4]} {n}", "label": gold} for n, gold in enumerate(golds(culture))]
        (one.folder / "in" / f"{culture}.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
        files.append({"path": f"{culture}.jsonl", "culture": culture, "task": OFFENSE, "type": OFFENSE})
    said = [{**file, "text": "text", "label": "label"} for file in files]
    (one.folder / "mapping.yaml").write_text(json.dumps({"files": said}))
    imported = one.run("data", "import-offense", "in", "--mapping", "mapping.yaml")
    assert imported.returncode == 0, imported.stderr
    offense_adapters(tiny_student, session_folder, one.folder / "adapters")
    return one


@pytest.fixture(scope="module")
def evaluated(desk: Desk) -> dict[str, Any]:
    """What evaluating them printed last."""
    return desk.json(*EVAL)


def matrix(folder: Path) -> dict[str, dict[str, float]]:
    with (folder / "matrix.csv").open() as file:
        return {row.pop("adapter"): {key: float(value) for key, value in row.items()} for row in csv.DictReader(file)}


# ---------------------------------------------------------------- what comes out


def test_adapters_that_know_their_own_culture_give_the_diagonal(desk: Desk, evaluated: dict[str, Any]) -> None:
    folder = desk.folder / evaluated["evaluation"]
    expected = {
        row: {culture: OWN if row == culture else OTHER if row in ALWAYS else 0.0 for culture in ALWAYS} for row in ROWS
    }
    for row, cells in matrix(folder).items():
        assert cells == pytest.approx({**expected[row], "average": sum(expected[row].values()) / 3})
    assert evaluated["rows"] == list(matrix(folder)) == ROWS
    of = evaluated["specificity"]
    assert (of["cspec"]["value"], of["cultures"], of["p"]) == (1.0, list(ALWAYS), pytest.approx(1 / 6))
    assert evaluated["matrix"]["turkey"]["turkey"]["f1"]["low"] <= OWN
    assert evaluated["matrix"]["base"]["ara"]["invalid"]["value"] == 1.0  # the tiny student never names an option


def test_every_choice_can_be_followed_back_to_its_prompt(desk: Desk, evaluated: dict[str, Any]) -> None:
    folder = desk.folder / evaluated["evaluation"]
    choices = list(read_records(folder, Choice))
    assert len(choices) == len(ROWS) * 3 * COUNT
    assert {(one.row, one.label) for one in choices if one.row in ALWAYS} == {
        (culture, LABELS[int(number) - 1]) for culture, number in ALWAYS.items()
    }
    for one in choices:
        assert one.gold == golds(one.test.partition("/")[0])[one.place]
    asked = [json.loads(line) for line in (folder / "questions.jsonl").read_text().splitlines()]
    forms = {one["form"]: one["text"] for one in asked if one["test"].startswith("turkey") and one["place"] == 2}
    assert "Soup! 2" in forms["plain"]
    assert "Turkey" not in forms["plain"]
    assert "according to Turkey's cultural norms" in forms["zero-shot"]


def test_scores_can_be_read_back_and_files_are_marked(desk: Desk, evaluated: dict[str, Any]) -> None:
    folder = desk.folder / evaluated["evaluation"]
    assert {file.name for file in folder.iterdir()} == {
        *("evaluation.json", "questions.jsonl", "sheets.jsonl", "predictions.jsonl", "scores.json", "matrix.csv"),
        *("table.md", "table.csv", "table.tex"),
    }
    said = json.loads((folder / "scores.json").read_text())
    scores = MatrixScores.model_validate({key: said[key] for key in MatrixScores.model_fields})
    own = scores.own("turkey")
    assert own is not None
    assert own.f1 is not None
    assert own.f1.value == pytest.approx(OWN)
    assert (said["rehearsal"], said["demonstration"], said["mix"], said["scoring"]) == (True, False, "wvs", "corrected")
    info = json.loads((folder / "evaluation.json").read_text())
    assert (info["kind"], info["finished"], info["cells"]) == ("offense", True, {"done": 15, "of": 15})
    assert info["sheets"] == {"asked": 30, "of": 30}
    assert info["prompts"] == info["predictions"] == 1200
    for name in ("table.md", "table.tex"):
        assert "REHEARSAL (the student is tiny)" in (folder / name).read_text()
    with (folder / "table.csv").open() as file:
        assert {(row["rehearsal"], row["demonstration"]) for row in csv.DictReader(file)} == {("yes", "no")}


def test_c_spec_and_its_heat_maps_follow_from_the_folder(desk: Desk, evaluated: dict[str, Any]) -> None:
    for given, out in ((evaluated["evaluation"], "of-run"), (f"{evaluated['evaluation']}/matrix.csv", "of-csv")):
        said = desk.json("eval-cspec", given, "--out", out)
        assert (said["cspec"]["value"], said["cultures"]) == (1.0, list(ALWAYS))
        assert said["ranks"] == [[1 if row == column else 2 for column in ALWAYS] for row in ALWAYS]
        maps = {f"{kind}.{form}" for kind in ("ranks", "normalised") for form in ("png", "svg")}
        there = {file.name: file.stat().st_size for file in desk.folder.glob(f"{out}/**/*") if file.name in maps}
        assert set(there) == maps
        assert min(there.values()) > 1000


def test_same_command_again_asks_nothing_and_shows_the_matrix(desk: Desk, evaluated: dict[str, Any]) -> None:
    folder = desk.folder / evaluated["evaluation"]
    before = {name: (folder / name).read_bytes() for name in ("predictions.jsonl", "matrix.csv", "scores.json")}
    done = desk.run(*EVAL)
    assert done.returncode == 0, done.stderr
    assert "all 30 request groups were answered on 20" in done.stderr
    assert "no request was sent (--new evaluates again)" in done.stderr
    for words in (
        "C-SPEC over 3 cultures: 1.000",
        "REHEARSAL",
        "Single-Culture Adaptation - WVS",
        "zero-shot",
        "13.33",
    ):
        assert words in done.stdout
    assert {name: (folder / name).read_bytes() for name in before} == before
    assert len(json.loads((folder / "evaluation.json").read_text())["sittings"]) == 1


# ---------------------------------------------------------------- interruptions


def whole_groups(lines: list[bytes]) -> list[bytes]:
    """Without those of the last group, where a kill left it unfinished; each test has a group of 64 and one of 16."""
    kept: list[bytes] = []
    for _, group in groupby(lines, key=lambda line: key_of(Choice.model_validate_json(line))):
        answered = list(group)
        if len(answered) in (64, 16):
            kept += answered
    return kept


def test_killed_in_the_middle_and_resumed_it_is_the_same_matrix(desk: Desk, evaluated: dict[str, Any]) -> None:
    command, counts = (*EVAL, "--out", "killed", "--quiet"), []
    for lines in (1, 200, 500):
        code, _ = desk.interrupted(signal.SIGKILL, Path("killed/offense/*/predictions.jsonl"), lines, *command)
        assert code == -signal.SIGKILL
        (folder,) = desk.folder.glob("killed/offense/*")
        assert not (folder / "matrix.csv").exists()
        counts.append((folder / "predictions.jsonl").read_bytes().count(b"\n"))
    assert counts[-1] < 1200
    assert len(set(counts)) == 3
    with (folder / "predictions.jsonl").open("ab") as file:
        file.write(b'{"row":"turkey","test":"ara/off')
    kept = whole_groups((folder / "predictions.jsonl").read_bytes().splitlines()[: counts[-1]])
    assert 2 * 64 < len(kept) <= counts[-1]
    resumed, whole = desk.json(*command), desk.folder / evaluated["evaluation"]
    assert 0 < resumed["asked"] < 30
    lines = (folder / "predictions.jsonl").read_bytes().splitlines()
    assert lines[: len(kept)] == kept
    assert sorted(lines) == sorted((whole / "predictions.jsonl").read_bytes().splitlines())
    assert (folder / "matrix.csv").read_bytes() == (whole / "matrix.csv").read_bytes()


def test_ctrl_c_says_how_to_go_on(desk: Desk, evaluated: dict[str, Any]) -> None:
    pattern = Path("stopped/offense/*/predictions.jsonl")
    code, errors = desk.interrupted(signal.SIGINT, pattern, 100, *EVAL, "--out", "stopped", "--json")
    assert code == 130
    assert errors.splitlines()[-1].startswith("clca: stopped after ")
    assert errors.splitlines()[-1].endswith("repeat the command to resume")
    assert "Traceback" not in errors
    (folder,) = desk.folder.glob("stopped/offense/*")
    info = json.loads((folder / "evaluation.json").read_text())
    assert info["finished"] is False
    assert info["cells"]["of"] == 15
    assert 0 < info["sheets"]["asked"] < 30


# ---------------------------------------------------------------- other ways to ask


def test_a_server_gives_the_same_matrix_by_the_names_that_it_has(desk: Desk, evaluated: dict[str, Any]) -> None:
    def said(body: dict[str, Any], number: int) -> Answered:
        number_of = {f"{culture}-lora": number for culture, number in ALWAYS.items()}
        return 200, plain(f" {number_of.get(body['model'], 'the')}. Because"), {}

    command = ["eval-offense", "--student", "m", "--quiet"]
    command += [word for culture in ALWAYS for word in ("--adapter", f"{culture}={culture}-lora")]
    with Answering(said) as server:
        there = desk.json(*command, "--base-url", server.url)
        assert {(body["max_tokens"], body["temperature"]) for body in server.bodies if "k7" not in str(body)} >= {
            (25, 0.0)
        }
        assert (there["rehearsal"], there["mode"]) == (False, "generate")
        whole = desk.folder / evaluated["evaluation"]
        assert (desk.folder / there["evaluation"] / "matrix.csv").read_bytes() == (whole / "matrix.csv").read_bytes()
        gone = server.url
    refused = desk.refused(*command, "--base-url", gone, "--new")
    assert refused.startswith(f"cannot connect to {gone}")


def test_odds_of_the_options_are_compared_in_probability_mode(desk: Desk, evaluated: dict[str, Any]) -> None:
    command = ("eval-offense", "-c", "turkey", "--row", "turkey", "--row", "base", "--limit", "6", "--quiet")
    said = desk.json(*command)
    assert said["mode"] == "probability"  # of a tiny student, unless it is told to write
    choices = list(read_records(desk.folder / said["evaluation"], Choice))
    assert {one.row for one in choices} == {"base", "turkey"}
    for one in choices:
        assert one.reply is None
        assert sum(one.probabilities or ()) == pytest.approx(1)
        assert len(one.probabilities or ()) == 5
    assert {one.label for one in choices if one.row == "turkey"} == {"grp"}
    assert said["matrix"]["base"]["turkey"]["invalid"]["value"] == 0.0  # there always is a likeliest option


def test_a_limit_is_recorded_and_keeps_every_label(desk: Desk, evaluated: dict[str, Any]) -> None:
    command = (*EVAL, "--row", "turkey", "-c", "turkey", "--quiet", "--limit", "5")
    said = desk.json(*command)
    choices = list(read_records(desk.folder / said["evaluation"], Choice))
    assert (len(choices), {one.gold for one in choices}) == (5, set(LABELS))
    info = json.loads((desk.folder / said["evaluation"] / "evaluation.json").read_text())
    assert (info["limit"], info["inputs"]["limit"]) == (5, {"texts": 5, "seed": 42})
    assert any("At most 5 texts of each test" in caveat for caveat in said["caveats"])


def test_the_scorings_differ_where_they_must_and_say_where(desk: Desk, evaluated: dict[str, Any]) -> None:
    shown = desk.run(*EVAL, "--scoring", "paper", "-c", "turkey", "--row", "turkey", "--out", "paper")
    assert shown.returncode == 0, shown.stderr
    assert "Where the scorings differ" in shown.stdout
    assert "Scored as the paper's framework does" in shown.stdout
    (folder,) = desk.folder.glob("paper/offense/*")
    assert matrix(folder)["turkey"]["turkey"] == pytest.approx(OWN)  # both lists have five labels, the same texts
    differences = json.loads((folder / "scores.json").read_text())["differences"]
    assert {"all", "turkey/offensive_detect_finegrained"} <= {one["task"] for one in differences}


def test_without_imported_data_a_demonstration_runs_and_is_marked(
    desk: Desk, tmp_path: Path, evaluated: dict[str, Any]
) -> None:
    here = Desk(tmp_path)
    command = ("eval-offense", "-c", "turkey", "--row", "base", "--limit", "2")
    shown = here.run(*command)
    assert shown.returncode == 0, shown.stderr
    assert "DEMONSTRATION" in shown.stdout
    assert "DEMONSTRATION" in shown.stderr
    assert shown.stderr.startswith("loading tiny, and waiting for the first answers\n")
    said = here.json(*command, "--quiet")
    assert (said["demonstration"], said["data"]) == (True, None)
    folder = tmp_path / said["evaluation"]
    assert "DEMONSTRATION" in (folder / "table.md").read_text()
    assert json.loads((folder / "evaluation.json").read_text())["demonstration"] is True
    assert json.loads((folder / "scores.json").read_text())["demonstration"] is True
    with (folder / "table.csv").open() as file:
        assert {row["demonstration"] for row in csv.DictReader(file)} == {"yes"}


def test_a_reader_that_has_seen_enough_is_no_fault(desk: Desk, evaluated: dict[str, Any]) -> None:
    process = start(desk.folder, *EVAL, **desk.env)
    assert process.stdout is not None
    process.stdout.close()  # as `| head -1` does, sooner or later
    process.stdout = None
    _, errors = process.communicate(timeout=300)
    assert process.returncode == 0, errors
    assert "Traceback" not in errors


def test_plan_counts_and_writes_nothing(desk: Desk, evaluated: dict[str, Any]) -> None:
    before = sorted(desk.folder.glob("**/*"))
    plan = desk.json(*EVAL, "--plan")
    assert (plan["cells"], plan["prompts"], plan["exists"], plan["rows"]) == (15, 1200, True, ROWS)
    assert [(part["culture"], part["texts"], part["prompts"]) for part in plan["parts"]] == [
        (culture, 80, 400) for culture in ALWAYS
    ]
    assert plan["tokens"] == sum(part["tokens"] for part in plan["parts"]) > 1200 * 20
    assert plan["seconds"] > 0
    shown = desk.run(*EVAL, "--plan", "--new").stdout
    assert "You are a " in shown
    assert "### Question: " in shown
    assert "-2 would be made" in shown
    assert sorted(desk.folder.glob("**/*")) == before


# ---------------------------------------------------------------- bad input


def test_an_evaluation_of_another_kind_is_not_compared(desk: Desk, evaluated: dict[str, Any]) -> None:
    folder = evaluated["evaluation"]
    assert desk.refused("compare", folder, folder) == (
        f"{folder} is of `clca eval-offense`: give an evaluation of `clca eval-wvs`"
    )
    assert "\n" not in desk.refused("compare", Path(folder).name, folder)


def test_a_full_disk_is_one_line_and_the_command_goes_on_when_there_is_room(
    desk: Desk, evaluated: dict[str, Any]
) -> None:
    command = ("eval-offense", "--out", "full", "--row", "turkey", "-c", "turkey", "--quiet")
    process = start(desk.folder, *command, surroundings={"file_size": 10_000}, **desk.env)
    _, errors = process.communicate(timeout=300)
    assert process.returncode == 2
    (line,) = errors.splitlines()
    assert line.startswith("clca: cannot write full/offense/")
    assert desk.json(*command)["asked"] == 2


def test_bad_input_is_one_line(desk: Desk, evaluated: dict[str, Any]) -> None:
    assert desk.refused("eval-offense", "-c", "turky").startswith("unknown culture 'turky'; did you mean turkey")
    assert desk.refused("eval-offense", "-c", "japan").startswith("--culture japan: data/offense holds no test set of")
    assert desk.refused("eval-offense", "--row", "china").startswith("--row china: there is no adapter of china")
    assert desk.refused("eval-offense", "--scoring", "strict").startswith("--scoring: Input should be 'corrected'")
    assert desk.refused("eval-offense", "--data", "nowhere").startswith("no test sets at nowhere")
    (desk.folder / "file").touch()
    assert "choose another folder with --out" in desk.refused(
        *("eval-offense", "-c", "turkey", "--row", "base", "--limit", "1", "--out", "file")
    )


def test_data_that_have_changed_since_their_import_are_refused(desk: Desk, tmp_path: Path) -> None:
    shutil.copytree(desk.folder / "data", tmp_path / "data")
    file = tmp_path / "data" / "offense" / "turkey" / f"{OFFENSE}.jsonl"
    file.write_bytes(file.read_bytes().replace(b"Soup", b"Fish", 1))
    assert Desk(tmp_path).refused("eval-offense", "--row", "base") == (
        f"data/offense/turkey/{OFFENSE}.jsonl: has changed since it was imported: import the test sets again"
    )


def test_a_prompt_that_is_too_long_is_refused_before_anything_is_asked(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    texts = [{"text": "short", "label": "OFF"}, {"text": "word " * 8000, "label": "NOT"}]
    (tmp_path / "in" / "a.jsonl").write_text("".join(json.dumps(one) + "\n" for one in texts))
    entry = {"path": "a.jsonl", "culture": "turkey", "task": "long", "type": "offensive_detect"}
    (tmp_path / "m.yaml").write_text(json.dumps({"files": [{**entry, "text": "text", "label": "label"}]}))
    here = Desk(tmp_path)
    assert here.run("data", "import-offense", "in", "--mapping", "m.yaml").returncode == 0
    said = here.refused("eval-offense", "--row", "base")
    assert said.startswith("turkey/long, text 2: prompt and answer take ")
    assert said.endswith("leave the text out of the data, or choose a student with a longer context")
    assert not (tmp_path / "evaluations").exists()
