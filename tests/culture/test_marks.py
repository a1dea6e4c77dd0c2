from __future__ import annotations

import pytest

from clca.culture import CultureCatalogue
from clca.culture.marks import CultureMarks


@pytest.fixture(scope="module")
def marks(catalogue: CultureCatalogue) -> CultureMarks:
    return CultureMarks(catalogue)


@pytest.mark.parametrize(
    ("culture", "text", "found"),
    [
        ("japan", "We met in Leipzig, and Weber came too.", ("Leipzig", "Weber")),
        ("germany", "We met in Leipzig, and Weber came too.", ()),
        ("japan", "Thank you, Frau Weber.", ("Frau Weber", "Weber")),
        ("mexico", "Is it you, Tanaka-san?", ("Tanaka-san",)),
        ("japan", "Is it you, Tanaka-san?", ()),
        ("germany", "Good morning, don Ricardo!", ("Ricardo", "don Ricardo")),
        ("argentina", "Good morning, don Ricardo!", ()),
        ("japan", "Thank you, Mr Turner, see you in May or June.", ("Turner",)),
        ("japan", "Hamburg is far. Weber is late.", ()),  # the first words of sentences tell nothing
    ],
)
def test_marks_of_other_cultures(
    marks: CultureMarks, catalogue: CultureCatalogue, culture: str, text: str, found: tuple[str, ...]
) -> None:
    assert marks.foreign(catalogue.culture(culture), [text]) == found


def test_people_are_known_by_their_names(marks: CultureMarks, catalogue: CultureCatalogue) -> None:
    names = ["Tanaka Haruka", "Birgit Hoffmann"]
    assert marks.foreign(catalogue.culture("japan"), [], names) == ("Birgit", "Hoffmann")
    assert marks.foreign(catalogue.culture("germany"), [], names) == ("Haruka", "Tanaka")


def test_a_language_has_the_marks_of_all_its_members(marks: CultureMarks, catalogue: CultureCatalogue) -> None:
    spanish = catalogue.culture("spa")
    for member in spanish.members:
        people = catalogue.culture(member)
        name = f"{people.names.female[0]} {people.names.family[0]}"
        assert marks.foreign(spanish, [f"We live in {people.cities[0]}."], [name]) == ()


def test_the_digest_follows_from_the_marks(marks: CultureMarks, catalogue: CultureCatalogue) -> None:
    assert CultureMarks(catalogue).digest == marks.digest
    assert len(marks.digest) == 64
