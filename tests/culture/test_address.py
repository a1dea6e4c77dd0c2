"""What people call each other: one form for each pair, and none that nobody would use."""

from __future__ import annotations

from itertools import product

import pytest

from clca.culture import CultureCatalogue
from clca.culture.address import Called, address_fault, called, fill, form_of_address
from clca.records import Address, AddressRule, Participant, Relationship
from tests.dialogue_examples import person, scenario

NO_NAME, RELATIVE = Called("none"), Called("kin")
FORMAL = {"female": "Ms {family}", "male": "Mr {family}", "other": "{given} {family}"}


def someone(age: int, gender: str, occupation: str, name: str = "Somebody Else") -> Participant:
    return person(name, age=age, gender=gender, occupation=occupation)


@pytest.mark.parametrize(
    ("culture", "relationship", "me", "other", "form"),
    [
        ("japan", "acquaintance", (13, "male", "pupil"), (44, "female", "teacher", "Tanaka Yuko"), "Tanaka-sensei"),
        ("japan", "acquaintance", (44, "female", "teacher"), (13, "male", "pupil", "Tanaka Riku"), "Tanaka-kun"),
        ("japan", "colleague", (28, "female", "clerk"), (47, "male", "head of sales", "Sato Kenji"), "Sato-bucho"),
        ("japan", "colleague", (28, "female", "clerk"), (47, "male", "sales manager", "Sato Kenji"), "Sato-kacho"),
        ("japan", "colleague", (28, "female", "clerk"), (52, "male", "shop manager", "Sato Kenji"), "Sato-tencho"),
        ("japan", "acquaintance", (61, "female", "teacher"), (22, "male", "cashier", "Harada Sota"), "Harada-kun"),
        ("japan", "partner", (40, "male", "clerk"), (40, "female", "clerk", "Sato Yuko"), "Yuko"),
        ("japan", "neighbour", (71, "male", "retired clerk"), (8, "female", "pupil", "Sato Hina"), "Hina-chan"),
        ("japan", "stranger", (20, "male", "clerk"), (40, "female", "clerk", "Sato Yuko"), None),
        ("south_korea", "friend", (29, "female", "nurse"), (36, "male", "clerk", "Kim Sungho"), "Sungho oppa"),
        ("south_korea", "friend", (29, "male", "nurse"), (36, "male", "clerk", "Kim Sungho"), "Sungho hyeong"),
        ("south_korea", "friend", (9, "male", "pupil"), (10, "female", "pupil", "Lee Seoyeon"), "Seoyeon"),
        ("south_korea", "friend", (29, "male", "nurse"), (29, "male", "clerk", "Kim Sungho"), "Sungho"),
        (
            "south_korea",
            "colleague",
            (28, "male", "clerk"),
            (50, "male", "sales manager", "Kim Sungho"),
            "Kim bujangnim",
        ),
        ("south_korea", "acquaintance", (40, "male", "clerk"), (44, "male", "clerk", "Kim Sungho"), "Kim Sungho-ssi"),
        (
            "south_korea",
            "acquaintance",
            (31, "male", "owner of a joinery"),
            (62, "male", "master joiner", "Kim Sungho"),
            "Kim seonsaengnim",
        ),
        ("south_korea", "acquaintance", (22, "male", "cashier"), (61, "female", "teacher", "Ko Mina"), "Seonsaengnim"),
        (
            "south_korea",
            "colleague",
            (18, "male", "trainee cook"),
            (61, "male", "head cook", "Ko Jun"),
            "Ko siljangnim",
        ),
        (
            "south_korea",
            "acquaintance",
            (24, "female", "graduate student"),
            (66, "male", "retired bank manager and church elder", "Bae Jongsu"),
            "Bae jangnonim",
        ),
        (
            "turkey",
            "acquaintance",
            (30, "female", "doctor"),
            (67, "male", "Alevi elder and retired carpenter", "Hüseyin Arslan"),
            "Hüseyin Dede",
        ),
        ("china", "family", (63, "male", "retired engineer"), (34, "male", "salesman", "He Bin"), "He Bin"),
        ("china", "family", (63, "male", "retired engineer"), (34, "male", "salesman", "He Haitao"), "Haitao"),
        ("china", "partner", (38, "male", "clerk"), (36, "female", "teacher", "Zhuang Yi"), "Zhuang Yi"),
        ("iraq", "acquaintance", (62, "male", "joiner"), (31, "male", "owner of a joinery", "Ali Al-Ani"), "Ali"),
        ("iraq", "colleague", (61, "male", "head cook"), (18, "female", "trainee cook", "Lana Aziz"), "Lana"),
        ("turkey", "acquaintance", (20, "female", "student"), (45, "female", "directress", "Nur Kaya"), "Müdire Hanım"),
        ("turkey", "acquaintance", (62, "male", "joiner"), (31, "male", "owner of a joinery", "Ali Kaya"), "Ali"),
        ("china", "acquaintance", (31, "male", "owner"), (62, "male", "master joiner", "Deng Gang"), "Deng Shifu"),
        ("china", "colleague", (47, "male", "deputy manager"), (44, "female", "manager", "Yuan Mei"), "Manager Yuan"),
        ("mexico", "stranger", (81, "female", "retired"), (24, "male", "electrician", "Axel Cruz"), "Joven"),
        ("iraq", "neighbour", (40, "male", "clerk"), (70, "male", "retired clerk", "Ali Al-Ani"), "Hajji Ali"),
        ("iraq", "neighbour", (40, "male", "clerk"), (70, "female", "retired clerk", "Rita Toma"), "Khala Rita"),
        ("iraq", "acquaintance", (40, "male", "clerk"), (44, "male", "clerk", "Azad Qadir"), "Kak Azad"),
        ("iraq", "acquaintance", (40, "male", "clerk"), (44, "male", "engineer", "Ali Al-Ani"), "Muhandis Ali"),
        (
            "mexico",
            "colleague",
            (31, "male", "joiner"),
            (62, "male", "master joiner", "José Luis Cruz"),
            "Don José Luis",
        ),
        ("mexico", "colleague", (24, "female", "clerk"), (50, "male", "manager", "Juan Cruz"), "Licenciado Cruz"),
        ("mexico", "acquaintance", (24, "female", "clerk"), (54, "male", "coach", "Juan Cruz"), "Profe"),
        ("mexico", "neighbour", (24, "female", "clerk"), (70, "female", "retired", "Rosa Cruz"), "Doña Rosa"),
        ("turkey", "neighbour", (36, "female", "packer"), (79, "male", "retired printer", "Ali Kaya"), "Ali Amca"),
        ("turkey", "neighbour", (30, "female", "packer"), (40, "female", "nurse", "Ayşe Kaya"), "Ayşe Abla"),
        ("turkey", "neighbour", (38, "male", "cleaner"), (63, "female", "cook", "Ayşe Kaya"), "Ayşe Teyze"),
        ("iraq", "acquaintance", (22, "male", "cashier"), (61, "female", "teacher", "Huda Al-Ani"), "Sitt Huda"),
        ("turkey", "colleague", (28, "male", "clerk"), (47, "female", "head of accounts", "Ayşe Kaya"), "Ayşe Hanım"),
        ("china", "colleague", (28, "male", "clerk"), (47, "male", "sales manager", "Wang Haitao"), "Manager Wang"),
        ("china", "acquaintance", (13, "male", "pupil"), (44, "female", "teacher", "Li Lijuan"), "Teacher Li"),
        ("china", "stranger", (30, "male", "clerk"), (50, "male", "bus driver", "Li Haitao"), "Shifu"),
        ("greece", "neighbour", (30, "male", "clerk"), (60, "male", "baker", "Giorgos Makris"), "Kyrie Giorgo"),
        (
            "greece",
            "acquaintance",
            (30, "male", "clerk"),
            (44, "male", "clerk", "Nikos Papadopoulos"),
            "Kyrie Papadopoule",
        ),
        ("japan", "colleague", (32, "male", "clerk"), (47, "female", "section chief", "Kubo Reiko"), "Kubo-kacho"),
        ("jordan", "acquaintance", (44, "male", "teacher"), (16, "male", "pupil", "Zaid Saleh"), "Zaid"),
        ("mexico", "colleague", (26, "male", "clerk"), (47, "female", "architect", "Irma Cruz"), "Arquitecta Cruz"),
        ("china", "acquaintance", (33, "female", "buyer"), (48, "female", "nanny", "Cao Lijuan"), "Auntie Cao"),
        ("uk", "acquaintance", (17, "male", "pupil"), (50, "female", "head of sixth form", "Ann Kersey"), "Miss"),
        ("brazil", "colleague", (30, "male", "clerk"), (44, "male", "sales manager", "Paulo Lima"), "Paulo"),
        ("argentina", "colleague", (30, "male", "clerk"), (44, "male", "sales manager", "Pablo Sosa"), "Pablo"),
        ("bangladesh", "acquaintance", (30, "male", "clerk"), (34, "male", "clerk", "Gopal Das"), "Gopal Da"),
        ("jordan", "neighbour", (40, "male", "clerk"), (70, "male", "retired", "George Haddad"), "Ammo George"),
        ("germany", "acquaintance", (40, "male", "clerk"), (44, "female", "clerk", "Petra Weber"), "Frau Weber"),
        ("usa", "colleague", (28, "male", "clerk"), (47, "male", "manager", "Mark Miller"), "Mark"),
        ("uk", "acquaintance", (13, "male", "pupil"), (44, "female", "teacher", "Sarah Smith"), "Miss"),
    ],
)
def test_role_age_and_closeness_decide(
    catalogue: CultureCatalogue,
    culture: str,
    relationship: Relationship,
    me: tuple[int, str, str],
    other: tuple[int, str, str, str],
    form: str | None,
) -> None:
    expected = Called("form", form) if form else NO_NAME
    assert form_of_address(catalogue.culture(culture), someone(*me), someone(*other), relationship) == expected


