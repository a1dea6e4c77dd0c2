"""The simulator as a teacher: its replies depend on nothing but content and request."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from clca.inference.protocol import SimulatorHints, TaskName
from clca.records import Culture, Seed
from clca.simulator import Simulator, SimulatorContent
from tests.simulator.plays import Played, ask_turn, localised, play, request


def test_token_counts_are_a_quarter_of_the_characters_rounded_up(
    teacher: Simulator, cultures: dict[str, Culture], seeds: list[Seed]
) -> None:
    _, reply = ask_turn(teacher, cultures["usa"], seeds[0], 0, (), 1)
    assert teacher.name == "rehearsal"
    assert reply.finish_reason == "stop"
    assert reply.prompt_tokens == 2
    assert reply.completion_tokens == -(-len(reply.text) // 4)


@pytest.mark.parametrize("task", ["compose"])
def test_a_request_without_the_hints_of_its_task_is_refused(
    teacher: Simulator, cultures: dict[str, Culture], seeds: list[Seed], task: TaskName
) -> None:
    for hints in (None, SimulatorHints(cultures["usa"], seeds[0])):
        with pytest.raises(ValueError, match=f"{task}.*hints"):
            asyncio.run(teacher.answer(request(task, hints)))


def test_the_same_request_has_the_same_reply_in_any_order(
    simulator_content: SimulatorContent, teacher: Simulator, cultures: dict[str, Culture], seeds: list[Seed]
) -> None:
    scenario = localised(teacher, cultures["japan"], seeds[3])
    turns, _ = play(teacher, cultures["japan"], scenario, 5)
    fresh = Simulator(simulator_content)
    for at in reversed(range(len(turns))):
        answer, _ = ask_turn(fresh, cultures["japan"], scenario, at % 2, turns[:at], 5)
        assert (answer.action, answer.text) == (turns[at].action, turns[at].text)


_DIGEST = """
import hashlib
from clca.culture.catalogue import CultureCatalogue
from clca.records import Seed
from clca.content.lookup import Content
from clca.simulator import Simulator, load_simulator_content
from tests.simulator.plays import ask, localised, play
content = Content(None)
files = {path: content.text(path) for path in content.files("scenarios/*") + content.files("scenarios/rehearsal/*")}
teacher, culture = Simulator(load_simulator_content(files)), CultureCatalogue(content).culture("japan")
digest = hashlib.sha256()
for number, line in enumerate(files["scenarios/seeds-1.jsonl"].splitlines()):
    scenario = localised(teacher, culture, Seed.model_validate_json(line))
    turns, _ = play(teacher, culture, scenario, number)
    verdict, _ = ask(teacher, "judge", culture, scenario, turns=turns)
    digest.update(repr((scenario, turns, verdict)).encode())
print(digest.hexdigest())
"""


def test_two_processes_with_different_hash_seeds_agree() -> None:
    digests = {
        subprocess.run(
            [sys.executable, "-c", _DIGEST], env=os.environ | {"PYTHONHASHSEED": seed}, capture_output=True, text=True,
            check=True, cwd=Path(__file__).parents[2],
        ).stdout
        for seed in ("1", "2")
    }  # fmt: skip
    assert len(digests) == 1


def test_two_plays_of_a_scenario_differ(plays: list[Played]) -> None:
    texts = Counter((culture.id, scenario.id, turns) for culture, scenario, _, turns, _ in plays)
    assert max(texts.values()) == 1


def test_a_culture_of_the_same_id_but_other_scores_is_not_mistaken_for_the_first(
    teacher: Simulator, cultures: dict[str, Culture], seeds: list[Seed]
) -> None:
    usa = cultures["usa"]
    other = usa.model_copy(update={"scores": cultures["china"].scores, "position": cultures["china"].position})
    results = [[play(teacher, culture, seed, 9)[0] for seed in seeds[:12]] for culture in (usa, other, usa)]
    assert results[0] == results[2]
    assert results[0] != results[1]
