"""`clca data import-offense`: what a reader sees, and that nothing is left half done."""

from __future__ import annotations

import json
import signal
import subprocess
import time
from pathlib import Path

import pytest

from clca.content.lookup import Content
from clca.evaluation.offense.test_sets import open_tests
from tests.cli_process import clca, start
from tests.evaluation.offense.posts import entry, lines, mapping_text, posts


@pytest.fixture
def study(tmp_path: Path) -> Path:
    """A working directory with two test sets, in one of which something is amiss, and their mapping."""
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "posts.jsonl").write_bytes(lines(posts(6)))
    (tmp_path / "in" / "more.csv").write_text("body,rating\nhello,fine\nyou fool,\nhello,rude\n")
    more = entry("more.csv", culture="greece", task="more", text="body", label="rating")
    mapping = mapping_text(entry(), {**more, "labels": {"fine": "NOT", "rude": "OFF"}})
    (tmp_path / "posts.yaml").write_text(mapping)
    return tmp_path


def refused(done: subprocess.CompletedProcess[str], code: int = 2) -> str:
    """The one line on stderr."""
    assert done.returncode == code, done.stderr
    (line,) = done.stderr.splitlines()
    assert line.startswith("clca: ")
    return line


def test_an_import_says_what_is_there_and_what_is_amiss(study: Path) -> None:
    done = clca(study, "data", "import-offense", "in", "--mapping", "posts.yaml")
    assert done.returncode == 0, done.stderr
    shown = [" ".join(line.split()) for line in done.stdout.splitlines()]
    assert "japan/posts offensive_detect 6 OFF 3, NOT 3" in shown
    assert "greece/more offensive_detect 3 fine 1, (empty) 1, rude 1" in shown
    assert "greece/more: 1 without a gold label; 1 repeating an earlier text with another gold" in shown
    assert shown[-1] == "9 texts in 2 test sets of 2 cultures in data/offense"
    assert [one.name for one in open_tests(study / "data" / "offense", Content())] == ["greece/more", "japan/posts"]


def test_json_is_one_object_with_everything_that_was_found(study: Path) -> None:
    done = clca(study, "data", "import-offense", "in", "--mapping", "posts.yaml", "--out", "here", "--json")
    found = json.loads(done.stdout)
    assert done.stdout.count("\n") == 1
    assert (found["folder"], found["amiss"], found["missing"]) == ("here", 2, [])
    assert found["sets"][1]["labels"] == {"fine": 1, "": 1, "rude": 1}
    assert json.loads((study / "here" / "audit.json").read_text())["sets"] == found["sets"]


def test_strict_shows_the_audit_and_imports_nothing(study: Path) -> None:
    done = clca(study, "data", "import-offense", "in", "--mapping", "posts.yaml", "--strict")
    assert refused(done) == "clca: 2 findings in the test sets, so nothing is imported (--strict)"
    assert "greece/more: 1 without a gold label" in done.stdout
    assert not (study / "data").exists()
    as_json = clca(study, "data", "import-offense", "in", "--mapping", "posts.yaml", "--strict", "--json")
    assert json.loads(as_json.stdout)["folder"] is None


def test_the_shipped_mapping_is_the_default(study: Path) -> None:
    line = refused(clca(study, "data", "import-offense", "in"))
    assert line.startswith("clca: in has none of the 60 files that eval/offense/public.yaml names, such as Arabic/")
    file = study / "in" / "data" / "Greece" / "gazzetta" / "G-TEST-S-preprocessed.jsonl"
    file.parent.mkdir(parents=True)
    file.write_bytes(lines({"tweet": f"text {n}", "label": ("OFF", "NOT")[n % 2]} for n in range(4)))
    done = clca(study, "data", "import-offense", "in", "--json")
    found = json.loads(done.stdout)
    assert [one["name"] for one in found["sets"]] == ["greece/offensive_detect_g"]
    assert len(found["missing"]) == 59


def test_bad_input_is_told_in_one_line_and_nothing_is_written(study: Path) -> None:
    (study / "odd.yaml").write_text((study / "posts.yaml").read_text().replace("culture: greece", "culture: grece"))
    (study / "in" / "bad.jsonl").write_bytes(b'{"text": "\xe4"}\n')
    (study / "bad.yaml").write_text(mapping_text(entry(), entry("bad.jsonl", task="bad")))
    faults = {
        ("nowhere", "posts.yaml"): "clca: nowhere does not exist",
        ("posts.yaml", "posts.yaml"): "clca: posts.yaml is a file: give the folder with the files",
        ("in", "in"): "clca: --mapping in is a folder: give a YAML file",
        ("in", "odd.yaml"): "no culture 'grece'; did you mean greece?",
        ("in", "bad.yaml"): "clca: in/bad.jsonl: byte 10 is not UTF-8: save the file as UTF-8, or name its encoding",
    }
    for (folder, mapping), message in faults.items():
        done = clca(study, "data", "import-offense", folder, "--mapping", mapping)
        assert message in refused(done)
        assert done.stdout == ""
    assert not (study / "data").exists()


def test_a_folder_that_one_is_in_is_never_replaced(study: Path) -> None:
    (study / "empty").mkdir()
    clca(study, "data", "import-offense", "in", "--mapping", "posts.yaml", "--out", "earlier")
    for within in ("empty", "earlier"):
        for out in (".", "..", "/", str(study / within)):
            done = clca(study / within, "data", "import-offense", "../in", "--mapping", "../posts.yaml", "--out", out)
            assert f"--out {out} holds" in refused(done)
    assert sorted(path.name for path in study.iterdir()) == ["earlier", "empty", "in", "posts.yaml"]


def test_a_full_disk_is_told_and_leaves_what_was_there(study: Path) -> None:
    clca(study, "data", "import-offense", "in", "--mapping", "posts.yaml")
    folder = study / "data" / "offense"
    before = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    (study / "in" / "posts.jsonl").write_bytes(lines(posts(6000)))

    process = start(study, "data", "import-offense", "in", "--mapping", "posts.yaml", surroundings={"file_size": 8192})
    stdout, stderr = process.communicate(timeout=60)
    line = refused(subprocess.CompletedProcess((), process.returncode, stdout, stderr))
    assert line.startswith("clca: cannot write ")
    assert line.endswith("japan/posts.jsonl: File too large")
    assert {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()} == before
    assert [path.name for path in folder.parent.iterdir()] == ["offense"]


def test_an_interrupted_import_leaves_nothing_behind(study: Path) -> None:
    clca(study, "data", "import-offense", "in", "--mapping", "posts.yaml")
    folder = study / "data" / "offense"
    before = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    (study / "in" / "posts.jsonl").write_bytes(lines(posts(400_000)))
    process = start(study, "data", "import-offense", "in", "--mapping", "posts.yaml")
    while process.poll() is None and not list(folder.parent.glob(".*.part/japan/posts.jsonl")):
        time.sleep(0.01)
    process.send_signal(signal.SIGINT)
    stdout, stderr = process.communicate(timeout=60)
    assert (process.returncode, stdout, stderr) == (130, "", "clca: interrupted\n")
    assert {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()} == before
    assert [path.name for path in folder.parent.iterdir()] == ["offense"]
