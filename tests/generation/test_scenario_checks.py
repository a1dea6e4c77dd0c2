"""Each rule on an answer that breaks it and on one that does not."""

from __future__ import annotations

from typing import Any

import pytest

from clca.culture import CultureCatalogue
from clca.culture.localisation import foreign_names, localise
from clca.generation.adaptation import composed
from clca.generation.scenario_checks import LEFT_OVER, adaptation_fault, composition_fault
from clca.inference.protocol import AssignedNames, Mistake
from clca.records import Culture, Norm, Place, Scenario, Seed
from clca.schemas import ComposeAnswer
from tests.dialogue_examples import person, scenario

BARE = scenario(
    setting="Will Vale and Ida Moss reach a bakery in Leeds at closing time, and there is one loaf left.",
    participants=(
        person(
            "Will Vale",
            gender="male",
            occupation="bus driver",
            background="Will drives the night bus. He has a guest at home, whom he has promised a breakfast.",
            goal="Get Ida to leave the last loaf to him",
            secret="He has eaten the bread that was meant for his guest.",
        ),
        person(
            "Ida Moss",
            age=71,
            occupation="retired nurse",
            background="Ida lives alone with her cat. She has come to this counter every evening for years.",
            goal="Keep the place in the queue without a quarrel with Will",
            secret="She feeds the crumbs to pigeons although it is forbidden.",
        ),
    ),
)


SOURCE = Seed(**BARE.model_dump(), place=Place(text="a bakery in Leeds", kind="shop"))


@pytest.fixture
def japan(catalogue: CultureCatalogue) -> Culture:
    return catalogue.culture("japan")


def changed(localised: Scenario, **changes: str) -> Scenario:
    """The localised scenario with other texts; `first_goal="..."` changes the goal of the first person."""
    people = tuple(
        person.model_copy(update={key: changes.get(f"{side}_{key}", text) for key, text in person.texts.items()})
        for side, person in zip(("first", "second"), localised.participants, strict=True)
    )
    return localised.model_copy(update={"setting": changes.get("setting", localised.setting), "participants": people})


def detail(mistake: Mistake | None) -> str | None:
    return mistake.detail if mistake is not None else None


def fault(japan: Culture, source: Scenario = SOURCE, **changes: str) -> str | None:
    """What is wrong with a scenario whose texts are changed; W, I stand for the given names, LEFT for what is known."""
    localised = localise(source, japan, 42)
    first, second = localised.participants
    values = {"{W}": first.name.split()[1], "{I}": second.name.split()[1], "Leeds": "Kobe"}

    def filled(text: str) -> str:
        for old, new in values.items():
            text = text.replace(old, new)
        return text

    known = {"setting": localised.setting}
    texts = {key: filled(text) for key, text in {**known, **changes}.items()}
    return detail(adaptation_fault(source, localised, changed(localised, **texts), japan))


