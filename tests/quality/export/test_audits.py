"""Which audits of the judge stand on a dataset card, and with which figures."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from clca.cli import app
from clca.quality.audit.config import AuditConfig
from clca.quality.audit.plan import plan as plan_audit
from clca.quality.audit.run import run as audit
from clca.quality.export.config import ExportConfig
from clca.quality.export.plan import plan
from clca.quality.export.result import ExportResult
from clca.quality.export.run import run
from tests.quality.audit.material import chat, write


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    write(Path("generated/japan/one"), [chat(number) for number in range(4)])
    return tmp_path


def written(name: str, seconds: int, **changes: Any) -> None:
    """An audit of japan/one that was written at that time: of 10 repetitions 9 were discarded, of 10 sound ones 1."""
    rate = {"of": 10, "value": 0.0, "low": 0.1, "high": 0.85}
    figures = {
        "runs": ["/elsewhere/generated/japan/one"],
        "judge": name,
        "own": True,
        "rehearsal": False,
        "dialogues": 10,
        "kinds": {
            "prepared": {"sound": True, "discarded": rate | {"hits": 1}},
            "repetition": {"sound": False, "discarded": rate | {"hits": 9}},
        },
        "repeats": {},
        "flawed": {"even": {"kept": 0.021, "low": 0.0, "high": 0.3}},
        "people": {
            "judge": {
                "found": {"alike": rate | {"hits": 7}, "kappa": {"value": 0.4, "low": -0.1, "high": 0.7}},
            }
        },
    }
    file = Path("audits") / name / "audit.json"
    file.parent.mkdir(parents=True)
    file.write_text(json.dumps(figures | changes))
    os.utime(file, (seconds, seconds))


def exported(**changes: Any) -> tuple[ExportResult, str]:
    made = run(plan(ExportConfig(run=("generated/japan/one",), out=Path("out"), **changes)))
    card = Path("out/README.md").read_text(encoding="utf-8")
    return made, card[card.index("## How good") : card.index("## Scenarios")]


def test_an_audit_that_was_made_stands_on_the_card(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    pytest.importorskip("numpy")
    config = AuditConfig(run=("generated/japan/one",), flaws=("repetition",), repeats=1)
    found = audit(plan_audit(config))
    made, card = exported()
    rate = found.kinds["repetition"].discarded
    assert made.audits == (found.folder.name,)
    assert f"- japan/one: audit {found.folder.name} of rehearsal (rehearsal) on 4 kept dialogues" in card
    assert f"repetition {rate.hits} of 4 ({100 * rate.low:.0f}-{100 * rate.high:.0f} %)" in card
    assert "the judge and itself, repeat 1: alike 12 of 12" in card
    assert "not audited" not in card
    app(["export", "generated/japan/one", "--out", "out"], standalone_mode=False)
    assert f"the card has the figures of the judge's audit {found.folder.name}" in capsys.readouterr().out


def test_the_newest_of_the_runs_own_judge_is_taken_and_the_others_counted(here: Path) -> None:
    written("new", 200)
    written("old", 100)
    written("other-judge", 300, own=False)
    written("other-run", 400, runs=["generated/japan/two"])
    made, card = exported()
    assert made.audits == ("new",)
    for line in (
        "japan/one: audit new of new on 10 kept dialogues",
        "flaw that the filter discards: repetition 9 of 10 (10-85 %)",
        "sound ones: prepared 1 of 10 (10-85 %)",
        r"people: alike 7 of 10 (10-85 %), Cohen's kappa 0.40 \[-0.10, 0.70\]",
        "for flaws like these: 2.1 % (0.0-30.0 %)",
        "japan/one: audits that are older or of another judge, and not here: 2",
    ):
        assert line in card
    assert "other-run" not in card


def test_an_audit_that_cannot_be_read_or_is_of_another_judge_gives_no_figures(here: Path) -> None:
    written("other-judge", 100, own=False)
    written("broken", 200, kinds=3)
    made, card = exported()
    assert made.audits == ()
    assert "- japan/one: the judge was not audited." in card
    assert "- japan/one: audits that are older or of another judge, and not here: 1" in card
    assert "- audit broken cannot be read: its figures are not here" in card
    assert exported(audits=Path("elsewhere"))[1].count("\n- ") == 1
