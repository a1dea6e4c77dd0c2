from __future__ import annotations

import pytest

from clca.content.lookup import Content
from clca.culture import CultureCatalogue
from clca.errors import ContentError, NotFoundError
from clca.records import Norm
from tests.conftest import Overlay

LANGUAGE = "id: {id}\nname: {id}\nkind: language\nlanguage: {id}\nlanguage_code: {code}\nmembers: [{members}]\n"

# ---------------------------------------------------------------- names


@pytest.mark.parametrize(
    ("name", "culture"),
    [
        ("japan", "japan"),
        ("Japan", "japan"),
        ("JAPANESE", "japan"),
        ("jp", "japan"),
        ("JPN", "japan"),
        ("日本", "japan"),
        ("south_korea", "south_korea"),
        ("South Korea", "south_korea"),
        ("south-korea", "south_korea"),
        (" south  korea ", "south_korea"),
        ("Great Britain", "uk"),
        ("United Kingdom", "uk"),
        ("GB", "uk"),
        ("United States", "usa"),
        ("Türkiye", "turkey"),
        ("Turkey", "turkey"),
    ],
)
def test_a_culture_is_found_by_its_names(catalogue: CultureCatalogue, name: str, culture: str) -> None:
    assert catalogue.find(name) == culture


@pytest.mark.parametrize(
    ("code", "culture"),
    {
        "ara": "ara",
        "ben": "bangladesh",
        "zho": "china",
        "eng": "usa",
        "deu": "germany",
        "ell": "greece",
        "kor": "south_korea",
        "por": "brazil",
        "spa": "spa",
        "tur": "turkey",
        "jpn": "japan",
    }.items(),
)
def test_a_language_code_is_that_of_the_linguistic_culture(
    catalogue: CultureCatalogue, code: str, culture: str
) -> None:
    assert catalogue.find(code) == catalogue.find(code.upper()) == culture


@pytest.mark.parametrize(
    ("name", "culture"),
    [("English", "usa"), ("Arabic", "ara"), ("Spanish", "spa"), ("Chinese", "china"), ("Portuguese", "brazil")],
)
def test_a_language_is_found_by_its_name(catalogue: CultureCatalogue, name: str, culture: str) -> None:
    assert catalogue.find(name) == culture


def test_everything_a_culture_is_said_to_be_known_by_finds_it(catalogue: CultureCatalogue) -> None:
    shared = {"ara", "arabic", "eng", "english", "spa", "spanish"}
    for culture in catalogue.ids():
        for name in {culture, *catalogue.aliases(culture)} - shared:
            assert catalogue.find(name) == culture


def test_a_name_that_two_cultures_share_is_asked_back(overlay: Overlay) -> None:
    files = {
        f"personas/cultures/{one}.yaml": LANGUAGE.format(id=one, code="qaa", members="iraq, jordan") for one in "xy"
    }
    with pytest.raises(NotFoundError, match="culture 'qaa' is ambiguous: give x or y"):
        CultureCatalogue(overlay(files)).find("qaa")


@pytest.mark.parametrize(
    ("name", "nearest"),
    [("japn", "japan"), ("germny", "germany"), ("Grece", "greece"), ("bangaldesh", "bangladesh"), ("koera", "korea")],
)
def test_an_unknown_name_brings_the_nearest(catalogue: CultureCatalogue, name: str, nearest: str) -> None:
    with pytest.raises(NotFoundError, match=rf"unknown culture '{name}'; did you mean .*\b{nearest}\b"):
        catalogue.find(name)


@pytest.mark.parametrize("name", ["Atlantis", "", "..", "../uk", "xx", "*"])
def test_a_name_like_no_other_is_refused(catalogue: CultureCatalogue, name: str) -> None:
    with pytest.raises(NotFoundError, match="clca cultures list shows all 16"):
        catalogue.find(name)


# ---------------------------------------------------------------- records


def test_a_name_in_a_sentence_has_its_article_where_the_language_has_one(catalogue: CultureCatalogue) -> None:
    cultures = {name: catalogue.culture(name) for name in catalogue.ids()}
    assert {
        name: culture.name_in_text for name, culture in cultures.items() if culture.name_in_text != culture.name
    } == {
        "usa": "the United States",
        "uk": "the United Kingdom",
    }
    assert catalogue.for_scenario("spa", "any", 1).name_in_text.endswith(" (Spanish-speaking)")


