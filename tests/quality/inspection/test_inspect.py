"""Dialogues found by what is in them: filters, SQL, pages and what is taken out."""

from __future__ import annotations

import json
import tracemalloc
from pathlib import Path
from typing import Any

import pytest

from clca.cli import app
from clca.errors import ContentError, NotFoundError, SettingsError
from clca.quality.inspection.config import InspectConfig
from clca.quality.inspection.plan import plan
from clca.quality.inspection.result import InspectResult
from clca.quality.inspection.run import run
from clca.records import Intent, LabelledTurn
from clca.storage.reviews import Review, ReviewFile
from tests.quality.runs import ANA, talk, write_run
from tests.security.test_shown_text import ATTACKS, check

CUSTOM = Intent(text="Ana means to refuse.", relevance="cultural", customs=("A pause says no.",))
DIALOGUES = [
    talk(1, ["Good MORNING."]),
    talk(2, ["Well."] * 12, ended="exchanges"),
    talk(3, turns=(LabelledTurn(speaker=ANA, action="speak", text="Hm.", thought="No way.", intent=CUSTOM),)),
    talk(4, scenario={"setting": "A market in Kobe in the morning."}),
    talk(5, culture="uk", teacher="a'b"),
]
FAILED = {"id": "talk-7", "stage": "turn", "reason": "time-out", "turns": [], "scenario": None, "culture": "japan"}
REJECTED = {"id": "talk-8"}


@pytest.fixture
def source(tmp_path: Path) -> Path:
    folder = write_run(tmp_path / "japan" / "one", DIALOGUES)
    (folder / "discarded.jsonl").write_text(talk(6, verdict="discarded", reason="bad").model_dump_json() + "\n")
    (folder / "failed.jsonl").write_text(json.dumps(FAILED) + "\n")
    (folder / "rejected.jsonl").write_text(json.dumps(REJECTED) + "\n")
    return folder


def inspect(source: Path, **fields: Any) -> InspectResult:
    return run(plan(InspectConfig(run=(str(source),), **fields)))


def ids(result: InspectResult) -> str:
    """The numbers of the dialogues of the page."""
    return "".join(one.record["id"].removeprefix("talk-") for one in result.dialogues)


@pytest.mark.parametrize(
    ("fields", "found"),
    [
        ({}, "12345678"),
        ({"verdict": ("kept", "failed")}, "123457"),
        ({"culture": ("United Kingdom",)}, "5"),
        ({"ending": ("exchanges",)}, "2"),
        ({"text": "morning"}, "14"),
        ({"text": "NO WAY"}, "3"),
        ({"intent": "refuse"}, "3"),
        ({"intent": "pause says"}, "3"),
        ({"relevance": "cultural"}, "3"),
        ({"intent": "refuse", "relevance": "generic"}, ""),
        ({"text": "morning", "culture": ("japan",), "verdict": ("kept",)}, "14"),
    ],
)
def test_filters_hold_together(fields: dict[str, Any], found: str, source: Path) -> None:
    result = inspect(source, **fields)
    assert ids(result) == found
    assert result.matched == len(found)


def test_two_cultures_that_meet_are_found_by_any_of_their_names(tmp_path: Path) -> None:
    pair = write_run(tmp_path / "japan+mexico" / "one", [talk(1, culture="japan+mexico")], "japan+mexico")
    for name in ("japan+mexico", "JPN+Mexico"):
        assert ids(inspect(pair, culture=(name,))) == "1"
        found = run(plan(InspectConfig(run=(name,), generated=tmp_path)))
        assert found.dialogues[0].run == pair
    assert ids(inspect(pair, culture=("japan",))) == ""
    with pytest.raises(NotFoundError, match="unknown culture 'narnia'"):
        inspect(pair, culture=("japan+narnia",))


