"""Attacks on the user's files: commands that replace, append or remove find what is not theirs, and leave all of it."""

from __future__ import annotations

import hashlib
import json
import os
import sqlite3
import struct
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pyarrow as pa
import pytest
from pyarrow import parquet

from clca.cli.views.content import copy_content, init
from clca.content.lookup import Content
from clca.culture import CultureCatalogue
from clca.errors import ClcaError
from clca.evaluation.cspec.config import CspecConfig
from clca.evaluation.cspec.plan import plan as plan_cspec
from clca.evaluation.cspec.run import run as run_cspec
from clca.evaluation.prediction_dir import PredictionDir
from clca.evaluation.run_recorder import earlier_info
from clca.evaluation.wvs.microdata.codebook import load_codebook
from clca.evaluation.wvs.microdata.importer import import_survey
from clca.generation.importers.context import ImportContext
from clca.generation.importers.importer import import_records
from clca.models.adapter import TrainedAdapter
from clca.quality.export.config import ExportConfig
from clca.quality.export.plan import plan as plan_export
from clca.quality.export.result import FILE as EXPORT
from clca.quality.export.run import run as run_export
from clca.records import Prediction
from clca.stages import resolve_config
from clca.storage.atomic import remove_listed
from clca.storage.kept_requests import RequestFile
from clca.storage.lock import folder_lock
from clca.storage.output_files import LIST
from clca.storage.reply_cache import ReplyCache
from clca.storage.reviews import ReviewFile
from clca.storage.run_dir import RunDir
from clca.training import work_dir
from clca.training.merge import merge
from tests.evaluation.offense.posts import entry, lines, posts, run

Attack = Callable[[Path], Callable[[], object]]
"""Lays out what somebody has left in a folder, and returns the command that the user runs there."""

PRECIOUS = "years of work, without a line break at its end"


def tree(place: Path) -> dict[str, object]:
    """Everything below a folder: links by where they lead, files by their bytes."""
    return {
        path.relative_to(place).as_posix(): os.readlink(path)
        if path.is_symlink()
        else path.read_bytes()
        if path.is_file()
        else path.stat().st_mode
        for path in place.rglob("*")
    }


def precious(place: Path) -> Path:
    """A file of the user's outside of the folder that the command writes to."""
    file = place / "home" / "thesis.tex"
    file.parent.mkdir(exist_ok=True)
    file.write_text(PRECIOUS)
    return file


# ---------------------------------------------------------------- imports


def imported(place: Path) -> Path:
    source = place / "in"
    source.mkdir()
    (source / "posts.jsonl").write_bytes(lines(posts()))
    run(source, place / "out", entry())
    return place / "out"


def again(place: Path) -> Callable[[], object]:
    return lambda: run(place / "in", place / "out", entry())


def import_over_a_file_beside_an_earlier_import(place: Path) -> Callable[[], object]:
    (imported(place) / "thesis.tex").write_text(PRECIOUS)
    return again(place)


def import_over_a_folder_beside_an_earlier_import(place: Path) -> Callable[[], object]:
    folder = imported(place) / ".git"
    folder.mkdir()
    (folder / "HEAD").write_text(PRECIOUS)
    return again(place)


def import_over_a_manifest_of_another_program(place: Path) -> Callable[[], object]:
    out = imported(place)
    for file in out.rglob("*.json*"):
        file.unlink()
    (out / "manifest.json").write_text('{"name": "my web page"}')
    (out / "index.html").write_text(PRECIOUS)
    return again(place)


def import_over_a_nested_manifest(place: Path) -> Callable[[], object]:
    (imported(place) / "manifest.json").write_text("[" * 100_000)
    return again(place)


def import_over_an_edited_set(place: Path) -> Callable[[], object]:
    file = next(imported(place).glob("*/*.jsonl"))
    file.write_bytes(file.read_bytes() + b'{"id": "mine"}\n')
    return again(place)


def import_over_a_link_by_the_name_of_a_set(place: Path) -> Callable[[], object]:
    file = next(imported(place).glob("*/*.jsonl"))
    file.rename(place / "set.jsonl")
    file.symlink_to(place / "set.jsonl")
    return again(place)


