from __future__ import annotations

import pytest

from clca.content.lookup import Content
from clca.content_check import check
from clca.errors import ClcaError, ContentError, NotFoundError
from clca.evaluation.wvs.suite import files_of, languages, load_suite, native_language
from tests.conftest import Overlay

TRANSLATIONS = ["ar", "bn", "de", "el", "es", "ja", "ko", "pt", "tr", "zh"]


def french(content: Content) -> dict[str, str]:
    """A language of one's own: the files of the Japanese one in folders of another name, spoken by nobody here."""
    texts = {french: content.text(japanese) for french, japanese in zip(files_of("fr"), files_of("ja"), strict=True)}
    path = "eval/wvs/fr/persona.yaml"
    return {**texts, path: texts[path].replace("native: [japan]", "native: [usa]")}


def test_the_suite_is_there_in_english_and_ten_other_languages(content: Content) -> None:
    assert languages(content) == ["en", *TRANSLATIONS]


@pytest.mark.parametrize("language", TRANSLATIONS)
def test_a_translation_has_the_items_and_options_of_the_english_suite(content: Content, language: str) -> None:
    english, other = load_suite(content), load_suite(content, language)
    for item, translated in zip(english.items.items, other.items.items, strict=True):
        assert (item.id, item.label, item.topic, item.direction) == (
            translated.id,
            translated.label,
            translated.topic,
            translated.direction,
        )
        assert len(item.options) == len(translated.options)
        assert item.question != translated.question
        assert not set(item.options) & set(translated.options)
    assert len({item.question for item in other.items.items}) == 44


@pytest.mark.parametrize("language", TRANSLATIONS)
def test_items_with_the_same_scale_in_english_have_the_same_scale_in_a_translation(
    content: Content, language: str
) -> None:
    scales: dict[tuple[str, ...], set[tuple[str, ...]]] = {}
    for item, translated in zip(
        load_suite(content).items.items, load_suite(content, language).items.items, strict=True
    ):
        scales.setdefault(item.options, set()).add(translated.options)
    assert len(scales) == 6
    assert [len(found) for found in scales.values()] == [1] * 6


@pytest.mark.parametrize("language", TRANSLATIONS)
def test_names_and_words_of_a_translation_are_its_own(content: Content, language: str) -> None:
    english, other = load_suite(content).persona, load_suite(content, language).persona
    assert english.cultures.keys() == other.cultures.keys()
    assert english.country != other.country
    for field, translated in zip(english.fields, other.fields, strict=True):
        assert (field.id, field.role, field.codes) == (translated.id, translated.role, translated.codes)
        assert field.name != translated.name
        assert len({translated.wording(code) for code in field.codes}) == len(field.codes)


def test_coverage_says_which_items_the_shares_lack(content: Content) -> None:
    suite = load_suite(content)
    assert suite.coverage.keys() == suite.shares.keys() == suite.demographics.keys()
    for culture, shares in suite.shares.items():
        lacking = [item.id for item in suite.items.items if item.id not in shares]
        assert lacking == (suite.coverage[culture].missing or "").split()
    assert suite.coverage["japan"].respondents == 1353
    assert {suite.coverage[one].country_code for one in ("japan", "usa", "bangladesh")} == {392, 840, 50}


@pytest.mark.parametrize("language", ["en", "ja"])
def test_every_file_of_the_suite_is_noted_as_used(language: str) -> None:
    content = Content()
    load_suite(content, language)
    own = set(files_of(language))
    kept = {"eval/wvs/items.yaml", "eval/wvs/persona.yaml"}
    tables = {f"eval/wvs/{name}.csv" for name in ("shares", "demographics", "coverage")}
    assert content.used.keys() == own | kept | tables


# ---------------------------------------------------------------- languages


@pytest.mark.parametrize(
    ("culture", "language"),
    [
        ("uk", "en"),
        ("usa", "en"),
        ("china", "zh"),
        ("germany", "de"),
        ("japan", "ja"),
        ("mexico", "es"),
        ("spa", "es"),
        ("ara", "ar"),
        ("iraq", "ar"),
        ("bangladesh", "bn"),
        ("greece", "el"),
        ("south_korea", "ko"),
        ("brazil", "pt"),
        ("turkey", "tr"),
    ],
)
def test_a_culture_has_its_own_language(content: Content, culture: str, language: str) -> None:
    assert native_language(content, culture) == language


def test_a_culture_of_another_language_is_told_what_there_is() -> None:
    content = Content()
    with pytest.raises(NotFoundError, match=r"^no language of the suite is native to france; there are en \(uk, usa\)"):
        native_language(content, "france")
    assert content.used == {}