def test_reviews_are_filtered_by_who_says_what(source: Path) -> None:
    file = ReviewFile(source)
    for dialogue, reviewer, verdict, comment in (
        ("talk-1", "ana", "accepted", ""),
        ("talk-1", "ben", "rejected", "stilted"),
        ("talk-2", "ana", "accepted", ""),
        ("talk-3", "ben", "", "why?"),
        ("talk-6", "ana", "rejected", ""),
        ("talk-6", "ana", "accepted", ""),  # the last one counts
    ):
        file.add(Review(id=dialogue, reviewer=reviewer, time="2026-01-02", verdict=verdict, comment=comment))  # type: ignore[arg-type]
    file.close()
    for fields, found in (
        ({"reviewer": ("ana",)}, "126"),
        ({"review": ("rejected",)}, "1"),
        ({"review": ("accepted",)}, "26"),
        ({"review": ("accepted",), "reviewer": ("ana",)}, "126"),
        ({"review": ("commented",)}, "13"),
        ({"review": ("open",), "verdict": ("kept",)}, "345"),
    ):
        assert ids(inspect(source, **fields)) == found, fields
    assert inspect(source, at="talk-1", size=1).dialogues[0].reviews[1].comment == "stilted"
    (source / "reviews.jsonl").write_text('{"id": 3}\n')
    with pytest.raises(ContentError, match=r"reviews\.jsonl:1: "):
        inspect(source)


def test_pages_and_jumps(source: Path, tmp_path: Path) -> None:
    result = inspect(source, size=3, page=2)
    assert (ids(result), result.page, result.pages, result.matched) == ("456", 2, 3, 8)
    assert [one.number for one in result.dialogues] == [4, 5, 6]
    result = inspect(source, size=3, at="-8")
    assert (ids(result), result.page) == ("78", 3)
    assert ids(inspect(source, size=3, at="talk-2")) == "123"
    with pytest.raises(NotFoundError, match="no page 4: the 8 dialogues that match fill 3"):
        inspect(source, size=3, page=4, to=tmp_path / "none.jsonl")
    assert not (tmp_path / "none.jsonl").exists()
    with pytest.raises(NotFoundError, match="no dialogue 'talk-9' among the 8"):
        inspect(source, at="talk-9")
    with pytest.raises(ValueError, match="both say which page"):
        InspectConfig(run=("japan",), page=2, at="x")


def test_all_that_match_are_written_as_they_stand(source: Path, tmp_path: Path) -> None:
    out = tmp_path / "some.jsonl"
    assert inspect(source, verdict=("kept",), size=1, text="morning", to=out).written == out
    lines = (source / "dialogues.jsonl").read_bytes().splitlines()
    assert out.read_bytes().splitlines() == [lines[0], lines[3]]
    with pytest.raises(SettingsError, match="exists: give a new file"):
        inspect(source, to=out)


def test_a_page_takes_no_more_memory_than_itself(tmp_path: Path) -> None:
    line = talk(1, ["Well."] * 40).model_dump_json() + "\n"
    folder = write_run(tmp_path / "japan" / "one", [])
    (folder / "dialogues.jsonl").write_text(line * 5000)  # 40 MB
    tracemalloc.start()
    result = inspect(folder, page=200)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert (len(result.dialogues), result.matched) == (20, 5000)
    assert peak < len(line) * 5000 / 4


def test_the_screen_shows_a_page_or_a_single_dialogue(source: Path, capsys: pytest.CaptureFixture[str]) -> None:
    app(["inspect", str(source), "--size", "2"], standalone_mode=False)
    shown = capsys.readouterr().out
    assert "Good MORNING." in shown
    assert "8 of 8 dialogues match; page 1 of 4" in shown
    app(["inspect", str(source), "--intent", "refuse"], standalone_mode=False)
    assert "custom: A pause says no." in capsys.readouterr().out
    app(["inspect", str(source), "--intent", "refuse", "--json"], standalone_mode=False)
    printed = json.loads(capsys.readouterr().out)
    assert printed["dialogues"][0]["record"] == json.loads(DIALOGUES[2].model_dump_json())


@pytest.mark.parametrize("attack", [name for name, text in ATTACKS.items() if "\ud800" not in text])
def test_hostile_text_is_inert(attack: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = ATTACKS[attack]
    source = write_run(tmp_path / "japan" / "one", [talk(1, [text, text], id=text), talk(2, [text])])
    review = Review(id=text, reviewer="ana", time="2026-01-02", verdict="rejected", comment=text)
    (source / "reviews.jsonl").write_text(review.model_dump_json() + "\n")
    for arguments in ([], ["--ending", "leave", "--review", "rejected"], ["--json"]):
        app(["inspect", str(source), *arguments], standalone_mode=False)
        shown = capsys.readouterr().out
        assert shown
        check(shown)