def import_over_a_manifest_that_names_files_elsewhere(place: Path) -> Callable[[], object]:
    out = imported(place)
    manifest = json.loads((out / "manifest.json").read_text())
    manifest["sets"][0]["task"] = "../../home/thesis"
    precious(place).rename(place / "home" / "thesis.jsonl")
    (out / "manifest.json").write_text(json.dumps(manifest))
    return again(place)


def survey(place: Path) -> Callable[[], object]:
    file = place / "survey.csv"
    file.write_text("D_INTERVIEW,B_COUNTRY_ALPHA,Q1\n392070001,JPN,1\n")
    return lambda: import_survey([file], load_codebook(Content()), place / "out")


def survey_over_a_file_of_that_name(place: Path) -> Callable[[], object]:
    (place / "out").mkdir()
    (place / "out" / "respondents.parquet").write_text(PRECIOUS)
    return survey(place)


def survey_over_another_parquet_file(place: Path) -> Callable[[], object]:
    (place / "out").mkdir()
    parquet.write_table(pa.table({"mine": [1]}), place / "out" / "respondents.parquet")
    return survey(place)


def survey_over_a_link(place: Path) -> Callable[[], object]:
    (place / "out").mkdir()
    (place / "out" / "respondents.parquet").symlink_to(precious(place))
    return survey(place)


def survey_over_a_dangling_link(place: Path) -> Callable[[], object]:
    (place / "out").mkdir()
    (place / "out" / "respondents.parquet").symlink_to(place / "home" / ".bashrc")
    return survey(place)


def norms(place: Path) -> Callable[[], object]:
    file = place / "rules.csv"
    file.write_text("ID,Country,Rule-of-Thumb,Gold Label\n1,japan,Guests wait for the host.,no\n")
    context = ImportContext(CultureCatalogue(Content()))
    return lambda: import_records([file], "norms", "auto", context, lambda name: place / "out")


def norms_over_a_file_of_that_name(place: Path) -> Callable[[], object]:
    (place / "out").mkdir()
    (place / "out" / "norms.jsonl").write_text(PRECIOUS)
    return norms(place)


def norms_over_an_edited_import(place: Path) -> Callable[[], object]:
    again = norms(place)
    again()
    with (place / "out" / "norms.jsonl").open("a") as file:
        file.write(PRECIOUS)
    return again


def norms_over_a_link_by_their_name(place: Path) -> Callable[[], object]:
    again = norms(place)
    again()
    (place / "out" / "norms.jsonl").rename(place / "theirs.jsonl")
    (place / "out" / "norms.jsonl").symlink_to(place / "theirs.jsonl")
    return again


def norms_over_scenarios(place: Path) -> Callable[[], object]:
    again = norms(place)
    again()
    audit = json.loads((place / "out" / "import.json").read_text())
    (place / "out" / "import.json").write_text(json.dumps({**audit, "kind": "scenarios", "format": "sotopia"}))
    return again


# ---------------------------------------------------------------- workspaces


def init_over_a_dangling_link(place: Path) -> Callable[[], object]:
    (place / "clca.toml").symlink_to(place / "home" / ".bashrc")
    return lambda: init(place)


def workspace(place: Path) -> Path:
    (place / "clca.toml").touch()
    (place / "prompts").mkdir()
    os.chdir(place)
    return place / "prompts" / "turn.j2"


def copy_over_an_edited_file(place: Path) -> Callable[[], object]:
    workspace(place).write_text(PRECIOUS)
    return lambda: copy_content(["prompts/turn.j2"], force=False)


def copy_through_a_dangling_link(place: Path) -> Callable[[], object]:
    workspace(place).symlink_to(place / "home" / ".bashrc")
    return lambda: copy_content(["prompts/turn.j2"], force=False)


def copy_through_a_folder_that_is_a_link(place: Path) -> Callable[[], object]:
    home = precious(place).parent
    (home / "turn.j2").write_text(PRECIOUS)
    study = place / "study"
    study.mkdir()
    folder = workspace(study).parent
    folder.rmdir()
    folder.symlink_to(home)
    return lambda: copy_content(["prompts/turn.j2"], force=True)


