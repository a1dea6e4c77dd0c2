from __future__ import annotations

import json
import os
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from clca.errors import NotFoundError, SettingsError, StoreError
from clca.service.dialogues.facet_counts import FacetCounts
from clca.service.dialogues.index import RunIndex
from clca.service.dialogues.kept import kept
from clca.service.dialogues.search import DialoguePage, Filters, dialogue, facets, page
from clca.storage.reviews import Review, read_reviews
from tests.service.page_runs import keep_request


def record(number: int, **changes: Any) -> dict[str, Any]:
    turn = {"speaker": "Aiko", "text": f"Hello number {number}, the tea is ready.", "thought": "So tired."}
    intent = {"text": "greets with care", "relevance": "cultural" if number % 2 else "generic", "customs": ["bowing"]}
    scenario = {"setting": f"A house in Nara, room {number}"}
    turns = [{**turn, "intent": intent}]
    return {"id": f"d{number}", "culture": "japan", "reason": "", "ended": "leave", "scenario": scenario} | {
        "turns": turns,
        **changes,
    }


def line(number: int, **changes: Any) -> str:
    return json.dumps(record(number, **changes)) + "\n"


@pytest.fixture
def index(tmp_path: Path) -> RunIndex:
    run = tmp_path / "japan" / "run"
    run.mkdir(parents=True)
    (run / "dialogues.jsonl").write_text("".join(map(line, range(6))))
    (run / "discarded.jsonl").write_text(line(6, reason="quality", culture="japan+mexico"))
    made = RunIndex(tmp_path / "index" / "run.sqlite", run)
    assert made.refresh() == 7
    return made


def found(index: RunIndex, after: int = 0, size: int = 100, **filters: Any) -> DialoguePage:
    with closing(index.reader()) as db:
        return page(db, Filters(**filters), read_reviews(index.folder), after, size)


def ids(index: RunIndex, **filters: Any) -> list[str]:
    return [summary.id for summary in found(index, **filters).dialogues]


def test_an_id_that_no_address_can_end_with_is_counted_as_unreadable(index: RunIndex) -> None:
    odd = ("a/b", "/", "50 %", "日本", "a\nb", "x" * 200, "...", "./a")
    with open(index.folder / "dialogues.jsonl", "a") as file:
        file.writelines(line(0, id=name) for name in (*odd, "", ".", "..", "x" * 201, "\ud800"))
    assert index.refresh() == len(odd)
    assert ids(index)[-len(odd) :] == list(odd)
    with closing(index.reader()) as db:
        assert RunIndex.unreadable_in(db) == 5


def test_pages_follow_each_other_by_key_and_hold_every_dialogue_once(index: RunIndex) -> None:
    seen, cursor = [], 0
    while True:
        shown = found(index, cursor, 3)
        seen += [summary.id for summary in shown.dialogues]
        if shown.cursor is None:
            break
        cursor = shown.cursor
    assert seen == [f"d{number}" for number in range(7)]


def test_filters_hold_together(index: RunIndex) -> None:
    assert ids(index, verdict="discarded") == ["d6"]
    assert ids(index, culture="japan+mexico") == ["d6"]
    assert ids(index, relevance="cultural") == ["d1", "d3", "d5"]
    assert ids(index, relevance="generic", verdict="kept") == ["d0", "d2", "d4"]
    assert ids(index, q="number 3") == ["d3"]
    assert ids(index, q="TEA read", intent="bow care", relevance="cultural") == ["d1", "d3", "d5"]
    assert ids(index, q="nara tir", intent="tea") == []  # tea is said, and no intent
    assert ids(index, ended="exchanges") == []
    assert ids(index, q='"tea" OR* NEAR(') == []  # words, and no language of queries
    with pytest.raises(SettingsError, match="one to 20 words"):
        ids(index, q="*")


def test_facets_count_what_matches(index: RunIndex) -> None:
    with closing(index.reader()) as db:
        counted = facets(db, Filters(q="tea"), {})
        assert counted["verdict"] == {"kept": 6, "discarded": 1}
        assert counted["relevance"] == {"generic": 4, "cultural": 3}
        assert facets(db, Filters(verdict="discarded"), {})["culture"] == {"japan+mexico": 1}
        assert counted["review"] == {"open": 7}
        say(index, "d1", "rejected", "dull")
        assert facets(db, Filters(q="tea"), read_reviews(index.folder))["review"] == {
            "open": 6,
            "rejected": 1,
            "commented": 1,
        }


def test_facets_are_counted_again_where_the_run_is_another_one(index: RunIndex) -> None:
    counts = FacetCounts()
    with closing(index.reader()) as db:
        assert counts.get(db, Filters(), {}, 1)["verdict"] == {"kept": 6, "discarded": 1}
        assert counts.get(db, Filters(), {}, 1) is counts.get(db, Filters(), {}, 1)
        assert counts.get(db, Filters(verdict="kept"), {}, 1)["verdict"] == {"kept": 6}
        with open(index.folder / "dialogues.jsonl", "a") as file:
            file.write(line(7))
        assert index.refresh() == 1
        assert counts.get(db, Filters(), {}, 1)["verdict"] == {"kept": 7, "discarded": 1}


def test_a_dialogue_is_read_from_its_line_with_its_neighbours(index: RunIndex) -> None:
    with closing(index.reader()) as db:
        stored = dialogue(index, db, "d3", {})
        assert (stored.record, stored.verdict, stored.previous, stored.next) == (record(3), "kept", "d2", "d4")
        cultural = dialogue(index, db, "d3", {}, Filters(relevance="cultural"))
        assert (cultural.previous, cultural.next) == ("d1", "d5")
        with pytest.raises(NotFoundError, match="no dialogue 'd9'"):
            dialogue(index, db, "d9", {})
        file = index.folder / "dialogues.jsonl"
        file.write_text(file.read_text().replace("d3", "x3"))
        with pytest.raises(StoreError, match="has changed: ask again"):
            dialogue(index, db, "d3", {})


