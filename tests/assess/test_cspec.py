from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from clca.assess.cspec import assess, read_evaluation
from clca.errors import ClcaError
from clca.evaluation.classification.scores import MatrixScores
from clca.evaluation.classification.scoring import score
from clca.workspace import Content
from tests.evaluation.classification.answers import scored
from tests.stubs import clca, last_json

FILES = {"cspec.json", "tables.md", "tables.csv", "tables.tex"} | {
    f"{kind}.{form}" for kind in ("ranks", "normalised") for form in ("png", "svg")
}


def offense() -> MatrixScores:
    return score(
        [
            scored("ara/hate", [0, 1, 0, 1], {"base": [0, 0, 0, 0], "ara": [0, 1, 0, 1], "spa": [0, -1, 0, 1]}),
            scored("spa/hate", [0, 1, 0, 1], {"base": [0, 0, 0, 0], "ara": [0, 1, 1, 1], "spa": [0, 1, 0, 0]}),
            scored("uk/hate", [0, 1], {"base": [0, 0], "ara": [0, 1], "spa": [0, 1]}),
        ],
        seed=1,
        resamples=50,
    )


def mmlu() -> MatrixScores:
    rows = {"base": [0, 1, 1], "ara": [0, 1, 0], "spa": [0, 1, 1]}
    return score([scored("stem/algebra", [0, 1, 1], rows)], seed=1, resamples=10)


def folder(path: Path, scores: MatrixScores, info: dict[str, Any] | None = None, **beside: Any) -> Path:
    path.mkdir(parents=True)
    (path / "scores.json").write_text(json.dumps({**beside, **scores.model_dump(mode="json")}))
    if info is not None:
        (path / "evaluation.json").write_text(json.dumps(info))
    return path


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_an_evaluation_needs_only_its_scores(here: Path, content: Content) -> None:
    run = folder(here / "run", offense())
    done = assess(str(run), content)
    stored = offense().specificity
    assert stored is not None
    assert done.specificity.cultures == ("ara", "spa")
    assert done.specificity.cspec == stored.cspec
    assert stored.cspec is not None
    assert stored.cspec.low is not None
    assert done.specificity.invalid == ((0.0, 0.0), (0.25, 0.0))
    assert done.folder == run / "cspec"
    assert {file.name for file in done.folder.iterdir()} == FILES
    assert [table.metric for table in done.tables] == ["f1_normalised", "f1", "invalid", "invalid_count"]
    said = " ".join(done.notes)
    assert "Set aside, being no culture's own adapter with tests: base." in said
    assert "Tests of cultures without an adapter or a score: uk." in said


def test_the_paper_stands_beside_an_evaluation_of_its_model_and_data(here: Path, content: Content) -> None:
    about = {"student": "llama-3.1-8b", "mix": "wvs", "finished": True}
    run = folder(here / "run", offense(), about, caveats=["Only a test."])
    knowledge = folder(here / "know", mmlu(), {"student": "llama-3.1-8b"})
    done = assess(str(run), content, mmlu=str(knowledge))
    assert done.tables[-1].metric == "data"
    (ours, printed) = done.tables[-1].rows
    assert ours.label == "WVS"
    assert [one and one.value for one in printed.cells] == [0.2961, 0.76, 0.4278, 0.0136]
    assert ours.cells[2] is not None
    # ara: yes 2 / 3, no 2 / 3; spa: all.
    assert ours.cells[2].value == pytest.approx((2 / 3 + 1) / 2)
    assert "Only a test." in (done.folder / "tables.md").read_text()
    assert "published, table 8" in (done.folder / "tables.md").read_text()


def test_a_rehearsal_is_marked_in_all_that_it_leaves(here: Path, content: Content) -> None:
    run = folder(here / "run", offense(), {"rehearsal": True, "caveats": ["REHEARSAL: says nothing."]})
    done = assess(str(run), content, out=here / "out")
    assert done.rehearsal
    assert json.loads((here / "out" / "cspec.json").read_text())["rehearsal"] is True
    assert "REHEARSAL" in (here / "out" / "tables.md").read_text()
    assert ",yes\n" in (here / "out" / "tables.csv").read_text()


def test_an_evaluation_is_found_by_what_its_name_begins_with(here: Path, content: Content) -> None:
    run = folder(here / "evaluations" / "offense" / "llama-3.1-8b-1a2b3c", offense())
    assert assess("llama-3.1", content).source.resolve() == run


def test_the_same_matrix_leaves_the_same_files(here: Path, content: Content) -> None:
    (here / "m.csv").write_text("x,ara,spa\nara,0.5,0.25\nspa,0.4,0.5\n")
    first = assess("m.csv", content)
    assert first.folder == Path("evaluations/cspec/m")
    before = {file.name: file.read_bytes() for file in first.folder.iterdir()}
    again = assess("m.csv", content)
    assert {file.name: file.read_bytes() for file in again.folder.iterdir()} == before
    assert set(before) == FILES


def test_the_seed_decides_which_orders_are_drawn_where_not_all_are(here: Path, content: Content) -> None:
    names = "abcdefgh"
    rows = [
        f"{one},{','.join(str(0.1 + (7 * i * j + i + 3 * j) % 11 / 20) for j in range(8))}"
        for i, one in enumerate(names)
    ]
    (here / "m.csv").write_text("\n".join([f"x,{','.join(names)}", *rows]))
    found = [assess("m.csv", content, seed=seed).specificity for seed in (1, 1, 2)]
    assert found[0] == found[1]
    assert found[0].p != found[2].p
    assert found[0].cspec == found[2].cspec


