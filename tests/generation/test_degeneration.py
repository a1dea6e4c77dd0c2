from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clca.generation.degeneration import (
    CHANGES_LANGUAGE,
    FALLS_SILENT,
    LEAVES_AT_ONCE,
    REPEATS,
    SPEAKS_FOR_PARTNER,
    find_degeneration,
)
from clca.records import Action, Turn
from tests.dialogue_examples import person, turn

PARTNER = person("María José Pérez")
TALK = [
    turn("Ruth", "Good evening, is there any bread left?"),
    turn("María José Pérez", "One loaf, and I was here first."),
]


def verdict(*turns: Turn) -> str | None:
    return find_degeneration(turns, PARTNER)


def spoken(text: str, action: Action = "speak") -> str | None:
    return verdict(*TALK, turn("Ruth", text, action))


# ---------------------------------------------------------------- leaves at once


@pytest.mark.parametrize("before", [[], TALK[:1]])
def test_nobody_leaves_in_the_first_exchange(before: list[Turn]) -> None:
    assert verdict(*before, turn("Ruth", "", "leave")) == LEAVES_AT_ONCE
    assert verdict(*before, turn("Ruth", "I had better go.", "leave")) == LEAVES_AT_ONCE


def test_after_the_first_exchange_one_may_leave() -> None:
    assert spoken("", "leave") is None
    assert spoken("I had better go.", "leave") is None


# ---------------------------------------------------------------- falls silent


def silent(count: int) -> list[Turn]:
    return [turn("Ruth", "", "none")] * count


def test_four_turns_without_a_word_or_deed_are_too_many() -> None:
    assert verdict(*TALK, *silent(3)) is None
    assert verdict(*TALK, *silent(4)) == FALLS_SILENT
    assert verdict(*silent(4)) == FALLS_SILENT


def test_a_gesture_breaks_a_silence() -> None:
    assert verdict(*TALK, *silent(2), turn("Ruth", "nods", "non-verbal"), *silent(2)) is None
    assert verdict(*TALK, *silent(3), turn("Ruth", "nods", "non-verbal")) is None


# ---------------------------------------------------------------- repeats

LONG = "I really was here first."


def test_the_second_repetition_in_a_talk_is_one_too_many() -> None:
    first, again = turn("Ruth", LONG), turn("Ruth", "i really was here FIRST!")
    assert verdict(*TALK, first, again) is None
    assert verdict(*TALK, first, again, turn("Ida", LONG)) == REPEATS


def test_a_long_sentence_stands_in_two_turns_at_most() -> None:
    sentence = "I will make it myself tonight."
    texts = [f"Well, no. {sentence}", f"{sentence} You know me.", f"Please. {sentence.upper()}"]
    turns = [turn(name, text) for name, text in zip(("Ruth", "Ida", "Ruth"), texts, strict=True)]
    assert verdict(*TALK, *turns[:2]) is None
    assert verdict(*TALK, *turns) == REPEATS
    assert verdict(*TALK, *(turn(each.speaker, each.text.replace(" tonight", "")) for each in turns)) is None


def test_two_turns_repeated_once_each_are_two_repetitions() -> None:
    mine, yours = turn("Ruth", LONG), turn("Ida", "No, that was me, I fear.")
    assert verdict(mine, yours, mine) is None
    assert verdict(mine, yours, mine, yours) == REPEATS


def test_short_turns_may_come_again() -> None:
    assert verdict(*TALK, *[turn("Ruth", "Oh, I see.")] * 5) is None
    assert verdict(*TALK, *[turn("Ruth", "Oh, now I see.")] * 3) == REPEATS


def test_gestures_may_come_again() -> None:
    assert verdict(*TALK, *[turn("Ruth", "nods and looks at the loaf", "non-verbal")] * 4) is None


def test_a_sentence_stands_at_most_twice_in_a_turn() -> None:
    assert spoken("I was first. Please hear me, I was first. I was first!") is None
    assert spoken("I was first. Hear me? I was first! Please. I was first.") == REPEATS
    assert spoken("Yes. Yes, yes! Yes.") is None


def test_parting_words_repeat_like_any_others() -> None:
    assert verdict(*TALK, turn("Ruth", LONG), turn("Ida", LONG), turn("Ruth", LONG, "leave")) == REPEATS


# ---------------------------------------------------------------- speaks for the partner


