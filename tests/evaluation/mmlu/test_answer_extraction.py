"""How replies to MMLU are read, and when they are settled."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from clca.evaluation.mmlu.answer_extraction import LetterReader
from clca.evaluation.mmlu.prompts import Scoring
from clca.evaluation.mmlu.questions import LETTERS
from tests.evaluation.reading_time import require_linear

CORRECTED, PAPER = LetterReader("corrected"), LetterReader("paper")

PIECES = [
    *"ABCDEabcd ",
    *(". ", ", ", ": ", "\n", "\n\n", ")", "(", "*", "'", '"', "/", "?", "-", " - ", "[", "]", "\t", "\xa0", "\u2028"),
    *("answer", "The answer is", "the correct option", "Answer: ", "it's", " or ", " and ", "and/or", " nor", "vs"),
    *(
        " because",
        ", but",
        " but",
        "\nActually",
        " no wait",
        "planets which are far away from the sun",
        " is correct",
        " is the",
        " best",
        "good question",
        "nswer",
        "### Answer:",
        "###",
        "İ",
        "ß",
        "ǅ",
    ),
]
TEXTS = st.lists(st.one_of(st.sampled_from(PIECES), st.text(max_size=2)), max_size=8).map("".join)


@pytest.mark.parametrize(
    ("reply", "letter"),
    [
        (" B", "B"),
        ("B\n\nWhat is 2 + 2?\nA. 3", "B"),
        ("B. Venus", "B"),
        ("(b)", "B"),
        ("c) the third", "C"),
        ("**D**", "D"),
        ("**D.** The fourth", "D"),
        ("'A'", "A"),
        ("A: Mars", "A"),
        ("A", "A"),
        ("A.", "A"),
        ("Answer: B", "B"),
        ("The answer is (C).", "C"),
        ("The correct answer is option D.", "D"),
        ("**Answer:** B", "B"),
        ("My final answer would be: C", "C"),
        ("My final answer is: C", "C"),
        ("B because it is the nearest", "B"),
        ("B is correct", "B"),
        ("C (Mercury)", "C"),
        ("D - the fourth", "D"),
        ("B, as was said", "B"),
        ("B. A good reason is the following", "B"),
        ("Sure! The answer is B.", "B"),
        ("Certainly! Here is my answer: C", "C"),
        ("I think B", "B"),
        ("B. No explanation is needed", "B"),
        ("B. Vitamin C", "B"),
        ("B. C is the fastest", "B"),
        ("B\nThe answer is B", "B"),
        ("B. Venus\n\nExplanation: it is near", "B"),
        ("B. Venus, not Mars", "B"),
        ("B because C is too cold", "B"),
        ("B. It is the planet that comes second from the sun, but I was not always sure", "B"),
    ],
)
def test_a_letter_is_read_where_it_stands_as_answers_are_written(reply: str, letter: str | None) -> None:
    assert CORRECTED.read(reply) == letter


@pytest.mark.parametrize(
    "reply",
    [
        "",
        "  \n",
        "A good question",
        "a good question",
        "An answer",
        "Because",
        "Dogs",
        "B cells are lymphocytes",
        "D-day",
        "B52",
        "A's",
        "Vitamin C",
        "E",
        "1",
        "Not B",
        "B?",
        "B or C",
        "A and B",
        "A, B and C",
        "A. B. C. D.",
        "(A) or (B)",
        "B/C",
        "B and/or C",
        "B is wrong",
        "B, but actually C",
        "B. Actually, C",
        "B, if it is cold",
        "B. No, wait",
        "somewhere between B and C",
        "The answer is not B",
        "The answer is A good one",
        "I don't know",
        "B. Venus, but actually C",
        "B. Venus. Actually, C",
        "B. Venus, or C. Mars",
        "B. Venus. C. Mars",
        "B. Venus, although it could be Mars",
        "B. Venus. But it depends.",
        "B. Venus... no wait, C",
        "B... no wait, C",
        "B is wrong, C",
        "**B** is wrong",
        "(B) isn't it",
        "either B or C",
        "B (or C)",
        "(B) or Mars",
        "I'd say B, though it could be C",
        "I'd say B. Maybe C.",
        "B, unless C",
        "B. Or rather C",
        "B\nActually, C",
        "B\n\nNo wait, C",
        "B. Venus\nC. Mars",
        "B\nC",
        "B, C is also possible",
        "B, also C",
        "B, no",
        "B. I am not sure",
        "B. Venus is wrong",
        "B. Venus\n\nThe answer is C",
        "Answer: B\nAnswer: C",
        "B. Because it is near, no wait, it is C",
    ],
)
def test_anything_else_is_unreadable(reply: str) -> None:
    assert CORRECTED.read(reply) is None


OPTIONS = ("If the price falls", "Not Venus, or Mars, but Earth", "Mars", "Mars and C, perhaps")


@pytest.mark.parametrize(
    ("reply", "letter"),
    [
        ("A. If the price falls", "A"),
        ("A. If the pri", "A"),
        ("B. Not Venus, or Mars, but Earth.", "B"),
        ("(B) not venus, or mars, but earth because it is warm", "B"),
        ("D. Mars and C, perhaps", "D"),
        ("D. Mars", "D"),
        ("A. The price falls", "A"),
        ("C. Mars", "C"),
        ("C. Mars and C, perhaps", None),
        ("B. Mars", None),
        ("B. Not Venus, or Mars, but Earth, but maybe Mars", None),
        ("C. Mars or Earth", None),
        ("C. Mars?", None),
        ("C. Mars is wrong", None),
        ("C. Mars, actually", None),
        ("C", "C"),
    ],
)
def test_the_words_of_an_option_are_no_remark_about_it_but_those_of_another_contradict_it(
    reply: str, letter: str | None
) -> None:
    assert CORRECTED.read(reply, OPTIONS) == letter


@pytest.mark.parametrize(
    "tail", [", but actually {}", " or {}", ". No wait, {}", ", though it could be {}", "\nActually, {}"]
)
@pytest.mark.parametrize("head", ["{}", "({})", "{}.", "Sure! {}", "I'd say {}", "{}. Venus", "The answer is **{}**"])
def test_what_is_read_of_one_letter_is_read_of_every_other(head: str, tail: str) -> None:
    for letter in LETTERS:
        other = "A" if letter != "A" else "D"
        assert CORRECTED.read(head.format(letter)) == letter
        assert CORRECTED.read((head + tail).format(letter, other)) is None


@pytest.mark.parametrize(
    ("reply", "letter"),
    [
        (" B", "B"),
        ("\n\nC. Venus", "C"),
        ("Apple", "A"),
        ("B or C", "B"),
        ("b", None),
        ("(B)", None),
        ("The answer is B", None),
        ("I think so.\n### Answer: D", "D"),
        ("", None),
    ],
)
def test_the_papers_reading_takes_the_first_letter_behind_a_marker(reply: str, letter: str | None) -> None:
    assert PAPER.read(reply) == letter


@pytest.mark.parametrize(
    "text",
    [
        "B\nWh",
        "B\n#",
        "B. Venus\nThis",
        "(B) It is the planet that comes second from the sun",
        "Mars",
        "E",
        "A good",
        "B?",
    ],
)
def test_writing_can_stop_as_soon_as_the_letter_is_plain(text: str) -> None:
    assert CORRECTED.stop_condition(text)


@pytest.mark.parametrize(
    "text",
    ["", " ", "A", "B.", "B ", "(B) ", "The ans", "B. A", "A or", "B\n", "B. Ven", "B because ", "B\nBut", "B\nC"],
)
def test_writing_goes_on_where_the_next_word_may_change_the_letter(text: str) -> None:
    assert not CORRECTED.stop_condition(text)


@given(TEXTS, st.integers(0, 60), st.sampled_from(["corrected", "paper"]))
@example("Because", 1, "corrected")
@example("B. A or B", 4, "corrected")
@example("The answer is B", 1, "corrected")
@example("Answer: my choice is C", 9, "corrected")
def test_what_is_settled_stays_whatever_follows(whole: str, cut: int, scoring: Scoring) -> None:
    reader, begin = LetterReader(scoring), whole[:cut]
    for options in ((), ("is the best", "answer or C", "C", "A good question")):
        if reader.stop_condition(begin, options):
            assert reader.read(whole, options) == reader.read(begin, options)
            assert reader.stop_condition(whole, options)


@pytest.mark.parametrize("reply", ["The answer is B", "It is B", "it's B", "I choose B", "Final answer: B", "Letter B"])
def test_no_beginning_of_a_sentence_that_names_its_letter_is_settled_before_it_does(reply: str) -> None:
    assert CORRECTED.read(reply) == "B"
    assert not any(CORRECTED.stop_condition(reply[:cut]) for cut in range(len(reply)))


@given(TEXTS, st.sampled_from(["corrected", "paper"]))
def test_only_letters_are_read(text: str, scoring: Scoring) -> None:
    assert LetterReader(scoring).read(text) in (*LETTERS, None)


@pytest.mark.parametrize("head", ["", "B", "B. "])
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
        require_linear(lambda reply: CORRECTED.read(reply, ("or not", "sure", "the answer", "1")), head, piece)
