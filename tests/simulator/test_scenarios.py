"""Scenarios that the simulator adapts and composes."""

from __future__ import annotations

import re

import pytest

from clca.content.lookup import Content
from clca.culture.catalogue import CultureCatalogue
from clca.culture.localisation import foreign_names, localise
from clca.culture.places import nearest, preposition, whole
from clca.generation.adaptation import adapted, composed, new_people
from clca.generation.judge import alignment_of, quality_of
from clca.generation.scenario_checks import adaptation_fault, composition_fault
from clca.generation.scenarios import OWN, read_seeds
from clca.records import CountedFacts, Culture, Gender, Norm, Participant, Scenario, Seed
from clca.seeding import Rng
from clca.simulator import Simulator, SimulatorContent
from clca.simulator.composition import third_person
from clca.simulator.norms import norm_values
from clca.simulator.topic import wish
from tests.simulator.plays import ask, ask_intent, localised, play


def test_what_the_simulator_adapts_keeps_to_the_rules_of_every_teacher(
    teacher: Simulator, cultures: dict[str, Culture], seeds: list[Seed]
) -> None:
    for culture in cultures.values():
        for seed in seeds:
            scenario = localise(seed, culture, 42)
            answer, _ = ask(teacher, "adapt", culture, scenario)
            assert adaptation_fault(seed, scenario, adapted(scenario, answer), culture) is None, (culture.id, seed.id)


def test_the_rehearsal_adapts_a_scenario_of_ones_own_that_has_no_annotations(
    teacher: Simulator, cultures: dict[str, Culture], seeds: list[Seed]
) -> None:
    for seed in seeds[:20]:
        setting = f"{seed.setting} All of it happens in Leeds"
        bare = seed.model_copy(update={"place": None, "localise": {}, "setting": setting})
        scenario = localise(bare, cultures["japan"], 42)
        assert foreign_names(scenario, cultures["japan"])
        answer, _ = ask(teacher, "adapt", cultures["japan"], scenario)
        assert adaptation_fault(bare, scenario, adapted(scenario, answer), cultures["japan"]) is None, seed.id


def test_whole_words_only_are_replaced_and_families_stay_together(cultures: dict[str, Culture]) -> None:
    people = (
        Participant(name="Ann Reed", age=40, gender="female", occupation="clerk",
                    background="Ann likes the Annual Fair.",
                    goal="Get Mark Reed to mark Ann's papers", secret="Mrs Reed reads."),
        Participant(name="Mark Reed", age=41, gender="male", occupation="cook",
                    background="The Reeds read.", goal="Rest"),
    )  # fmt: skip
    seed = Seed(
        id="x-y", setting="Ann and Mark market goods.", relationship="partner", participants=people, situation="x"
    )
    new = localise(seed, cultures["germany"], 42)
    assert "Annual" in new.participants[0].background
    assert "Ann " not in new.participants[0].background
    assert "market goods" in new.setting
    assert new.participants[0].goal.split(" to mark ")[0].startswith("Get ")
    families = {person.name.split(" ", 1)[1] for person in new.participants}
    assert len(families) == 1
    assert "family read" in new.participants[1].background


def test_every_norm_gives_a_scenario_that_can_be_played(
    teacher: Simulator, cultures: dict[str, Culture], simulator_content: SimulatorContent
) -> None:
    for number, norm in enumerate(simulator_content.norms.values()):
        culture = cultures.get(norm.scope[0], cultures["mexico"])
        people = new_people(norm, culture, 42)
        answer, _ = ask(teacher, "compose", culture, norm, names=people)
        scenario = composed(norm, people, answer)
        assert composition_fault(norm, scenario, culture) is None
        assert "{" not in scenario.model_dump_json().replace('{"', "")
        if number % 3 == 0:
            turns, _ = play(teacher, culture, scenario, number)
            assert not any("{" in turn.text for turn in turns)


def test_a_goal_in_the_third_person_becomes_a_wish() -> None:
    nora = Participant(name="Nora Hill", age=30, gender="female", occupation="x", background="x", goal="x")
    tom = Participant(name="Tom Reed", age=30, gender="male", occupation="x", background="x",
                      goal="Get Nora to lend him her ladder for Saturday without owing her a favour")  # fmt: skip
    culture = CultureCatalogue(Content(None)).culture("usa")
    assert wish(tom, nora, culture) == "you to lend me your ladder for Saturday"
    keep = nora.model_copy(update={"goal": "Keep her ladder at home."})
    assert wish(keep, tom, culture) == "to keep my ladder at home"
    for side, goal, said in (
        (tom, "Tell Nora that he wants to go", "to tell you that I want to go"),
        (tom, "Find out why she is always late", "to find out why you are always late"),
        (nora, "Have her sister entered as godmother", "to have my sister entered as godmother"),
        (nora, "Have Tom on the list for Friday", "to have you on the list for Friday"),
        (nora, "Have Tom sing", "you to sing"),
        (nora, "Have the team, Tom included, on the hill at eight", "to have the team on the hill at eight"),
        (nora, "Keep the shop, and the flat, too", "to keep the shop"),
        (nora, "Get Tom to come with her this Saturday, by bus", "you to come with me this Saturday"),
    ):
        other = tom if side is nora else nora
        assert wish(side.model_copy(update={"goal": goal}), other, culture) == said


