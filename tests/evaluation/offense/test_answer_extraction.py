"""Replies and the labels they are read as, in both scorings; and when decoding may stop."""

from __future__ import annotations

from typing import get_args

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from clca.content.lookup import Content
from clca.evaluation.answer_text import REACH
from clca.evaluation.offense.answer_extraction import LabelReader
from clca.evaluation.offense.suite import Scoring, load_offense_suite
from tests.evaluation.reading_time import require_linear

TASKS = load_offense_suite(Content())
TYPES = sorted(TASKS.types)
OFFENSIVE, HATE, THREAT, FINE, GRAINED = (
    "offensive_detect",
    "hate_detect",
    "threat_detect",
    "hate_detect_fine-grained",
    "offensive_detect_finegrained",
)


def reader(name: str, scoring: Scoring = "corrected") -> LabelReader:
    return LabelReader(TASKS.type(name), scoring)


# ---------------------------------------------------------------- corrected


@pytest.mark.parametrize("name", TYPES)
def test_every_option_is_read_by_number_by_words_and_by_both(name: str) -> None:
    for option in TASKS.type(name).options:
        number, words = option.number, option.words
        for reply in (
            number,
            f" {number}.",
            f"{number}\n### Question: is the following",
            f"({number})",
            f"**{number}. {words}**",
            f'"{number}. {words}"',
            words,
            words.upper(),
            f"{words}.",
            f"Answer: {words}",
            f"### Answer: {number}",
            f"The answer is {number}) {words.lower()}",
            f"{number}. {words}. It is plain to see",
            *option.also,
        ):
            assert reader(name).read(reply) == option.label, reply


