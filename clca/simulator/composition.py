"""A new scenario from a norm: B is about to break it, and A would rather B did not."""

from __future__ import annotations

import re

from clca.records import Culture, Gender, Norm, Participant, Scenario
from clca.schemas import ComposeAnswer, ParticipantAnswer
from clca.simulator.adaptation import clip, new_names, with_home
from clca.simulator.content import SimulatorContent
from clca.simulator.norm_talk_schema import Angle, NormTalk
from clca.simulator.norms import angle_for
from clca.simulator.people import PRONOUNS, full_name, split_name
from clca.simulator.places import preposition, whole
from clca.simulator.rng import Rng
from clca.simulator.sentences import fill, upper_first

_INSIDE = frozenset(
    {"street", "countryside", "apartment_building", "park", "office", "home", "market", "shop", "library"}
)
_REFLEXIVE: dict[str, str] = {"female": "herself", "male": "himself", "other": "themselves"}


def compose(
    content: SimulatorContent, culture: Culture, norm: Norm, offered: tuple[tuple[str, str], ...]
) -> ComposeAnswer:
    """A scenario in which the norm is at stake.

    `offered` are the (gender, full name) pairs to choose the names from.
    """
    rng = Rng(culture.id, norm.id, "compose")
    angle = angle_for(content.talk, norm, culture)
    draft = _draft(content.talk, angle, norm, rng)
    names = new_names(culture, draft, offered, rng)
    if norm.relationship == "family" and rng.chance(0.7):
        names = _one_family(names, culture)
    values = _values(culture, norm, draft, names, rng)
    people: list[ParticipantAnswer] = []
    home_side = int(rng.uniform() * 2)
    for side, person in enumerate(draft.participants):
        letter = "ab"[side]
        background = fill(rng.choice(getattr(angle, f"background_{letter}")), values)
        if side == home_side and person.age > 15:
            background = with_home(content, culture, person, background, rng)
        people.append(
            ParticipantAnswer(
                name=names[side],
                age=person.age,
                gender=person.gender,
                occupation=person.occupation,
                background=clip(background, 500),
                goal=clip(fill(rng.choice(getattr(angle, f"goal_{letter}")), values), 350),
                secret=clip(fill(rng.choice(getattr(angle, f"secret_{letter}")), values), 350),
            )
        )
    setting = fill(rng.choice(angle.setting), values)
    return ComposeAnswer(setting=clip(setting, 600), participants=people, relationship=norm.relationship)


def _draft(talk: NormTalk, angle: Angle, norm: Norm, rng: Rng) -> Scenario:
    """The two people before they have names: ages, genders, occupations that fit place and relationship."""
    people: list[Participant] = []
    for letter, (low, high) in zip("AB", (angle.age_a, angle.age_b), strict=True):
        age = low + int(rng.uniform() * (high - low + 1))
        gender: Gender = "female" if rng.chance(0.5) else "male"
        people.append(
            Participant(
                name=f"Person {letter}",
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
        other: Gender = "male" if people[0].gender == "female" else "female"
        people[1] = people[1].model_copy(update={"age": partner_age, "gender": other})
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


def _one_family(names: tuple[str, str], culture: Culture) -> tuple[str, str]:
    """The names with the first one's family name for both."""
    return names[0], full_name(split_name(names[1], culture)[0], split_name(names[0], culture)[1], culture)


def third_person(phrase: str, his: str, him: str, gender: Gender) -> str:
    """A norm's phrase about 'you' or 'one' in the third person; `his` and `him` are the pronouns."""
    phrase = re.sub(r"\b(?:yourself|oneself)\b", _REFLEXIVE[gender], phrase)
    phrase = re.sub(r"\b(?:your|one's)\b", his, phrase)
    return re.sub(r"\byou\b", him, phrase)


def _values(culture: Culture, norm: Norm, draft: Scenario, names: tuple[str, str], rng: Rng) -> dict[str, str]:
    values: dict[str, str] = {"culture": culture.name}
    for letter, person, full in zip("ab", draft.participants, names, strict=True):
        he, him, his = PRONOUNS[person.gender]
        values |= {
            letter: split_name(full, culture)[0],
            f"he_{letter}": he,
            f"him_{letter}": him,
            f"his_{letter}": his,
            f"He_{letter}": upper_first(he),
            f"himself_{letter}": _REFLEXIVE[person.gender],
            f"breach_{letter}": third_person(norm.breach.rstrip("."), his, him, person.gender),
            f"remedy_{letter}": third_person(norm.remedy.rstrip("."), his, him, person.gender),
        }
    places = culture.settings.get(norm.place) or ("a place in town",)
    whole_place = whole(rng.choice(places))
    place = f"{preposition(whole_place, 'in' if norm.place in _INSIDE else 'at')} {whole_place}"
    return values | {"place": place, "Place": upper_first(place)}