def test_a_whole_adaptation_has_no_fault(japan: Culture) -> None:
    assert fault(japan) is None
    assert fault(japan, first_goal="Persuade {I} to leave the last loaf of the bakery to him") is None
    assert (
        fault(japan, setting="{W} and {I} reach a bakery in Kobe. Will the last loaf be left to one of them?") is None
    )


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"setting": ", a bakery in Kobe, where {W} and {I} meet in the evening."}, "setting: begins with punctuation"),
        ({"setting": "{W} and {I} reach a bakery in Kobe at closing time. There is one"}, "setting: is cut"),
        ({"first_background": "He drives the night bus. He has a guest at home, whom"}, "first.background: is cut"),
        ({"second_goal": "Keep the place in the queue without the"}, "second.goal: is cut"),
        ({"second_goal": '", "secret": "'}, "second.goal: "),
        ({"setting": "{W} and {I} reach a bakery in Kobe, as Will has said."}, "setting: 'Will' of the seed"),
        ({"second_secret": "She feeds the Mosses' crumbs to pigeons in secret."}, "second.secret: 'Moss' of the seed"),
        ({"setting": "{W} and {I} reach a bakery in Kobe, with Haruka, at closing time."}, "setting: names 'Haruka'"),
        ({"setting": "{W} and {I} reach a bakery in Kobe with his friend Emily, too."}, "setting: names 'Emily'"),
        ({"setting": "{W} y {I} llegan a una tienda de pan en Kobe para comprar el pan."}, "setting: is not in"),
        ({"setting": "{W} and a neighbour reach a bakery in Kobe at closing time."}, "setting: does not name"),
        ({"first_goal": "Get {W} to leave the last loaf to him"}, "first.goal: does not name"),
        ({"first_background": "{I} drives the night bus, with a guest to feed."}, "first.background: does"),
        ({"first_background": "{W} is 71 years old and drives the night bus to Kobe."}, "first.background: says"),
        (
            {"first_background": "She drives the night bus. She has a guest at home, and wants a breakfast.",
             "first_secret": "She has eaten the bread that was meant for her guest."},
            "first: is male, but called her, she",
        ),
        ({"first_secret": "I have eaten the bread that was meant for my guest."}, "first.secret: speaks as 'I'"),
        ({"first_background": "{W} drives."}, "first.background: "),
        ({"first_secret": ""}, "first.secret: "),
        ({"first_goal": "Be good in future"}, "first.goal: "),
        ({"first_goal": "Stay calm and look after the neighbours"}, "first.goal: nothing is left"),
        (
            {"first_goal": "Keep the place in the queue without a quarrel with {I}"},
            "first.goal: nothing is left",
        ),
        ({"first_goal": "He ate the bread that was meant for his guest, not {I}."}, "first.goal: nothing is left"),
        ({"first_goal": "He has eaten the bread that was meant for his guest."}, "first.goal: nothing is left"),
    ],
)  # fmt: skip
def test_what_breaks_a_rule_is_named(japan: Culture, changes: dict[str, str], message: str) -> None:
    assert (fault(japan, **changes) or "").startswith(message)


def test_a_secret_that_there_never_was_is_not_invented(japan: Culture) -> None:
    first, second = SOURCE.participants
    source = SOURCE.model_copy(update={"participants": (first.model_copy(update={"secret": ""}), second)})
    assert fault(japan, source) is None
    assert fault(japan, source, first_secret="He steals loaves.") == "first.secret: is new: there was none"


def test_things_of_a_seed_are_gone(japan: Culture) -> None:
    seed = SOURCE.model_copy(update={"localise": {"one loaf": "snack"}})
    localised = localise(seed, japan, 42)
    assert "one loaf" not in localised.setting
    assert adaptation_fault(seed, localised, changed(localised), japan) is None
    left = changed(localised, setting=f"{localised.setting} It is one loaf.")
    mistake = adaptation_fault(seed, localised, left, japan)
    assert mistake == Mistake(LEFT_OVER, "setting: 'one loaf' of the seed scenario is still there")


def test_the_places_that_a_scenario_names_are_found_by_code(japan: Culture, catalogue: CultureCatalogue) -> None:
    assert foreign_names(localise(BARE, japan, 42), japan) == ["Leeds"]
    at_home = BARE.model_copy(update={"setting": "On Monday Will Vale and Ida Moss meet in Osaka, by a Park in Kobe."})
    assert foreign_names(localise(at_home, japan, 42), japan) == []
    uk = catalogue.culture("uk")
    assert foreign_names(localise(BARE, uk, 42), uk) == [], "Leeds is British"