def refusal(given: str, content: Content, **options: Any) -> str:
    with pytest.raises(ClcaError) as caught:
        assess(given, content, **options)
    assert "\n" not in caught.value.message
    return caught.value.message


def test_what_is_no_evaluation_is_named(here: Path, content: Content) -> None:
    assert "no file or evaluation 'none': give a CSV matrix or the folder" in refusal("none", content)
    assert "no file or evaluation '': give" in refusal("", content)
    (here / "empty").mkdir()
    assert "empty has no scores.json: it is no evaluation, or one that is not finished" in refusal("empty", content)
    (here / "empty" / "scores.json").write_text("[]")
    assert "scores.json: is no JSON object" in refusal("empty", content)
    (here / "empty" / "scores.json").write_text("{")
    assert "scores.json: cannot be read: Expecting" in refusal("empty", content)
    (here / "empty" / "scores.json").write_text('{"results": [], "averages": []}')
    assert "holds no scores of offensiveness or MMLU" in refusal("empty", content)
    damaged = offense().model_dump(mode="json")
    damaged["results"][0]["average"]["f1"]["value"] = "high"
    (here / "empty" / "scores.json").write_text(json.dumps(damaged))
    assert "results.0.average.f1.value: Input should be a valid number" in refusal("empty", content)


def test_what_cannot_be_asked_for_is_refused(here: Path, content: Content) -> None:
    (here / "m.csv").write_text("x,ara\nara,0.5\n")
    run = folder(here / "run", offense())
    assert "--seed -1: has to be from 0" in refusal("m.csv", content, seed=-1)
    assert "--mmlu: stands beside an evaluation" in refusal("m.csv", content, mmlu=str(run))
    assert "no file or evaluation 'no': give the folder that `clca eval-mmlu` made" in refusal(
        "run", content, mmlu="no"
    )
    assert "run has no culture with both an adapter and a score (rows base, ara, spa; tests of stem)" in (
        refusal(str(folder(here / "know" / "run", mmlu())), content)
    )
    (here / "taken").touch()
    assert "cannot write to taken: File exists; choose another folder with --out" in (
        refusal("m.csv", content, out=Path("taken"))
    )


def test_scores_are_read_whatever_stands_beside_them(here: Path) -> None:
    run = folder(
        here / "run", offense(), {"student": "tiny", "adapters": {"ara": "x"}}, evaluation="run", mode="generate"
    )
    read = read_evaluation(run)
    assert read.scores == offense()
    assert (read.ours.model, read.about["mode"]) == ("tiny", "generate")


def test_the_command_prints_the_score_the_ranks_and_where_the_files_are(tmp_path: Path) -> None:
    (tmp_path / "m.csv").write_text("x;spa;ara;Avg.\nara;20;40;30\nbase;1;1;1\nspa;50;50;50\n")
    done = clca(tmp_path, "eval-cspec", "m.csv")
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert lines[0] == "C-SPEC 0.9000"  # (1 + 0.8) / 2
    # The other order of the two adapters: (0.4 + 1) / 2.
    assert lines[1] == "chance 0.8000, p = 0.5000: share of all 2 orders of the adapters with a C-SPEC as high"
    assert "own adapter is the best, or ties, for 1 of 2 cultures" in done.stdout
    assert "best on ara: spa" in done.stdout
    grid = [line.split() for line in lines if line.startswith(("ara ", "spa "))]
    assert grid[:2] == [["ara", "[2]", "2"], ["spa", "1", "[1]"]]
    assert grid[2:] == [["ara", "0.8000", "0.4000"], ["spa", "1.0000", "1.0000"]]
    assert "Set aside, being no culture's: base, Avg." in done.stdout
    assert "percentages" in done.stdout
    assert "No interval" in done.stdout
    assert "evaluations/cspec/m holds cspec.json" in done.stderr


def test_names_that_look_like_markup_stay_as_they_are_on_screen_and_in_files(tmp_path: Path) -> None:
    (tmp_path / "m.csv").write_text("x,[red]a,b|c,$e$\n[red]a,.5,.25,1\nb|c,.1,.2,.3\n$e$,.3,.2,.1\n")
    done = clca(tmp_path, "eval-cspec", "m.csv")
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("[red]a") >= 4
    folder = tmp_path / "evaluations" / "cspec" / "m"
    assert "| b\\|c |" in (folder / "tables.md").read_text()
    assert r"\$e\$" in (folder / "tables.tex").read_text()


def test_the_command_prints_one_json_object(tmp_path: Path) -> None:
    folder(tmp_path / "run", offense())
    done = clca(tmp_path, "eval-cspec", "run", "--json", "--out", "there", "--quiet")
    said = last_json(done.stdout)
    assert said["folder"] == "there"
    assert said["cultures"] == ["ara", "spa"]
    assert said["cspec"]["low"] <= said["cspec"]["value"] <= said["cspec"]["high"]
    assert {file.name for file in (tmp_path / "there").iterdir()} == FILES
    assert done.stderr == ""


def test_the_command_refuses_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "m.csv").write_text("x,ara\nara,many\n")
    done = clca(tmp_path, "eval-cspec", "m.csv")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == "clca: m.csv:2: ara, ara: 'many' is no number; give a score as 0.42 or 42\n"
