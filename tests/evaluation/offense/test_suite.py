"""The tasks as the paper prints them."""

from __future__ import annotations

import pytest

from clca.content.lookup import Content
from clca.errors import ContentError, NotFoundError
from clca.evaluation.offense.suite import TASKS, check_cultures, load_offense_suite, scoring_differences
from tests.conftest import Overlay

TYPES = load_offense_suite(Content())
BINARY = {
    "stereotype_detect": "stereotype",
    "mockery_detect": "mockery",
    "insult_detect": "insult",
    "improper_detect": "improper",
    "aggressiveness_detect": "aggressiveness",
    "toxicity_detect": "toxicity",
    "negative_stance_detect": "negative stance",
    "homophobia_detect": "homophobia",
    "racism_detect": "racism",
    "misogyny_detect": "misogyny",
    "threat_detect": "threat",
    "hostility_directness_detect": "hostility directness",
    "bias_on_gender_detect": "gender bias",
}
_OFFENSIVE = (
    '### Question: is the following sentence offensive: Hi {x}!. "1. Offensive", "2. Not offensive" '
    "without explanation. ### Answer:"
)
PROMPTS = {
    "offensive_detect": _OFFENSIVE,
    "abusive_detect": _OFFENSIVE,
    "hate_detect": '### Question: does the following sentence contain hate speech: Hi {x}!. "1. Hatespeech", '
    '"2. Not Hatespeech" without explanation. ### Answer:',
    "vulgar_detect_mp": '### Question: does the following sentence contain vulgar speech: Hi {x}!. "1. Vulgar", '
    '"2. Not Vulgar" without explanation. ### Answer:',
    "spam_detect": '### Question: is the following sentence a spam tweet: Hi {x}!. "1. Spam", "2. Not Spam" '
    "without explanation. ### Answer:",
    "hate_detect_fine-grained": "### Question: Does the following sentence contain hate speech? Hi {x}! Please choose "
    "one of the following options without explanation: 1. Not Hatespeech, 2. Race, 3. Religion, 4. Ideology, "
    "5. Disability, 6. Social Class, 7. Gender, ### Answer:",
    "offensive_detect_finegrained": "### Question: Does the following sentence contain offensive speech? Hi {x}! "
    "Please choose one of the following options without explanation: 1. Not hatespeech 2. Profanity, or non-targeted "
    "offense 3. Offense towards a group 4. Offense towards an individual 5. Offense towards an other (non-human) "
    "entity ### Answer:",
    "hate_off_detect": "### Question: does the following sentence contain hate speech or offensive content: Hi {x}!. "
    '"1. Hate or Offensive", "2. Not Hate or Offensive" without explanation. ### Answer:',
    **{
        name: f"### Question: does the following sentence contain {entity}: Hi {{x}}!. "
        '"0. No", "1. Yes" without explanation. ### Answer:'
        for name, entity in BINARY.items()
    },
    "hate_offens_detect": '### Question: does the following sentence contain hate speech: Hi {x}!. "0. No", "1. Yes" '
    "without explanation. ### Answer:",
}
LABELS = {
    **dict.fromkeys(("offensive_detect", "abusive_detect"), ("OFF", "NOT")),
    "hate_detect": ("HS", "NOT_HS"),
    "vulgar_detect_mp": ("V", "-"),
    "spam_detect": ("Spam", "Ham"),
    "hate_detect_fine-grained": ("NOT_HS", "HS1", "HS2", "HS3", "HS4", "HS5", "HS6"),
    "offensive_detect_finegrained": ("non", "prof", "grp", "indv", "oth"),
    "hate_off_detect": ("HOF", "NOT"),
    **dict.fromkeys(BINARY, ("0", "1")),
    "hate_offens_detect": ("0", "1", "2"),
}


def test_every_type_of_table_14_is_there_and_no_other() -> None:
    assert set(TYPES.types) == set(PROMPTS)


@pytest.mark.parametrize("name", sorted(PROMPTS))
def test_prompts_are_those_of_table_14_word_for_word(name: str) -> None:
    assert TYPES.type(name).prompt("Hi {x}!") == PROMPTS[name]


