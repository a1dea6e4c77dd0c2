"""Reviewing by single keys: what is shown, what is recorded, and going on after a stop."""

from __future__ import annotations

import io
import json
import os
import pty
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from clca.cli import app
from clca.errors import SettingsError
from clca.storage.reviews import FILE, read_reviews, reviewed
from tests.quality.runs import talk, write_run
from tests.security.test_shown_text import ATTACKS, check
from tests.test_records import JUDGEMENT


@pytest.fixture
def source(tmp_path: Path) -> Path:
    dialogues = [talk(n, [f"Line {n}."], judgement=JUDGEMENT, planted="a flaw") for n in range(1, 5)]
    folder = write_run(tmp_path / "japan" / "one", dialogues)
    (folder / "discarded.jsonl").write_text(talk(9, verdict="discarded").model_dump_json() + "\n")
    return folder


def press(keys: str, monkeypatch: pytest.MonkeyPatch, source: Path, *arguments: str, reviewer: str = "ana") -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO(keys))
    app(["review", str(source), "--reviewer", reviewer, *arguments], standalone_mode=False)


def test_keys_accept_reject_comment_skip_and_go_back(
    source: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    press("acno =1+1\nrsbaq", monkeypatch, source)
    shown = capsys.readouterr().out
    assert "ana: 2 accepted, 1 rejected, 1 commented" in shown
    assert "Repeat the command to go on." in shown
    assert "Line 9." not in shown  # it was discarded
    assert reviewed(source) == {"talk-1": "accepted", "talk-2": "rejected", "talk-3": "accepted"}
    own = read_reviews(source)["talk-2"]["ana"]
    assert own.comment == "no =1+1"
    assert own.time.startswith("20")
    assert own.time.endswith("+00:00")


def test_a_verdict_is_shown_with_the_comment_of_an_earlier_session(
    source: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    press("cgood start\nq", monkeypatch, source)
    capsys.readouterr()
    press("abq", monkeypatch, source)
    assert "accepted: good start" in capsys.readouterr().out
    assert read_reviews(source)["talk-1"]["ana"].comment == "good start"


def test_it_goes_on_where_this_reviewer_stopped_and_another_begins_anew(
    source: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    press("a", monkeypatch, source)  # the input ends
    press("r", monkeypatch, source)
    press("aaaa", monkeypatch, source, reviewer="ben")
    assert {name: set(own) for name, own in read_reviews(source).items() if len(own) > 1} == {
        "talk-1": {"ana", "ben"},
        "talk-2": {"ana", "ben"},
    }
    assert reviewed(source)["talk-2"] == "rejected"
    capsys.readouterr()
    press("aa", monkeypatch, source)
    assert "There are no more dialogues" in capsys.readouterr().out
    press("", monkeypatch, source)
    assert "There is none to review." in capsys.readouterr().out
    press("r", monkeypatch, source, "--again", "--text", "line 3", "--json")
    assert json.loads(capsys.readouterr().out.splitlines()[-1]) == {
        "reviewer": "ana",
        "accepted": 0,
        "rejected": 1,
        "commented": 0,
        "ended": True,
    }
    assert reviewed(source)["talk-3"] == "rejected"


def test_the_judges_opinion_is_shown_on_a_key_only(
    source: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    press("q", monkeypatch, source)
    shown = capsys.readouterr().out
    assert "Line 1." in shown
    assert JUDGEMENT.quality.rationale not in shown
    assert "planted" not in shown
    press("xjq", monkeypatch, source)
    shown = capsys.readouterr().out
    assert JUDGEMENT.quality.rationale in shown
    assert shown.count("a accept, r reject") == 2  # an unknown key gives help
    assert not (source / FILE).exists()


def test_keys_of_a_terminal_need_no_line_break(source: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    master, slave = pty.openpty()
    keys = iter([b"\x1b[A", b"a", b"c", b"r", b"q"])
    with os.fdopen(slave, "r") as terminal:
        monkeypatch.setattr(sys, "stdin", terminal)
        read, line = os.read, "too stiff\n"

        def typed(descriptor: int, most: int) -> bytes:
            if descriptor == terminal.fileno():
                key = next(keys)
                os.write(master, key + (line.encode() if key == b"c" else b""))
            return read(descriptor, len(key) if descriptor == terminal.fileno() else most)

        monkeypatch.setattr(os, "read", typed)
        app(["review", str(source), "--reviewer", "ana"], standalone_mode=False)
        monkeypatch.undo()
    os.close(master)
    assert reviewed(source) == {"talk-1": "accepted", "talk-2": "rejected"}
    assert read_reviews(source)["talk-2"]["ana"].comment == "too stiff"


def test_a_reviewer_has_a_name(source: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in (" ", "x" * 81):
        with pytest.raises(SettingsError, match="a name has 1 to 80 characters"):
            press("a", monkeypatch, source, reviewer=name)


def hostile() -> Sequence[str]:
    return [name for name, text in ATTACKS.items() if "\ud800" not in text]


@pytest.mark.parametrize("attack", hostile())
def test_hostile_text_is_inert(
    attack: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    text = ATTACKS[attack]
    source = write_run(tmp_path / "japan" / "one", [talk(1, [text, text], id=text)])
    comment = " ".join(text.split())
    press(f"c{comment}\nbaq", monkeypatch, source)
    press("bq", monkeypatch, source, "--again")
    for stream in capsys.readouterr():
        check(stream)
