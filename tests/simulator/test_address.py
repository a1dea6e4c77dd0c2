"""Forms of address in rehearsed dialogues: of the names of the partner nothing is said but the one form."""

from __future__ import annotations

import pytest

from clca.content.lookup import Content
from clca.culture import CultureCatalogue
from clca.culture.address import called
from clca.culture.people import name_words
from clca.records import Seed
from clca.simulator import Simulator
from tests.simulator.plays import localised, play


@pytest.mark.parametrize("culture_id", ["japan", "south_korea", "iraq", "mexico", "turkey", "china"])
def test_the_partner_is_called_by_the_one_form(
    teacher: Simulator, content: Content, seeds: list[Seed], culture_id: str
) -> None:
    culture, times = CultureCatalogue(content).culture(culture_id), 0
    for seed in seeds[::4]:
        scenario = localised(teacher, culture, seed)
        forms = [called(culture, scenario, side).text for side in (0, 1)]
        turns, planted = play(teacher, culture, scenario, 7)
        for number, turn in enumerate(turns):
            side = number % 2
            if planted[-1] or turn.action not in ("speak", "leave"):
                continue
            times += bool(forms[side]) and forms[side] in turn.text
            rest = turn.text.replace(forms[side], "") if forms[side] else turn.text
            words = name_words(scenario.participants[1 - side].name)
            assert not words & set(rest.replace(",", " ").replace(".", " ").split()), (seed.id, turn.text)
    assert times > 3
