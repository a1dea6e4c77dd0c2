from __future__ import annotations

import pytest

from clca.culture.gestures import fitting, gesture_fault
from clca.records import Gesture
from tests.dialogue_examples import person, scenario

NOD = Gesture(does="nods", means="yes")
SIT = Gesture(does="sits up straight", means="listens", needs=("seat",))
CHAIR = Gesture(does="pulls up a chair", means="stay", needs=("seat",))
WALK = Gesture(does="walks along", means="sees off", needs=("way",))
KISS = Gesture(does="kisses the air beside both cheeks", means="greets", touch="same")
HUG = Gesture(does="gives a hug", means="comforts", touch="any")
ALL = (NOD, SIT, CHAIR, WALK, KISS, HUG)


@pytest.mark.parametrize(
    ("setting", "offered"),
    [
        ("They meet in a street.", [NOD, WALK]),
        ("They wait at a desk in an office.", [NOD, SIT, CHAIR, WALK]),
        ("They stand in a carriage of the night train.", [NOD]),
        ("They share a table on the train, in its last carriage.", [NOD, SIT]),
        ("They have found two seats on a city bus.", [NOD, SIT]),
        ("They sit on a bench in a park.", [NOD, SIT, WALK]),
    ],
)
def test_a_gesture_is_offered_only_where_its_props_are(setting: str, offered: list[Gesture]) -> None:
    scene = scenario(setting=setting)
    assert fitting(ALL, scene, touch=False, upward=False) == tuple(gesture.does for gesture in offered)


@pytest.mark.parametrize(
    ("relationship", "gender", "touch", "offered"),
    [
        ("friend", "male", True, [NOD, HUG]),
        ("friend", "female", True, [NOD, KISS, HUG]),
        ("family", "male", True, [NOD, KISS, HUG]),
        ("friend", "female", False, [NOD]),
    ],
)
def test_who_may_touch_whom(relationship: str, gender: str, touch: bool, offered: list[Gesture]) -> None:
    pair = (person("Ruth Vale"), person("Ida Moss", gender=gender))
    scene = scenario(setting="A street.", relationship=relationship, participants=pair)
    assert fitting((NOD, KISS, HUG), scene, touch=touch, upward=False) == tuple(gesture.does for gesture in offered)


@pytest.mark.parametrize("upward", [True, False])
def test_the_deeper_bow_is_made_only_upward(upward: bool) -> None:
    bow = Gesture(does="bows twice", means="takes leave of somebody older", upward=True)
    offered = ("nods", "bows twice") if upward else ("nods",)
    assert fitting((NOD, bow), scenario(), touch=False, upward=upward) == offered


@pytest.mark.parametrize(
    ("does", "fault"),
    [
        ("nods", None),
        ("pulls up a chair", "it needs seat"),
        ("holds the door", "it needs door"),
        ("hugs the other", "it has touch: any or same"),
        ("stands up straight", None),
    ],
)
def test_what_a_gesture_names_it_declares(does: str, fault: str | None) -> None:
    found = gesture_fault(Gesture(does=does, means="something"))
    assert found is None if fault is None else fault in (found or "")