# ---------------------------------------------------------------- reports


def report(place: Path) -> Callable[[], object]:
    (place / "m.csv").write_text("x,ara,spa\nara,0.5,0.25\nspa,0.4,0.5\n")
    config = {"matrix": (str(place / "m.csv"),), "out": place / "paper"}
    return lambda: run_cspec(plan_cspec(resolve_config(CspecConfig, config, {})))


def report_over_tables_of_the_user(place: Path) -> Callable[[], object]:
    (place / "paper").mkdir()
    (place / "paper" / "tables.tex").write_text(PRECIOUS)
    return report(place)


def report_over_an_edited_table(place: Path) -> Callable[[], object]:
    command = report(place)
    command()
    with (place / "paper" / "tables.md").open("a") as file:
        file.write(PRECIOUS)
    return command


def report_over_a_link(place: Path) -> Callable[[], object]:
    (place / "paper").mkdir()
    (place / "paper" / "ranks.png").symlink_to(precious(place))
    return report(place)


def report_by_a_nested_list(place: Path) -> Callable[[], object]:
    report_over_tables_of_the_user(place)
    (place / "paper" / LIST).write_text('{"tables.tex": ' + "[" * 100_000)
    return report(place)


def merge_over_a_folder(place: Path) -> Callable[[], object]:
    (place / "model").mkdir()
    (place / "model" / "notes").write_text(PRECIOUS)
    return lambda: merge(cast(TrainedAdapter, None), place / "model")


# ---------------------------------------------------------------- trainings, by their unfinished folder


def training(place: Path) -> tuple[Path, Callable[[], object]]:
    work = place / ".tiny.unfinished"
    (work / "checkpoints" / "checkpoint-3").mkdir(parents=True)
    (work / "inputs.json").write_text("{}")
    work_dir.require_own(work)
    return work, lambda: work_dir.require_own(work)


def training_in_a_folder_with_other_files(place: Path) -> Callable[[], object]:
    work, command = training(place)
    (work / "thesis.tex").write_text(PRECIOUS)
    return command


def training_in_a_folder_with_other_folders(place: Path) -> Callable[[], object]:
    work, command = training(place)
    (work / "photographs").mkdir()
    return command


def training_with_linked_checkpoints(place: Path) -> Callable[[], object]:
    work, command = training(place)
    (work / "checkpoints" / "checkpoint-3").rmdir()
    (work / "checkpoints").rmdir()
    theirs = precious(place).parent / "checkpoint-7"
    theirs.mkdir()
    (work / "checkpoints").symlink_to(theirs.parent)
    return command


def training_with_a_linked_checkpoint(place: Path) -> Callable[[], object]:
    work, command = training(place)
    (work / "checkpoints" / "checkpoint-9").symlink_to(precious(place).parent)
    return command


def training_with_linked_rows(place: Path) -> Callable[[], object]:
    work, command = training(place)
    (work / "rows").mkdir()
    (work / "rows" / "train-host.arrow").symlink_to(precious(place))
    return command


def training_with_a_pipe(place: Path) -> Callable[[], object]:
    work, command = training(place)
    os.mkfifo(work / "checkpoints" / "checkpoint-3" / "whole.json")
    return command


# ---------------------------------------------------------------- runs and evaluations


def run_whose_dialogues_are_a_link(place: Path) -> Callable[[], object]:
    (place / "run").mkdir()
    (place / "run" / "dialogues.jsonl").symlink_to(precious(place))
    return lambda: RunDir(place / "run")


def run_whose_failures_are_a_pipe(place: Path) -> Callable[[], object]:
    (place / "run").mkdir()
    (place / "run" / "dialogues.jsonl").touch()
    os.mkfifo(place / "run" / "discarded.jsonl")
    return lambda: RunDir(place / "run")


def run_whose_lock_is_a_link(place: Path) -> Callable[[], object]:
    (place / "run").mkdir()
    (place / "run" / ".lock").symlink_to(precious(place))
    return lambda: RunDir(place / "run")


