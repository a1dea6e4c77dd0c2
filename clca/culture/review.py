"""The sheet on which people who grew up in a culture check its profile: what is used of it, line by line."""

from __future__ import annotations

from dataclasses import dataclass

from clca.culture.address import Called, form_of_address
from clca.culture.people import full_name, generation_of
from clca.records import Culture, Gender, Participant, Relationship
from clca.seeding import Rng

Someone = tuple[int, Gender, str]
_PAIRS: tuple[tuple[Relationship, Someone, Someone], ...] = (
    ("stranger", (24, "female", "student"), (72, "male", "retired clerk")),
    ("stranger", (35, "male", "electrician"), (40, "female", "shop assistant")),
    ("stranger", (50, "male", "driver"), (44, "female", "doctor")),
    ("acquaintance", (13, "male", "pupil"), (44, "female", "teacher")),
    ("acquaintance", (48, "male", "plumber"), (31, "female", "mathematics teacher")),
    ("acquaintance", (44, "female", "teacher"), (13, "male", "pupil")),
    ("acquaintance", (46, "female", "student of engineering"), (33, "male", "lecturer")),
    ("acquaintance", (72, "female", "retired laundry worker"), (49, "male", "school principal")),
    ("acquaintance", (79, "male", "retired driver"), (38, "female", "doctor")),
    ("acquaintance", (38, "female", "doctor"), (79, "male", "retired driver")),
    ("acquaintance", (38, "male", "street vendor"), (54, "female", "permits officer")),
    ("acquaintance", (34, "female", "nurse"), (56, "male", "vegetable grower")),
    ("acquaintance", (67, "male", "retired teacher"), (45, "female", "joiner")),
    ("acquaintance", (45, "female", "bookkeeper"), (44, "male", "lawyer")),
    ("acquaintance", (45, "female", "bookkeeper"), (44, "male", "engineer")),
    ("acquaintance", (23, "male", "student"), (42, "male", "coach")),
    ("acquaintance", (30, "female", "cashier"), (55, "male", "imam")),
    ("acquaintance", (30, "female", "cashier"), (55, "male", "priest")),
    ("colleague", (28, "female", "junior accountant"), (47, "male", "head of accounts")),
    ("colleague", (47, "male", "head of accounts"), (28, "female", "junior accountant")),
    ("colleague", (27, "female", "shop assistant"), (52, "female", "shop manager")),
    ("colleague", (20, "male", "apprentice"), (52, "male", "workshop foreman")),
    ("colleague", (31, "male", "joiner"), (62, "female", "owner of a joinery")),
    ("colleague", (27, "female", "receptionist"), (54, "female", "receptionist")),
    ("colleague", (33, "male", "clerk"), (35, "female", "clerk")),
    ("neighbour", (10, "male", "pupil"), (71, "male", "retired postman")),
    ("neighbour", (71, "male", "retired postman"), (10, "male", "pupil")),
    ("neighbour", (36, "female", "packer"), (79, "male", "retired printer")),
    ("neighbour", (30, "male", "clerk"), (42, "female", "night nurse")),
    ("neighbour", (42, "female", "night nurse"), (30, "male", "clerk")),
    ("friend", (9, "female", "pupil"), (10, "male", "pupil")),
    ("friend", (23, "male", "baker"), (23, "female", "law student")),
    ("friend", (29, "female", "nurse"), (36, "male", "clerk")),
    ("friend", (29, "male", "clerk"), (36, "male", "clerk")),
    ("friend", (29, "female", "clerk"), (36, "female", "clerk")),
    ("friend", (76, "male", "retired clerk"), (74, "female", "retired bookkeeper")),
    ("family", (29, "female", "nurse"), (60, "female", "hairdresser")),
    ("family", (60, "female", "hairdresser"), (29, "female", "nurse")),
    ("family", (72, "male", "retired bricklayer"), (8, "female", "pupil")),
    ("partner", (36, "female", "clerk"), (38, "male", "clerk")),
    ("partner", (70, "male", "retired postman"), (66, "female", "retired bookkeeper")),
)
"""Pairs of every kind: the relationship, who speaks, and who is spoken to (age, gender, occupation)."""


@dataclass(frozen=True, slots=True)
class Section:
    """A part of the sheet: what to ask oneself of each of its lines."""

    title: str
    question: str
    lines: tuple[str, ...]


