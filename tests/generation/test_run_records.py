from __future__ import annotations

import json
from pathlib import Path

import pytest

from clca.cli.views.dialogue import show_record
from clca.cli.views.runs import show_dialogues
from clca.errors import ContentError, NotFoundError, StoreError
from clca.generation.run_records import find_record, read_records
from clca.storage.run_index import RunInfo


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    ids = {"dialogues": ["uk-shop-1", "uk-shop-2"], "discarded": ["uk-bus-1"], "failed": ["uk-bus-2"]}
    for name, names in ids.items():
        lines = [json.dumps({"id": dialogue_id, "turns": []}) for dialogue_id in names]
        (tmp_path / f"{name}.jsonl").write_text("".join(f"{line}\n" for line in lines))
    return tmp_path


def test_records_are_read_by_outcome(folder: Path) -> None:
    assert [outcome for outcome, _ in read_records(folder)] == ["kept", "kept", "discarded", "failed"]
    assert [record["id"] for _, record in read_records(folder, ["failed"])] == ["uk-bus-2"]


@pytest.mark.parametrize("name", ["uk-bus-2", "bus-2"])
def test_a_dialogue_is_found_by_its_id_or_the_end_of_it(folder: Path, name: str) -> None:
    found = find_record([RunInfo(folder, {})], name)
    assert (found.outcome, found.record["id"], found.others) == ("failed", "uk-bus-2", ())


def test_every_run_is_searched_and_the_newest_that_holds_a_dialogue_is_shown(folder: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.mkdir()
    (other / "dialogues.jsonl").write_text(json.dumps({"id": "uk-shop-1", "turns": ["newer"]}) + "\n")
    runs = [RunInfo(folder, {}), RunInfo(other, {})]
    newer = find_record(runs, "shop-1")
    assert (newer.run, newer.record["turns"], newer.others) == (runs[1], ["newer"], (runs[0],))
    assert find_record(runs, "bus-2").run == runs[0]


def test_a_name_of_several_or_of_none_is_refused(folder: Path) -> None:
    with pytest.raises(NotFoundError, match=r"'uk-shop' matches 2 dialogues of .*: uk-shop-1, uk-shop-2; give more"):
        find_record([RunInfo(folder, {})], "uk-shop")
    with pytest.raises(NotFoundError, match=r"no dialogue 'uk-shp-1' in .*; did you mean uk-shop-1"):
        find_record([RunInfo(folder, {})], "uk-shp-1")


def test_a_line_that_is_no_record_is_refused(folder: Path) -> None:
    for line in ("[]", '{"id": 3}', "", "[" * 100_000):
        (folder / "failed.jsonl").write_text(f"{line}\n")
        with pytest.raises(
            ContentError, match=r"failed\.jsonl:1: not a record of a run .*; correct the line, or remove"
        ):
            list(read_records(folder))


@pytest.mark.parametrize("fields", [{"turns": 3}, {"turns": [3]}, {"turns": [], "ended": 3, "reason": [3]}])
def test_a_record_that_a_person_has_broken_is_listed_and_named(folder: Path, fields: dict[str, object]) -> None:
    (folder / "dialogues.jsonl").write_text(json.dumps({"id": "uk-inn-1", **fields}) + "\n")
    show_dialogues(RunInfo(folder, {}), ["kept"], 10, as_json=False)
    with pytest.raises(StoreError, match="uk-inn-1 is not formed as a record of a run"):
        show_record(find_record([RunInfo(folder, {})], "uk-inn-1"), as_json=False)


def test_a_rejected_dialogue_is_a_record_without_turns(folder: Path) -> None:
    (folder / "rejected.jsonl").write_text(json.dumps({"id": "uk-inn-1", "reason": "removed"}) + "\n")
    found = find_record([RunInfo(folder, {})], "inn-1")
    assert (found.outcome, found.record["reason"]) == ("rejected", "removed")
    show_dialogues(RunInfo(folder, {}), ["rejected"], 10, as_json=False)
    show_record(found, as_json=False)
