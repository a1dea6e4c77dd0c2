"""`--rate`: what the judge is asked, what stands in the record, and when a rating discards."""

from __future__ import annotations

import asyncio
import doctest
import json
from pathlib import Path

import pytest

from clca.cli import app
from clca.content.lookup import Content
from clca.content.prompts import GENERATION_PROMPTS, RATING_PROMPTS, Prompts
from clca.culture import CultureCatalogue
from clca.errors import SettingsError
from clca.generation import rating_filter
from clca.generation.config import GenerateConfig
from clca.generation.plan import plan
from clca.generation.rating import rate
from clca.generation.rating_filter import DIMENSIONS, least_scores, too_low
from clca.generation.run import run
from clca.generation.run_plan import read_run
from clca.records import Dialogue, Rating, Ratings
from clca.schemas import RateAnswer, RateSecretAnswer
from clca.stages import resolve_config
from tests.dialogue_examples import Script, person, scenario, turn

TURNS = [turn("Ruth Vale", "Are they still open?"), turn("Ida Moss", "They close in a minute.")]
SCORES = {"first_goal": 7, "second_goal": 2, "believability": 9, "relationship": 5, "social_rules": 10}
ANSWER = {**SCORES, **{f"{name}_why": f"Because of {name}." for name in SCORES}}


def config(folder: Path, **fields: object) -> GenerateConfig:
    small = {"culture": ("japan",), "scenarios": 6, "samples": 1, "calibrate": False, "out": folder, **fields}
    return GenerateConfig.model_validate(small)


def kept(folder: Path, name: str = "dialogues.jsonl") -> list[Dialogue]:
    (file,) = folder.glob(f"japan/*/{name}")
    return [Dialogue.model_validate_json(line) for line in file.read_text(encoding="utf-8").splitlines()]


def test_doctests() -> None:
    assert doctest.testmod(rating_filter).failed == 0


def rated(script: Script, catalogue: CultureCatalogue, content: Content, secret: str) -> Ratings:
    prompts = Prompts.load(content, {**GENERATION_PROMPTS, **RATING_PROMPTS})
    people = (person("Ruth Vale", secret=secret), person("Ida Moss", secret=""))
    return asyncio.run(rate(catalogue.culture("uk"), scenario(participants=people), TURNS, prompts, script))


def test_the_judge_gives_each_number_behind_its_reason(catalogue: CultureCatalogue, content: Content) -> None:
    script = Script(iter([RateAnswer(**ANSWER)]))
    ratings = rated(script, catalogue, content, "")
    (request,) = script.requests
    assert (request.task, request.role, request.temperature) == ("rate", "judge", 0.0)
    names = list(request.answer.model_fields)
    assert [names.index(name) - names.index(f"{name}_why") for name in SCORES] == [1] * len(SCORES)
    assert ratings.secret is None
    assert ratings.first_goal == Rating(score=7, rationale="Because of first_goal.")
    assert "secret_why" not in request.messages[1]["content"]


def test_a_secret_is_asked_about_where_there_is_one(catalogue: CultureCatalogue, content: Content) -> None:
    script = Script(iter([RateSecretAnswer(**ANSWER, secret=0, secret_why="She tells it.")]))
    ratings = rated(script, catalogue, content, "Ruth has eaten the cake.")
    assert ratings.secret == Rating(score=0, rationale="She tells it.")
    assert '"secret_why", "secret"' in script.requests[0].messages[1]["content"]


def test_the_prompt_begins_as_the_judge_s_does(content: Content) -> None:
    """So that the prefix cache serves both."""
    for folder in ("", "two-cultures/"):
        texts = [content.text(f"prompts/{folder}{name}.j2").partition("#}")[2] for name in ("judge", "rate")]
        heads = [text.split("Answer as JSON")[0].split("Rate the talk")[0] for text in texts]
        assert heads[0] == heads[1]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("charm=5", "no dimension 'charm'; there are first_goal"),
        ("secret=11", "give a whole number from 0 to 10, as in secret=5"),
        ("secret", "give a whole number"),
        ("secret=-1", "give a whole number"),
        ("secret=1,secret=2", "secret is given twice"),
    ],
)
def test_a_wrong_least_rating_is_refused(text: str, message: str) -> None:
    with pytest.raises(SettingsError, match=message):
        resolve_config(GenerateConfig, {"culture": "japan", "rate": True, "rate_least": text}, {}, None)


