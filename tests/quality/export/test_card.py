"""The dataset card: what it says, and that no text of the data is markup in it."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from clca.cli.views.export import show
from clca.generation.judge_metrics import JudgeCalibration, JudgeMetrics, KindCount
from clca.quality.export.config import ExportConfig
from clca.quality.export.plan import plan
from clca.quality.export.result import ExportResult
from clca.quality.export.run import run
from tests.quality.runs import talk, write_run
from tests.security.test_shown_text import ATTACKS, check

HALF = {"shown": 2, "found": 1}
RUN: dict[str, Any] = {
    "rehearsed": True,
    "finished": False,
    "settings": {
        "seed": 7,
        "top_p": 0.7,
        "discard": ["quality"],
        "discard_confidence": "very confident",
        "rate_least": ["secret=8"],
    },
    "inputs": {"clca": "0.1.0", "content:prompts/turn.j2": "a1" * 32},
    "calibration": JudgeMetrics(
        recall=0.75, precision=0.6, planted=8, caught=6, clean=92, false_alarms=3, by_flaw={}
    ).model_dump(),
    "sessions": [
        {
            "judge_calibration": JudgeCalibration(
                judge="rehearsal",
                sound=KindCount(shown=3, found=1),
                bad={"repeats": KindCount(shown=2, found=1)},
                unanswered=0,
                requests=9,
                prompt_tokens=9,
                completion_tokens=9,
            ).model_dump()
        }
    ],
}


def export(tmp_path: Path, dialogues: list[Any], **changes: Any) -> tuple[ExportResult, str]:
    source = write_run(tmp_path / "japan" / "one", dialogues, **changes)
    made = run(plan(ExportConfig(run=(str(source),), out=tmp_path / "out", license="cc-by-4.0")))
    return made, (tmp_path / "out" / "README.md").read_text(encoding="utf-8")


def test_the_card_says_what_is_in_it_and_how_it_came_to_be(tmp_path: Path) -> None:
    imported = {"source": "file", "origin": "SOTOPIA, environment 01", "license": "CC BY-SA 4.0"}
    dialogues = [talk(1), talk(2, scenario=imported), talk(3, scenario={"source": "file"})]
    made, card = export(tmp_path, dialogues, **RUN)
    for line in (
        "| japan | 3 | 3 | 6 | 6 | 0.0 % |",
        "- teacher: t (3 dialogues)",
        "- prompts/turn.j2: a1a1a1a1a1a1a1a1",
        "kept 3, discarded 1, failed 0, rejected 0, pending 0, 75.0 % of those that did not fail",
        "  - discarded where quality is bad, very confident",
        "  - discarded where a rating is lower than secret=8",
        "  - discarded: degenerate: 1",
        "of 8 dialogues with a planted flaw 6 were discarded, of 92 others 3.",
        "repeats 1 of 2; false alarms 1 of 3.",
        "The dialogues are published under cc-by-4.0.",
        "| SOTOPIA, environment 01 | CC BY-SA 4.0 | 1 |",
        "| a scenario file of the user | nobody said | 1 |",
        "| a seed of the content files, fitted to the culture | Apache-2.0, as shipped with clca | 1 |",
        "- `dialogues.jsonl`: 3 rows",
    ):
        assert line in card
    assert made.rehearsal
    for caveat in (
        "**REHEARSAL: some of it was",
        "japan/one is not finished",
        "**1 dialogues are of scenarios or norms",
    ):
        assert caveat in card
    front = yaml.safe_load(card.split("---\n")[1])
    assert (front["license"], front["size_categories"]) == ("cc-by-4.0", ["n<1K"])
    assert "rehearsal" in front["tags"]


def test_what_nobody_measured_is_said_to_be_so(tmp_path: Path) -> None:
    made, card = export(tmp_path, [talk(1)])
    assert "- japan/one: the judge was not audited." in card
    assert "REHEARSAL" not in card
    assert not made.rehearsal
    made, card = export(tmp_path, [])
    assert made.caveats == ("It is empty: no dialogue of the runs was kept.",)
    assert "# Dialogues: " in card


@pytest.mark.parametrize("attack", [name for name, text in ATTACKS.items() if "\ud800" not in text])
def test_hostile_text_is_inert(attack: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = ATTACKS[attack]
    hostile = f"{text}<script>alert(1)</script> | [x](javascript:1)\n---\n# Title"
    scenario = {"source": "file", "origin": " ".join(hostile.split())[:400], "license": text[:120]}
    changes = {**RUN, "settings": {"seed": hostile, "discard": [hostile]}, "reasons": {hostile: 3}}
    made, card = export(tmp_path, [talk(1, teacher=hostile, judge=hostile, scenario=scenario)], **changes)
    check(card)
    assert r"\<script>" in card
    assert not re.search(r"(?<!\\)<script>|(?<!\\)\]\(javascript", card)
    assert card.count("\n---\n") == 1  # the end of the front
    assert "\n# Title" not in card
    show(
        made.model_copy(update={"caveats": (text,), "left_out": {text: 1}, "runs": (text,)}), quiet=False, as_json=False
    )
    shown = capsys.readouterr()
    check(shown.out)
    check(shown.err)
