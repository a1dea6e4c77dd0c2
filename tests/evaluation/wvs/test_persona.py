from __future__ import annotations

import pytest

from clca.content.lookup import Content
from clca.errors import ContentError, NotFoundError
from clca.evaluation.wvs.persona import PERSONA, load_persona
from clca.evaluation.wvs.suite import languages, load_suite
from clca.records import Respondent
from tests.conftest import Overlay

AIKO = Respondent(
    id="392070001", country="japan", demographics={"Q260": 2, "X003R": 6, "Q275": 7, "Q270": 7, "Q288": 4}, answers={}
)


def test_the_fields_are_those_of_the_paper(content: Content) -> None:
    assert [field.role for field in load_persona(content).fields] == [
        "settlement",
        "region type",
        "gender",
        "age group",
        "born in country",
        "marital status",
        "household size",
        "education",
        "profession",
        "employment",
        "class",
    ]


def test_a_persona_tells_what_is_known_and_leaves_out_the_rest(content: Content) -> None:
    assert load_persona(content).lines(AIKO) == (
        ("Country", "Japan"),
        ("Gender", "Female"),
        ("Age", "65 and over"),
        ("People in the household", "7 or more"),
        ("Education", "Master or equivalent"),
    )


def test_a_persona_is_told_in_its_language(content: Content) -> None:
    lines = load_suite(content, "ja").persona.lines(AIKO)
    assert lines[:3] == (("国", "日本"), ("性別", "女性"), ("年齢", "65歳以上"))


def test_a_persona_is_worded_by_its_gender_where_the_language_does_so(content: Content) -> None:
    def told(*codes: int, language: str = "es") -> list[str]:
        demographics = dict(zip(("Q273", "Q260"), codes, strict=False))
        person = AIKO.model_copy(update={"demographics": demographics})
        return [value for _, value in load_suite(content, language).persona.lines(person)]

    assert told(5, 2) == ["Japón", "Femenino", "Viuda"]
    assert told(5, 1) == ["Japón", "Masculino", "Viudo"]
    assert told(5) == ["Japón", "Viudo/a"]
    assert told(5, 2, language="de") == ["Japan", "Weiblich", "Verwitwet"]


@pytest.mark.parametrize("language", languages(Content()))
def test_every_code_of_every_field_is_told_in_other_words(content: Content, language: str) -> None:
    for field in load_suite(content, language).persona.fields:
        told = [field.wording(code) for code in field.codes]
        assert len(set(told)) == len(told)
        assert all(0 < len(words) <= 50 and "ISCED" not in words for words in told)


def test_a_code_that_no_field_has_is_named(content: Content) -> None:
    odd = AIKO.model_copy(update={"demographics": {"Q260": 3}})
    with pytest.raises(NotFoundError, match=r"^Q260 \(gender\): no code 3 in eval/wvs/persona\.yaml; there are 1, 2$"):
        load_persona(content).lines(odd)


def test_a_culture_without_a_name_is_named(content: Content) -> None:
    with pytest.raises(NotFoundError, match=r"^no name of 'jappan' in English: .*did you mean japan\?$"):
        load_persona(content).name("jappan")


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("id: Q260", "id: X003R", "fields: duplicate X003R"),
        ('      7: "7 or more"', '      9: "7 or more"', "words: Q270 has no code 9"),
        ('      1: "Male"', '      -1: "Male"', "greater than or equal to 0"),
    ],
)
def test_faulty_fields_are_named(overlay: Overlay, content: Content, old: str, new: str, message: str) -> None:
    text = content.text(PERSONA)
    assert old in text
    with pytest.raises(ContentError, match=message):
        load_persona(overlay({PERSONA: text.replace(old, new)}))
