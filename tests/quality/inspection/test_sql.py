"""SQL conditions over dialogues, and what such a condition can not do."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

pytest.importorskip("duckdb")

from clca.errors import SettingsError
from clca.quality.inspection.config import InspectConfig
from clca.quality.inspection.plan import plan
from clca.quality.inspection.run import run
from tests.quality.inspection.test_inspect import ids, inspect, source

__all__ = ["source"]


@pytest.mark.parametrize(
    ("where", "found"),
    [
        ("len(turns) > 10", "2"),
        ("scenario.participants[1].age >= 30 and culture = 'uk'", "5"),
        ("outcome = 'discarded' or stage = 'turn'", "67"),
        ("scenario is null", "78"),
        ("list_contains(list_transform(turns, lambda t: t.intent.relevance), 'cultural')", "3"),
        ("teacher = 'a''b' -- a remark", "5"),
        ("true", "12345678"),
        ("id in (select max(id) from (values ('talk-4')) as few(id))", "4"),
    ],
)
def test_conditions_see_all_fields(where: str, found: str, source: Path) -> None:
    assert ids(inspect(source, where=where)) == found


def test_conditions_and_filters_hold_together(source: Path) -> None:
    assert ids(inspect(source, where="sample = 1", text="morning", verdict=("kept",))) == "14"


SECRET = "a secret of another file"

ATTACKS = {
    "a read of a text": "exists (select 1 from read_text('{file}') where content like '%secret%')",
    "a read of a table": "exists (select 1 from '{file}.csv')",
    "a list of names": "exists (select 1 from glob('{folder}/*'))",
    "a union": "false) union all select content, content from read_text('{file}') where (true",
    "a second statement": "true); copy (select 1) to '{folder}/new.csv'; select 1, 1 where (true",
    "a copy over the run": "true); copy (select 1) to '{run}'; select 1, 1 where (true",
    "a database": "true); attach '{folder}/new.db' as new; select 1, 1 where (true",
    "a setting": "true); set enable_external_access = true; select 1, 1 where (true",
    "an extension": "true); install httpfs; select 1, 1 where (true",
    "an address": "exists (select 1 from read_csv('http://127.0.0.1:9/x.csv'))",
    "a variable": "getenv('HOME') is not null",
    "no condition": "nonsense and",
    "too much text": "x" * 5000,
}


@pytest.mark.parametrize("attack", ATTACKS)
def test_nothing_else_is_read_or_written(attack: str, source: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text(SECRET)
    (tmp_path / "file.csv").write_text("a,b\n1,2\n")
    before = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    places = {"{file}": tmp_path / "file", "{folder}": tmp_path, "{run}": source / "dialogues.jsonl"}
    where = ATTACKS[attack]
    for name, place in places.items():
        where = where.replace(name, str(place))
    with pytest.raises(SettingsError, match=r"^--where ") as caught:
        inspect(source, where=where)
    assert SECRET not in caught.value.message
    assert "\n" not in caught.value.message
    assert len(caught.value.message) < 500
    assert {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()} == before


def test_rows_that_a_condition_makes_up_are_no_dialogues(source: Path) -> None:
    union = f"false) union all select '{source / 'dialogues.jsonl'}', 'talk-99' where (true"
    assert inspect(source, where=union).matched == 0


def test_a_name_that_is_a_pattern_is_refused_and_a_broken_line_named(source: Path, tmp_path: Path) -> None:
    odd = tmp_path / "japan" / "a[b]"
    os.rename(source, odd)
    with pytest.raises(SettingsError, match="whose name has"):
        inspect(odd, where="true")
    os.rename(odd, source)
    (source / "dialogues.jsonl").write_text('{"id": "talk-1", "turns"')
    with pytest.raises(SettingsError, match=r"^--where true: "):
        run(plan(InspectConfig(run=(str(source),), where="true")))