REPLIES: list[tuple[str, str, str | None]] = [
    (OFFENSIVE, "Not offensive", "NOT"),
    (OFFENSIVE, "not  offensive\n", "NOT"),
    (OFFENSIVE, "The sentence is not offensive.", "NOT"),
    (OFFENSIVE, "No, it isn't offensive", "NOT"),
    (OFFENSIVE, "Not offensive because it does not insult", "NOT"),
    (OFFENSIVE, "１", "OFF"),
    (OFFENSIVE, "١", "OFF"),
    (OFFENSIVE, "- 1", "OFF"),
    (OFFENSIVE, "1. The sentence contains an insult. It", "OFF"),
    (OFFENSIVE, "1. The sentence is not offensive", None),
    (OFFENSIVE, "Offensive, no it is not", None),
    (OFFENSIVE, "Offensiveness", None),
    (OFFENSIVE, "10", None),
    (OFFENSIVE, "100", None),
    (OFFENSIVE, "12", None),
    (OFFENSIVE, "0", None),
    (OFFENSIVE, "3", None),
    (OFFENSIVE, "-1", None),
    (OFFENSIVE, "1.5", None),
    (OFFENSIVE, "1st", None),
    (OFFENSIVE, "1%", None),
    (OFFENSIVE, "1 or 2", None),
    (OFFENSIVE, "1, 2", None),
    (OFFENSIVE, "1/2", None),
    (OFFENSIVE, "1?", None),
    (OFFENSIVE, "both", None),
    (OFFENSIVE, "Sure thing! 2. Not offensive", "NOT"),
    (OFFENSIVE, "Certainly! 1", "OFF"),
    (OFFENSIVE, "I think it is offensive.", "OFF"),
    (OFFENSIVE, "1, if it is said to a stranger", None),
    (OFFENSIVE, "2. Not offensive, actually", None),
    (OFFENSIVE, "1, but actually 2", None),
    (OFFENSIVE, "somewhere between 1 and 2", None),
    (OFFENSIVE, "Not offensive, but harsh", "NOT"),
    (OFFENSIVE, "1. Offensive, 2. Not offensive", None),
    (OFFENSIVE, "1. Offensive\n2. Not offensive", None),
    (OFFENSIVE, "Offensive. Not offensive.", None),
    (OFFENSIVE, "1\n1", "OFF"),
    (OFFENSIVE, "Offensive or not", None),
    (OFFENSIVE, "1. Offensive. No explanation needed.", "OFF"),
    (OFFENSIVE, "1. Offensive. No.", None),
    (OFFENSIVE, "1. Offensive. Actually, it is fine", None),
    (OFFENSIVE, "1\nWait, 2", None),
    (OFFENSIVE, "1. It would depend on the context.", None),
    (OFFENSIVE, "Not offensive.\nOffensive language is", "NOT"),
    (OFFENSIVE, "1. Offensive (2 words)", "OFF"),
    (OFFENSIVE, "1. Offensive (2)", None),
    (OFFENSIVE, "1. It has 2 insults", "OFF"),
    (OFFENSIVE, "1 and 2 apply", None),
    (OFFENSIVE, "1, 2 apply", None),
    (OFFENSIVE, "The text is offensive", "OFF"),
    (OFFENSIVE, "The given sentence is not offensive", "NOT"),
    (OFFENSIVE, "Non offensive", "NOT"),
    (OFFENSIVE, "off", "OFF"),
    (OFFENSIVE, "Off course", None),
    (OFFENSIVE, "I cannot answer", None),
    (OFFENSIVE, "@fobimania @manuelaschw", None),
    (OFFENSIVE, "", None),
    (OFFENSIVE, " \n", None),
    (HATE, "No hate speech", "NOT_HS"),
    (HATE, "hate speech", "HS"),
    (HATE, "Yes", "HS"),
    (THREAT, "0", "0"),
    (THREAT, "No, it does not contain a threat", "0"),
    (THREAT, "Yes, it does not", None),
    (THREAT, "Yes and no", None),
    (THREAT, "01", None),
    (THREAT, "Not a threat", "0"),
    (THREAT, "This is a threat.", "1"),
    (THREAT, "A threat is", None),
    (THREAT, "No, the threat is empty", "0"),
    (THREAT, "0. No, a threat.", None),
    ("bias_on_gender_detect", "no gender bias", "0"),
    (FINE, "1", "NOT_HS"),
    (FINE, "2", "HS1"),
    (FINE, "7. Gender,", "HS6"),
    (FINE, "3. Race", None),
    (FINE, "2. Race, 3. Religion", None),
    (GRAINED, "Profanity, or non-targeted offense", "prof"),
    (GRAINED, "2. Profanity", "prof"),
    (GRAINED, "4", "indv"),
    (GRAINED, "ind", "indv"),
    (GRAINED, "Other.", "oth"),
    (GRAINED, "Other people may", None),
    (GRAINED, "Group", "grp"),
    (GRAINED, "Group-based", None),
    (FINE, "Class, I think", "HS5"),
    (FINE, "Class of its own", None),
    (GRAINED, "5. Offense towards an other (non-human) entity, or the second", None),
    ("hate_off_detect", "Hate or Offensive", "HOF"),
    ("hate_off_detect", "Not Hate or Offensive", "NOT"),
    ("hate_offens_detect", "1. Yes", "1"),
    ("hate_offens_detect", "2", None),
    ("spam_detect", "Ham", "Ham"),
    ("vulgar_detect_mp", "Not Vulgar", "-"),
]


@pytest.mark.parametrize(("name", "reply", "label"), REPLIES)
def test_a_reply_is_read_where_it_names_one_option_and_never_guessed_at(
    name: str, reply: str, label: str | None
) -> None:
    assert reader(name).read(reply) == label


