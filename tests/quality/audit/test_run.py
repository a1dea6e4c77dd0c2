"""`clca audit-judge` as a stage: known judges, the sheet and its labels, resuming, faults, and what is shown."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("numpy")

from clca.cli import app
from clca.content.lookup import Content
from clca.errors import ContentError, NotFoundError, SettingsError, StoreError
from clca.generation import teachers
from clca.generation.config import GenerateConfig
from clca.generation.plan import plan as plan_generation
from clca.generation.prepared import load_sound
from clca.generation.run import run as generate
from clca.progress import Note, Progress
from clca.quality.audit.config import AuditConfig
from clca.quality.audit.flaws import FLAWS, POSITIONED
from clca.quality.audit.plan import AuditPlan, plan
from clca.quality.audit.result import AuditResult
from clca.quality.audit.run import run
from clca.quality.audit.sheet import code
from tests.quality.audit.material import Judge, bad, chat, write
from tests.security.test_shown_text import ATTACKS

Change = Callable[[str, dict[str, Any]], dict[str, Any]]
SEES = ("secret", "truncated")  # what the judges of these tests see


def sees(owner: str, answer: dict[str, Any]) -> dict[str, Any]:
    return bad(answer) if any(flaw in owner for flaw in SEES) else answer


@pytest.fixture
def judge(monkeypatch: pytest.MonkeyPatch) -> Callable[[Change], Judge]:
    """Puts a judge in the place of the rehearsal's."""

    def put(change: Change, name: str = "rehearsal") -> Judge:
        made = Judge(change)
        monkeypatch.setitem(teachers.IN_PROCESS, name, lambda config, simulator: made)
        return made

    return put


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return write(tmp_path / "generated" / "japan" / "one", [chat(number) for number in range(4)])


def planned(folder: Path, **changes: Any) -> AuditPlan:
    fields = {"run": (str(folder),), "flaws": ("secret", "goal", "truncated"), "repeats": 0, **changes}
    return plan(AuditConfig(**fields))


def audited(folder: Path, **changes: Any) -> AuditResult:
    return run(planned(folder, **changes))


@pytest.mark.parametrize("name", ["table.md", "judgements.jsonl", "audit.json"])
def test_a_link_of_a_stranger_to_a_folder_of_the_users_is_not_written_to(
    folder: Path, judge: Callable[[Change], Judge], name: str
) -> None:
    judge(sees)
    ready = planned(folder)
    paper = folder.parent / "paper"
    paper.mkdir()
    (paper / name).write_text('{"years": "of work"}')
    ready.folder.parent.mkdir(parents=True)
    ready.folder.symlink_to(paper)
    with pytest.raises(StoreError, match=rf"holds {name}, which is not of this audit: move it away, or give --audits"):
        run(ready)
    assert [(file.name, file.read_text()) for file in paper.iterdir()] == [(name, '{"years": "of work"}')]


def test_a_link_to_a_new_folder_is_the_users_own(folder: Path, judge: Callable[[Change], Judge]) -> None:
    judge(sees)
    ready = planned(folder)
    (folder.parent / "large-disk").mkdir()
    ready.folder.parent.mkdir(parents=True)
    ready.folder.symlink_to(folder.parent / "large-disk")
    for _ in range(2):  # the second time it is the audit's own
        run(planned(folder))
    assert (folder.parent / "large-disk" / "table.md").is_file()


def test_what_a_judge_sees_is_its_recall_and_nothing_else(folder: Path, judge: Callable[..., Judge]) -> None:
    judge(sees)
    result = audited(folder)
    found = {kind: (rates.found.hits, rates.found.of) for kind, rates in result.kinds.items()}
    assert found == {"kept": (0, 4), "prepared": (0, 4), "secret": (4, 4), "goal": (0, 4), "truncated": (4, 4)}
    assert {kind: rates.discarded.hits for kind, rates in result.kinds.items()} == {
        kind: hits for kind, (hits, _) in found.items()
    }
    assert result.position["secret"].difference is not None
    assert result.position["secret"].difference.value == 0
    assert result.verbosity.sound.first.hits == 0
    assert result.flawed is not None
    assert result.flawed.discarded.of == 4  # the discarded one was degenerate, which no judge saw
    assert any("goal" in caveat and "Not told from sound" in caveat for caveat in result.caveats)