def test_a_title_goes_with_the_name_that_becomes_you(content: Content) -> None:
    catalogue = CultureCatalogue(content)
    for culture, name, goal, said in (
        ("mexico", "Eulalia Puga", "Get Doña Eulalia's agreement", "to get your agreement"),
        ("mexico", "Eulalia Puga", "Persuade Doña Eulalia", "to persuade you"),
        ("turkey", "Nihat Tunçel", "Win Nihat Bey's consent", "to win your consent"),
        ("japan", "Okada Yoshie", "Tell Okada-san on Monday", "to tell you on Monday"),
        ("china", "Tang Min", "Ask Teacher Tang for a word", "to ask you for a word"),
    ):
        other = Participant(name=name, age=60, gender="female", occupation="x", background="x", goal="x")
        me = other.model_copy(update={"name": "Q", "gender": "male", "goal": goal})
        assert wish(me, other, catalogue.culture(culture)) == said
    for seed in read_seeds(content, (OWN,)):
        one, two = seed.participants
        for me, other in ((one, two), (two, one)):
            asked = wish(me, other, catalogue.culture(seed.culture))
            assert not re.search(r"\b[A-ZÀ-Þ]\w+ (?:you|your)\b", asked), (seed.id, asked)
            assert not re.search(r"\btheir (?:mother|father|daughter|son|number)\b", asked), (seed.id, asked)
            assert not re.search(r"\byou (?:Bey|Hanım|Usta|Dede)\b|\byou-", asked), (seed.id, asked)


@pytest.mark.parametrize("gender", ["female", "male"])
def test_thanks_in_a_norm_are_to_nobody_else(gender: Gender) -> None:
    norm = Norm(
        id="x",
        scope=("mexico",),
        text="x",
        situation="invitation",
        place="street",
        relationship="friend",
        breach="turning the invitation down to your face",
        explain="One says thank you.",
        remedy="say thank you and give your reason",
        inspiration="x",
    )
    culture = CultureCatalogue(Content(None)).culture("mexico")
    assert norm_values(norm, culture)["remedy_me"] == "say thank you and give my reason"
    his, him = {"female": ("her", "her"), "male": ("his", "him")}[gender]
    assert third_person(norm.remedy, his, him, gender) == f"say thank you and give {his} reason"


@pytest.mark.parametrize("text", ["x", "¿Qué? {weird} \\n [brackets] (", "Ω" * 390, "a . b ! c", "to " * 120])
def test_any_scenario_can_be_played(teacher: Simulator, cultures: dict[str, Culture], text: str) -> None:
    person = Participant(name=text[:70], age=33, gender="other", occupation=text[:90], background=text, goal=text)
    other = person.model_copy(update={"name": "Q", "age": 8, "gender": "female"})
    scenario = Scenario(id="mine", setting=text, relationship="colleague", source="file", participants=(person, other))
    turns, _ = play(teacher, cultures["japan"], scenario, 2)
    assert len(turns) >= 4
    seed = Seed(**scenario.model_dump(), situation="any")
    localised(teacher, cultures["japan"], seed)
    verdict, _ = ask(teacher, "judge", cultures["japan"], scenario, turns=turns)
    counted = CountedFacts(faults=(), scene_words=9, foreign=())
    quality, alignment = quality_of(verdict, counted, len(turns)), alignment_of(verdict, counted)
    ask(teacher, "meta", cultures["japan"], scenario, turns=turns, verdict=(quality, alignment))
    ask_intent(teacher, cultures["japan"], scenario, turns, 2)


@pytest.mark.parametrize(
    ("place", "expected"),
    [
        ("the platform of a small station", "on"),
        ("a city bus in Chicago", "on"),
        ("a carriage of the high-speed train", "in"),
        ("a bus stop in Los Angeles", "at"),
        ("a third-floor flat in Hanover", "in"),
        ("a maize farm in the hills", "on"),
    ],
)
def test_a_place_takes_its_own_preposition(place: str, expected: str) -> None:
    assert preposition(place, "at" if expected != "at" else "in") == expected


def test_a_part_of_a_place_stands_for_the_whole_and_a_ride_for_a_ride() -> None:
    assert whole("the back porch of a house in Baton Rouge") == "a house in Baton Rouge"
    assert whole("the accounts office of a textile firm") == "the accounts office of a textile firm"
    places = ["a bus stop in Leipzig", "a train between Ulm and Augsburg", "the main station in Hanover"]
    for number in range(5):
        assert nearest("a late commuter train out of Liverpool", places, Rng(number)) == places[1]
        assert nearest("the bus terminus in Stirling", places, Rng(number)) != places[1]


def test_a_short_ride_is_no_long_journey_and_an_eye_test_is_not_done_at_a_dentist_s() -> None:
    aboard = ["a minibus in Baghdad", "a night train to Basra", "a high-speed train to Konya"]
    clinics = ["a dentist's clinic in Karrada", "the maternity ward of a hospital", "a teaching hospital in Baghdad"]
    for number in range(9):
        assert nearest("a city bus", aboard, Rng(number)) == aboard[0]
        assert nearest("a long-distance train", aboard, Rng(number)) in aboard[1:]
        assert nearest("a doctor's practice", clinics, Rng(number)) == clinics[2]
