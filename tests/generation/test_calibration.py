"""What a judge finds among prepared dialogues before a run."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from clca.content.lookup import Content
from clca.generation.calibration import Calibrator
from clca.generation.config import GenerateConfig
from clca.generation.judge_metrics import JudgeCalibration, KindCount, judge_caveats
from clca.generation.plan import plan
from clca.generation.prepared import BAD_KINDS
from clca.generation.result import GenerationResult
from clca.generation.run import run
from clca.generation.run_plan import RunPlan, read_run
from clca.generation.teachers import read_simulator
from clca.inference.protocol import Reply, Request
from clca.progress import Note
from clca.simulator import Simulator

SHOWN = 3 + 2 * len(BAD_KINDS)


class Judge(Simulator):
    """The simulator with another judge: `change` makes its answers of the simulator's."""

    def __init__(self, plan: RunPlan, change: Callable[[dict[str, Any]], dict[str, Any]]) -> None:
        simulator = read_simulator(plan.config, Content())
        assert simulator is not None
        super().__init__(simulator)
        self.asked = 0
        self._change = change

    async def answer(self, request: Request) -> Reply:
        reply = await super().answer(request)
        if request.task not in ("judge", "meta"):
            return reply
        self.asked += 1
        return Reply(json.dumps(self._change(json.loads(reply.text))), "stop", 10, 10)


def blind(answer: dict[str, Any]) -> dict[str, Any]:
    """A judge to whom everything is fine."""
    fine = {"fits_scene": "yes", "repetition": "none", "fault": "none", "culture": "fits", "label": "good"}
    return answer | {key: value for key, value in fine.items() if key in answer}


def strict(answer: dict[str, Any]) -> dict[str, Any]:
    """A judge to whom nothing is."""
    return answer | ({"label": "bad"} if "label" in answer else {"fits_scene": "no"})


def run_plan(folder: Path, **changes: Any) -> RunPlan:
    return read_run(GenerateConfig(culture=("japan",), scenarios=1, out=folder, **changes), "japan", None)


def calibrate(folder: Path, change: Callable[[dict[str, Any]], dict[str, Any]]) -> tuple[JudgeCalibration, Judge]:
    planned = run_plan(folder)
    judge = Judge(planned, change)
    calibration = asyncio.run(Calibrator(planned, {"judge": judge}).calibrate())
    assert calibration is not None
    return calibration, judge


def test_a_judge_that_looks_finds_bad_dialogues_and_leaves_sound_ones(tmp_path: Path) -> None:
    calibration, judge = calibrate(tmp_path, dict)
    assert calibration.missed == []
    assert calibration.sound == KindCount(shown=3, found=0)
    assert set(calibration.bad) == set(BAD_KINDS)
    assert judge.asked == calibration.requests == 3 * SHOWN
    assert calibration.line().startswith("Judge rehearsal on prepared dialogues: found ")


def test_what_a_blind_judge_misses_is_told(tmp_path: Path) -> None:
    """Code still counts assistant talk, repeats and marks of another culture."""
    calibration, _ = calibrate(tmp_path, blind)
    assert calibration.sound.found == 0
    assert calibration.bad["refusals"].found == calibration.bad["repeats"].found == 2
    assert calibration.bad["another culture"].found == 2
    caveats = judge_caveats(calibration.model_copy(update={"bad": {"refusals": KindCount(shown=2, found=0)}}), {})
    assert caveats == (
        "The judge rehearsal does not tell some bad dialogues from sound ones: refusals."
        " Read some of the kept dialogues, or take another judge.",
    )


def test_a_judge_that_refuses_everything_finds_nothing_more_often_than_sound_ones(tmp_path: Path) -> None:
    calibration, _ = calibrate(tmp_path, strict)
    assert calibration.sound.found == 3
    assert calibration.missed == list(BAD_KINDS)
    assert "refused 3 of 3 sound ones" in calibration.line()