@pytest.mark.parametrize(
    "text",
    [
        "María José Pérez: You can have it.",
        "María: You can have it.",
        "José: You can have it.",
        "PÉREZ : You can have it.",
        '"María": You can have it.',
        "**María José Pérez:** You can have it.",
        "I would like it.\nMaría: Then take it.",
        "I would like it.\n\n  (Pérez): Then take it.",
    ],
)
def test_no_line_is_said_in_the_partners_name(text: str) -> None:
    assert spoken(text) == SPEAKS_FOR_PARTNER
    assert spoken(text, "leave") == SPEAKS_FOR_PARTNER


@pytest.mark.parametrize(
    "text",
    [
        "María, you can have it.",
        "As my María: she likes bread, too.",
        "Marías: that is what we call these rolls.",
        "Listen, María: you can have it.",
        "Ruth: You can have it.",
        "It is ten past six: we are late.",
    ],
)
def test_the_partner_may_be_spoken_to_and_of(text: str) -> None:
    assert spoken(text) is None


def test_a_name_is_read_as_it_is_written() -> None:
    odd = person("J. (Jo) O'Neil+")
    assert find_degeneration([*TALK, turn("Ruth", "O'Neil+: Fine.")], odd) == SPEAKS_FOR_PARTNER
    assert find_degeneration([*TALK, turn("Ruth", "Jim: Fine.")], odd) is None


# ---------------------------------------------------------------- changes language


@pytest.mark.parametrize(
    "text",
    [
        "申し訳ありませんが、本日はどうしても都合がつきません。",
        "저는 오늘 저녁에 가족과 함께 시간을 보내야 합니다.",
        "أنا آسف جدا ولكن لا أستطيع أن آتي اليوم",
        "Λυπάμαι πολύ, αλλά σήμερα δεν μπορώ να έρθω.",
        "I am so sorry, but 本日はどうしても都合がつきませんのでまた今度お願いします。",
        "No se preocupe, señora, que yo me encargo de todo y mañana le llamo a su casa para decirle cómo ha ido.",
        "No me lo puedo creer, a mí nadie me dijo que la reunión de hoy era en su casa.",
        "Não se preocupe, eu trato de tudo e amanhã passo em sua casa para lhe dizer como foi.",
        "Ich kann heute leider nicht kommen, weil meine Mutter krank ist und ich bei ihr bleiben muss.",
        "Das war so nicht gemeint, und ich will in dieser Sache auch gar nicht mit dir streiten.",
        "Ne vous inquiétez pas, je m'occupe de tout et je vous appelle demain pour vous dire comment ça va.",
        "Merhaba, bu hafta sonu için çok teşekkür ederim ama ne yazık ki gelemem, annem hasta.",
    ],
)
def test_a_turn_in_another_language_is_noticed(text: str) -> None:
    assert spoken(text) == CHANGES_LANGUAGE


@pytest.mark.parametrize(
    "text",
    [
        "No no no, Señor de la Cruz, El Niño de la Fuente and María del Mar are the ones who live here.",
        "We say 'itadakimasu' (いただきます) before we eat, and then nobody talks for a while.",
        "はい、わかりました。",
        "¡Ay, mija! Qué bueno que viniste.",
        "Guten Tag, Frau Müller, wie geht es Ihnen?",
        "Bread, milk, eggs, flour, butter, sugar, salt, apples, pears, plums, nuts, honey, tea.",
        "Apologies, Fräulein Schröder; Jürgen, Günther, Käthe, Böhm, Voß, Weiß send warm greetings from München.",
        "My grandmother made börek, dolma, köfte and baklava for the feast, and she would let nobody help.",
    ],
)
def test_foreign_words_in_an_english_talk_are_no_change_of_language(text: str) -> None:
    assert spoken(text) is None


ENGLISH = (
    "Well I have thought about what you said to me last week and I would like to say that you were right about the"
    " shop, because nobody could have known that the owner had sold it to his brother before he left for the coast."
)


@given(st.integers(12, 39), st.integers(0, 26))
def test_no_stretch_of_english_is_taken_for_another_language(length: int, start: int) -> None:
    assert spoken(" ".join(ENGLISH.split()[start : start + length])) is None


def test_only_what_is_said_is_looked_at() -> None:
    text = "申し訳ありませんが、本日はどうしても都合がつきません。"
    assert spoken(text, "non-verbal") is None
    assert spoken(text, "leave") == CHANGES_LANGUAGE