@pytest.mark.parametrize("answer", ["1. ", "1. Offensive ", "Offensive "])
@pytest.mark.parametrize("against", ["or 2", "not really", "2.", "not offensive", "words.\n2. Not", "words. No.", "?"])
def test_only_what_begins_in_reach_of_an_answer_speaks_against_it(answer: str, against: str) -> None:
    words = "and "
    assert reader(OFFENSIVE).read(answer + words * (REACH // len(words) - 3) + against) is None
    assert reader(OFFENSIVE).read(answer + words * (REACH // len(words)) + against) == "OFF"


@pytest.mark.parametrize("name", TYPES)
def test_two_different_options_are_never_read_as_one(name: str) -> None:
    options = TASKS.type(name).options
    for first in options:
        for second in options:
            if first != second:
                for mark in (" or ", ", ", " / ", "\n", ". "):
                    assert reader(name).read(f"{first.number}{mark}{second.number}") is None, (first, mark, second)
                    assert reader(name).read(f"{first.words}{mark}{second.words}") is None, (first, mark, second)


@pytest.mark.parametrize("name", TYPES)
def test_a_prompt_that_is_repeated_is_no_answer(name: str) -> None:
    assert reader(name).read(TASKS.type(name).prompt("Good morning").removesuffix("### Answer:")) is None


POST = "No, you are all offensive idiots, and yes, I mean it"
FILLED = "This is offensive to him and to all of us"
INNER = "I told them: no, that is not offensive to anyone here"


@pytest.mark.parametrize(
    ("post", "reply", "label"),
    [
        (POST, POST, None),
        (POST, POST[:30], None),
        (POST, "No, you", None),
        (POST, f'"{POST}"', None),
        (POST, f"The text is: {POST}", None),
        (POST, "No, you are all offensive idiots who talk", None),
        (FILLED, FILLED, None),
        (FILLED, "This is offensive to him", None),
        (FILLED, f"The text is: {FILLED[:-3]}", None),
        (INNER, "No, that is not offensive to anyone", None),
        (POST, f"{POST}\n### Answer: 1", "OFF"),
        (POST, f'"{POST}" 2. Not offensive', "NOT"),
        (POST, "No", "NOT"),
        (POST, "No.", "NOT"),
        (POST, "No, it is not offensive", "NOT"),
        (POST, "1", "OFF"),
        (FILLED, "This is offensive", "OFF"),
        ("offensive", "Offensive, since it insults", "OFF"),
        ("1", "1. Offensive", "OFF"),
        ("", "1", "OFF"),
    ],
)
def test_a_reply_that_repeats_its_text_is_no_answer_but_one_behind_the_text_or_alone_is(
    post: str, reply: str, label: str | None
) -> None:
    assert reader(OFFENSIVE).read(reply, (post,)) == label


# ---------------------------------------------------------------- paper

QUIRKS: list[tuple[str, str, str | None]] = [
    *((FINE, digit, "HS1") for digit in "123456"),
    (FINE, "7", None),
    (FINE, "Not Hatespeech", "NOT_HS"),
    (FINE, "Race", None),
    (OFFENSIVE, "Not offensive", "OFF"),
    (OFFENSIVE, "2. Not offensive", "NOT"),
    (OFFENSIVE, "1 or 2", "OFF"),
    (OFFENSIVE, "10", "OFF"),
    (OFFENSIVE, "this is 2 me", "NOT"),
    (OFFENSIVE, "\n\n2\n1", "NOT"),
    (OFFENSIVE, "@fobimania", None),
    (OFFENSIVE, ". 1", None),
    (OFFENSIVE, "", None),
    ("abusive_detect", "Offensive", "OFF"),
    (HATE, "Not Hatespeech", "HS"),
    ("spam_detect", "Not Spam", "Spam"),
    ("spam_detect", "Ham", None),
    ("vulgar_detect_mp", "Not Vulgar", "V"),
    ("hate_off_detect", "Not Hate or Offensive", "NOT"),
    ("hate_off_detect", "1 or 2", "NOT"),
    (GRAINED, "1", "non"),
    (GRAINED, "4", "indv"),
    (THREAT, "10", "1"),
    (THREAT, "No", "0"),
    (THREAT, "I know", "0"),
    ("hate_offens_detect", "No", "0"),
    ("hate_offens_detect", "Yes", "1"),
    ("hate_offens_detect", "who can tell", "2"),
    ("hate_offens_detect", "2", "2"),
    ("hate_offens_detect", "", None),
]


@pytest.mark.parametrize(("name", "reply", "label"), QUIRKS)
def test_the_papers_scoring_keeps_its_quirks(name: str, reply: str, label: str | None) -> None:
    assert reader(name, "paper").read(reply) == label


@pytest.mark.parametrize("scoring", get_args(Scoring))
@pytest.mark.parametrize("name", TYPES)
def test_readings_are_labels_of_their_scoring(name: str, scoring: Scoring) -> None:
    known = TASKS.type(name).labels_under(scoring)
    read = {reader(name, scoring).read(reply) for reply in (*"0123456789", "yes", "no", "not", "hatespeech", "x")}
    assert read - {None} <= set(known)
    assert len(read) > 1


# ---------------------------------------------------------------- when decoding may stop


@pytest.mark.parametrize(
    ("beginning", "settled"),
    [
        ("", False),
        ("\n", False),
        ("1", False),  # 10
        ("1.", False),  # 1.5
        ("1. Off", False),
        ("1. Offensive\n", False),  # 2. Not offensive
        ("1. Offensive. No", False),
        ("1. Offensive. No ex", True),
        ("1. Offensive (2 ", False),
        ("1. Offensive (2 w", False),
        ("1. Offensive and 2 ", False),
        ("1. Offensive and 2.", True),
        ("1. the game last night was such a joke an", False),
        ("1. the game last night was such a joke and", False),
        ("1. the game last night was such a joke and ", True),
        ("1. Offensive, the game last night was such a joke, and ", True),
        ("1. Offensive, the game last night was a joke or", False),
        ("1. game. It was such a joke last night. O", True),
        ("1" + "\n" * 40, True),
        ("1\n#", True),
        ("1\nThe", True),
        ("1. Offensive. The", True),
        ("1 or 2,", True),
        ("12", True),
        ("Answer", False),
        ("Answering", True),
        ("No", False),
        ("Nothing", True),
        ("@fobi", True),
    ],
)
def test_corrected_settles_when_no_word_can_change_the_reading(beginning: str, settled: bool) -> None:
    assert reader(OFFENSIVE).stop_condition(beginning) is settled


@pytest.mark.parametrize(
    ("beginning", "settled"), [("", False), ("2", False), ("2.", True), ("2\n", True), ("1", True), ("not", False)]
)
def test_paper_settles_at_a_full_stop_a_line_break_or_its_first_rule(beginning: str, settled: bool) -> None:
    assert reader(OFFENSIVE, "paper").stop_condition(beginning) is settled


_VOCABULARY = TASKS.types[OFFENSIVE].vocabulary
_PIECES = sorted(
    {words for one in TASKS.types.values() for option in one.options for words in (option.words, *option.also)}
    | set(_VOCABULARY.fillers)
    | set(_VOCABULARY.alternatives)
    | set(_VOCABULARY.negations)
    | set("0123456789.,;:!?/-#\n\t \"'*()[]%_")
    | {"\r\n", " ", ". ", "### Answer:", "\u2028", "\x85", "\x0b", "\u0301", "\u200d", "Σ", "İ", "ﬁ", "½", "é", "²"}
)
_TEXTS = st.one_of(
    st.lists(st.sampled_from(_PIECES), max_size=8).map("".join),
    st.lists(st.sampled_from(_PIECES), max_size=6).map(" ".join),
    st.lists(st.sampled_from([*_PIECES, "and such words"]), max_size=20).map(lambda some: " ".join(["1.", *some])),
    st.text(max_size=20),
    st.text(alphabet="12no nt-of\n.ea,rlygdu", max_size=16),
)


@pytest.mark.parametrize("scoring", get_args(Scoring))
@pytest.mark.parametrize("name", TYPES)
@settings(max_examples=150)
@given(whole=_TEXTS, cut=st.integers(min_value=0, max_value=80), more=_TEXTS)
@example(whole="1. non-targ", cut=60, more="eted offense")
@example(whole="2. Not offen", cut=12, more="sive")
@example(whole="no. 1,", cut=60, more="5")
@example(whole="Profanity, or ", cut=60, more="non-targeted offense")
def test_what_is_settled_stays_so(name: str, scoring: Scoring, whole: str, cut: int, more: str) -> None:
    one = reader(name, scoring)
    beginning = whole[:cut]
    for texts in ((), (POST,), (whole,), (whole[cut // 2 :],)):
        if one.stop_condition(beginning, texts):
            for continued in (whole, beginning + more):
                assert one.read(continued, texts) == one.read(beginning, texts)
                assert one.stop_condition(continued, texts)


@pytest.mark.parametrize("scoring", get_args(Scoring))
@pytest.mark.parametrize("name", TYPES)
@settings(max_examples=60)
@given(reply=_TEXTS)
def test_any_text_is_a_label_of_the_scoring_or_invalid(name: str, scoring: Scoring, reply: str) -> None:
    assert reader(name, scoring).read(reply) in (None, *TASKS.type(name).labels_under(scoring))


@pytest.mark.parametrize("head", ["", "1", "Offensive "])
def test_a_long_reply_takes_time_in_proportion_to_its_length(head: str) -> None:
    for piece in (
        " ",
        "\n",
        "answer ",
        "the answer ",
        "sure ",
        "a",
        ", ",
        "(",
        "1 ",
        "B ",
        "or ",
        "\u0315\u0300",
        "not ",
    ):
        require_linear(lambda reply: reader(OFFENSIVE).read(reply, ("not sure, not sure", "answer 1 a")), head, piece)