AGES = (8, 24, 45, 75)
OCCUPATIONS = ("clerk", "teacher", "doctor", "shop manager")


def test_no_culture_names_a_stranger_or_gives_a_child_a_title(catalogue: CultureCatalogue) -> None:
    for culture_id in catalogue.ids():
        culture = catalogue.culture(culture_id)
        name = f"{culture.names.male[0]} {culture.names.family[0]}"
        if culture.names.order == "family-first":
            name = " ".join(reversed(name.split()))
        for mine, age, work, gender in product(AGES, AGES, OCCUPATIONS, ("female", "male")):
            me, other = someone(mine, "female", "clerk"), someone(age, gender, work, name)
            stranger = form_of_address(culture, me, other, "stranger")
            assert not {*name.split(), "None"} & set(stranger.text.split()), (culture_id, stranger)
            for relationship in ("acquaintance", "colleague", "neighbour", "friend"):
                assert form_of_address(culture, me, other, relationship).kind != "kin"  # type: ignore[arg-type]
        child, adult = someone(9, "male", "pupil", name), someone(45, "female", "teacher")
        for relationship in ("neighbour", "acquaintance", "family"):
            form = form_of_address(culture, adult, child, relationship).text  # type: ignore[arg-type]
            names = fill("{given} {family}", child, culture).split()
            assert set(form.split("-")[0].split()) <= set(names), (culture_id, form)