def test_position_and_length_are_told_by_the_same_dialogues(folder: Path, judge: Callable[..., Judge]) -> None:
    judge(lambda owner, answer: bad(answer) if "early" in owner or owner.startswith("padded") else answer)
    result = audited(folder)
    for flaw in ("secret", "goal"):
        pair = result.position[flaw]
        assert (pair.first.value, pair.second.value) == (1.0, 0.0)
    assert result.verbosity.sound.difference is not None
    assert result.verbosity.sound.difference.value == 1


def test_the_plan_counts_every_request(folder: Path, judge: Callable[..., Judge]) -> None:
    asked = judge(sees)
    made = planned(folder, repeats=2, second_judge="rehearsal")
    result = run(made)
    # Of each dialogue: itself, padded, secret and goal early and late, truncated, one flawed padded; 4 prepared.
    assert len(made.items) == 4 * 8 + 4
    assert len(made.measured) == 4 * 4 + 4
    assert len(asked.asked) == result.requests == made.requests == 3 * (36 + 3 * 20)
    assert result.cached == 0
    assert {request.sampling.temperature for request in asked.asked} == {0.0, 0.7}


def test_the_same_command_asks_nothing_again(folder: Path, judge: Callable[..., Judge]) -> None:
    first = audited(folder)
    asked = judge(sees)
    again = audited(folder)
    assert (asked.asked, again.requests, again.cached) == ([], 0, first.requests)
    assert again.kinds == first.kinds
    more = audited(folder, repeats=1)
    assert more.folder == first.folder
    assert more.requests == 3 * 20


def test_an_audit_that_was_stopped_goes_on(folder: Path, judge: Callable[..., Judge]) -> None:
    asked = judge(sees)

    def stop_early(event: Progress | Note) -> None:
        if isinstance(event, Progress) and event.done == 3:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run(planned(folder, flaws=("truncated",)), stop_early)
    made = planned(folder, flaws=("truncated",))
    before = len(asked.asked)
    result = run(made)
    assert before > 0
    assert result.cached > 0
    assert result.cached + result.requests == made.requests


def test_a_judge_agrees_with_itself_and_not_with_its_opposite(
    folder: Path, judge: Callable[..., Judge], monkeypatch: pytest.MonkeyPatch
) -> None:
    judge(sees)
    monkeypatch.setitem(
        teachers.IN_PROCESS, "opposite", lambda config, simulator: Opposite(lambda owner, answer: answer)
    )
    result = audited(folder, repeats=1, second_judge="opposite")
    (repeat,) = result.repeats.values()
    assert repeat.found.kappa is not None
    assert repeat.found.kappa.value == 1
    assert result.between is not None
    assert result.between.found.kappa is not None
    assert result.between.found.alike.hits == 0
    # 8 of 20 found by one, 12 by the other: pe = 0.4 · 0.6 + 0.6 · 0.4 = 0.48, κ = -0.48 / 0.52
    assert result.between.found.kappa.value == pytest.approx(-12 / 13)
    assert result.second["goal"].found.value == 1


class Opposite(Judge):
    """Says the contrary of `sees`."""

    name = "opposite"  # type: ignore[assignment]

    def __init__(self, change: Change) -> None:
        super().__init__(lambda owner, answer: answer if sees(owner, answer) != answer else bad(answer))


def test_judgements_that_fail_are_counted_and_in_no_rate(folder: Path, judge: Callable[..., Judge]) -> None:
    judge(lambda owner, answer: {} if owner.startswith("truncated") else answer)
    result = audited(folder)
    assert result.unanswered == {"invalid JSON for the schema": 4} or sum(result.unanswered.values()) == 4
    assert (result.kinds["truncated"].unanswered, result.kinds["truncated"].found.value) == (4, None)


def test_people_judge_a_shuffled_sheet_without_verdicts(folder: Path, judge: Callable[..., Judge]) -> None:
    judge(sees)
    result = audited(folder, sheet=Path("sheet.csv"))
    assert result.sheet_rows == 16  # 8 sound ones, and as many flawed ones
    rows = read(Path("sheet.csv"))
    assert len(rows) == 16
    text = Path("sheet.csv").read_text(encoding="utf-8-sig")
    for word in ("kept", "prepared", "truncated", "secret/", "japan/one", "planted"):
        assert word not in text
    assert [row["code"] for row in rows] == sorted(row["code"] for row in rows)
    told = [row for row in rows if "I will tell you my secret" in row["dialogue"]]
    assert told
    for row in rows[:12]:
        row["verdict"] = "bad" if row in told else " Good "
    write_rows(Path("labels.csv"), rows, delimiter=";")
    labelled = audited(folder, labels=Path("labels.csv"))
    people = labelled.people
    assert people is not None
    assert (people.labelled, people.unlabelled) == (12, 4)
    assert people.judge.found.pairs == 12
    assert people.flawed.hits == sum(row in told for row in rows[:12])
    assert people.sound.hits == 0


