"""Scenarios of SOTOPIA, of the CLCA paper's authors, and of our own files."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from clca.errors import ContentError
from clca.generation.importers.people import age_of, gender_of, relationships_in
from clca.generation.importers.sotopia import seen_by
from clca.generation.scenarios import FileScenarios
from tests.dialogue_examples import scenario
from tests.generation.importers.data_sets import (
    agent,
    catalogue,
    environment,
    imported,
    json_lines,
    paper_scenario,
    write,
)

# ---------------------------------------------------------------- SOTOPIA

AGENTS = [agent("01AG"), agent("02AG", gender="Man", age=60, occupation="Judge"), agent("03AG", age=80)]


def test_an_environment_with_two_agents_is_a_scenario_of_no_culture(tmp_path: Path) -> None:
    environments = write(tmp_path / "environments.json", json.dumps([environment()], indent=2))
    agents = write(tmp_path / "agents.json", json.dumps(AGENTS[:2]))
    done = imported("scenarios", environments, agents, license="CC-BY-SA-4.0")
    assert (done.audit.format, done.audit.supporting, done.audit.taken) == ("sotopia", {"agent profiles": 2}, 1)
    (seed,) = done.scenarios
    assert (seed.id, seed.setting, seed.relationship, seed.culture) == (
        "sotopia-01ex",
        "Two people meet at lift 01EX.",
        "acquaintance",
        "",
    )
    assert [person.goal for person in seed.participants] == ["Ask for quiet at night", "Keep the party going"]
    people = {person.name: person for person in seed.participants}
    assert set(people) == {"Mika Ex01AG", "Mika Ex02AG"}
    judge = people["Mika Ex02AG"]
    assert (judge.gender, judge.age, judge.occupation) == ("male", 60, "Judge")
    assert (judge.background, judge.secret) == ("Mika likes chess. Mika is calm.", "Dislikes bread.")
    assert seed.origin.startswith("SOTOPIA, environment 01EX, agents 0")
    assert seed.origin.endswith(", after made_up")
    assert seed.license == "CC-BY-SA-4.0"
    assert done.audit.derived == {"people: two agents drawn that fit": 1}
    file = FileScenarios(done.folder / "scenarios.jsonl")
    assert [(each.id, each.origin) for each in file] == [(seed.id, seed.origin)]


DUMP = ":sotopia.database.persistent_profile"


@pytest.mark.parametrize(
    "text",
    [
        json_lines(environment(), *AGENTS),
        json.dumps([environment(), *AGENTS]),
        json.dumps({f"{DUMP}.X:{one['pk']}": {**one, "pk": ""} for one in [environment(), *AGENTS]}),
        json.dumps({f"{DUMP}.X:{one['pk']}": json.dumps(one) for one in [environment(), *AGENTS]}, indent=1),
        json_lines(*({"db": 0, "key": f"{DUMP}:{one['pk']}", "ttl": -1, "type": "ReJSON-RL", "value": json.dumps(one)}
                     for one in [environment(), *AGENTS])),
        json_lines(*({"key": f"{DUMP}:{one['pk']}", "value": [one]} for one in [environment(), *AGENTS])),
        json.dumps({"_default": {"1": environment(), "2": AGENTS[0], "3": AGENTS[1], "4": AGENTS[2]}}),
    ],
    ids=["lines", "list", "by key", "texts by key", "redis-dump", "JSON.GET", "table"],
)  # fmt: skip
def test_every_form_of_the_profiles_gives_the_same(tmp_path: Path, text: str) -> None:
    done = imported("scenarios", write(tmp_path / "dump.json", text), out=tmp_path / "dump")
    assert (done.audit.taken, done.audit.supporting, done.audit.rejected) == (1, {"agent profiles": 3}, 0)
    plain = write(tmp_path / "plain.jsonl", json_lines(*reversed(AGENTS), environment()))
    assert done.scenarios == imported("scenarios", plain, out=tmp_path / "plain").scenarios


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"age_constraint": "[(70, 90), (18, 40)]"}, ("03AG", "01AG")),
        ({"age_constraint": "[(18, 40), (70, 90)]"}, ("01AG", "03AG")),
        ({"occupation_constraint": "[['judge'], []]", "age_constraint": None}, ("02AG", None)),
        ({"agent_constraint": [["01AG", "02AG"]], "age_constraint": "[]"}, ("01AG", "02AG")),
        ({"agent_constraint": [["01AG", "09AG"], ["03AG", "02AG"]], "age_constraint": ""}, ("03AG", "02AG")),
    ],
)
def test_the_agents_fit_the_constraints(
    tmp_path: Path, changes: dict[str, Any], expected: tuple[str, str | None]
) -> None:
    done = imported("scenarios", write(tmp_path / "all.jsonl", json_lines(environment(**changes), *AGENTS)))
    names = [person.name.removeprefix("Mika Ex") for person in done.scenarios[0].participants]
    assert all(wanted in (name, None) for wanted, name in zip(expected, names, strict=True))


def test_relationship_profiles_say_who_knows_whom_and_combinations_who_meets(tmp_path: Path) -> None:
    friends = {"pk": "r", "agent_1_id": "01AG", "agent_2_id": "03AG", "relationship": 3, "background_story": "Old."}
    lines = [environment("A", relationship=3, age_constraint=None), friends, *AGENTS]
    done = imported("scenarios", write(tmp_path / "all.jsonl", json_lines(*lines)))
    assert {person.name for person in done.scenarios[0].participants} == {"Mika Ex01AG", "Mika Ex03AG"}
    assert done.audit.supporting == {"agent profiles": 3, "relationship profiles": 1}
    others = [environment("A", relationship=5, age_constraint=None)]
    others.append(environment("B", relationship="friend", age_constraint=None))
    two = write(tmp_path / "two.jsonl", json_lines(*others, friends, *AGENTS))
    assert imported("scenarios", two, out=tmp_path / "two").faults == [(1, "", "no two agents fit the environment")]


def test_combinations_say_who_meets_where(tmp_path: Path) -> None:
    met = [("A", ["01AG", "02AG"]), ("A", ["03AG", "02AG"]), ("A", ["01AG", "9"]), ("Z", ["01AG", "02AG"])]
    combinations = [{"pk": f"c{number}", "env_id": env, "agent_ids": ids} for number, (env, ids) in enumerate(met)]
    text = json_lines(environment("A"), *AGENTS, *combinations)
    done = imported("scenarios", write(tmp_path / "all.jsonl", text))
    assert [seed.id for seed in done.scenarios] == ["sotopia-a-1", "sotopia-a-2"]
    assert done.audit.derived == {}
    assert [fault[1:] for fault in done.faults] == [
        ("agent_ids", "no such agent in the files"),
        ("env_id", "no such environment in the files"),
    ]
    assert done.audit.supporting == {"agent profiles": 3, "environments with combinations": 1}


def test_relatives_are_of_one_last_name_where_nothing_says_who_is_whose(tmp_path: Path) -> None:
    sister = agent("04AG", first_name="Ada", last_name="Ex02AG")
    lines = [environment(relationship=5, age_constraint=None), *AGENTS, sister]
    done = imported("scenarios", write(tmp_path / "all.jsonl", json_lines(*lines)))
    assert {person.name for person in done.scenarios[0].participants} == {"Ada Ex02AG", "Mika Ex02AG"}
    assert done.scenarios[0].relationship == "family"


@pytest.mark.parametrize(
    ("line", "field", "reason"),
    [
        (environment("X", relationship=9), "relationship", "no number from 0 to 5"),
        (environment("X", relationship=None), "relationship", "no number from 0 to 5"),
        (environment("X", agent_goals=["one"]), "agent_goals", "no two goals"),
        (environment("X", agent_goals=["a" * 401, "b"]), "agent_goals", "longer than 400 characters"),
        (environment("X", scenario=""), "scenario", "missing"),
        (environment("X", scenario="s " * 500), "scenario", "longer than 800 characters"),
        (environment("X", age_constraint="[(1, 2)]"), "age_constraint", "no list of two lists"),
        (environment("X", age_constraint="__import__('os')"), "age_constraint", "no list of two lists"),
        (environment("X", age_constraint="[(1,'a'),(2,3)]"), "age_constraint", "no two ranges of ages"),
        (environment("X", age_constraint="[(99, 110), (1, 110)]"), "", "no two agents fit the environment"),
        (agent("X", age="old"), "age", "no whole number of years from 5 to 110"),
        (agent("X", gender="Dragon"), "gender", "no known gender"),
        (agent("X", public_info=None), "public_info", "missing"),
        (agent("X", public_info="x" * 601), "public_info", "longer than 600 characters"),
        (agent("01AG", age=35), "pk", "pk of an earlier agent with other content"),
        ({"pk": "e", "messages": []}, "", "no environment or agent profile"),
        ("{", "", "not JSON"),
    ],
)
def test_a_profile_that_cannot_be_used_is_rejected(tmp_path: Path, line: Any, field: str, reason: str) -> None:
    text = json_lines(environment(), *AGENTS, line)
    done = imported("scenarios", write(tmp_path / "all.jsonl", text))
    assert done.faults == [(5, field, reason)]
    assert done.audit.taken == 1


def test_environments_alone_are_no_scenarios(tmp_path: Path) -> None:
    with pytest.raises(ContentError, match="no agents: import the agent profiles with the environments"):
        imported("scenarios", write(tmp_path / "e.jsonl", json_lines(environment())))


def test_marks_in_goals_are_taken_off_and_hints_where_there_is_no_room(tmp_path: Path) -> None:
    goal = "Borrow <extra_info>100 dollars</extra_info><strategy_hint>and be kind</strategy_hint> today"
    assert seen_by(goal, "agent_1") == "Borrow 100 dollars and be kind today"
    assert seen_by(goal, "agent_1", without=("strategy_hint",)) == "Borrow 100 dollars today"
    told = "They meet. <p viewer='agent_1'>You know why.</p><p viewer='agent_2'>You do not.</p> It rains."
    assert seen_by(told, "") == "They meet. It rains."
    assert seen_by(told, "agent_2") == "They meet. You do not. It rains."
    assert seen_by("1 < 2 and <b>bold</b>", "agent_1") == "1 < 2 and <b>bold</b>"
    long = f"Borrow it <strategy_hint>{'by asking ' * 50}</strategy_hint>"
    lines = [environment(scenario=told, agent_goals=[long, "Keep it"]), *AGENTS]
    done = imported("scenarios", write(tmp_path / "all.jsonl", json_lines(*lines)))
    assert done.scenarios[0].participants[0].goal == "Borrow it"
    assert done.audit.derived["agent_goals: hints left out of one that is too long"] == 1
    assert done.audit.derived["scenario: what one side alone is told left out"] == 1


def test_a_personality_without_room_is_left_out_and_counted(tmp_path: Path) -> None:
    agents = [agent(pk, personality_and_values="Calm. " * 99) for pk in ("01AG", "02AG")]
    done = imported("scenarios", write(tmp_path / "all.jsonl", json_lines(environment(), *agents)))
    assert done.scenarios[0].participants[0].background == "Mika likes chess."
    assert done.audit.derived["background: personality_and_values left out, no room beside public_info"] == 2


# ---------------------------------------------------------------- the CLCA paper's authors


def test_a_line_of_the_paper_is_a_scenario_of_its_culture(tmp_path: Path) -> None:
    done = imported("scenarios", write(tmp_path / "japan.jsonl", json_lines(paper_scenario())))
    (seed,) = done.scenarios
    assert (seed.culture, seed.relationship, seed.setting) == ("japan", "acquaintance", "A lost umbrella at a station.")
    first, second = seed.participants
    assert (first.name, first.gender, first.age, first.secret) == ("Keiko", "female", 20, "")
    assert (second.name, second.gender, second.age, second.secret) == ("Ren", "male", 40, "He took an umbrella once.")
    assert seed.origin == "CLCA scenario file japan.jsonl, line 1"
    assert done.audit.derived == {
        "gender: by pronouns or names": 2,
        "age: by time of life": 1,
        "age: not said, 40 taken": 1,
        "relationship: not said, acquaintance taken": 1,
    }
    assert len(FileScenarios(done.folder / "scenarios.jsonl", ("japan",))) == 1


@pytest.mark.parametrize(
    ("changes", "field", "reason"),
    [
        ({"culture": "narnia"}, "culture", "no culture of that name (clca cultures list)"),
        ({"culture": None}, "culture", "missing"),
        ({"persona": "Aoi"}, "persona", "needs two names with 'and' between them"),
        ({"persona": "Aoi and Aoi"}, "persona", "both participants have the same name"),
        ({"person2": None}, "person2", "missing"),
        ({"person2": "Ren"}, "person2", "no object with background, occupation, goal and secrets"),
        ({"person1": {"background": "x", "occupation": "y"}}, "person1.goal", "missing"),
        ({"person1": {**paper_scenario()["person1"], "goal": "g" * 401}}, "person1.goal", "longer than 400 characters"),
        ({"setting": ["x"]}, "setting", "no text"),
    ],
)
def test_a_line_that_cannot_be_used_is_rejected(
    tmp_path: Path, changes: dict[str, Any], field: str, reason: str
) -> None:
    lines = json_lines(paper_scenario(), paper_scenario(**changes))
    done = imported("scenarios", write(tmp_path / "japan.jsonl", lines))
    assert done.faults == [(2, field, reason)]


def test_the_relationship_is_that_of_the_setting_else_of_the_goals_and_not_of_others(tmp_path: Path) -> None:
    first = paper_scenario()["person1"]
    lines = [
        paper_scenario(setting="Two neighbours meet at a shop.", person1={**first, "goal": "Invite her friend"}),
        paper_scenario(person1={**first, "goal": "Invite her friend"}),
        paper_scenario(person1={**first, "background": "She lives with her mother."}),
    ]
    done = imported("scenarios", write(tmp_path / "japan.jsonl", json_lines(*lines)))
    assert [seed.relationship for seed in done.scenarios] == ["neighbour", "friend", "acquaintance"]
    assert done.audit.derived["relationship: by words of setting or goals"] == 2


def test_relationship_gender_and_age_follow_from_the_words() -> None:
    assert relationships_in("a friend of her mother", "the boss") == ["family", "colleague", "friend"]
    assert relationships_in("nobody at all") == []
    japan = catalogue().culture("japan")
    assert gender_of("Aoi", "She sells bread and keeps her shop.", japan) == "female"
    assert gender_of("Keiko", "Sells bread.", japan) == "female"
    assert gender_of("Zork", "She met him.", japan) is None
    assert age_of("a 34-year-old baker") == (34, "said")
    assert age_of("aged 200, a retired clerk") == (70, "time of life")
    assert age_of("a baker") == (40, "grown-up")


# ---------------------------------------------------------------- our own


def test_our_own_scenarios_are_checked_line_by_line(tmp_path: Path) -> None:
    own = scenario().model_dump(mode="json")
    other = {**own, "setting": "Another bakery.", "id": "b"}
    lines = [
        own,
        {**other, "origin": "my thesis", "license": "CC0-1.0"},
        {**other, "id": "c", "culture": "narnia"},
        {**other, "id": "d", "localise": {"no such words": "drink"}},
        {key: value for key, value in other.items() if key != "relationship"},
        own,
    ]
    done = imported("scenarios", write(tmp_path / "mine.jsonl", json_lines(*lines)), license="CC-BY-4.0")
    assert [(seed.origin, seed.license) for seed in done.scenarios] == [
        ("mine.jsonl", "CC-BY-4.0"),
        ("my thesis", "CC0-1.0"),
    ]
    assert done.faults == [
        (3, "culture", "no culture with this id (clca cultures list)"),
        (4, "", "annotations do not fit the texts"),
        (5, "relationship", "missing"),
    ]
    assert done.audit.duplicates == 1
