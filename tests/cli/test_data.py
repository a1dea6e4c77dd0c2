"""`clca data`: what a reader sees, and that nothing is left half done."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from tests.cli_process import clca, start
from tests.evaluation.wvs.survey_files import demographics, official, people, values

FILE = "respondents.parquet"


@pytest.fixture
def survey(tmp_path: Path) -> Path:
    """A folder with a small official file."""
    (tmp_path / "wave7.csv").write_bytes(official(people({"JPN": 40, "GBR": 20, "AND": 5})))
    return tmp_path


def test_an_import_says_what_is_there_and_what_is_missing(survey: Path) -> None:
    done = clca(survey, "data", "import-wvs", "wave7.csv")
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    japan = next(line.split() for line in lines if line.startswith("japan"))
    assert (japan[1:5], japan[-2:]) == (["40", "44", "of", "44"], ["11", "yes"])
    assert next(line for line in lines if "JPN" in line).split() == ["JPN", "GBR"]
    assert sum(line.startswith("Q") for line in lines) == 44
    assert "wave7.csv: 65 rows, answers and demographics" in lines
    assert "left out, of other countries: 5 (AND 5)" in lines
    assert any(line.startswith("missing answers by code: -1 ") for line in lines)
    assert lines[-1] == "60 respondents of 2 countries in data/wvs/respondents.parquet"
    assert (survey / "data" / "wvs" / FILE).is_file()


def test_slices_say_what_they_lack(tmp_path: Path) -> None:
    (tmp_path / "values.tsv").write_bytes(values(people({"JPN": 6}), ["Q1", "Q2"]))
    done = clca(tmp_path, "data", "import-wvs", "values.tsv", "--out", "two")
    assert done.returncode == 0, done.stderr
    assert "no column of 42 items: Q3, Q4, " in done.stdout
    assert "no column of 11 persona fields: H_SETTLEMENT, " in done.stdout
    assert "no demographics: these respondents can be compared with, but not used as personas" in done.stdout
    assert "no file names countries: they were read from the interview numbers" in done.stdout
    assert (tmp_path / "two" / FILE).is_file()


def test_json_is_one_object_with_counts_by_country_item_and_code(survey: Path) -> None:
    done = clca(survey, "data", "import-wvs", "wave7.csv", "--json")
    found = json.loads(done.stdout)
    assert done.stdout.count("\n") == 1
    assert found["respondents_file"] == "data/wvs/respondents.parquet"
    assert (found["respondents"], found["left_out"], found["unmatched"]) == (60, {"AND": 5}, {})
    item = found["countries"]["japan"]["items"]["Q1"]
    assert len(item["chosen"]) == 4
    assert sum(item["chosen"]) + sum(item["missing"].values()) == 40
    assert len(found["sources"][0]["sha256"]) == 64


def test_respondents_go_into_the_workspace_from_anywhere_in_it(survey: Path) -> None:
    (survey / "clca.toml").touch()
    (survey / "deep" / "er").mkdir(parents=True)
    done = clca(survey / "deep" / "er", "data", "import-wvs", "../../wave7.csv")
    assert done.returncode == 0, done.stderr
    assert (survey / "data" / "wvs" / FILE).is_file()


def test_persona_fields_of_the_workspace_are_those_that_are_kept(survey: Path, content_text: str) -> None:
    (survey / "clca.toml").touch()
    target = survey / "eval" / "wvs" / "persona.yaml"
    target.parent.mkdir(parents=True)
    head, _, fields = content_text.partition("  - id: H_SETTLEMENT")
    target.write_text(head + "  - id: Q260" + fields.partition("  - id: Q260")[2], encoding="utf-8")
    done = clca(survey, "data", "import-wvs", "wave7.csv", "--json")
    assert list(json.loads(done.stdout)["countries"]["japan"]["fields"])[:2] == ["Q260", "X003R"]


@pytest.fixture
def content_text() -> str:
    from clca.content.lookup import Content

    return Content().text("eval/wvs/persona.yaml", note=False)


def test_both_tables_of_world_values_bench_go_together(tmp_path: Path) -> None:
    rows = people({"KOR": 5, "VNM": 2})
    (tmp_path / "full_demographic_qa.tsv").write_bytes(demographics(rows[1:]))
    (tmp_path / "full_value_qa.tsv").write_bytes(values(rows))
    done = clca(tmp_path, "data", "import-wvs", "full_value_qa.tsv", "full_demographic_qa.tsv")
    assert done.returncode == 0, done.stderr
    assert "left out, of other countries: 2 (Vietnam 2)" in done.stdout
    assert "left out, answers without a country: 1" in done.stdout
    assert done.stdout.splitlines()[-1] == "4 respondents of 1 country in data/wvs/respondents.parquet"


def refused(done: subprocess.CompletedProcess[str]) -> str:
    """The one line on stderr; nothing on stdout."""
    assert (done.returncode, done.stdout) == (2, ""), done.stderr
    (line,) = done.stderr.splitlines()
    assert line.startswith("clca: ")
    return line


def test_bad_files_are_told_in_one_line_and_nothing_is_written(survey: Path) -> None:
    whole = (survey / "wave7.csv").read_bytes()
    (survey / "cut.csv").write_bytes(whole[:-90])
    (survey / "pipes.csv").write_bytes(whole.replace(b",", b"|"))
    (survey / "twice.csv").write_bytes(whole + b"".join(whole.splitlines(keepends=True)[1:2]))
    faults = {
        "cut.csv": "cut.csv:66: the file is cut off: its last line has ",
        "pipes.csv": "pipes.csv:1: its columns seem to be separated by '|': save it with commas, semicolons or tabs",
        "twice.csv": "twice.csv:67: respondent 392070001 is here and in line 2: leave one line for each respondent",
        "none.csv": "none.csv: cannot be read: No such file or directory",
    }
    for name, message in faults.items():
        assert message in refused(clca(survey, "data", "import-wvs", name))
    assert not (survey / "data").exists()


def test_a_full_disk_is_told_and_leaves_what_was_there(survey: Path) -> None:
    clca(survey, "data", "import-wvs", "wave7.csv")
    file = survey / "data" / "wvs" / FILE
    before = file.read_bytes()

    process = start(survey, "data", "import-wvs", "wave7.csv", surroundings={"file_size": 4096})
    stdout, stderr = process.communicate(timeout=60)
    line = refused(subprocess.CompletedProcess((), process.returncode, stdout, stderr))
    assert line == "clca: cannot write data/wvs/respondents.parquet: File too large"
    assert [path.name for path in file.parent.iterdir()] == [FILE]
    assert file.read_bytes() == before


def test_without_the_libraries_one_line_says_what_to_install(survey: Path) -> None:
    (survey / "sitecustomize.py").write_text('import sys\nsys.modules["pyarrow"] = None\n')
    line = refused(clca(survey, "data", "import-wvs", "wave7.csv", PYTHONPATH=str(survey)))
    assert line == "clca: importing needs pyarrow, not installed here: pip install '.[eval]' in clca's source folder"


def test_help_says_which_files_are_meant(tmp_path: Path) -> None:
    shown = clca(tmp_path, "data", "import-wvs", "--help").stdout
    assert "full_demographic_qa.tsv" in shown
    assert "respondents.parquet" in shown