def lock_that_is_a_pipe(place: Path) -> Callable[[], object]:
    os.mkfifo(place / ".lock")
    return lambda: folder_lock(place).__enter__()


def database(file: Path, statement: str) -> None:
    db = sqlite3.connect(file)
    db.execute(statement)
    db.close()


def cache_that_is_a_link_to_a_database(place: Path) -> Callable[[], object]:
    database(precious(place).with_name("browser.sqlite"), "CREATE TABLE reply (history TEXT)")
    (place / "journal.sqlite").symlink_to(place / "home" / "browser.sqlite")
    return lambda: ReplyCache(place / "journal.sqlite")


def cache_whose_log_is_a_link(place: Path) -> Callable[[], object]:
    (place / "journal.sqlite-wal").symlink_to(precious(place))
    return lambda: ReplyCache(place / "journal.sqlite")


def cache_that_is_the_database_of_another_program(place: Path) -> Callable[[], object]:
    database(place / "journal.sqlite", "CREATE TABLE history (page TEXT)")
    return lambda: ReplyCache(place / "journal.sqlite")


def cache_with_a_view_that_never_ends(place: Path) -> Callable[[], object]:
    endless = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i FROM n) SELECT i AS outcome, i AS bytes FROM n"
    database(place / "journal.sqlite", f"CREATE VIEW extent AS {endless}")
    return lambda: ReplyCache(place / "journal.sqlite")


def cache_whose_journal_names_a_file(place: Path) -> Callable[[], object]:
    """SQLite rolls such a journal back, and then removes the file that it names."""
    database(place / "journal.sqlite", "CREATE TABLE extent (outcome TEXT PRIMARY KEY, bytes INTEGER NOT NULL)")
    name, page = os.fsencode(precious(place)), (place / "journal.sqlite").read_bytes()[:4096]
    magic = bytes.fromhex("d9d505f920a163d7")
    head = (magic + struct.pack(">5I", 1, 0, 1, 512, 4096)).ljust(512, b"\0")
    first = struct.pack(">I", 1) + page + struct.pack(">I", sum(page[4096 - 200 : 0 : -200]))
    last = struct.pack(">I", 2**18 + 1) + name + struct.pack(">2I", len(name), sum(name)) + magic
    (place / "journal.sqlite-journal").write_bytes(head + first + last)
    return lambda: ReplyCache(place / "journal.sqlite")


def cache_whose_counts_are_texts(place: Path) -> Callable[[], object]:
    ReplyCache(place / "journal.sqlite").close()
    with closing(sqlite3.connect(place / "journal.sqlite", isolation_level=None)) as db:
        db.execute("INSERT INTO extent VALUES ('kept', 'many')")
    (place / "dialogues.jsonl").touch()
    return lambda: RunDir(place)


def cache_whose_column_takes_a_gigabyte(place: Path) -> Callable[[], object]:
    column = "bytes INTEGER AS (length(hex(zeroblob(499999999))))"
    database(place / "journal.sqlite", f"CREATE TABLE extent (outcome TEXT PRIMARY KEY, {column})")
    return lambda: ReplyCache(place / "journal.sqlite")


def review_over_a_note_without_an_end(place: Path) -> Callable[[], object]:
    (place / "reviews.jsonl").write_text(PRECIOUS)
    return lambda: ReviewFile(place)


def review_over_lines_that_end_in_carriage_returns(place: Path) -> Callable[[], object]:
    (place / "reviews.jsonl").write_text('{"id":"a"}\r{"id":"b"}\r')
    return lambda: ReviewFile(place)


def review_through_a_link(place: Path) -> Callable[[], object]:
    (place / "run").mkdir()
    (place / "run" / "reviews.jsonl").symlink_to(precious(place))
    return lambda: ReviewFile(place / "run")


def requests_over_a_note_without_an_end(place: Path) -> Callable[[], object]:
    (place / "requests.jsonl").write_text(PRECIOUS)
    return lambda: RequestFile(place)


