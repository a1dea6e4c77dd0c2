from __future__ import annotations

import pytest

from clca.content.lookup import Content
from clca.culture import CultureCatalogue
from clca.errors import ContentError
from clca.quality.giving_way import PATH as GIVING_WAY
from clca.quality.giving_way import GivingWay
from clca.quality.markers import PATH, Markers
from clca.tokens import tokens
from tests.conftest import Overlay
from tests.evaluation.reading_time import require_linear

FILE = """
sources: {own: a judgement}
cultures:
  mexico:
    - {marker: hats, words: [sombrero, big hat], why: everywhere, source: own}
  spa:
    - {marker: bulls, words: [bullfight], why: everywhere, source: own}
"""
MEMBERS = {"mexico": (), "spa": ("mexico",), "japan": ()}


def test_markers_are_whole_words_in_any_case_and_number(overlay: Overlay) -> None:
    markers = Markers.load(overlay({PATH: FILE}), MEMBERS)
    assert markers.in_text("mexico", tokens("Two SOMBREROS, please.")) == ("hats",)
    assert markers.in_text("mexico", tokens("A big\nhat.")) == ("hats",)
    assert markers.in_text("mexico", tokens("The sombrerero sells big, warm hats.")) == ()
    assert markers.in_text("spa", tokens("A bullfight in a sombrero.")) == ("bulls", "hats")
    assert markers.in_text("japan", tokens("A sombrero.")) == ()
    assert not markers.has("japan")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (("mexico:", "mexiko:"), "no culture 'mexiko'; did you mean mexico?"),
        (("source: own}\n  spa", "source: ow}\n  spa"), "mexico.0.source: no source 'ow'"),
        (("why: everywhere, ", ""), "why: missing key"),
    ],
)
def test_a_fault_names_the_line(overlay: Overlay, change: tuple[str, str], message: str) -> None:
    with pytest.raises(ContentError, match=message):
        Markers.load(overlay({PATH: FILE.replace(*change)}), MEMBERS)


def test_a_word_of_two_senses_is_a_marker_in_its_own_only(content: Content) -> None:
    markers = Markers.load(content, dict.fromkeys(CultureCatalogue(content).ids(), ()))
    assert markers.in_text("japan", tokens("Do it for her sake, for heaven's sake.")) == ()
    assert markers.in_text("japan", tokens("He pours a cup of sake.")) == ("sushi",)
    assert markers.in_text("argentina", tokens("You are a good mate, mate.")) == ()
    assert markers.in_text("argentina", tokens("She passes the mate across.")) == ("mate and asado",)


def test_every_culture_has_markers_of_its_own_or_of_its_countries(
    content: Content, catalogue: CultureCatalogue
) -> None:
    markers = Markers.load(content, {name: catalogue.culture(name).members for name in catalogue.ids()})
    assert [name for name in catalogue.ids() if len(markers.names(name)) < 3] == []
    assert markers.in_text("japan", tokens("They meet at a tea ceremony.")) == ("tea ceremony",)


@pytest.mark.parametrize(
    ("intent", "gives_way"),
    [
        ("Yuna wants to give way and agree to what Takahiro wants.", True),
        ("Takahiro Nakano wants to say yes, moved by what Yuna has said.", True),
        ("He agrees to wait.", True),
        ("Accepts the offer", True),
        ("Reluctantly gives in", True),
        ("Takahiro wants to hear more before giving in, and say why.", False),
        ("Takahiro wants to answer the reservation rather than giving way to it.", False),
        ("Takahiro wants to hold back from agreeing and hope that Yuna will notice.", False),
        ("Takahiro accepted nothing", False),
        ("", False),
    ],
)
def test_who_gives_way_is_told_by_how_an_intent_begins(content: Content, intent: str, gives_way: bool) -> None:
    speaker = "Yuna" if intent.startswith("Yuna") else "Nakano Takahiro"
    assert GivingWay.load(content).is_in(intent, speaker) is gives_way


@pytest.mark.parametrize(
    ("path", "text"),
    [
        (GIVING_WAY, "skipped: ['...']\nheads: [agrees]\n"),
        (GIVING_WAY, "skipped: []\nheads: [agrees, '!']\n"),
        (PATH, "sources: {a: b}\ncultures: {japan: [{marker: m, words: [tea, '-'], why: w, source: a}]}\n"),
    ],
)
def test_a_phrase_without_a_word_is_refused(overlay: Overlay, path: str, text: str) -> None:
    """It would stand everywhere, and be taken off without end."""
    content = overlay({path: text})
    with pytest.raises(ContentError, match=r"has no word"):
        _ = GivingWay.load(content) if path == GIVING_WAY else Markers.load(content, MEMBERS)


def test_an_intent_is_looked_through_once(content: Content) -> None:
    told = GivingWay(("wants to", "says"), ("agrees",))
    require_linear(lambda intent: told.is_in(intent, "Yuna"), "", "Yuna ")
    require_linear(lambda intent: told.is_in(f"{intent}agrees", "Yuna"), "Yuna ", "wants to says ")
    assert told.is_in("Yuna wants to says agrees.", "Yuna")