def test_a_perfect_reader_of_all_flaws_that_the_judge_sees_has_kappa_1(
    folder: Path, judge: Callable[..., Judge]
) -> None:
    judge(sees)
    audited(folder, flaws=SEES, sheet=Path("sheet.csv"))
    sound = {code(item, 42) for item in planned(folder, flaws=SEES).items if item.is_sound}
    rows = read(Path("sheet.csv"))
    for row in rows:
        row["verdict"] = "good" if row["code"] in sound else "BAD"
    write_rows(Path("sheet.csv"), rows)
    people = audited(folder, flaws=SEES, labels=Path("sheet.csv")).people
    assert people is not None
    assert people.judge.found.kappa is not None
    assert people.judge.found.kappa.value == 1


def judged(folder: Path) -> list[dict[str, Any]]:
    (file,) = Path("audits").glob("*/judgements.jsonl")
    return [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]


def read(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def write_rows(path: Path, rows: list[dict[str, str]], delimiter: str = ",") -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]), delimiter=delimiter)
        writer.writeheader()
        writer.writerows(rows)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "no column 'code'"),
        ("code,dialogue\nD1,x\n", "no column 'verdict'"),
        ("code,verdict\nD1,good\n", r":2: no dialogue 'D1' in this audit"),
        ("code,verdict\n{code},fine\n", r":2: verdict 'fine': write good or bad"),
        ("code,verdict\n{code},good\n{code},bad\n", ":3: {code} stands here twice"),
        ("code,verdict\n{code},\n\n", "no verdict yet"),
    ],
)
def test_a_file_that_is_no_sheet_is_refused_with_its_line(
    folder: Path, judge: Callable[..., Judge], text: str, message: str
) -> None:
    judge(sees)
    audited(folder, sheet=Path("sheet.csv"))
    first = read(Path("sheet.csv"))[0]["code"]
    Path("labels.csv").write_text(text.replace("{code}", first), encoding="utf-8")
    with pytest.raises(ContentError, match=message.replace("{code}", first)):
        planned(folder, labels=Path("labels.csv"))


def test_a_sheet_with_labels_is_never_replaced(folder: Path, judge: Callable[..., Judge]) -> None:
    judge(sees)
    audited(folder, sheet=Path("sheet.csv"))
    audited(folder, sheet=Path("sheet.csv"))  # the same sheet
    text = Path("sheet.csv").read_text(encoding="utf-8")
    Path("sheet.csv").write_text(text + "\n", encoding="utf-8")
    with pytest.raises(StoreError, match=r"sheet\.csv would be replaced, and may hold labels"):
        audited(folder, sheet=Path("sheet.csv"))


