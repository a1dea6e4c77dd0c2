from __future__ import annotations

import pytest
from pydantic import ValidationError

from clca.culture import CultureCatalogue
from clca.culture.localisation import localise, unfit
from clca.culture.schools import open_schools
from clca.records import Place, School, Seed
from tests.dialogue_examples import person

AT_SCHOOL = Place(text="a school", kind="school")


def seed(age: int, gender: str = "male", place: Place = AT_SCHOOL) -> Seed:
    people = (person("Ruth Vale"), person("Jim Moss", age=age, gender=gender))
    return Seed(
        id="s", setting="It is noon at a school.", relationship="acquaintance", participants=people, place=place
    )


@pytest.mark.parametrize(
    ("culture", "age", "gender", "schools"),
    [
        ("iraq", 9, "female", ("a primary school in Fallujah",)),
        ("iraq", 14, "female", ("a girls' secondary school in Amara",)),
        ("iraq", 14, "male", ("a boys' secondary school in Kut",)),
        ("jordan", 9, "male", ("a boys' school in Zarqa", "a private school in Amman")),
        ("turkey", 10, "male", ("a primary school in Samsun", "a secondary school in Edirne")),
        ("japan", 5, "male", ()),
    ],
)
def test_a_pupil_goes_to_a_school_of_its_age_and_gender(
    catalogue: CultureCatalogue, culture: str, age: int, gender: str, schools: tuple[str, ...]
) -> None:
    record, each = catalogue.culture(culture), seed(age, gender)
    assert open_schools(each, record) == schools
    assert (unfit(each, record) == "no school of the culture takes its pupils") == (not schools)
    if schools:
        assert localise(each, record, 42).setting.rstrip(".").split(" ", 4)[4] in schools


def test_a_former_pupil_counts_at_the_age_of_then(catalogue: CultureCatalogue) -> None:
    place = Place(text="a school", kind="school", pupil="second", pupil_age=16)
    assert open_schools(seed(30, place=place), catalogue.culture("iraq")) == ("a boys' secondary school in Kut",)
    assert open_schools(seed(30, "female", place), catalogue.culture("iraq")) == ("a girls' secondary school in Amara",)
    assert len(open_schools(seed(30), catalogue.culture("iraq"))) == 3


def test_the_ages_of_a_school_rise() -> None:
    with pytest.raises(ValidationError, match="ages: 12 to 6 are no ages of pupils"):
        School(place="x", ages=(12, 6), pupils="mixed")