def test_an_older_relative_is_called_by_the_word_for_it_and_never_by_name(catalogue: CultureCatalogue) -> None:
    for culture_id in catalogue.ids():
        mother = someone(60, "female", "clerk")
        assert (
            form_of_address(catalogue.culture(culture_id), someone(30, "male", "clerk"), mother, "family") == RELATIVE
        )


def test_a_scenario_gives_each_side_its_form(catalogue: CultureCatalogue) -> None:
    pair = (someone(13, "male", "pupil", "Abe Ren"), someone(44, "female", "teacher", "Mori Yuko"))
    school = scenario(relationship="acquaintance", participants=pair)
    japan = catalogue.culture("japan")
    assert [called(japan, school, side).text for side in (0, 1)] == ["Mori-sensei", "Abe-kun"]


def test_only_men_have_a_vocative_and_the_longest_ending_counts(catalogue: CultureCatalogue) -> None:
    greece = catalogue.culture("greece")
    assert fill("Kyrie {family}", person("Alexandros Nikolaidis", gender="male"), greece) == "Kyrie Nikolaidi"
    assert fill("{given}", person("Alexandros Nikolaidis", gender="male"), greece) == "Alexandre"
    assert fill("{given}", person("Artemis Makri"), greece) == "Artemis"


def rules(*given: dict[str, object], formal: dict[str, str] | None = None) -> Address:
    return Address(formal=formal or FORMAL, rules=tuple(AddressRule(**rule) for rule in given))  # type: ignore[arg-type]


NAMELESS = {"relationship": ("stranger",), "call": "none"}
LAST = {"call": "{given}"}


@pytest.mark.parametrize(
    ("address", "fault"),
    [
        (rules(NAMELESS, LAST), None),
        (rules(LAST), "rules.0: strangers do not know each other's names"),
        (rules({"age_below": 16, "call": "{given}"}, NAMELESS, LAST), "rules.0: strangers do not know"),
        (rules({"relationship": ("stranger",), "role": ("doctor",), "call": "Doctor"}, LAST), "rules.1: strangers"),
        (rules(NAMELESS), "rules: the last rule must have no condition"),
        (rules(NAMELESS, LAST, LAST), "rules.2: never applies, since rule 1 holds"),
        (
            rules(NAMELESS, {"older_by": 5, "call": "A {given}"}, {"older_by": 9, "call": "B {given}"}, LAST),
            "rules.2: never applies, since rule 1 holds",
        ),
        (
            rules(NAMELESS, {"older_by": 9, "call": "A {given}"}, {"older_by": 5, "call": "B {given}"}, LAST),
            None,
        ),
        (rules(NAMELESS, {"call": "{name}"}), "rules.1: call: '{name}' may use only"),
        (rules(NAMELESS, {"call": "{given.real}"}), "rules.1: call: '{given.real}' may use only"),
        (rules(NAMELESS, {"call": {"female": "{given}"}}), "rules.1: call: needs female and male"),
        (rules(NAMELESS, {"relationship": ("friend",), "call": "kin"}, LAST), "rules.1: call: kin is only for family"),
        (rules(NAMELESS, {"community": ("elves",), "call": "{given}"}, LAST), "'elves' is none of here"),
        (rules(NAMELESS, LAST, formal={"female": "Ms {family}"}), "formal: needs female, male and other"),
    ],
)
def test_rules_that_cannot_be_meant_are_refused(address: Address, fault: str | None) -> None:
    found = address_fault(address, frozenset({"here"}))
    assert found is None if fault is None else fault in (found or "")
