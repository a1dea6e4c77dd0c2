from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from clca.content.lookup import Content
from clca.culture.descriptors import PATH, Band, Bands, load_bands, score_descriptors
from clca.errors import ContentError
from clca.records import Hofstede, MapPosition
from tests.conftest import Overlay

NO_SCORES = Hofstede(pdi=None, idv=None, mas=None, uai=None, lto=None, ivr=None)
NOWHERE = MapPosition(secular=None, expression=None)


@pytest.fixture(scope="module")
def bands() -> Bands:
    return load_bands(Content())


@pytest.mark.parametrize(
    ("score", "phrase"),
    [
        (0, "strongly egalitarian"),
        (19.9, "strongly egalitarian"),
        (20, "fairly egalitarian"),
        (44.9, "fairly egalitarian"),
        (45, "between egalitarian and hierarchical"),
        (54.9, "between egalitarian and hierarchical"),
        (55, "highly hierarchical"),
        (79.9, "highly hierarchical"),
        (80, "very highly hierarchical"),
        (112, "very highly hierarchical"),
    ],
)
def test_a_score_takes_the_first_band_it_does_not_reach(bands: Bands, score: float, phrase: str) -> None:
    assert bands.phrase("pdi", score) == phrase


@pytest.mark.parametrize("key", ["pdi", "idv", "mas", "uai", "lto", "ivr"])
def test_the_middle_of_a_dimension_is_named_as_such_and_no_other_band_is(bands: Bands, key: str) -> None:
    named = [
        bool(re.match("between .* and |balanced between ", bands.phrase(key, score))) for score in (44, 45, 54, 55)
    ]
    assert named == [False, True, True, False]


def test_a_country_beside_the_middle_is_not_described_as_one_in_it(bands: Bands) -> None:
    usa, japan = bands.phrase("pdi", 40), bands.phrase("pdi", 54)
    assert (usa, japan) == ("fairly egalitarian", "between egalitarian and hierarchical")


@pytest.mark.parametrize(
    ("score", "phrase"),
    [
        (-2.5, "very strongly traditional values"),
        (-1.5, "traditional values"),
        (-0.5, "between traditional and secular values"),
        (0.4999, "between traditional and secular values"),
        (0.5, "secular values"),
        (1.5, "very strongly secular values"),
    ],
)
def test_the_map_is_cut_at_half_units(bands: Bands, score: float, phrase: str) -> None:
    assert bands.phrase("secular", score) == phrase


def test_missing_scores_give_no_phrase(bands: Bands) -> None:
    assert score_descriptors(bands, NO_SCORES, NOWHERE) == ()
    some = NO_SCORES.model_copy(update={"uai": 92.0})
    assert score_descriptors(bands, some, MapPosition(secular=None, expression=0.0)) == (
        "very high uncertainty avoidance",
        "between survival and self-expression values",
    )


def test_a_score_of_nought_is_not_a_missing_one(bands: Bands) -> None:
    assert score_descriptors(bands, NO_SCORES.model_copy(update={"ivr": 0.0}), NOWHERE) == ("very restrained",)


@given(st.floats(-3, 130), st.floats(-3, 130))
def test_a_higher_score_is_never_in_a_lower_band(one: float, other: float) -> None:
    names = ("low", "middle", "high")
    cuts = (20.0, 60.0, None)
    ladder = tuple(Band(below=cut, phrase=name) for cut, name in zip(cuts, names, strict=True))
    bands = Bands(**dict.fromkeys(Bands.model_fields, ladder))
    low, high = sorted((one, other))
    assert names.index(bands.phrase("idv", low)) <= names.index(bands.phrase("idv", high))


@pytest.mark.parametrize("cuts", [[], [20, 40], [40, 20, None], [20, 20, None], [None, 20, None], [None, 20]])
def test_cut_points_rise_and_the_last_band_has_none(cuts: list[float | None]) -> None:
    good = [Band(phrase="any")]
    with pytest.raises(ValidationError, match="mas: cut-points must rise"):
        Bands(**{**dict.fromkeys(Bands.model_fields, good), "mas": [Band(below=cut, phrase="x") for cut in cuts]})


def test_broken_bands_are_named_by_file(overlay: Overlay, content: Content) -> None:
    text = content.text(PATH).replace(
        "{below: 45, phrase: highly collective}", "{below: 10, phrase: highly collective}"
    )
    with pytest.raises(ContentError, match=r"descriptors\.yaml:\d+: idv: cut-points must rise"):
        load_bands(overlay({PATH: text}))
