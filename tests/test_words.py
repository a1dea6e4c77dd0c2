from __future__ import annotations

import pytest

from clca.words import content_share, content_stems, names_in


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("They meet in Leeds on Monday, the third of May.", ["Leeds"]),
        ("Leeds is quiet.", []),  # a name at the beginning of a sentence is missed
        ("Leeds Station is quiet. She waits.", ["Leeds"]),
        ("It is over. Walter's coat is in Baton Rouge.", ["Baton", "Rouge"]),
        ("He asks Dr Vale, an English teacher, whether I'm well.", ["Vale"]),
        ('She says: "Come to the Park, Ruth."', ["Ruth"]),
        ("Get Marion to ring Sato-san; O'Brien's late.", ["Marion", "Sato"]),
        ("The NHS form, a TV and a CV.", []),
        ("an alley in Zürich, near Đà Nẵng", ["Zürich", "Đà", "Nẵng"]),
    ],
)
def test_names_in_a_text(text: str, names: list[str]) -> None:
    assert list(names_in(text)) == names


def test_the_share_of_content_words() -> None:
    assert content_stems("She lends him the ladders") == {"lend", "ladder"}
    assert content_share("lend the ladder", "The ladder was lent") == 0.5
    assert content_share("that of the", "anything") == 1.0