def test_missing_scores_stay_missing_and_it_is_said(catalogue: CultureCatalogue) -> None:
    iraq = catalogue.culture("iraq")
    assert tuple(iraq.scores.model_dump().values()) == (None, None, None, None, 25, 17)
    assert "missing" in iraq.scores_note
    # LTO 25, IVR 17, secular -0.8453, expression -1.3175: four phrases for four scores.
    assert iraq.descriptors == (
        "oriented to tradition and the short term",
        "very restrained",
        "traditional values",
        "survival values",
    )


def test_japan_is_described_by_its_scores(catalogue: CultureCatalogue) -> None:
    # PDI 54, IDV 46, MAS 95, UAI 92, LTO 88, IVR 42; secular 1.6146, expression 1.3020.
    assert catalogue.culture("japan").descriptors == (
        "between egalitarian and hierarchical",
        "between collective and individualistic",
        "very strongly oriented to achievement and competition",
        "very high uncertainty avoidance",
        "strongly oriented to the long term",
        "restrained",
        "very strongly secular values",
        "self-expression values",
    )


def test_the_arabic_proxy_is_named_as_one(catalogue: CultureCatalogue) -> None:
    arabic = catalogue.culture("ara")
    assert tuple(arabic.scores.model_dump().values()) == (80, 38, 53, 68, 23, 34)
    assert "Arab countries" in arabic.scores_note
    assert "a regional row used as a proxy, not measured for this culture itself" in arabic.scores_note


def test_a_composite_has_the_mean_of_its_members(catalogue: CultureCatalogue) -> None:
    spanish = catalogue.culture("spa")
    # Argentina 49 46 56 86 20 62 and Mexico 81 30 69 82 24 97.
    assert tuple(spanish.scores.model_dump().values()) == (65, 38, 62.5, 84, 22, 79.5)
    # Argentina (-0.4009, 0.1913) and Mexico (-1.0603, 0.2260); the exact mean of the second is 0.20865.
    assert spanish.position.secular == -0.7306
    assert spanish.position.expression == pytest.approx(0.20865, abs=5.1e-5)
    assert "mean over argentina, mexico" in spanish.scores_note
    assert "mean over argentina, mexico" in spanish.position_note


def test_a_mean_is_over_the_members_that_have_a_figure(overlay: Overlay) -> None:
    text = LANGUAGE.format(id="mixed", code="qaa", members="iraq, japan")
    mixed = CultureCatalogue(overlay({"personas/cultures/mixed.yaml": text})).culture("mixed")
    # Iraq has only LTO 25 and IVR 17; Japan has 54 46 95 92 88 42.
    assert tuple(mixed.scores.model_dump().values()) == (54, 46, 95, 92, 56.5, 29.5)


def test_a_linguistic_culture_is_played_in_each_of_its_countries(catalogue: CultureCatalogue) -> None:
    played = [catalogue.for_scenario("spa", f"scenario-{number}", 42) for number in range(40)]
    assert {one.id for one in played} == {"spa"}
    assert {one.names for one in played} == {catalogue.culture(one).names for one in ("argentina", "mexico")}
    assert {one.scores for one in played} == {catalogue.culture(one).scores for one in ("argentina", "mexico")}
    assert all(one.descriptors == catalogue.culture(one.name.split()[0].lower()).descriptors for one in played)
    assert played == [catalogue.for_scenario("spa", f"scenario-{number}", 42) for number in range(40)]


def test_a_country_without_scores_of_its_own_is_played_with_those_of_the_proxy(catalogue: CultureCatalogue) -> None:
    played = [catalogue.for_scenario("ara", f"scenario-{number}", 42) for number in range(40)]
    assert {one.scores for one in played} == {catalogue.culture("ara").scores}


def test_a_country_is_played_as_it_is(catalogue: CultureCatalogue) -> None:
    assert catalogue.for_scenario("japan", "any", 42) == catalogue.culture("japan")


def test_only_files_that_decide_the_record_are_noted_as_used() -> None:
    content = Content()
    catalogue = CultureCatalogue(content)
    catalogue.culture(catalogue.find("Spanish"))
    cultures = {path for path in content.used if path.startswith("personas/cultures/")}
    assert cultures == {f"personas/cultures/{one}.yaml" for one in ("spa", "argentina", "mexico")}
    assert content.used.keys() - cultures == {
        "personas/descriptors.yaml",
        "personas/hofstede_2015.csv",
        "personas/inglehart_welzel_2023.csv",
    }


