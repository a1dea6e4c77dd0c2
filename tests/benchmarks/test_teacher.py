"""`python -m benchmarks teacher`: what it generates, and what it finds in the records of a run."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from benchmarks import teacher
from benchmarks.figures import Figure, table
from benchmarks.recorded import Recorded, read
from clca.content.lookup import Content
from clca.generation.config import GenerateConfig
from clca.generation.plan import plan
from clca.generation.scenarios import SeedScenarios

MARION, CHLOE = "Suzuki Haruka", "Tanaka Keiko"


def scenario(**changes: Any) -> dict[str, Any]:
    """A seed, as it should have come to Japan."""
    people = [
        {"name": CHLOE, "age": 39, "occupation": "receptionist", "goal": "Get the late shift on Thursday covered"},
        {"name": MARION, "age": 16, "occupation": "senior receptionist", "goal": "Keep Thursday evening free"},
    ]
    secrets = ["She has an interview for a job elsewhere.", "She has begun a dance class."]
    for person, secret in zip(people, secrets, strict=True):
        person |= {"gender": "female", "background": "She has worked here for years.", "secret": secret}
    fields = {
        "id": "neighbours-piano-practice",
        "setting": "The front desk of a clinic in Sendai.",
        "relationship": "colleague",
        "source": "seed",
        "participants": people,
    }
    return {**fields, **changes}


def record(number: int, lines: list[str], setup: dict[str, Any] | None = None, **changes: Any) -> dict[str, Any]:
    """A kept dialogue in which the two speak in turn."""
    setup = setup or scenario()
    intent = {"text": "Haruka wants to be polite.", "relevance": "generic"}
    turns = [
        {"speaker": (CHLOE, MARION)[index % 2], "action": "speak", "text": text, "intent": intent}
        for index, text in enumerate(lines)
    ]
    verdict = {"label": "good", "confidence": "very confident", "rationale": "It is fine."}
    judgement = {
        "quality": verdict,
        "alignment": {**verdict, "label": "yes"},
        "meta": {"label": "good", "confidence": "confident", "critique": ", as it was."},
    }
    fields = {"id": f"japan-{setup['id']}-{number}", "scenario": setup, "turns": turns, "judgement": judgement}
    return {**fields, "ended": "exchanges", "reason": "", **changes}


def run(kept: list[dict[str, Any]], discarded: list[dict[str, Any]] | None = None) -> Recorded:
    info = {
        "culture": "japan",
        "settings": {"seed": 42},
        "usage": {"requests": 40, "prompt_tokens": 9000, "completion_tokens": 600},
        "sessions": [
            {
                "servers": [{"throughput": {"cache_hits": 3000, "cache_queries": 9500}}],
                "invalid_replies": {"not JSON": 2},
            }
        ],
    }
    return Recorded(Path("run"), info, kept, discarded or [], [])


def found(recorded: Recorded, part: str = "turns of kept dialogues") -> dict[str, float]:
    """The figures of a part that are not 0, without those of names, which the fixture does not choose as a run does."""
    figures = [figure for figure in teacher.score([recorded]) if figure.part == part]
    return {figure.what: figure.value for figure in figures if figure.value and "offered" not in figure.what}


SOUND = ["Could I ask you about Thursday?", "Of course, what is it?", "I wonder who could stay late.", "Let me think."]


def test_nothing_is_found_in_a_sound_dialogue() -> None:
    recorded = run([record(1, SOUND)])
    assert found(recorded) == {}
    assert found(recorded, "scenarios") == {}


@pytest.mark.parametrize(
    ("line", "figures"),
    [
        ('", yes, of course.', {"turns that begin with punctuation"}),
        ("I will ask the doctor and then I", {"turns that are cut"}),
        ("Haruka: I will ask the doctor.", {"turns with the speaker's own label"}),
        ("I will ask.\nTanaka Keiko: Thank you.", {"turns with the partner's label"}),
        ('{"action": "speak"}', {"turns with the form of the answer in them", "turns that begin with punctuation"}),
        ("Haruka, could you stay late on Friday?", {"turns that address their own speaker"}),
        ("I wonder who could stay so late.", {"turns that echo the partner", "dialogues with such a turn"}),
        ("Of course, but what is it?", {"turns that repeat an own one"}),
        ("How can I assist you today?", {"turns of refusal or assistant talk"}),
        ("I have begun a dance class, you see.", {"turns that tell the speaker's secret"}),
        ("You have begun a dance class, I hear.", {"turns that turn a secret round"}),
        ("Will you go to the interview for the other job?", {"turns that turn a secret round"}),
    ],
)
def test_each_fault_of_a_turn_is_found_by_its_figure(line: str, figures: set[str]) -> None:
    dialogue = record(1, [*SOUND[:3], line])
    if line.startswith("You have"):  # of "I", too, a telling sentence is one
        dialogue = record(1, [*SOUND[:3], "You have begun a dance class."])
    assert set(found(run([dialogue]))) - {"turns that are cut"} == figures - {"turns that are cut"}
    assert "turns that are cut" not in figures or "turns that are cut" in found(run([dialogue]))


def test_who_leaves_early_is_counted() -> None:
    at_once = record(1, SOUND[:2], ended="leave")
    soon = record(2, SOUND[:4], ended="leave")
    late = record(3, [*SOUND, *SOUND[:2]], ended="leave")
    values = found(run([at_once, soon, late]))
    assert values["dialogues left in the first exchange"] == 1
    assert values["dialogues left in the second exchange"] == 1


def test_what_is_left_of_a_seed_is_found() -> None:
    people = scenario()["participants"]
    left = scenario(
        setting='", Sophie works in Sendai, and the',
        participants=[{**people[0], "age": 30}, {**people[1], "gender": "male"}],
    )
    values = found(run([record(1, SOUND, left)]), "scenarios")
    assert set(values) == {
        "with a name of the seed left",
        "with an age or a gender changed",
        "texts that begin with punctuation",
        "texts that are cut",
    }


def test_genders_may_be_another_pair_of_the_seed_but_not_of_one_alone() -> None:
    seed = {"id": "apology-wrong-blame"}  # a man of 47 and a woman of 28, or two women, or two men
    people = [{**person, "age": age} for person, age in zip(scenario()["participants"], (47, 28), strict=True)]
    changed = "with an age or a gender changed"
    for genders, wrong in (("fm", True), ("mf", False), ("ff", False), ("mm", False)):
        names = {"f": "female", "m": "male"}
        pair = [{**person, "gender": names[one]} for person, one in zip(people, genders, strict=True)]
        assert (changed in found(run([record(1, SOUND, scenario(**seed, participants=pair))]), "scenarios")) == wrong


def test_a_name_of_another_culture_is_found() -> None:
    people = scenario()["participants"]
    british = scenario(participants=[{**people[0], "name": "Chloe Bennett"}, people[1]])
    assert found(run([record(1, SOUND, british)]), "scenarios")["names that are not of the culture"] == 1


def test_a_thing_that_the_seed_marks_is_found() -> None:
    left = scenario(id="apology-missed-solo", setting="She has ordered something to eat for him.")
    assert "with a thing left that the seed marks" in found(run([record(1, SOUND, left)]), "scenarios")


def test_a_norm_is_lost_where_the_scenario_is_about_something_else() -> None:
    norm = {"id": "norm-japan-outdoor-shoes", "source": "norm:japan-outdoor-shoes", "relationship": "acquaintance"}
    assert found(run([record(1, SOUND, scenario(**norm))]), "scenarios")["norms lost"] == 1
    about = scenario(**norm, setting="A guest steps up from the entrance into the home in outdoor shoes.")
    assert "norms lost" not in found(run([record(1, SOUND, about)]), "scenarios")


def test_intents_that_are_none_and_a_relevance_that_never_varies() -> None:
    dialogue = record(1, SOUND)
    texts = [", to ask.", SOUND[1], "I want to go home.", "Keiko wants to be left alone."]
    for turn, text in zip(dialogue["turns"], texts, strict=True):
        turn["intent"] = {"text": text, "relevance": "cultural"}
    assert found(run([dialogue]), "intents") == {
        "that begin with punctuation": 1,
        "that are no intents": 3,  # two words, a turn, speech
        "called cultural": 4,
        "dialogues whose relevance never varies": 1,
    }


def test_outcome_and_tokens_of_a_kept_dialogue() -> None:
    recorded = run([record(1, SOUND), record(2, SOUND)], [record(3, SOUND, reason="degenerate: repeats")])
    assert found(recorded, "outcome") == {
        "dialogues kept": 2,
        "  not kept: degenerate: repeats": 1,
        "requests": 40,
        "prompt tokens per kept dialogue": 4500,
        "prompt tokens that the servers had cached": 3000,
        "completion tokens per kept dialogue": 300,
        "replies asked again: not JSON": 2,
    }
    assert found(recorded, "verdicts") == {"texts that begin with punctuation": 3}


def test_the_fixed_set_is_whole(tmp_path: Path) -> None:
    teacher.make_workspace(tmp_path, 12)
    config = GenerateConfig(culture=teacher.CULTURES, norms=4, samples=1, out=tmp_path / "runs")
    for each in plan(config, tmp_path).runs:
        assert {seed.id for seed in each.scenarios} == set(teacher.SEEDS)
        wanted = {norm for norm in teacher.NORMS if norm.startswith(("general-", f"{each.culture}-"))}
        assert {norm.id for norm in each.norms} == wanted


def test_fewer_seeds_are_spread_over_the_set(tmp_path: Path) -> None:
    teacher.make_workspace(tmp_path, 6)
    assert {seed.id for seed in SeedScenarios(Content(tmp_path), None, 0)} == set(teacher.SEEDS[::2])


def test_a_rehearsal_is_generated_and_scored(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The command as a whole, but for the process of `clca generate`, which runs in this one."""
    from clca.generation.run import run as generate

    monkeypatch.chdir(tmp_path)

    def in_process(options: Any, more: Any) -> list[Recorded]:
        teacher.make_workspace(tmp_path, options.seeds)
        config = GenerateConfig(culture=options.cultures, norms=options.norms, samples=1, max_exchanges=4)
        return [read(each.run) for each in generate(plan(config, tmp_path)).runs]

    monkeypatch.setattr(teacher, "generate", in_process)
    words = "--cultures germany --seeds 2 --norms 1 --prepared 1 --json figures.json --cases"
    assert teacher.main(words.split()) == 0
    figures = {(each["part"], each["what"]): each for each in json.loads(Path("figures.json").read_text())["figures"]}
    assert figures["outcome", "dialogues kept"]["of"] == 3
    assert figures["scenarios", "with a name of the seed left"] | {"cases": None} == {
        "part": "scenarios",
        "what": "with a name of the seed left",
        "value": 0,
        "of": 2,
        "cases": None,
    }
    assert figures["judge on prepared dialogues", "repeats: found"]["of"] == 1
    assert "judge on prepared dialogues" in capsys.readouterr().out


def test_a_folder_that_is_no_run_is_named(tmp_path: Path) -> None:
    with pytest.raises(SystemExit, match="not a run folder"):
        teacher.main(["--score", str(tmp_path)])


def test_the_table_shows_shares_and_cases() -> None:
    figures = [Figure("turns", "that echo", 1, 4, ("a case",)), Figure("turns", "requests", 1234.5)]
    lines = table(figures, cases=True).splitlines()
    assert [" ".join(line.split()) for line in lines] == [
        "turns",
        "that echo 1 of 4 (25%)",
        "a case",
        "requests 1,234.50",
    ]
