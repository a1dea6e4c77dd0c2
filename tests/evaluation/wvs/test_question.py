from __future__ import annotations

import pytest

from clca.content.lookup import Content
from clca.content.wvs_items import Item
from clca.evaluation.wvs.question import item_questions, request_groups, shown_options
from clca.evaluation.wvs.suite import languages, load_suite
from clca.evaluation.wvs.synthetic import synthetic_respondents
from clca.records import Respondent
from clca.training.examples import Dropped, Text
from clca.training.sources.wvs import survey
from tests.training.material import material

FIVE = Item(id="Q33", question="Well?", options=("a", "b", "c", "d", "e"))
SUITE = load_suite(Content())
PERSON = Respondent(id="p1", country="mexico", demographics={"Q260": 1, "Q287": 4}, answers={})


def test_options_are_shown_in_the_order_asked_for() -> None:
    assert shown_options(FIVE, "given", 42) == (0, 1, 2, 3, 4)
    assert shown_options(FIVE, "reversed", 42) == (4, 3, 2, 1, 0)
    assert sorted(shown_options(FIVE, "shuffled", 42)) == [0, 1, 2, 3, 4]


def test_shuffling_depends_on_seed_and_item_alone() -> None:
    assert shown_options(FIVE, "shuffled", 42) == shown_options(FIVE, "shuffled", 42)
    other = FIVE.model_copy(update={"id": "Q34"})
    found = {shown_options(one, "shuffled", seed) for one in (FIVE, other) for seed in range(10)}
    assert len(found) > 10


def test_a_question_in_a_chat_numbers_its_options_in_the_order_shown() -> None:
    (one,) = item_questions([FIVE], SUITE.prompts, "chat", "reversed", 42)
    assert one.text == "Well?\n1. e\n2. d\n3. c\n4. b\n5. a"
    assert one.labels == ("1", "2", "3", "4", "5")
    assert one.shown == (4, 3, 2, 1, 0)


def test_a_question_in_plain_text_is_what_students_are_taught_with() -> None:
    bodies = [one.body for one in survey(material(mix="wvs", survey={"items": "all"})) if not isinstance(one, Dropped)]
    taught = dict.fromkeys(body.prompt for body in bodies if isinstance(body, Text))
    asked = item_questions(SUITE.items.items, SUITE.prompts, "text", "given", 42)
    assert [one.text for one in asked] == list(taught)
    (back,) = item_questions(SUITE.items.items[:1], SUITE.prompts, "text", "reversed", 42)
    assert "life? 1. Not at all important 2. Not very important 3. Rather important 4. Very important\n" in back.text


@pytest.mark.parametrize("method", ["persona", "clca"])
def test_each_respondent_gets_a_group_that_tells_who_they_are(method: str) -> None:
    asked = item_questions(SUITE.items.items, SUITE.prompts, "chat", "given", 42)
    people = [PERSON, *synthetic_respondents("argentina", SUITE.demographics, 2, 42)]
    filled = list(request_groups("spa", method, people, asked, SUITE.persona, SUITE.prompts))  # type: ignore[arg-type]
    assert [group.respondent for group in filled] == ["p1", "synthetic-argentina-1", "synthetic-argentina-2"]
    assert {(group.culture, group.method, group.questions) for group in filled} == {("spa", method, asked)}
    assert "\n\nCountry: Mexico\nGender: Male\nSocial class: Working class\n\nYou get" in filled[0].system
    assert "Country: Argentina\n" in filled[1].system


def test_cultural_names_the_culture_and_asks_once() -> None:
    asked = item_questions(SUITE.items.items, SUITE.prompts, "chat", "given", 42)
    (group,) = request_groups("japan", "cultural", [PERSON], asked, SUITE.persona, SUITE.prompts)
    assert group.respondent == ""
    assert "Culture: Japan" in group.system
    assert not any(f"{field.name}:" in group.system for field in SUITE.persona.fields)


def test_bare_questions_have_no_text_before_them() -> None:
    asked = item_questions(SUITE.items.items, SUITE.prompts, "text", "given", 42)
    (group,) = request_groups("japan", "clca", [PERSON], asked, SUITE.persona, SUITE.prompts, bare=True)
    assert (group.respondent, group.system, group.method) == ("", "", "clca")


@pytest.mark.parametrize("language", languages(Content()))
def test_the_instruction_stands_in_the_shared_part(content: Content, language: str) -> None:
    suite = load_suite(content, language)
    asked = item_questions(suite.items.items, suite.prompts, "chat", "given", 42)
    for item, one in zip(suite.items.items, asked, strict=True):
        numbered = [f"{k}. {words}" for k, words in enumerate(item.options, start=1)]
        assert one.text == "\n".join([item.question, *numbered])
    whole = Respondent(
        id="all",
        country="japan",
        demographics={field.id: next(iter(field.codes)) for field in suite.persona.fields},
        answers={},
    )
    (group,) = request_groups("japan", "persona", [whole], asked, suite.persona, suite.prompts)
    lines = group.system.split("\n")
    assert len(lines) == 2 + 12 + 2
    assert lines[1] == lines[-2] == ""
