"""`clca data import-scenarios` and `import-norms`: what a reader sees, and that what is written can be used."""

from __future__ import annotations

import json
import re
import shlex
from pathlib import Path

import pytest

from tests.cli_process import clca
from tests.generation.importers.data_sets import agent, environment, json_lines, rot, social_chemistry, write


@pytest.fixture
def rules(tmp_path: Path) -> Path:
    rows = [rot(1), rot(2, rot_bad=1), rot(1), rot(3, rot="Hosts are thanked \x9b31m in red.")]
    return write(tmp_path / "rot.tsv", social_chemistry(*rows, rot(4, situation="a dinner")))


def test_norms_are_imported_with_their_counts_and_the_last_line_uses_them(rules: Path) -> None:
    done = clca(rules.parent, "data", "import-norms", "rot.tsv")
    assert done.returncode == 0, done.stderr
    lines = [" ".join(line.split()) for line in done.stdout.splitlines()]
    assert lines[:2] == [
        "format: social-chemistry (by its content; --format takes another)",
        "5 rows = 2 taken + 2 rejected + 1 duplicate",
    ]
    assert "1 rot-bad marked as bad by its writer rot.tsv:3" in lines
    assert "1 rot control characters rot.tsv:5" in lines
    assert "scope: not said, usa taken: 2" in lines
    assert "without a licence: 2 (--license NAME says which)" in lines
    assert "each rejected row and duplicate: data/norms/social-chemistry/findings.jsonl" in lines
    assert lines[-2] == "2 norms in data/norms/social-chemistry/norms.jsonl"
    command = lines[-1].removeprefix("use: ")
    assert command.startswith("clca generate --culture usa --scenarios 1 --norms 2 --norm-file data/")
    played = clca(rules.parent, *shlex.split(command)[1:], "--samples", "1", "--quiet")
    assert played.returncode == 0, played.stderr
    (run,) = (rules.parent / "generated" / "usa").iterdir()
    text = "".join(file.read_text() for file in run.glob("d*.jsonl"))
    assert re.findall(r'"origin":"(Social[^"]*)"', text)
    shown = clca(rules.parent, "show", "usa", "norm-social-chem-ex-4-0-1", "--discarded").stdout
    shown += clca(rules.parent, "show", "usa", "norm-social-chem-ex-4-0-1").stdout
    assert "Origin: Social Chemistry 101, rot/ex/4/0." in shown


def test_scenarios_are_imported_and_played(tmp_path: Path) -> None:
    write(tmp_path / "all.jsonl", json_lines(environment(), agent("1"), agent("2")))
    done = clca(tmp_path, "data", "import-scenarios", "all.jsonl", "--license", "CC-BY-SA-4.0", "--out", "here")
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert "3 rows = 1 taken + 0 rejected + 0 duplicates + 2 agent profiles" in lines
    assert lines[-1] == "use: clca generate --culture japan --scenarios here/scenarios.jsonl"
    played = clca(tmp_path, *shlex.split(lines[-1])[2:], "--samples", "1", "--quiet")
    assert played.returncode == 0, played.stderr
    (run,) = (tmp_path / "generated" / "japan").iterdir()
    (record,) = [json.loads(line) for file in run.glob("d*.jsonl") for line in file.read_text().splitlines()]
    assert record["scenario"]["license"] == "CC-BY-SA-4.0"
    assert record["scenario"]["origin"].startswith("SOTOPIA, environment 01EX, agents ")


def test_json_is_one_object_with_every_count(rules: Path) -> None:
    done = clca(rules.parent, "data", "import-norms", "rot.tsv", "--json", "--culture", "uk")
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert done.stdout.count("\n") == 1
    assert (found["folder"], found["rows"], found["taken"]) == ("data/norms/social-chemistry", 5, 2)
    assert found["cultures"] == {"uk": 2}
    assert json.loads((rules.parent / found["folder"] / "import.json").read_text())["rejections"] == found["rejections"]


def test_a_wrong_file_is_refused_in_one_line(rules: Path) -> None:
    done = clca(rules.parent, "data", "import-scenarios", "rot.tsv")
    assert done.returncode == 2
    (line,) = done.stderr.splitlines()
    assert line.startswith("clca: rot.tsv: has no known format of scenarios (own, clca, sotopia); it looks like Social")
    assert line.endswith("clca data import-norms")
    assert not (rules.parent / "data").exists()