def test_a_least_rating_needs_ratings() -> None:
    with pytest.raises(SettingsError, match="--rate-least needs ratings: add --rate"):
        resolve_config(GenerateConfig, {"culture": "japan", "rate_least": ("believability=5",)}, {}, None)


def ratings(**scores: int | None) -> Ratings:
    given = {**dict.fromkeys(DIMENSIONS, 5), **scores}
    return Ratings.model_validate(
        {name: None if score is None else {"score": score, "rationale": "r"} for name, score in given.items()}
    )


def test_a_dialogue_below_a_least_rating_is_discarded_and_one_without_a_secret_keeps_it() -> None:
    assert too_low(ratings(), least_scores(["believability=5"])) is None
    assert too_low(ratings(believability=4), least_scores(["believability=5"])) == "believability rated below 5"
    assert too_low(ratings(secret=None), least_scores(["secret=10"])) is None
    assert too_low(ratings(secret=0), {}) is None
    with pytest.raises(ValueError, match="less than or equal to 10"):
        ratings(secret=11)


def test_ratings_stand_in_the_record_and_decide_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with_ratings = run(plan(config(tmp_path / "a", rate=True)))
    without = run(plan(config(tmp_path / "b")))
    assert [each.id for each in kept(tmp_path / "a")] == [each.id for each in kept(tmp_path / "b")]
    for one, other in zip(kept(tmp_path / "a"), kept(tmp_path / "b"), strict=True):
        assert one.ratings is not None
        assert other.ratings is None
        assert (one.turns, one.judgement) == (other.turns, other.judgement)
        assert one.usage.requests == other.usage.requests + 1
    assert with_ratings.kept == without.kept
    first = kept(tmp_path / "a")[0]
    assert first.ratings is not None
    app(["show", first.id, "--out", str(tmp_path / "a")], standalone_mode=False)
    shown = " ".join(capsys.readouterr().out.split())
    assert f"believability: {first.ratings.believability.score} of 10. " in shown
    app(["show", first.id, "--out", str(tmp_path / "b")], standalone_mode=False)
    assert "of 10." not in capsys.readouterr().out


def test_a_least_rating_discards_and_says_so(tmp_path: Path) -> None:
    result = run(plan(config(tmp_path, rate=True, rate_least=("first_goal=10",))))
    discarded = [each for each in kept(tmp_path, "discarded.jsonl") if each.reason == "first_goal rated below 10"]
    assert discarded
    assert result.runs[0].reasons["discarded: first_goal rated below 10"] == len(discarded)
    assert all(each.ratings is not None and each.ratings.first_goal.score < 10 for each in discarded)


def test_a_run_without_ratings_is_the_same_as_before_there_were_any(tmp_path: Path) -> None:
    before, now = (read_run(config(tmp_path, rate=on), "japan", None) for on in (False, True))
    assert not any("rate" in name.split(":")[0] for name in before.inputs if not name.startswith("content:"))
    assert "content:prompts/rate.j2" not in before.inputs
    assert now.inputs["rate"] is True
    assert "content:prompts/rate.j2" in now.inputs
    tasks = {cost.task: cost.requests for cost in now.costs}
    assert tasks["rate"] == tasks["judge"] == 6
    assert "rate" not in {cost.task for cost in before.costs}


def test_a_dialogue_of_two_cultures_is_rated_by_the_rules_of_both(tmp_path: Path, content: Content) -> None:
    run(plan(config(tmp_path, guest="mexico", rate=True, scenarios=3)))
    (file,) = tmp_path.glob("japan+mexico/*/dialogues.jsonl")
    lines = [Dialogue.model_validate_json(line) for line in file.read_text(encoding="utf-8").splitlines()]
    assert lines
    assert all(line.ratings is not None for line in lines)
    assert "a rule of either culture" in content.text("prompts/two-cultures/rate.j2")


def test_a_line_of_an_earlier_version_has_no_ratings(tmp_path: Path) -> None:
    run(plan(config(tmp_path, scenarios=1)))
    (file,) = tmp_path.glob("japan/*/dialogues.jsonl")
    line = json.loads(file.read_text(encoding="utf-8").splitlines()[0])
    del line["ratings"]
    assert Dialogue.model_validate(line).ratings is None