def test_an_unknown_language_is_named() -> None:
    with pytest.raises(
        NotFoundError, match=r"^no language 'fr' in the suite; there are en, ar, bn, de, el, es, ja, ko, pt, tr, zh"
    ):
        load_suite(Content(), "fr")


def test_a_workspace_adds_a_language(overlay: Overlay, content: Content) -> None:
    mine = overlay(french(content))
    assert languages(mine) == ["en", "ar", "bn", "de", "el", "es", "fr", "ja", "ko", "pt", "tr", "zh"]
    assert load_suite(mine, "fr").items.items[0].question == load_suite(content, "ja").items.items[0].question
    assert [fault.message for fault in check(mine)] == []


def test_a_language_that_is_not_whole_says_what_it_lacks(overlay: Overlay, content: Content) -> None:
    texts = french(content)
    del texts["prompts/fr/wvs-cultural.j2"], texts["eval/wvs/fr/answers.yaml"]
    mine = overlay(texts)
    message = r"^language 'fr' lacks eval/wvs/fr/answers\.yaml, prompts/fr/wvs-cultural\.j2 \(eval/wvs/README"
    with pytest.raises(NotFoundError, match=message):
        load_suite(mine, "fr")
    assert [type(fault) for fault in check(mine)] == [NotFoundError]


ITEMS, PEOPLE, ANSWERS = (f"eval/wvs/ja/{name}.yaml" for name in ("items", "persona", "answers"))
WHO, WHAT = (f"prompts/ja/wvs-{name}.j2" for name in ("persona", "question"))
SHARES = "eval/wvs/demographics.csv"


@pytest.mark.parametrize(
    ("path", "old", "new", "message"),
    [
        (ITEMS, "  - id: Q45\n", "  - id: Q46\n", r"items\.yaml:134: Q46: no such item"),
        (ITEMS, ", まったく重要ではない]", "]", r"items\.yaml:5: Q1: has 3 options, but 4 are needed"),
        (PEOPLE, "  uk: イギリス\n", "", r"persona\.yaml:5: cultures: uk has no name in Japanese"),
        (PEOPLE, '      2: "女性"\n', "", r"fields: Q260: words need exactly the codes 1, 2"),
        (PEOPLE, "- id: Q260", "- id: Q261", r"fields: no field Q261 in eval/wvs/persona\.yaml"),
        (
            PEOPLE,
            '      2: "女性"\n',
            '      2: "女性"\n    gendered: {3: [a, b]}\n',
            "fields: Q260: gendered: no code 3",
        ),
        (ANSWERS, "  良いこと:", "  善いこと:", r"answers\.yaml:\d+: also: no item has the option '善い"),
        (WHO, "in persona", "in personas", r"wvs-persona\.j2:\d+: personas: no such variable"),
        (WHAT, "{{ words }}", "{{ word }}", r"wvs-question\.j2:\d+: word: no such variable"),
        ("eval/wvs/coverage.csv", "japan,JPN,392", "japan,JPN,x", r"coverage\.csv:2: country_code: "),
        (SHARES, "japan,Q260,1,0.4976", "japan,Q260,1,0.2", "japan Q260: the shares of its codes do not add up"),
        ("eval/wvs/persona.yaml", "native: [uk", "natives: [uk", r"persona\.yaml:\d: natives: unknown key"),
    ],
)
def test_each_fault_is_named(overlay: Overlay, content: Content, path: str, old: str, new: str, message: str) -> None:
    text = content.text(path)
    assert old in text
    with pytest.raises(ClcaError, match=message) as caught:
        load_suite(overlay({path: text.replace(old, new, 1)}), "ja")
    assert "\n" not in caught.value.message


def test_the_content_check_reads_the_suite_and_asks_with_it(overlay: Overlay, content: Content) -> None:
    faulty = {WHO: ("{{ name }}", "{{ name.x }}"), "eval/wvs/de/items.yaml": ("Nicht sehr wichtig", "Sehr wichtig")}
    mine = overlay({path: content.text(path).replace(old, new, 1) for path, (old, new) in faulty.items()})
    shown = sorted(
        fault.message.partition("/eval/")[2] or fault.message.partition("/prompts/")[2] for fault in check(mine)
    )
    assert shown == [
        "ja/wvs-persona.j2:6: 'str object' has no attribute 'x'",
        "wvs/de/items.yaml:5: items.0: Q1: duplicate option",
    ]


def test_a_code_that_two_countries_have_is_named(overlay: Overlay) -> None:
    coverage = Content().text("eval/wvs/coverage.csv").replace("uk,GBR,826,", "uk,GBR,392,")
    with pytest.raises(ContentError, match=r"coverage\.csv:3: country_code: 392 is that of line 2, too$"):
        load_suite(overlay({"eval/wvs/coverage.csv": coverage}))