def test_a_scenario_without_annotations_is_checked_against_its_own_names(japan: Culture) -> None:
    localised = localise(BARE, japan, 42)
    assert adaptation_fault(BARE, localised, changed(localised), japan) == Mistake(
        LEFT_OVER, "setting: 'Leeds' of the seed scenario is still there"
    )
    moved = localised.setting.replace("Leeds", "Kobe")
    assert adaptation_fault(BARE, localised, changed(localised, setting=moved), japan) is None
    # One name had to be replaced, so one new name is no stranger's.
    one, two = f"{moved} Haruka is there.", f"{moved} They see Haruka and Kenji."
    assert adaptation_fault(BARE, localised, changed(localised, setting=one), japan) is None
    assert "names 'Kenji'" in str(adaptation_fault(BARE, localised, changed(localised, setting=two), japan))


def test_what_the_scenario_itself_breaks_is_no_fault_of_the_answer(japan: Culture) -> None:
    first, second = SOURCE.participants
    people = (first.model_copy(update={"goal": "Rest"}), second.model_copy(update={"goal": "Rest"}))
    rough = SOURCE.model_copy(update={"setting": SOURCE.setting.rstrip("."), "participants": people})
    assert fault(japan, rough) is None


# ---------------------------------------------------------------- composed scenarios

PEOPLE: AssignedNames = (("female", "Sato Aoi"), ("male", "Mori Kenji"))
NORM = Norm(
    id="general-queue-turn",
    scope=("general",),
    text="People wait for their turn in the order in which they came.",
    situation="public-space",
    place="shop",
    relationship="stranger",
    breach="slipping in at the front of the line with one small thing",
    explain="We go by who came first here.",
    remedy="ask the person in front",
    inspiration="everyday rules of thumb",
)
COMPOSED = {
    "breach": "Kenji slips in at the front of the line with a pen.",
    "setting": "At a stationery shop in Kyoto, Sato Aoi waits in line when Mori Kenji comes in with one thing to pay.",
    "first": {"age": 40, "occupation": "clerk", "background": "Aoi has little time today.", "goal": "Keep her turn",
              "secret": ""},
    "second": {"age": 30, "occupation": "cook", "background": "Kenji is late for work.", "goal": "Pay and be gone",
               "secret": "He has parked his car on the crossing."},
}  # fmt: skip


def composed_fault(japan: Culture, **changes: Any) -> str | None:
    scenario = composed(NORM, PEOPLE, ComposeAnswer(**{**COMPOSED, **changes}))
    return detail(composition_fault(NORM, scenario, japan))


def test_a_scenario_that_breaches_its_norm_has_no_fault(japan: Culture) -> None:
    assert composed_fault(japan) is None


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"breach": "Somebody slips in at the front of the line."}, "breach: does not name Mori Kenji"),
        ({"breach": "Kenji does not break the norm of waiting in line at the front."}, "breach: denies it"),
        ({"breach": "Kenji respects the norm and waits for his turn in line."}, "breach: denies it"),
        ({"breach": "Kenji is impolite to Aoi and shouts."}, "breach: 'Kenji is impolite"),
        ({"breach": "Kenji slips in at the front of the"}, "breach: is cut"),
        ({"setting": "Aoi and Kenji look at pens in a stationery shop in Kyoto."}, "the scenario has nothing to do"),
        ({"setting": "Aoi waits in line when Kenji comes in with one small thing in Leeds."}, "setting: is none"),
        ({"setting": "In a stationery shop in Kyoto people wait in line for one small thing.",
          "first": {**COMPOSED["first"], "background": "She has little time."}}, "no text names Sato Aoi"),
        ({"second": {**COMPOSED["second"], "background": "Kenji Ito is late."}}, "second.background: names 'Ito'"),
        ({"second": {**COMPOSED["second"], "goal": "Keep her turn"}}, "second.goal: is the same as first.goal"),
        ({"second": {**COMPOSED["second"], "background": "Kenji is 55 years old."}}, "second.background: says"),
    ],
)  # fmt: skip
def test_a_composed_scenario_that_breaks_a_rule(japan: Culture, changes: dict[str, Any], message: str) -> None:
    assert (composed_fault(japan, **changes) or "").startswith(message)
