"""A short chain with a real instruct model: it plays and judges over a real vLLM, is trained, and answers the survey.

SmolLM2 of 135 million parameters is no good teacher: the rehearsal adapts the scenarios and opens each dialogue, the
model answers and judges. What is asserted is that its replies are read, that what it may not say is not kept, and that
each stage takes what the one before it made.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from benchmarks.recorded import read
from benchmarks.teacher import score
from tests.cli.evaluation_folder import Desk
from tests.cli_process import only_run, records
from tests.vllm.servers import Server

MAKE_MODEL = Path(__file__).with_name("real_model.py")
SMALL = (
    *("--scenarios", "1", "--samples", "2", "--exchanges", "1", "--discard", "alignment", "--timeout", "900"),
    "--no-calibrate",
)
SHORT = ("training.steps=2", "training.batch=1", "training.accumulation=1", "data.max_length=512", "lora.r=4")


@pytest.fixture(scope="module")
def real_model(vllm_command: str, session_folder: Path) -> Path:
    """The folder of SmolLM2-135M-Instruct."""
    folder = session_folder / "smollm2"
    subprocess.run([sys.executable, MAKE_MODEL, folder], check=True, timeout=900)
    return folder


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Desk:
    return Desk(tmp_path_factory.mktemp("real"))


@pytest.fixture(scope="module")
def summary(vllm_command: str, real_model: Path, desk: Desk) -> dict[str, Any]:
    """What `clca generate` printed."""
    with Server(vllm_command, real_model, desk.folder) as server:
        roles = [
            word
            for role in ("partner", "judge")
            for word in (f"--{role}", server.model, f"--{role}-base-url", server.url)
        ]
        done = desk.run("generate", "--culture", "japan", "--teacher", "rehearsal", *roles, *SMALL, "--json")
    assert done.returncode in (0, 3), done.stderr
    return dict(json.loads(done.stdout))


def test_every_reply_of_a_real_model_is_read(summary: dict[str, Any], desk: Desk) -> None:
    assert summary["requested"] == 2 == summary["kept"] + summary["discarded"] + summary["failed"]
    (session,) = json.loads((only_run(desk.folder) / "run.json").read_text())["sessions"]
    assert not {"not JSON", "empty reply"} & session["invalid_replies"].keys()


def test_what_it_may_not_say_is_not_kept(summary: dict[str, Any], desk: Desk) -> None:
    figures = {(each.part, each.what): each for each in score([read(only_run(desk.folder))])}
    for what in (
        "turns that begin with punctuation",
        "turns with the speaker's own label",
        "turns with the partner's label",
        "turns with the form of the answer in them",
        "turns of refusal or assistant talk",
    ):
        assert figures["turns of kept dialogues", what].value == 0, figures["turns of kept dialogues", what].cases


def test_it_is_trained_on_what_was_played_and_answers_the_survey(
    summary: dict[str, Any], real_model: Path, desk: Desk
) -> None:
    kept = records(only_run(desk.folder))
    assert kept, "nothing was kept"
    sets = [word for value in SHORT for word in ("--set", value)]
    trained = desk.json("train", "--culture", "japan", "-s", str(real_model), "--recipe", "tiny", *sets)
    assert trained["steps"] == 2
    assert 0 < trained["loss"] < 10
    survey = ("--culture", "japan", "-n", "2", "--items", "Q1,Q2", "--mode", "probability")
    result = desk.json("eval-wvs", "-s", str(real_model), "--adapter", trained["adapter"], *survey)
    assert result