def evaluation_in_a_folder(place: Path, *names: str) -> Callable[[], object]:
    """A stranger's link by the name that the evaluation will have, to a folder of the user's."""
    (place / "paper").mkdir()
    for name in names:
        (place / "paper" / name).write_text(PRECIOUS)
    (place / "evaluation").symlink_to("paper")
    return lambda: earlier_info(cast("Any", SimpleNamespace(folder=place / "evaluation", inputs={})))


def evaluation_over_tables_of_the_user(place: Path) -> Callable[[], object]:
    return evaluation_in_a_folder(place, "table.md", "table.tex")


def evaluation_over_a_record_of_another_program(place: Path) -> Callable[[], object]:
    return evaluation_in_a_folder(place, "evaluation.json")


def evaluation_over_scores_beside_no_predictions(place: Path) -> Callable[[], object]:
    command = evaluation_in_a_folder(place, "scores.json")
    (place / "paper" / "predictions.jsonl").touch()
    return command


def export_over_a_list(place: Path, victim: Path, name: str) -> Callable[[], object]:
    """A list of a stranger, who knows the digest of the file, as of one that every user has, or of an empty one."""
    run = place / "runs" / "japan" / "one"
    run.mkdir(parents=True)
    (run / "run.json").write_text("{}")
    (run / "dialogues.jsonl").touch()
    about = {"sha256": hashlib.sha256(victim.read_bytes()).hexdigest(), "bytes": 1, "rows": None}
    made = {"format": "chat", "task": "both", "runs": [], "read": 0, "dialogues": 0, "left_out": {}}
    (place / "out").mkdir()
    (place / "out" / EXPORT).write_text(
        json.dumps({**made, "files": {name: about}, "lost": "", "rehearsal": False, "caveats": []})
    )
    return lambda: run_export(plan_export(ExportConfig(run=(str(run),), out=place / "out")))


def export_over_a_list_that_names_a_file_beside_it(place: Path) -> Callable[[], object]:
    (place / "notes.txt").touch()
    return export_over_a_list(place, place / "notes.txt", "../notes.txt")


def export_over_a_list_that_names_any_file(place: Path) -> Callable[[], object]:
    return export_over_a_list(place, victim := precious(place), str(victim))


def export_over_a_list_that_goes_out_and_in(place: Path) -> Callable[[], object]:
    (place / "notes.txt").touch()
    return export_over_a_list(place, place / "notes.txt", "data/../../notes.txt")


def export_over_a_list_of_no_name(place: Path) -> Callable[[], object]:
    return export_over_a_list(place, precious(place), "a\0b")


def export_over_a_file_of_the_user(place: Path) -> Callable[[], object]:
    (place / "notes.txt").touch()
    command = export_over_a_list(place, place / "notes.txt", "chat.jsonl")
    (place / "out" / "notes.txt").write_text(PRECIOUS)
    return command


def evaluation_whose_predictions_are_a_link(place: Path) -> Callable[[], object]:
    (place / "evaluation").mkdir()
    (place / "evaluation" / "predictions.jsonl").symlink_to(precious(place))
    sizes: dict[Any, int] = {}
    return lambda: PredictionDir(place / "evaluation", Prediction, sizes, lambda one: one.item, lambda one: one.item)