def test_a_judge_is_asked_once_for_its_prompts(tmp_path: Path) -> None:
    first, _ = calibrate(tmp_path, dict)
    again, judge = calibrate(tmp_path, strict)
    assert judge.asked == 0
    assert again == first
    (file,) = (tmp_path / "judges").iterdir()
    file.write_text("{}")
    assert calibrate(tmp_path, dict)[1].asked == 3 * SHOWN


def test_other_prompts_are_another_question(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    calibrate(tmp_path / "runs", dict)
    (tmp_path / "clca.toml").touch()
    (tmp_path / "prompts").mkdir()
    text = Content().text("prompts/meta.j2").replace("change your mind only for a reason", "be brief")
    (tmp_path / "prompts" / "meta.j2").write_text(text)
    config = GenerateConfig(culture=("japan",), scenarios=1, out=tmp_path / "runs")
    planned = read_run(config, "japan", tmp_path)
    judge = Judge(planned, dict)
    asyncio.run(Calibrator(planned, {"judge": judge}).calibrate())
    assert judge.asked == 3 * SHOWN


def test_a_dialogue_without_a_verdict_is_counted_and_asked_again(tmp_path: Path) -> None:
    calibration, _ = calibrate(tmp_path, lambda answer: {} if "subject" in answer else answer)
    assert calibration.unanswered == SHOWN
    assert f"gave no verdict on {SHOWN}" in calibration.line()
    assert calibration.missed == []
    assert not (tmp_path / "judges").exists()


def test_a_calibrator_that_is_stopped_says_nothing(tmp_path: Path) -> None:
    planned = run_plan(tmp_path)
    calibrator = Calibrator(planned, {"judge": Judge(planned, dict)})
    calibrator.stop()
    assert asyncio.run(calibrator.calibrate()) is None


def generate(folder: Path, **changes: Any) -> tuple[GenerationResult, list[str]]:
    """A run of the rehearsal, and its notes."""
    notes: list[str] = []
    config = GenerateConfig(culture=("japan",), out=folder, **{"scenarios": 1, "samples": 1, **changes})
    result = run(plan(config), lambda event: notes.append(event.text) if isinstance(event, Note) else None)
    return result, notes


def test_a_run_begins_with_it_and_records_it(tmp_path: Path) -> None:
    result, notes = generate(tmp_path)
    calibration = result.runs[0].judge_calibration
    assert calibration is not None
    first, line = notes
    assert first == f"First the judge is shown {SHOWN} prepared dialogues; --no-calibrate skips it"
    assert line == calibration.line()
    assert generate(tmp_path, new=True)[1] == [line], "what it said is known"
    (session,) = json.loads((result.run / "run.json").read_text())["sessions"]
    assert session["judge_calibration"] == calibration.model_dump()
    assert session["verdicts"] == {"good, yes, good": 1}
    assert result.runs[0].model_dump(mode="json")["judge_calibration"] == calibration.model_dump()
    assert calibration.requests > 0
    assert session["requests"] == json.loads((result.run / "run.json").read_text())["usage"]["requests"]


def test_it_can_be_left_out_and_decides_no_record(tmp_path: Path) -> None:
    result, notes = generate(tmp_path, calibrate=False)
    assert (result.runs[0].judge_calibration, notes) == (None, [])
    assert not (tmp_path / "judges").exists()
    assert generate(tmp_path)[0].run == result.run


def test_verdicts_that_are_all_alike_are_told(tmp_path: Path) -> None:
    assert judge_caveats(None, {"good, yes, good": 19}) == ()
    assert judge_caveats(None, {"good, yes, good": 40, "bad, yes, bad": 1}) == ()
    (caveat,) = judge_caveats(None, {"good, yes, good": 20})
    assert caveat.startswith("All 20 verdicts are alike (quality, alignment, meta: good, yes, good)")
    result, _ = generate(tmp_path, scenarios=6, samples=4)
    verdicts = json.loads((result.run / "run.json").read_text())["sessions"][0]["verdicts"]
    assert sum(verdicts.values()) >= 20
    assert any("alike" in caveat for caveat in result.caveats) == (len(verdicts) == 1)
