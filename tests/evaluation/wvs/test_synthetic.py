from __future__ import annotations

from collections import Counter
from math import sqrt

import pytest

from clca.content.lookup import Content
from clca.errors import ContentError, NotFoundError
from clca.evaluation.wvs.suite import load_suite
from clca.evaluation.wvs.synthetic import DEMOGRAPHICS, load_demographics, synthetic_respondents
from tests.conftest import Overlay

SUITE = load_suite(Content())
HEAD = "culture,field,code,share,n\n"


def test_shares_are_those_of_the_sample_by_the_surveys_codes() -> None:
    japan = SUITE.demographics["japan"]
    assert japan["Q260"] == {1: 0.4976, 2: 0.5024}
    assert japan["X003R"][6] == 0.3171
    assert japan["Q275"][3] == 0.3725
    assert set(japan) == {"H_URBRURAL", "Q260", "X003R", "Q275"}
    assert SUITE.demographics["south_korea"]["H_URBRURAL"] == {1: 1.0}


def test_they_are_marked_and_answer_nothing() -> None:
    first, second = synthetic_respondents("japan", SUITE.demographics, 2, 42)
    assert (first.id, second.id) == ("synthetic-japan-1", "synthetic-japan-2")
    assert first.country == "japan"
    assert first.synthetic
    assert first.answers == {}
    assert set(first.demographics) == {"H_URBRURAL", "Q260", "X003R", "Q275"}


@pytest.mark.parametrize("country", list(SUITE.demographics))
def test_traits_are_as_frequent_as_in_the_survey(country: str) -> None:
    n = 2000
    people = synthetic_respondents(country, SUITE.demographics, n, 42)
    for field, shares in SUITE.demographics[country].items():
        counts = Counter(one.demographics[field] for one in people)
        assert set(counts) <= set(shares)
        for code, share in shares.items():
            assert abs(counts[code] / n - share) <= 4 * sqrt(share * (1 - share) / n) + 1e-9, (field, code)


def test_fields_are_drawn_independently_of_each_other() -> None:
    people = synthetic_respondents("japan", SUITE.demographics, 4000, 42)
    old = [one for one in people if one.demographics["X003R"] == 6]
    women = sum(one.demographics["Q260"] == 2 for one in old) / len(old)
    assert women == pytest.approx(0.5024, abs=0.06)


def test_the_first_of_many_are_those_of_a_few_and_the_seed_decides() -> None:
    many = synthetic_respondents("japan", SUITE.demographics, 50, 42)
    assert many[:10] == synthetic_respondents("japan", SUITE.demographics, 10, 42)
    assert many != synthetic_respondents("japan", SUITE.demographics, 50, 43)


def test_a_country_without_shares_is_named() -> None:
    with pytest.raises(
        NotFoundError, match=r"^no demographic shares of egypt in eval/wvs/demographics\.csv; there are"
    ):
        synthetic_respondents("egypt", SUITE.demographics, 1, 42)


def test_rows_of_fields_that_no_persona_has_are_passed_over(overlay: Overlay) -> None:
    rows = "japan,Q260,1,0.5,9\njapan,Q260,2,0.5,9\njapan,Q288,1,1,9\n"
    assert load_demographics(overlay({DEMOGRAPHICS: HEAD + rows}), SUITE.persona) == {
        "japan": {"Q260": {1: 0.5, 2: 0.5}}
    }


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ("japan,Q260,1,0.5,9\n", "japan Q260: the shares of its codes do not add up to 1"),
        ("japan,Q260,1,0.5,9\njapan,Q260,1,0.5,9\n", "japan Q260: duplicate code 1"),
        ("japan,Q260,3,1,9\n", "japan Q260: no code 3 of this field"),
        ("japan,Q260,1,1.5,9\n", r"demographics\.csv:2: share: "),
    ],
)
def test_faulty_shares_are_named(overlay: Overlay, rows: str, message: str) -> None:
    with pytest.raises(ContentError, match=message):
        load_demographics(overlay({DEMOGRAPHICS: HEAD + rows}), SUITE.persona)
