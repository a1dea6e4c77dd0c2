from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from clca.cli.views.cspec import show
from clca.errors import ClcaError
from clca.evaluation.classification.aggregate import score
from clca.evaluation.classification.scores import MatrixScores
from clca.evaluation.cspec.config import CspecConfig
from clca.evaluation.cspec.plan import plan
from clca.evaluation.cspec.result import CspecResult
from clca.evaluation.cspec.run import run as run_plan
from clca.evaluation.results import read_evaluation
from clca.stages import resolve_config
from clca.storage.output_files import LIST
from tests.cli_process import clca, last_json
from tests.evaluation.classification.answers import scored

FILES = {LIST, "cspec.json", "tables.md", "tables.csv", "tables.tex"} | {
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


ADAPTERS = {"ara": "1", "spa": "2"}


def folder(path: Path, scores: MatrixScores, kind: str = "offense", **about: Any) -> Path:
    """An evaluation's two files; `about` changes or adds keys of evaluation.json."""
    path.mkdir(parents=True)
    info = {"kind": kind, "student": "llama-3.1-8b", "source": "meta/llama", "revision": None, "mix": "wvs"}
    info |= {"created": "2026", "mode": "generate", "inputs": {"adapters": ADAPTERS}, **about}
    (path / "scores.json").write_text(json.dumps({"evaluation": path.name, **scores.model_dump(mode="json")}))
    (path / "evaluation.json").write_text(json.dumps(info))
    return path


def ask(*sources: str | Path, mmlu: Sequence[str | Path] = (), **options: Any) -> CspecResult:
    flags = {"matrix": tuple(map(str, sources)), "mmlu": tuple(map(str, mmlu)), **options}
    return run_plan(plan(resolve_config(CspecConfig, flags, {})))


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_an_evaluation_leaves_its_c_spec_tables_and_heat_maps_beside_it(here: Path) -> None:
    run = folder(here / "run", offense())
    done = ask(run)
    (matrix,) = done.matrices
    stored = offense().specificity
    assert stored is not None
    assert matrix.cultures == ("ara", "spa")
    assert matrix.cspec == stored.cspec
    assert stored.cspec is not None
    assert stored.cspec.low is not None
    assert matrix.invalid == ((0.0, 0.0), (0.25, 0.0))
    assert done.folder == run / "cspec"
    assert {file.name for file in done.folder.iterdir()} == FILES
    assert [table.metric for table in done.tables] == ["f1_normalised", "f1", "invalid", "invalid_count"]
    text = " ".join(matrix.notes)
    assert "Set aside, being no culture's own adapter with tests: base." in text
    assert "Tests of cultures without an adapter or a score: uk." in text


def test_mmlu_of_the_same_adapters_adds_tables_4_and_5(here: Path) -> None:
    run = folder(here / "run", offense(), caveats=["Only a test."])
    know = folder(here / "know", mmlu(), "mmlu", inputs={"adapters": {**ADAPTERS, "japan": "3"}})
    done = ask(run, mmlu=[know])
    assert [table.metric for table in done.tables][-2:] == ["mmlu_f1", "data"]
    (ours,) = done.tables[-1].rows
    assert ours.label == "WVS"
    assert ours.cells[2] is not None
    # ara: yes 2 / 3, no 2 / 3; spa: all.
    assert ours.cells[2].value == pytest.approx((2 / 3 + 1) / 2)
    text = (done.folder / "tables.md").read_text()
    assert "Only a test." in text
    assert "published, table 8" not in text  # whose ten adapters were asked all texts
    for table in done.tables:
        (first, *_) = [note for note in table.notes if "Published numbers of this student: " in note]
        assert "scoring not known, published paper" in first
    assert "adapters of ara, spa, published ara, bangladesh, brazil" in text
    assert "S2N's table 4" in text
    odds = folder(here / "odds", mmlu(), "mmlu", mode="probability")
    assert "S2N's table 11" in ask(run, mmlu=[odds]).tables[-2].title


def test_what_was_asked_and_what_is_to_be_known_stands_beside_mmlu_and_no_table_is_empty(here: Path) -> None:
    rows = {"base": [0, 1], "ara": [0, 0], "spa": [0, 1]}
    single = score([scored("nutrition", [0, 0], rows)], seed=1, resamples=10, single_class=False, pooled=True)
    about = {"student": "tiny", "mode": "probability", "data": "exam", "shots": 5, "scoring": "corrected"}
    know = folder(here / "know", single, "mmlu", **about)
    scores = json.loads((know / "scores.json").read_text())
    (know / "scores.json").write_text(json.dumps({**scores, "notes": ["Twice: nutrition 1"]}))
    tables = ask(folder(here / "run", offense(), student="tiny"), mmlu=[know]).tables
    assert all(table.rows for table in tables)
    assert [table.metric for table in tables][-2:] == ["invalid_count", "data"]
    of_mmlu = [note.removeprefix("MMLU, know: ") for note in tables[-1].notes if note.startswith("MMLU, know: ")]
    assert of_mmlu[:2] == [
        "exam: 2 questions of 1 subject, 5-shot, probability, scoring corrected; seed 1.",
        "Twice: nutrition 1",
    ]
    assert of_mmlu[2].startswith("The same letter is the answer to all questions of a subject: it has no macro-F1")
    assert of_mmlu[2].endswith(": nutrition (yes).")


@pytest.mark.parametrize(
    ("kind", "other", "message"),
    [
        ("offense", {}, "other is an evaluation of offense: give one by `clca eval-mmlu`"),
        ("mmlu", {"student": "qwen2.5-7b"}, "does not match run: student qwen2.5-7b, not llama-3.1-8b; give"),
        ("mmlu", {"source": "else"}, "source else, not meta/llama"),
        ("mmlu", {"inputs": {"adapters": {**ADAPTERS, "spa": "9"}}}, "another adapter of spa; give"),
    ],
)
def test_mmlu_of_other_answers_is_refused(here: Path, kind: str, other: dict[str, Any], message: str) -> None:
    folder(here / "run", offense())
    folder(here / "other", mmlu(), kind, **other)
    assert message in refusal("run", mmlu=["other"])
    assert not (here / "run" / "cspec").exists()


def test_adapters_that_only_one_of_both_has_are_left_out_of_table_5_and_named(here: Path) -> None:
    rows = {"base": [0, 1, 1], "ara": [0, 1, 0], "japan": [0, 0, 0]}
    know = score([scored("stem/algebra", [0, 1, 1], rows)], seed=1, resamples=10)
    folder(here / "run", offense())
    folder(here / "know", know, "mmlu", inputs={"adapters": {"ara": "1", "japan": "3"}})
    table = ask("run", mmlu=["know"]).tables[-1]
    assert table.rows[0].cells[2] is not None
    assert table.rows[0].cells[2].value == pytest.approx(2 / 3)
    assert "know: adapters that were not evaluated on offensiveness: japan." in table.notes
    assert "know: adapters that were not evaluated on MMLU: spa." in table.notes
    alone = score([scored("stem/algebra", [0, 1], {"base": [0, 1], "japan": [0, 1]})], seed=1, resamples=10)
    folder(here / "alone", alone, "mmlu", inputs={"adapters": {"japan": "3"}})
    assert "adapters of japan, not of ara, spa" in refusal("run", mmlu=["alone"])


def test_several_evaluations_stand_in_the_same_tables_each_with_its_own_c_spec(here: Path) -> None:
    first = folder(here / "one", offense())
    two = folder(here / "two", offense(), mix="wvs+wiki", inputs={"adapters": {"ara": "7", "spa": "8"}})
    third = folder(here / "deep" / "one", offense(), inputs={"adapters": {"ara": "5", "spa": "6"}})
    (here / "m.csv").write_text("x,ara,spa\nara,0.5,0.25\nspa,0.4,0.5\n")
    know = folder(here / "know", mmlu(), "mmlu", inputs={"adapters": {"ara": "7", "spa": "8"}})
    done = ask(first, two, third, "m.csv", mmlu=[know])
    assert done.folder.parent == Path("evaluations/cspec")
    assert done.folder.name.startswith("one-and-3-more-")
    assert {file.name for file in done.folder.iterdir()} == {
        *(LIST, "tables.md", "tables.csv", "tables.tex", "one", "two", "one-2", done.matrices[3].name)
    }
    assert {file.name for matrix in done.matrices for file in matrix.folder.iterdir()} == {
        name for name in FILES - {LIST} if not name.startswith("tables")
    }
    data = done.tables[-1]
    assert [row.label for row in data.rows] == ["WVS (one)", "WVS+Wiki", "WVS (one-2)"]
    assert [row.cells[2] is not None for row in data.rows] == [False, True, False]
    normalised = [table for table in done.tables if table.metric == "f1_normalised"]
    assert [table.rows[0].group for table in normalised] == [
        "one",
        "two",
        "one-2",
        done.matrices[3].name,
    ]
    assert "one is given twice" in refusal("one", more=["two", "one"])
    folder(here / "know2", mmlu(), "mmlu", inputs={"adapters": {"ara": "7", "spa": "8"}})
    assert "--mmlu know2: two already goes with know;" in refusal("one", more=["two"], mmlu=["know", "know2"])


def test_a_rehearsal_and_a_demonstration_are_marked_in_all_that_they_leave(here: Path) -> None:
    run = folder(here / "run", offense(), rehearsal=True, demonstration=True, caveats=["REHEARSAL: says nothing."])
    done = ask(run, out=here / "out")
    assert (done.rehearsal, done.demonstration) == (True, True)
    said = json.loads((here / "out" / "cspec.json").read_text())
    assert (said["rehearsal"], said["demonstration"]) == (True, True)
    assert "REHEARSAL" in (here / "out" / "tables.md").read_text()
    head, *lines = (here / "out" / "tables.csv").read_text().splitlines()
    assert head.endswith(",rehearsal,demonstration")
    assert all(line.endswith(",yes,yes") for line in lines)
    for kind in ("ranks", "normalised"):
        assert "<!-- Rehearsal, demonstration -->" in (here / "out" / f"{kind}.svg").read_text()
    (run / "matrix.csv").write_text("x,ara\nara,0.5\n")
    assert ask(run / "matrix.csv").rehearsal
    know = folder(here / "know", mmlu(), "mmlu", demonstration=True)
    assert ask(folder(here / "real", offense()), mmlu=[know]).demonstration


def test_an_evaluation_is_found_by_what_its_name_begins_with(here: Path) -> None:
    run = folder(here / "evaluations" / "offense" / "llama-3.1-8b-1a2b3c", offense())
    folder(here / "evaluations" / "offense" / "llama-3.1-8b-older", offense(), created="2025")
    assert ask("llama-3.1").matrices[0].source.resolve() == run


def test_which_of_several_evaluations_is_measured_is_printed_and_recorded(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for kind, scores in (("offense", offense()), ("mmlu", mmlu())):
        for name, created in (("tiny-new", "2026"), ("tiny-old", "2025")):
            folder(here / "evaluations" / kind / name, scores, kind, created=created)
    measured = ask("tiny", mmlu=["tiny"])
    show(measured, quiet=True, as_json=True)
    expected = [
        f"evaluations/{kind}/tiny-new, the newest of 2 with the same inputs; not taken: evaluations/{kind}/tiny-old"
        for kind in ("offense", "mmlu")
    ]
    lines = capsys.readouterr().err.splitlines()
    assert [line.partition(" (")[0] for line in lines[:2]] == [f"Takes for tiny: {text}" for text in expected]
    recorded = json.loads((measured.folder / "cspec.json").read_text())["selection"]
    assert [(entry["taken"], list(entry["others"])) for entry in recorded] == [
        ([f"evaluations/{kind}/tiny-new"], [f"evaluations/{kind}/tiny-old"]) for kind in ("offense", "mmlu")
    ]


def test_files_of_the_same_name_leave_folders_of_their_own(here: Path) -> None:
    (here / "a").mkdir()
    run = folder(here / "run", offense())
    (run / "matrix.csv").write_text("x,ara\nara,0.5\n")
    (here / "a" / "matrix.csv").write_text("x,ara\nara,0.25\n")
    (here / "matrix.csv").write_text("x,ara\nara,0.125\n")
    folders = [ask(one).folder for one in (run, run / "matrix.csv", "a/matrix.csv", "matrix.csv")]
    assert folders[:2] == [run / "cspec", run / "cspec-matrix"]
    assert [one.parent for one in folders[2:]] == [Path("evaluations/cspec")] * 2
    assert len(set(folders)) == 4


def test_the_same_matrix_leaves_the_same_files(here: Path) -> None:
    (here / "m.csv").write_text("x,ara,spa\nara,0.5,0.25\nspa,0.4,0.5\n")
    first = ask("m.csv")
    assert first.folder.parent == Path("evaluations/cspec")
    assert first.folder.name.startswith("m-")
    before = {file.name: file.read_bytes() for file in first.folder.iterdir()}
    again = ask("m.csv")
    assert {file.name: file.read_bytes() for file in again.folder.iterdir()} == before
    assert set(before) == FILES


def test_the_seed_decides_which_orders_are_drawn_where_not_all_are(here: Path) -> None:
    names = "abcdefgh"
    rows = [
        f"{one},{','.join(str(0.1 + (7 * i * j + i + 3 * j) % 11 / 20) for j in range(8))}"
        for i, one in enumerate(names)
    ]
    (here / "m.csv").write_text("\n".join([f"x,{','.join(names)}", *rows]))
    found = [ask("m.csv", seed=seed).matrices[0] for seed in (1, 1, 2)]
    assert found[0] == found[1]
    assert found[0].p != found[2].p
    assert found[0].cspec == found[2].cspec


def refusal(given: str | Path, more: Sequence[str] = (), **options: Any) -> str:
    with pytest.raises(ClcaError) as caught:
        ask(given, *more, **options)
    assert "\n" not in caught.value.message
    return caught.value.message


def test_what_is_no_evaluation_is_named(here: Path) -> None:
    assert "no evaluation 'none': there are none in evaluations/offense/" in refusal("none")
    assert "no evaluation '': there are none" in refusal("")
    assert "no file none.csv: give a CSV matrix, or the folder of an evaluation" in refusal("none.csv")
    (here / "empty").mkdir()
    assert "empty is not an evaluation: it has no evaluation.json" in refusal("empty")
    run = folder(here / "run", offense())
    (run / "scores.json").unlink()
    assert "run has no scores.json: it is not finished; repeat the command that started it" in refusal("run")
    (run / "scores.json").write_text("[]")
    assert "scores.json: is not a JSON object" in refusal("run")
    (run / "scores.json").write_text("{")
    assert "scores.json: cannot be read: EOF while parsing" in refusal("run")
    damaged = offense().model_dump(mode="json")
    damaged["results"][0]["average"]["f1"]["value"] = "high"
    (run / "scores.json").write_text(json.dumps(damaged))
    assert "results.0.average.f1.value: Input should be a valid number" in refusal("run")


def test_what_cannot_be_asked_for_is_refused(here: Path) -> None:
    (here / "m.csv").write_text("x,ara\nara,0.5\n")
    folder(here / "know", mmlu(), "mmlu")
    assert refusal("m.csv", seed=-1).startswith("--seed: Input should be greater than or equal to 0")
    assert "--mmlu: needs an evaluation as RUN" in refusal("m.csv", mmlu=["know"])
    assert "know is an evaluation of mmlu: give one by `clca eval-offense`" in refusal("know")
    base = score([scored("ara/hate", [0, 1], {"base": [0, 1]})], seed=1, resamples=5)
    assert "base has no culture with both an adapter and a score (rows base; tests of ara)" in (
        refusal(folder(here / "base", base))
    )
    (here / "taken").touch()
    assert "cannot write to taken: File exists; give another folder with --out" in (refusal("m.csv", out=Path("taken")))


def test_scores_are_read_whatever_stands_beside_them(here: Path) -> None:
    folder(here / "run", offense(), student="tiny", later="key")
    read = read_evaluation("run", "offense")
    assert read.scores == offense()
    assert (read.system.model, read.info["mode"]) == ("tiny", "generate")


def test_the_command_prints_the_score_the_ranks_and_where_the_files_are(tmp_path: Path) -> None:
    (tmp_path / "m.csv").write_text("x;spa;ara;Avg.\nara;20;40;30\nbase;1;1;1\nspa;50;50;50\n")
    done = clca(tmp_path, "eval-cspec", "m.csv")
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert lines[0] == "C-SPEC 0.9000"  # (1 + 0.8) / 2
    # The other order of the two adapters: (0.4 + 1) / 2.
    assert lines[1] == "chance 0.8000, p = 0.5000: share of all 2 orders of the adapters with a C-SPEC as high"
    assert "own adapter is the best, or ties, for 1 of 2 cultures" in done.stdout
    assert "best on Arabic-speaking (ara): Spanish-speaking (spa)" in done.stdout
    grid = [line.split()[1:] for line in lines if line.startswith(("Arabic-speaking ", "Spanish-speaking "))]
    assert grid[:2] == [["(ara)", "[2]", "2"], ["(spa)", "1", "[1]"]]
    assert grid[2:] == [["(ara)", "0.8000", "0.4000"], ["(spa)", "1.0000", "1.0000"]]
    assert "Set aside, being no culture's: base, Avg." in done.stdout
    assert "percentages" in done.stdout
    assert "No interval" in done.stdout
    assert "evaluations/cspec/m-" in done.stderr


def test_names_that_look_like_markup_stay_as_they_are_on_screen_and_in_files(tmp_path: Path) -> None:
    (tmp_path / "m.csv").write_text("x,[red]a,b|c,$e$\n[red]a,.5,.25,1\nb|c,.1,.2,.3\n$e$,.3,.2,.1\n")
    done = clca(tmp_path, "eval-cspec", "m.csv")
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("[red]a") >= 4
    (folder,) = (tmp_path / "evaluations" / "cspec").iterdir()
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


def test_the_command_takes_several(tmp_path: Path) -> None:
    folder(tmp_path / "one", offense())
    folder(tmp_path / "two", offense(), mix="wvs+wiki")
    done = clca(tmp_path, "eval-cspec", "one", "two", "--out", "there")
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("one: C-SPEC ")
    assert "\ntwo: C-SPEC " in done.stdout
    assert "(S2N's table 5)" in done.stdout
    said = last_json(clca(tmp_path, "eval-cspec", "one", "two", "--out", "there", "--json").stdout)
    assert [one["folder"] for one in said["matrices"]] == ["there/one", "there/two"]


def test_the_command_refuses_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "m.csv").write_text("x,ara\nara,many\n")
    done = clca(tmp_path, "eval-cspec", "m.csv")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == "clca: m.csv:2: ara, ara: 'many' is not a number; give a score as 0.42 or 42\n"
