from __future__ import annotations

import pytest

from clca.culture.roles import is_at_work, rank, roles
from tests.dialogue_examples import person


@pytest.mark.parametrize(
    ("occupation", "shown"),
    [
        ("biology teacher", {"teacher"}),
        ("retired headteacher", {"teacher"}),
        ("ticket inspector", set()),
        ("school principal", {"principal"}),
        ("lecturer", {"professor", "lecturer"}),
        ("head of accounts", {"manager", "department_head"}),
        ("engineer and head of a drilling department", {"engineer", "department_head"}),
        ("retired bank manager and church elder", {"elder"}),
        ("shop manager", {"shop_manager"}),
        ("workshop foreman", {"supervisor"}),
        ("head of a workshop crew", {"supervisor"}),
        ("owner of a joinery", {"owner"}),
        ("coach", {"coach"}),
        ("coach driver", {"driver"}),
        ("retired bus driver", set()),
        ("retired doctor", {"doctor"}),
        ("master joiner", {"tradesman"}),
        ("trainee hairdresser", {"student"}),
        ("student nurse", {"student"}),
        ("student and volunteer coach", {"student"}),
        ("dental nurse", {"nurse"}),
        ("section chief for overseas sales", {"manager"}),
        ("line chief", {"supervisor"}),
        ("junior architect", {"engineer", "architect"}),
        ("live-in nanny", {"domestic"}),
        ("clerk in the trade department", {"official"}),
        ("medical receptionist", set()),
        ("imam", {"imam"}),
        ("parish priest", {"priest"}),
        ("directress of a dormitory", {"director"}),
    ],
)
def test_an_occupation_shows_roles(occupation: str, shown: set[str]) -> None:
    assert roles(occupation) == shown


@pytest.mark.parametrize(
    ("mine", "theirs", "relationship", "level"),
    [
        ("shop assistant", "shop manager", "colleague", -1),
        ("shop manager", "shop assistant", "colleague", 1),
        ("deputy manager of a supermarket", "manager of a supermarket", "colleague", -1),
        ("clerk", "clerk", "colleague", 0),
        ("pupil", "teacher", "acquaintance", -1),
        ("shop assistant", "shop manager", "friend", 0),
        ("clerk", "retired director", "acquaintance", 0),
    ],
)
def test_rank_shows_at_work_and_in_offices(mine: str, theirs: str, relationship: str, level: int) -> None:
    me, other = person("Ruth Vale", occupation=mine), person("Ida Moss", occupation=theirs)
    assert rank(me, other, relationship) == level  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("occupation", "at_work"), [("radio repairer", True), ("retired postman", False), ("student nurse", False)]
)
def test_who_learns_or_has_retired_is_not_at_work(occupation: str, at_work: bool) -> None:
    assert is_at_work(occupation) is at_work