@pytest.mark.parametrize("name", sorted(LABELS))
def test_label_lists_are_those_of_the_papers_metric(name: str) -> None:
    assert TYPES.type(name).labels_under("paper") == LABELS[name]
    assert TYPES.type(name).labels == tuple(label for label in LABELS[name] if label != "2")
    assert len(TYPES.type(name).numbers) == len(TYPES.type(name).labels)


def test_the_zero_shot_prompt_is_table_1_for_offensiveness() -> None:
    assert TYPES.type("offensive_detect").zero_shot("Hi {country}", "Brazil") == (
        "You are a Brazil chatbot that understands Brazil's cultural context. Question: Is the following sentence "
        "offensive according to Brazil's cultural norms? Input: Hi {country}\n\n"
        "Answer: [Select one: 1. Offensive, 2. Not offensive]"
    )


@pytest.mark.parametrize("name", sorted(PROMPTS))
def test_the_zero_shot_prompt_asks_what_the_task_asks(name: str) -> None:
    prompt = TYPES.type(name).zero_shot("Hi", "Greece")
    assert prompt.startswith("You are a Greece chatbot that understands Greece's cultural context. Question: ")
    assert "{" not in prompt
    assert BINARY.get(name, "") in prompt
    assert all(f"{one.number}. {one.words}" in prompt.partition("Answer:")[2] for one in TYPES.type(name).options)


def test_cultures_stand_in_the_order_of_the_papers_tables() -> None:
    codes = [place.code for place in TYPES.cultures.values()]
    assert codes == ["ara", "ben", "zho", "eng", "deu", "ell", "kor", "por", "spa", "tur"]


def test_each_known_defect_is_told_with_both_scorings_and_a_reason() -> None:
    told = {one.task: one for one in scoring_differences(TYPES)}
    assert {"all", "hate_detect_fine-grained", "hate_offens_detect", "turkey/offensive_detect_finegrained"} <= set(told)
    assert "HS1" in told["hate_detect_fine-grained"].paper
    assert "0.286" in told["hate_detect_fine-grained"].why
    assert "218" in told["south_korea/hate_detect_6"].paper
    assert all(one.paper != one.corrected and one.why for one in told.values())


def test_an_unknown_type_is_told_with_the_nearest() -> None:
    with pytest.raises(NotFoundError, match=r"no task type 'offensive_detct'; did you mean offensive_detect"):
        TYPES.type("offensive_detct")


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("is the following sentence a spam tweet: {input_txt}", "is this spam", r"prompt: needs \{input_txt\}, once"),
        (
            '{label: Ham, holds: ["2", not spam]}',
            '{label: Hem, holds: ["2"]}',
            r"paper: no label 'Hem'",
        ),
        ("alone: [ham]", "alone: [spam]", r"options: words: duplicate 'spam'"),
        ("alone: [ham]", 'alone: ["{entity}"]', r"options: \{entity\} needs ids with their entity"),
        ("ids: [spam_detect]", "ids: [hate_detect]", r"types: ids: duplicate 'hate_detect'"),
        ("denies: true}", "denys: true}", r"denys: unknown key"),
        ("where: [turkey/", "where: [turkie/", r"no culture 'turkie'; did you mean turkey\?"),
        ("asks: Is the following sentence a spam tweet", "asks: ''", r"asks: "),
    ],
)
def test_a_fault_in_the_content_is_named_with_its_line(overlay: Overlay, old: str, new: str, message: str) -> None:
    text = Content().text(TASKS)
    assert old in text
    with pytest.raises(ContentError, match=rf"tasks\.yaml:\d+: .*{message}"):
        load_offense_suite(overlay({TASKS: text.replace(old, new, 1)}))


def test_a_culture_without_a_profile_is_refused(overlay: Overlay) -> None:
    content = overlay({TASKS: Content().text(TASKS).replace("  greece: {", "  grece: {")})
    with pytest.raises(ContentError, match=r"cultures: no culture 'grece'; did you mean greece\?"):
        check_cultures(content, load_offense_suite(content), ["greece", *set(TYPES.cultures) - {"greece"}])