def test_hostile_text_is_inert_on_the_sheet_and_on_the_screen(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    judge: Callable[..., Judge],
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    judge(sees)
    attacks = (
        *(text for text in ATTACKS.values() if text.isascii()),
        "\u202eevil",
        "=HYPERLINK(1)",
        "@SUM(1)",
        "+1",
        "-1",
    )
    dialogues = [chat(n, (attack,) * 8, scenario={"setting": attack}) for n, attack in enumerate(attacks)]
    path = write(tmp_path / "generated" / "japan" / "one", dialogues)
    app(
        ["audit-judge", str(path), "--flaws", "swapped-speakers", "--repeats", "0", "--sheet", "s.csv"],
        standalone_mode=False,
    )
    shown = capsys.readouterr()
    for text in (shown.out, shown.err, Path("s.csv").read_text(encoding="utf-8-sig")):
        assert not any(mark in text for mark in "\x1b\x07\u202e\x9b")
    for row in read(Path("s.csv")):
        assert not any(cell.startswith(("=", "+", "-", "@", "\t")) for cell in row.values())


def test_the_folder_holds_the_audit_and_its_tables(
    folder: Path, judge: Callable[..., Judge], capsys: pytest.CaptureFixture[str]
) -> None:
    judge(sees)
    app(["audit-judge", str(folder), "--json", "--quiet"], standalone_mode=False)
    printed = json.loads(capsys.readouterr().out)
    place = Path(printed["audit"])
    names = {"audit.json", "judgements.jsonl", "replies.sqlite", "table.csv", "table.md", "table.tex"}
    assert names <= {file.name for file in place.iterdir()}
    held = json.loads((place / "audit.json").read_text(encoding="utf-8"))
    assert {key: held[key] for key in printed} == printed
    with (place / "table.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert {row["rehearsal"] for row in rows} == {"yes"}
    (recall,) = [
        row for row in rows if row["metric"] == "found" and row["row"] == "secret" and row["column"] == "found"
    ]
    assert float(recall["value"]) == printed["kinds"]["secret"]["found"]["value"] == 1
    lines = judged(folder)
    assert {line["kind"] for line in lines} == {"kept", "prepared", *FLAWS}
    assert {line["position"] for line in lines if line["kind"] in POSITIONED} == {"early", "late"}


def test_the_plan_is_shown_and_nothing_is_asked_or_written(
    folder: Path, judge: Callable[..., Judge], capsys: pytest.CaptureFixture[str]
) -> None:
    asked = judge(sees)
    app(["audit-judge", str(folder), "--plan", "--flaws", "truncated"], standalone_mode=False)
    assert "At most 96 requests" in capsys.readouterr().out  # 20 dialogues, 12 of them twice
    app(["audit-judge", str(folder), "--plan", "--json"], standalone_mode=False)
    assert json.loads(capsys.readouterr().out)["shown"]["prepared"] == 4
    assert asked.asked == []
    assert not Path("audits").exists()


def test_wrong_settings_are_refused_in_one_line(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="no flaw 'typo'; there are repetition"):
        AuditConfig(run=("x",), flaws=("typo",))
    with pytest.raises(ValueError, match="add --second-judge NAME"):
        AuditConfig(run=("x",), second_judge_base_url="http://x/v1")
    with pytest.raises(NotFoundError, match="no run 'nowhere'"):
        planned(Path("nowhere"))
    with pytest.raises(SettingsError, match="the rehearsal needs no server; name the model at it with --judge NAME"):
        planned(folder, judge_base_url="http://127.0.0.1:1/v1")
    few = write(tmp_path / "generated" / "japan" / "few", [chat(1)])
    with pytest.raises(NotFoundError, match="kept dialogues of 1 scenarios; an audit needs 2"):
        planned(few)
    other = write(tmp_path / "generated" / "japan" / "other", [chat(1)], settings={"judge": "another"})
    with pytest.raises(SettingsError, match="the runs have different judges"):
        plan(AuditConfig(run=(str(folder), str(other))))


def test_fewer_dialogues_than_were_asked_for_are_told(folder: Path, judge: Callable[..., Judge]) -> None:
    judge(sees)
    few = "4 dialogues instead of 9: each is of a scenario of its own"
    assert any(caveat.startswith(few) for caveat in audited(folder, dialogues=9).caveats)
    assert not any("instead of" in caveat for caveat in audited(folder, dialogues=4).caveats)


def test_another_judge_says_nothing_of_what_the_first_one_kept(
    folder: Path, judge: Callable[..., Judge], content: Content
) -> None:
    judge(sees, "another")
    result = audited(folder, judge="another")
    assert (result.own, result.flawed) == (False, None)
    assert any(caveat.startswith("Another judge filtered the runs") for caveat in result.caveats)
    assert len(load_sound(content)) >= result.kinds["prepared"].shown == 4


def test_dialogues_of_two_cultures_are_judged_by_what_both_expect(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, judge: Callable[..., Judge]
) -> None:
    monkeypatch.chdir(tmp_path)
    config = GenerateConfig(culture=("japan",), guest="mexico", scenarios=6, samples=1, calibrate=False)
    made = generate(plan_generation(config))
    asked = judge(lambda owner, answer: answer)
    result = audited(made.runs[0].run, flaws=("other-culture",))
    assert result.kinds["kept"].found.of == result.kinds["other-culture"].found.of == result.dialogues
    systems = {request.owner.split("/")[0]: request.messages[0]["content"] for request in asked.asked}
    assert "somebody of Mexico" in systems["kept"]
    assert "somebody of" not in systems["prepared"]
    lines = {line["culture"] for line in judged(tmp_path) if line["kind"] == "other-culture"}
    assert not lines & {"japan", "mexico", "japan+mexico"}


def test_a_prompt_that_changed_since_the_run_is_told(folder: Path, judge: Callable[..., Judge]) -> None:
    judge(sees)
    changed = write(folder, [chat(n) for n in range(4)], inputs={"content:prompts/judge.j2": "another"})
    assert any("prompts/judge.j2 changed since" in caveat for caveat in audited(changed).caveats)