ATTACKS: tuple[Attack, ...] = (
    import_over_a_file_beside_an_earlier_import,
    import_over_a_folder_beside_an_earlier_import,
    import_over_a_manifest_of_another_program,
    import_over_a_nested_manifest,
    import_over_an_edited_set,
    import_over_a_link_by_the_name_of_a_set,
    import_over_a_manifest_that_names_files_elsewhere,
    survey_over_a_file_of_that_name,
    survey_over_another_parquet_file,
    survey_over_a_link,
    survey_over_a_dangling_link,
    norms_over_a_file_of_that_name,
    norms_over_an_edited_import,
    norms_over_a_link_by_their_name,
    norms_over_scenarios,
    init_over_a_dangling_link,
    copy_over_an_edited_file,
    copy_through_a_dangling_link,
    copy_through_a_folder_that_is_a_link,
    report_over_tables_of_the_user,
    report_over_an_edited_table,
    report_over_a_link,
    report_by_a_nested_list,
    merge_over_a_folder,
    training_in_a_folder_with_other_files,
    training_in_a_folder_with_other_folders,
    training_with_linked_checkpoints,
    training_with_a_linked_checkpoint,
    training_with_linked_rows,
    training_with_a_pipe,
    run_whose_dialogues_are_a_link,
    run_whose_failures_are_a_pipe,
    run_whose_lock_is_a_link,
    lock_that_is_a_pipe,
    cache_that_is_a_link_to_a_database,
    cache_whose_log_is_a_link,
    cache_that_is_the_database_of_another_program,
    cache_with_a_view_that_never_ends,
    cache_whose_journal_names_a_file,
    cache_whose_counts_are_texts,
    cache_whose_column_takes_a_gigabyte,
    review_over_a_note_without_an_end,
    review_over_lines_that_end_in_carriage_returns,
    review_through_a_link,
    requests_over_a_note_without_an_end,
    evaluation_over_tables_of_the_user,
    evaluation_over_a_record_of_another_program,
    evaluation_over_scores_beside_no_predictions,
    export_over_a_list_that_names_a_file_beside_it,
    export_over_a_list_that_names_any_file,
    export_over_a_list_that_goes_out_and_in,
    export_over_a_list_of_no_name,
    export_over_a_file_of_the_user,
    evaluation_whose_predictions_are_a_link,
)
# What a run makes first, all of it new and empty.
OPENED = {"journal.sqlite", "discarded.jsonl", "rejected.jsonl", "failed.jsonl"}


@pytest.mark.parametrize("name", ["../a", "/etc/hosts", "a/../../b", "..", ""])
def test_nothing_outside_a_folder_is_removed_by_any_list(tmp_path: Path, name: str) -> None:
    (tmp_path / "a").touch()
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "b").touch()
    handle = os.open(tmp_path / "in", os.O_RDONLY)
    with pytest.raises(ValueError, match="outside its folder"):
        remove_listed(handle, ("b", name))
    os.close(handle)
    assert sorted(tree(tmp_path)) == ["a", "in", "in/b"]


@pytest.mark.parametrize("attack", [pytest.param(attack, id=attack.__name__) for attack in ATTACKS])
def test_what_is_not_of_the_command_is_left_as_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, attack: Attack
) -> None:
    monkeypatch.chdir(tmp_path)
    place = tmp_path / "place"
    place.mkdir()
    command = attack(place)
    before = tree(place)
    with pytest.raises(ClcaError) as caught:
        command()
    assert "\n" not in caught.value.message
    after = tree(place)
    assert {name: after.get(name) for name in before} == before
    assert {Path(name).name for name in after.keys() - before.keys()} <= OPENED


def test_a_copy_that_is_forced_replaces_a_link_and_not_what_it_leads_to(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    target, theirs = workspace(tmp_path), precious(tmp_path)
    target.symlink_to(theirs)
    copy_content(["prompts/turn.j2"], force=True)
    assert theirs.read_text() == PRECIOUS
    assert target.read_bytes() == (Content().package / "prompts" / "turn.j2").read_bytes()


def test_a_report_replaces_what_it_wrote_itself(tmp_path: Path) -> None:
    command = report(tmp_path)
    command()
    (tmp_path / "paper" / "tables.md").unlink()
    (tmp_path / "paper" / "notes.md").write_text(PRECIOUS)
    (tmp_path / "m.csv").write_text("x,ara,spa\nara,0.7,0.25\nspa,0.4,0.5\n")
    command()
    assert "0.7" in (tmp_path / "paper" / "cspec.json").read_text()
    assert (tmp_path / "paper" / "notes.md").read_text() == PRECIOUS


def test_a_training_removes_its_own_folder_and_none_with_anything_else(tmp_path: Path) -> None:
    work, _ = training(tmp_path)
    (work / "thesis.tex").write_text(PRECIOUS)
    work_dir.remove(work)
    assert (work / "thesis.tex").read_text() == PRECIOUS
    (work / "thesis.tex").unlink()
    work_dir.remove(work)
    assert not work.exists()