def say(index: RunIndex, name: str, verdict: str, comment: str = "") -> None:
    review = Review(id=name, reviewer="ana", time="2026-01-01T00:00:00Z", verdict=verdict, comment=comment)  # type: ignore[arg-type]
    with open(index.folder / "reviews.jsonl", "a") as file:
        file.write(review.model_dump_json() + "\n")


def test_reviews_are_seen_at_once(index: RunIndex) -> None:
    say(index, "d1", "accepted")
    say(index, "d2", "rejected", "dull")
    say(index, "d3", "", "unsure")
    assert ids(index, review="accepted") == ["d1"]
    assert ids(index, review="rejected") == ["d2"]
    assert ids(index, review="commented") == ["d2", "d3"]
    assert ids(index, review="open") == ["d0", "d3", "d4", "d5", "d6"]
    assert ids(index, review="accepted", reviewer="ana") == ["d1"]
    assert ids(index, review="accepted", reviewer="bo") == []
    assert ids(index, review="open", reviewer="bo") == [f"d{number}" for number in range(7)]
    assert ids(index, reviewer="ana") == ["d1", "d2", "d3"]
    assert [summary.status for summary in found(index, size=3).dialogues] == ["open", "accepted", "rejected"]


def test_lines_that_are_appended_are_added_and_nothing_is_read_again(index: RunIndex) -> None:
    file = index.folder / "dialogues.jsonl"
    assert index.behind() == 0
    with open(file, "a") as appended:
        appended.write(line(7) + line(8) + '{"id": "half')
    assert index.behind() == file.stat().st_size - sum(len(line(number)) for number in range(6))
    assert index.refresh() == 2
    assert index.refresh() == 0
    assert ids(index, q="number")[-2:] == ["d7", "d8"]
    with open(file, "a") as appended:
        appended.write('"}\n')
    assert index.refresh() == 1


def test_a_file_that_was_edited_is_indexed_anew(index: RunIndex) -> None:
    file = index.folder / "dialogues.jsonl"
    file.write_text("".join(line(number) for number in (0, 5, 2)))
    assert index.refresh() == 4
    assert ids(index) == ["d0", "d5", "d2", "d6"]
    file.write_text(file.read_text().replace("tea", "sea"))  # of the same length
    assert index.refresh() == 4
    assert ids(index, q="sea") == ["d0", "d5", "d2"]
    file.unlink()
    assert index.refresh() == 1


def test_lines_that_are_no_records_are_counted_and_a_damaged_index_is_made_anew(index: RunIndex) -> None:
    with open(index.folder / "dialogues.jsonl", "a") as file:
        file.write('nonsense\n[1]\n{"id": 3}\n' + json.dumps({"id": "odd", "turns": 5, "scenario": "x"}) + "\n")
    assert index.refresh() == 1
    with closing(index.reader()) as db:
        assert RunIndex.unreadable_in(db) == 3
    for end in ("-wal", "-shm"):
        index.path.with_name(index.path.name + end).unlink(missing_ok=True)
    index.path.write_bytes(b"SQLite format 3\0" + os.urandom(5000))
    assert index.refresh() == 8
    assert len(ids(index)) == 8


def test_a_reader_cannot_write(index: RunIndex) -> None:
    with closing(index.reader()) as db, pytest.raises(sqlite3.OperationalError, match="readonly"):
        db.execute("DELETE FROM dialogue")


def test_hostile_text_is_words_and_nothing_else(index: RunIndex) -> None:
    text = "<script>alert(1)</script> \udc80 \x00 ' OR 1=1 --"
    turn = {"speaker": "x", "text": text}
    with open(index.folder / "dialogues.jsonl", "a") as file:
        file.write(line(9, turns=[turn], culture="'; DROP TABLE dialogue", reason=text))
    assert index.refresh() == 1
    assert ids(index, q="script alert") == ["d9"]
    assert ids(index, culture="'; DROP TABLE dialogue") == ["d9"]


def test_an_index_of_an_earlier_version_is_made_anew(index: RunIndex) -> None:
    with closing(sqlite3.connect(index.path)) as db:
        db.execute("DROP TABLE request")
        db.execute("PRAGMA user_version=1")
    assert index.refresh() == 7
    assert len(ids(index)) == 7


def test_requests_that_were_kept_are_found_by_their_dialogue_and_added_as_they_come(
    index: RunIndex, monkeypatch: pytest.MonkeyPatch
) -> None:
    def texts(owner: str) -> list[str]:
        with closing(index.reader()) as db:
            return [request.messages[0]["content"] for request in kept(index, db, owner)[0]]

    assert texts("d1") == []
    monkeypatch.setattr("clca.service.dialogues.kept.MOST", 1)
    keep_request(index.folder, "d1", "first")
    keep_request(index.folder, 'd"2', "second")
    assert index.behind() == (index.folder / "requests.jsonl").stat().st_size
    assert index.refresh() == 0
    assert (texts("d1"), texts('d"2'), index.behind()) == (["first"], ["second"], 0)
    keep_request(index.folder, "d1", "later")
    index.refresh()
    with closing(index.reader()) as db:
        assert (texts("d1"), kept(index, db, "d1")[1]) == (["first"], 1)
    file = index.folder / "requests.jsonl"
    file.write_text("{}" + file.read_text())
    with pytest.raises(StoreError, match=r"requests\.jsonl has changed: ask again"):
        texts("d1")