def review_sheet(culture: Culture) -> list[Section]:
    """The sections of the sheet for a country's record: everything that code or a prompt takes from the profile."""
    courtesy = culture.courtesy
    spoken = {
        "Greetings": (*_register(courtesy.greeting.formal, courtesy.greeting.familiar),),
        "Thanks": _register(courtesy.thanks.formal, courtesy.thanks.familiar),
        "Apologies": _register(courtesy.apology.formal, courtesy.apology.familiar),
        "Before something delicate": courtesy.soften,
        "A soft no": courtesy.refuse_softly,
        "Insisting": courtesy.insist,
        "Declining out of politeness": courtesy.decline_ritually,
        "Goodbyes": _register(courtesy.farewell.formal, courtesy.farewell.familiar),
    }
    return [
        Section(
            "Forms of address",
            "Would the first person call the second so, in the language of the country? If not, how?",
            tuple(_address_lines(culture)),
        ),
        Section(
            "Names",
            "Do people born then have these names, and about as often (the numbers are weights)? Which are missing?",
            tuple(_name_lines(culture)),
        ),
        *(
            Section(title, "Could this be said, said so, and not only as a joke or by a type of person?", lines)
            for title, lines in spoken.items()
        ),
        Section(
            "Small talk",
            "Is this what people talk about, without caricature? The reply follows the stroke.",
            tuple(f"{opening} / {reply}" for opening, reply in courtesy.small_talk),
        ),
        Section(
            "Gestures",
            "Do people do this, does it mean what is said, and does it need these things and no other?",
            tuple(_gesture_lines(culture)),
        ),
        Section("What people expect of each other", "Is it so, for most, today?", culture.customs),
        Section(
            "Places and things",
            "Is this there, and everyday?",
            tuple(
                f"{kind}: {'; '.join(items)}"
                for part in (culture.settings, culture.lexicon)
                for kind, items in part.items()
            ),
        ),
    ]


def _register(formal: tuple[str, ...], familiar: tuple[str, ...]) -> tuple[str, ...]:
    return (*(f"keeping a distance: {line}" for line in formal), *(f"close: {line}" for line in familiar))


def shown_form(called: Called) -> str:
    """What somebody is called, in words."""
    words = {"kin": "the word for the relative", "none": "no name"}
    return words.get(called.kind, called.text)


def _address_lines(culture: Culture) -> list[str]:
    lines = []
    for number, (relationship, first, second) in enumerate(_PAIRS):
        me, other = (_person(culture, who, f"{number}/{side}") for side, who in enumerate((first, second)))
        form = shown_form(form_of_address(culture, me, other, relationship))
        told = f"{relationship}: {_told(me)} to {other.name} ({_told(other)})"
        lines.append(f"{told}: {form}")
    return lines


def _person(culture: Culture, who: Someone, key: str) -> Participant:
    """A person of that age and gender with a name of the first community, drawn by the weights."""
    age, gender, occupation = who
    rng = Rng("review", culture.id, key)
    community = culture.names.communities[0]
    part = generation_of(community, age)
    given = rng.weighted_choice(dict(part.female if gender == "female" else part.male))
    families = community.second_female if gender == "female" and community.second_female else community.family
    family = rng.weighted_choice(dict(families)).split("/")[-1 if gender == "female" else 0]
    name = full_name(culture, given, family)
    return Participant(name=name, age=age, gender=gender, occupation=occupation, background="-", goal="-")


def _told(person: Participant) -> str:
    return f"{'woman' if person.gender == 'female' else 'man'} of {person.age}, {person.occupation}"


def _name_lines(culture: Culture) -> list[str]:
    lines = []
    for community in culture.names.communities:
        lines.append(f"{community.name}, {community.share:g} % of people, family names: {_weights(community.family)}")
        if community.second_female:
            lines.append(f"{community.name}, second names of women: {_weights(community.second_female)}")
        for part in community.generations:
            born = f"born up to {part.born_until}" if part.born_until is not None else "born later"
            lines.append(f"{community.name}, women {born}: {_weights(part.female)}")
            lines.append(f"{community.name}, men {born}: {_weights(part.male)}")
    return lines


def _weights(names: tuple[tuple[str, float], ...]) -> str:
    return ", ".join(f"{name} {weight:g}" for name, weight in names)


def _gesture_lines(culture: Culture) -> list[str]:
    lines = []
    for kind in type(culture.gestures).model_fields:
        for gesture in getattr(culture.gestures, kind):
            needs = f"; needs {', '.join(gesture.needs)}" if gesture.needs else ""
            whom = {"any": "; touches the other", "same": "; touches people of the same gender or family"}
            limits = whom.get(gesture.touch or "", "") + ("; only to the older or higher" if gesture.upward else "")
            lines.append(f"{kind}: {gesture.does} (means: {gesture.means}{needs}{limits})")
    return lines
