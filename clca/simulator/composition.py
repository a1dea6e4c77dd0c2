"""A new scenario from a norm: B is about to break it, and A would rather B did not."""

from __future__ import annotations

import re

from clca.culture.people import split_name, usual_ages
from clca.culture.places import places_for, preposition, whole
from clca.inference.protocol import AssignedNames
from clca.records import Culture, Gender, Norm, Participant, Scenario
from clca.schemas import ComposeAnswer, NewPersonAnswer
from clca.seeding import Rng
from clca.simulator.adaptation import clip, with_home
from clca.simulator.content import SimulatorContent
from clca.simulator.norm_talk_schema import Angle, NormTalk
from clca.simulator.norms import angle_for, completed
from clca.simulator.people import PRONOUNS
from clca.simulator.sentences import fill
from clca.words import upper_first

_INSIDE = frozenset(
    {"street", "countryside", "apartment_building", "park", "office", "home", "market", "shop", "library"}
)
_REFLEXIVE: dict[str, str] = {"female": "herself", "male": "himself", "other": "themselves"}


def compose(content: SimulatorContent, culture: Culture, norm: Norm, assigned: AssignedNames) -> ComposeAnswer:
    """A scenario in which the norm is at stake; the second of the two people is the one who breaks it."""
    assert norm.relationship, "drawn where the norm names none"
    norm = completed(norm, norm.relationship)
    rng = Rng(culture.id, norm.id, "compose")
    angle = angle_for(content.talk, norm, culture)
    draft = _draft(content.talk, angle, norm, assigned, culture, rng)
    values = _values(culture, norm, draft, rng)
    people: list[NewPersonAnswer] = []
    home_side = int(rng.uniform() * 2)
    for side, person in enumerate(draft.participants):
        letter = "ab"[side]
        background = fill(rng.choice(getattr(angle, f"background_{letter}")), values)
        if side == home_side and person.age > 15:
            background = with_home(content, culture, person, background, rng)
        people.append(
            NewPersonAnswer(
                age=person.age,
                occupation=person.occupation,
                background=clip(background, 500),
                goal=clip(fill(rng.choice(getattr(angle, f"goal_{letter}")), values), 350),
                secret=clip(fill(rng.choice(getattr(angle, f"secret_{letter}")), values), 350),
            )
        )
    setting = fill(rng.choice(angle.setting), values)
    return ComposeAnswer(
        breach=clip(fill("{b} is {breach_b}.", values), 300),
        setting=clip(setting, 600),
        first=people[0],
        second=people[1],
    )


def _draft(talk: NormTalk, angle: Angle, norm: Norm, assigned: AssignedNames, culture: Culture, rng: Rng) -> Scenario:
    """The two people before they have backgrounds: ages and occupations that fit place and relationship.

    The ages fit the names, too, where the scene leaves room for it.
    """
    assert norm.relationship, "drawn where the norm names none"
    people: list[Participant] = []
    for side, ((gender, name), (low, high)) in enumerate(zip(assigned, (angle.age_a, angle.age_b), strict=True)):
        youngest, oldest = usual_ages(name, gender, culture.of_side(side))
        if max(low, youngest) <= min(high, oldest):
            low, high = max(low, youngest), min(high, oldest)
        age = low + int(rng.uniform() * (high - low + 1))
        people.append(
            Participant(
                name=name,
                age=age,
                gender=gender,
                occupation=_occupation(talk, norm, age, rng),
                background="-",
                goal="-",
            )
        )
    if people[0].occupation == people[1].occupation and norm.relationship != "colleague":
        people[1] = people[1].model_copy(update={"occupation": _occupation(talk, norm, people[1].age, rng)})
    if norm.relationship == "partner":
        partner_age = max(20, people[0].age + int(rng.uniform() * 9) - 4)
        people[1] = people[1].model_copy(update={"age": partner_age})
    return Scenario(
        id=f"norm-{norm.id}"[:80],
        setting="-",
        relationship=norm.relationship,
        source=f"norm:{norm.id}",
        participants=(people[0], people[1]),
    )


def _occupation(talk: NormTalk, norm: Norm, age: int, rng: Rng) -> str:
    if age < 16:
        kind = "child"
    elif norm.relationship == "colleague":
        kind = norm.place if norm.place in talk.occupations else "office"
    else:
        kind = "old" if age > 66 else "young" if age < 23 else "adult"
    return rng.choice(talk.occupations[kind])


def third_person(phrase: str, his: str, him: str, gender: Gender) -> str:
    """A norm's phrase about 'you' or 'one' in the third person; `his` and `him` are the pronouns."""
    phrase = re.sub(r"\b(?:yourself|oneself)\b", _REFLEXIVE[gender], phrase)
    phrase = re.sub(r"\b(?:your|one's)\b", his, phrase)
    return re.sub(r"(?<!thank )\byou\b", him, phrase)


def _values(culture: Culture, norm: Norm, draft: Scenario, rng: Rng) -> dict[str, str]:
    values: dict[str, str] = {"culture": culture.name_in_text}
    for side, (letter, person) in enumerate(zip("ab", draft.participants, strict=True)):
        he, him, his = PRONOUNS[person.gender]
        values |= {
            letter: split_name(person.name, culture.of_side(side))[0],
            f"he_{letter}": he,
            f"him_{letter}": him,
            f"his_{letter}": his,
            f"He_{letter}": upper_first(he),
            f"himself_{letter}": _REFLEXIVE[person.gender],
            f"breach_{letter}": third_person(norm.breach.rstrip("."), his, him, person.gender),
            f"remedy_{letter}": third_person(norm.remedy.rstrip("."), his, him, person.gender),
        }
    whole_place = whole(rng.choice(places_for(norm, culture) or ("a place in town",)))
    place = f"{preposition(whole_place, 'in' if norm.place in _INSIDE else 'at')} {whole_place}"
    return values | {"place": place, "Place": upper_first(place)}
