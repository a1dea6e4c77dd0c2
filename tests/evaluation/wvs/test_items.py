"""Every item in every language says what the questionnaire asks: number of options, direction, and what was mended."""

from __future__ import annotations

import hashlib
import json
import re
from pathlib import Path

import pytest

from clca.content.lookup import Content
from clca.content.wvs_items import Item, load_items
from clca.evaluation.wvs.question import item_questions
from clca.evaluation.wvs.suite import load_suite

SUITES = {language: load_suite(Content(), language) for language in ("en", "de", "es", "ja", "zh")}
IDS = [item.id for item in load_items(Content()).items]
VERSION, WORDINGS = 3, "55a646a862fa4826"
BY_ID = {language: {item.id: item for item in suite.items.items} for language, suite in SUITES.items()}


def number(item: str) -> int:
    return int(item[1:])


def kind(item: str) -> str:
    """The form of an item by its number in the questionnaire."""
    return next(
        kind
        for last, kind in (
            (6, "importance"),
            (17, "child"),
            (26, "neighbours"),
            (32, "agreement of four"),
            (41, "agreement of five"),
            (45, "future"),
        )
        if number(item) <= last
    )


OPTIONS = {
    "importance": 4,
    "child": 2,
    "neighbours": 2,
    "agreement of four": 4,
    "agreement of five": 5,
    "future": 3,
}
ENDS = {
    "en": {
        "importance": ("It is very important to me", "It is not at all important to me"),
        "child": ("I would name it", "I would not name it"),
        "neighbours": ("I would name them", "I would not name them"),
        "agreement of four": ("I strongly agree", "I strongly disagree"),
        "agreement of five": ("I strongly agree", "I strongly disagree"),
        "future": ("It would be a good thing", "It would be a bad thing"),
    },
    "de": {
        "importance": ("Das ist mir sehr wichtig", "Das ist mir überhaupt nicht wichtig"),
        "child": ("Ich würde es nennen", "Ich würde es nicht nennen"),
        "neighbours": ("Ich würde sie nennen", "Ich würde sie nicht nennen"),
        "agreement of four": ("Ich stimme voll und ganz zu", "Ich stimme überhaupt nicht zu"),
        "agreement of five": ("Ich stimme voll und ganz zu", "Ich stimme überhaupt nicht zu"),
        "future": ("Das wäre etwas Gutes", "Das wäre etwas Schlechtes"),
    },
    "es": {
        "importance": ("Para mí es muy importante", "Para mí no es nada importante"),
        "child": ("La nombraría", "No la nombraría"),
        "neighbours": ("Las nombraría", "No las nombraría"),
        "agreement of four": ("Estoy muy de acuerdo", "Estoy muy en desacuerdo"),
        "agreement of five": ("Estoy muy de acuerdo", "Estoy muy en desacuerdo"),
        "future": ("Sería algo bueno", "Sería algo malo"),
    },
    "ja": {
        "importance": ("とても重要です", "まったく重要ではありません"),
        "child": ("挙げます", "挙げません"),
        "neighbours": ("その人たちを挙げます", "その人たちは挙げません"),
        "agreement of four": ("強く賛成します", "強く反対します"),
        "agreement of five": ("強く賛成します", "強く反対します"),
        "future": ("良いことです", "悪いことです"),
    },
    "zh": {
        "importance": ("我认为非常重要", "我认为完全不重要"),
        "child": ("我会列出这一项", "我不会列出这一项"),
        "neighbours": ("我会列出这些人", "我不会列出这些人"),
        "agreement of four": ("我非常同意", "我非常不同意"),
        "agreement of five": ("我非常同意", "我非常不同意"),
        "future": ("这是好事", "这是坏事"),
    },
}
YES_NO = {
    "en": ("Yes", "No"),
    "de": ("Ja", "Nein"),
    "es": ("Sí", "No"),
    "ja": ("はい", "いいえ"),
    "zh": ("会", "不会"),
}


def read(language: str, item: Item, reply: str) -> int | None:
    suite = SUITES[language]
    (question,) = item_questions([item], suite.prompts, "chat", "given", 0)
    return suite.reader.read(reply, question)


@pytest.mark.parametrize("language", SUITES)
@pytest.mark.parametrize("id", IDS)
def test_an_item_has_the_options_and_the_direction_of_the_survey(id: str, language: str) -> None:
    item = BY_ID[language][id]
    assert len(item.options) == OPTIONS[kind(id)]
    first, last = ENDS[language][kind(id)]
    assert (read(language, item, first), read(language, item, last)) == (0, len(item.options) - 1)


@pytest.mark.parametrize("language", SUITES)
@pytest.mark.parametrize("id", IDS)
def test_a_bare_yes_or_no_counts_only_where_it_has_one_meaning(id: str, language: str) -> None:
    """It answers "would you name it"; of neighbours it might deny "whom you would not like" instead."""
    item = BY_ID[language][id]
    bare = tuple(read(language, item, word) for word in YES_NO[language])
    assert bare == ((0, 1) if kind(id) == "child" else (None, None))
    if kind(id) == "neighbours":
        behind = [[read(language, item, f"{place}. {word}") for word in YES_NO[language]] for place in (1, 2)]
        assert behind == [[0, None], [None, 1]]