# ---------------------------------------------------------------- broken files


def test_an_id_is_the_name_of_its_file(overlay: Overlay) -> None:
    text = LANGUAGE.format(id="other", code="qaa", members="iraq, jordan")
    with pytest.raises(ContentError, match="id: 'other' must be the file's name, 'mine'"):
        CultureCatalogue(overlay({"personas/cultures/mine.yaml": text})).culture("mine")


@pytest.mark.parametrize(
    ("member", "fault"), [("spa", "spa is not a country"), ("mexco", r"mexco is not a country; did you mean mexico\?")]
)
def test_members_are_countries(overlay: Overlay, member: str, fault: str) -> None:
    text = LANGUAGE.format(id="mine", code="qaa", members=f"iraq, {member}")
    with pytest.raises(ContentError, match=rf"mine\.yaml:6: members: {fault}$"):
        CultureCatalogue(overlay({"personas/cultures/mine.yaml": text})).culture("mine")


def test_a_proxy_exists(overlay: Overlay) -> None:
    text = LANGUAGE.format(id="mine", code="qaa", members="iraq, jordan") + "hofstede_proxy: atlantis\n"
    with pytest.raises(ContentError, match="no row 'atlantis'"):
        CultureCatalogue(overlay({"personas/cultures/mine.yaml": text})).culture("mine")


def test_what_a_profile_lacks_is_named(overlay: Overlay, content: Content) -> None:
    path = "personas/cultures/japan.yaml"
    text = content.text(path)
    for broken, fault in (
        (text.replace("  cafe: [", "  coffee: ["), "settings: missing key cafe"),
        (text.replace("  drink: [", "  drinks: ["), "lexicon: missing key drink"),
        (text.replace("  rent: [", "  rents: ["), "prices: missing key rent"),
        (text.replace('goods: ["8,000 yen", ', "goods: ["), "prices.goods: needs as many prices as collection"),
        (text.replace("  cafe: [", '  school: ["a school in Nara"]\n  cafe: ['), "settings: school belongs to schools"),
        (text.replace("family: Sunday", "family: Monday"), "family: Monday is no day of rest"),
        (text.replace("alone: anyone", "alone: nobody"), "company.alone: Input should be 'anyone' or 'same-gender'"),
        (text.replace("[Sato, Suzuki]", "[Sato, Sato]"), "names.communities.0.family: duplicate Sato"),
        (text.replace("born_until: 1965", "born_until: 1945"), "names.communities.0.generations: years must rise"),
        (text.replace("share: 100", "share: 0"), "names.communities.0.share: 0 is no share above 0"),
        (text.replace("Yoko,", "Kenji,"), "names: Kenji is a name of women and of men"),
        (text.replace("1.5: [Sato", "heavy: [Sato"), "'heavy' is no weight"),
        (
            text.replace("bows slightly", "bows and sits"),
            "gestures.greeting: 'bows and sits' names 'sits': it needs seat",
        ),
        (text.replace('call: "{family}-san"', 'call: "{name}-san"'), "may use only"),
        (text.replace("iso2: JP", "iso2: Jp"), "iso2: String should match pattern"),
    ):
        assert broken != text
        with pytest.raises(ContentError) as caught:
            CultureCatalogue(overlay({path: broken})).culture("japan")
        assert fault in caught.value.message


def norm(scope: str | list[str], not_in: tuple[str, ...] = ()) -> Norm:
    texts = dict.fromkeys(("text", "breach", "explain", "remedy", "inspiration"), "x")
    return Norm.model_validate(
        {"id": "x", "scope": scope, "not_in": not_in, "situation": "x", "place": "x", "relationship": "friend", **texts}
    )


@pytest.mark.parametrize(
    ("held", "countries"),
    [
        (norm("jordan"), {"jordan"}),
        (norm(["jordan", "turkey"]), {"jordan"}),
        (norm(["iraq", "jordan"]), {"iraq", "jordan"}),
        (norm("general"), {"iraq", "jordan"}),
        (norm("general", ("iraq",)), {"jordan"}),
    ],
)
def test_a_norm_is_played_in_a_country_where_it_holds(
    catalogue: CultureCatalogue, held: Norm, countries: set[str]
) -> None:
    played = {catalogue.for_scenario("ara", f"scenario-{number}", 42, held).names for number in range(20)}
    assert played == {catalogue.culture(country).names for country in countries}
