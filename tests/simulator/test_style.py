"""What the simulator lets a culture change."""

from __future__ import annotations

from clca.records import Culture, Seed
from clca.simulator import SimulatorContent
from clca.simulator.style import style
from clca.simulator.traits import culture_traits, driver_applies
from tests.simulator.plays import Played, sound

WHY = ("hierarchy", "age", "harmony", "candour", "relation", "group", "silence", "uncertainty", "equality", "choice")


def test_style_follows_from_scores_and_relationship(cultures: dict[str, Culture], seeds: list[Seed]) -> None:
    by_id = {seed.id: seed for seed in seeds}
    asks_teacher = by_id["school-phone-drawer"]
    pupil = {name: style(culture, asks_teacher, 0) for name, culture in cultures.items()}
    assert pupil["china"].deference > pupil["usa"].deference
    assert pupil["usa"].directness > pupil["japan"].directness > pupil["china"].directness
    friends = by_id["friendship-one-evening"]
    assert not style(cultures["china"], friends, 0).formal
    assert style(cultures["japan"], by_id["public-space-queue-number"], 0).formal


def test_missing_scores_are_filled_from_the_middle_or_the_position(cultures: dict[str, Culture]) -> None:
    japan = cultures["japan"]
    none = japan.scores.model_copy(update=dict.fromkeys(("pdi", "idv", "mas", "uai", "lto", "ivr")))
    filled = culture_traits(japan.model_copy(update={"scores": none}))
    bare = japan.position.model_copy(update={"secular": None, "expression": None})
    middle = culture_traits(japan.model_copy(update={"scores": none, "position": bare}))
    assert all(0 <= getattr(filled, name) <= 1 for name in ("pdi", "idv", "mas", "uai", "lto", "ivr"))
    assert middle.expression == 0
    assert filled.idv > middle.idv


def test_hinting_is_commoner_where_much_goes_without_saying(
    plays: list[Played], simulator_content: SimulatorContent
) -> None:
    def share(culture_id: str) -> float:
        mine = [(scenario, turns) for culture, scenario, _, turns, _ in sound(plays) if culture.id == culture_id]
        hinted = 0
        for scenario, turns in mine:
            hints = {line for line in simulator_content.topics[scenario.id].hint if "{" not in line}
            hinted += any(any(hint in turn.text for hint in hints) for turn in turns)
        return hinted / len(mine)

    assert share("china") > share("germany") > share("usa")


def test_reasons_are_only_given_where_the_scores_bear_them_out(cultures: dict[str, Culture]) -> None:
    true = {
        name: {why for why in WHY if driver_applies(why, culture_traits(culture))} for name, culture in cultures.items()
    }
    assert {"harmony", "uncertainty", "hierarchy"} <= true["japan"]
    assert {"relation", "harmony", "candour"} & true["germany"] == {"candour"}
    assert {"hierarchy", "age", "harmony", "silence", "relation"}.isdisjoint(true["usa"])
    assert {"hierarchy", "relation", "group"} <= true["china"]