CHILD = [id for id in IDS if kind(id) == "child"]
NEIGHBOURS = [id for id in IDS if kind(id) == "neighbours"]
SAYS: dict[str, list[tuple[list[str], str]]] = {
    "en": [
        (CHILD, "at most five .* especially important.* would you name"),
        (NEIGHBOURS, "would you name .* would not like as neighbours"),
        (["Q13"], "saving money"),
        (["Q16"], "not being selfish"),
        (["Q30", "Q31"], "for a girl|women do"),
        (["Q8"], "being independent"),
        (["Q32"], "a housewife is just as fulfilling"),
        (["Q33"], "should have"),
        (["Q35"], "problems"),
        (["Q38"], "duty .* long-term care"),
    ],
    "de": [
        (
            CHILD,
            "kinder zu hause lernen können, dürfen höchstens fünf .* besonders wichtig .* würden sie dies nennen",
        ),
        (NEIGHBOURS, "würden sie diese .* nennen, die sie nicht gern als nachbarn hätten"),
        (["Q13"], "sparsam"),
        (["Q16"], "nicht selbstsüchtig"),
        (["Q19"], "hautfarbe oder herkunft"),
        (["Q30", "Q31"], "für ein mädchen|frauen es tun"),
        (["Q8"], "selbstständig zu sein"),
        (["Q32"], "hausfrau zu sein erfüllt"),
        (["Q33"], "sollten männer mehr recht auf einen arbeitsplatz haben"),
        (["Q37", "Q40"], "pflicht gegenüber der gesellschaft"),
        (["Q38"], "pflicht, ihre eltern langfristig zu pflegen"),
    ],
    "es": [
        (CHILD, "como máximo cinco .* especialmente importantes.* ¿nombraría usted esta"),
        (NEIGHBOURS, "¿nombraría usted .* no le gustaría tener como vecinos"),
        (["Q2"], "qué tan importantes son"),
        (["Q13"], "ahorrativo"),
        (["Q16"], "no ser egoísta"),
        (["Q30"], "varón que para una mujer"),
        (["Q8"], "ser independiente"),
        (["Q32"], "ser ama de casa es tan gratificante"),
        (["Q33", "Q34"], "cuando el empleo escasea"),
        (["Q33"], "deberían tener más derecho que las mujeres a un trabajo"),
        (["Q36"], "como las demás"),
        (["Q37", "Q40"], "deber para con la sociedad"),
        (["Q38"], "deber de brindar cuidados de largo plazo"),
    ],
    "ja": [
        (CHILD, "特に大切なこと.*五つまで.*挙げますか"),
        (NEIGHBOURS, "隣に住んでほしくない人.*挙げますか"),
        (["Q9"], "努力"),
        (["Q13"], "節約"),
        (["Q16"], "利己的でない"),
        (["Q33"], "権利があるべきだ"),
        (["Q38"], "長期にわたって介護する義務"),
    ],
    "zh": [
        (CHILD, "最多只能把五项列为特别重要.*您会列出"),
        (NEIGHBOURS, "不愿意与之做邻居的人，您会列出"),
        (["Q13"], "节俭"),
        (["Q16"], "不自私"),
        (["Q8"], "有独立性"),
        (["Q32"], "做家庭主妇"),
        (["Q33"], "应当.*更有权利"),
        (["Q36"], "作为父母与其他伴侣一样好"),
        (["Q37", "Q40"], "对社会应尽的义务"),
        (["Q38"], "有义务长期照料父母"),
    ],
}
NEVER_SAYS = {
    "en": [
        ("Q8", "feet"),
        ("Q28", "small|young"),
        ("Q38", "always|ill"),
        ("Q32", "as much"),
        ("Q16", "before oneself"),
    ],
    "de": [("Q28", "kleine"), ("Q38", "immer|krank"), ("Q32", "gibt"), ("Q30", "braucht")],
    "es": [("Q28", "pequeños"), ("Q38", "siempre|enfermedad"), ("Q32", "le da"), ("Q30", "necesita|muchach")],
    "ja": [("Q28", "幼い"), ("Q38", "常に|病気"), ("Q9", "働く"), ("Q18", "近所")],
    "zh": [("Q28", "年幼"), ("Q38", "任何时候|患病"), ("Q36", "能当好")],
}


@pytest.mark.parametrize("language", SUITES)
def test_an_item_says_what_the_questionnaire_says_and_no_more(language: str) -> None:
    for ids, pattern in SAYS[language]:
        for id in ids:
            assert re.search(pattern, BY_ID[language][id].question.casefold()), (id, pattern)
    for id, pattern in NEVER_SAYS[language]:
        assert not re.search(pattern, BY_ID[language][id].question.casefold()), (id, pattern)


@pytest.mark.parametrize("language", SUITES)
def test_an_opinion_is_put_up_for_agreement_and_disagreement_alike(language: str) -> None:
    both = {
        "en": "agree or disagree?",
        "de": "zu oder nicht?",
        "es": "de acuerdo o en desacuerdo?",
        "ja": "賛成ですか、反対ですか。",
        "zh": "同意还是不同意",
    }
    for id in IDS:
        if kind(id).startswith("agreement"):
            assert both[language] in BY_ID[language][id].question


def test_all_languages_have_the_version_of_the_english_items() -> None:
    assert {language: suite.items.version for language, suite in SUITES.items()} == dict.fromkeys(SUITES, VERSION)


def test_a_change_of_words_is_a_new_version_with_a_row_in_the_readme() -> None:
    """Raise `version` in all `items.yaml`, say in `eval/wvs/README.md` what changed, and give both values here anew."""
    words = {
        language: [(item.id, item.question, item.options) for item in suite.items.items]
        for language, suite in SUITES.items()
    }
    assert hashlib.sha256(json.dumps(words).encode()).hexdigest()[:16] == WORDINGS
    readme = (Path(__file__).parents[3] / "eval/wvs/README.md").read_text(encoding="utf-8")
    assert re.findall(r"^\| (\d+) \|", readme, re.MULTILINE) == [str(version) for version in range(1, VERSION + 1)]
