"""Places: which of a culture's places can stand for another one, and the preposition it takes."""

from __future__ import annotations

import re
from collections.abc import Sequence

from clca.records import Culture, Norm
from clca.seeding import Rng
from clca.words import whole_word, words

_FUNCTION_WORDS = "a an the in of on at by near with and small large old little new big two"
_IGNORED = frozenset(_FUNCTION_WORDS.split())
_KINDS = {
    "block": "flats flat apartment apartments building block tenement",
    "clinic": "clinic practice surgery hospital doctor doctors doctor's health medical chamber",
    "upper": "secondary high comprehensive grammar lyceum gymnasium lycée preparatory middle liceo",
    "lower": "primary elementary infant",
    "road": "street road lane alley avenue",
    "town": "town city council municipal office",
    "ride": "bus minibus tram metro subway underground dolmuş colectivo suburban commuter local",
    "far": "intercity distance overnight night speed shinkansen ktx express regional launch",
    "country": "hills hill village mountain mountains hamlet valley river woods moor",
}
_PARTICULAR = "vocational technical nursery boarding evening women's maternity dentist dentist's dental"
_ONE_TRADE = "fish flower bird flea sale antiques coppersmiths'"  # markets in which not everything has a stall
_SPECIALIZED = frozenset(f"{_PARTICULAR} {_ONE_TRADE} physiotherapy cardiologist's orthopaedic far".split())
_KIND_OF_WORD = {word: kind for kind, members in _KINDS.items() for word in members.split()}

# A part of a place, before the whole that it belongs to: 'the back porch of a house in Baton Rouge'.
_PART = re.compile(
    r"^(?:the|a|an)\s[^,]*?\b(?:kitchen|room|salon|courtyard|balcony|terraces?|garden|yard|backyard|landing|lift|stairwell"
    r"|hall|hallway|lobby|lounge|cafeteria|canteen|corner|cellar|shed|porch|area|corridor|stands|entrance|gate|rooftop"
    r"|roof|ward|reception|back|counter|desk|platform|(?:teacher|lecturer|professor)s?'s? office)"
    r"\s(?:of|at|on)\s(?=(?:the|a|an)\s|[A-Z])"
)
_HEAD = re.compile(
    r"\b(?:in|near|by|on|at|outside|above|behind|beside|beneath|below|opposite|of|next|between|under|with|off|from|bound|to|out)\b"
)
_ABOARD = re.compile(r"\b(bus|train|tram|metro|ferry|boat|minibus|line|subway|underground|dolmuş|colectivo)\s*$", re.I)
_CABIN = re.compile(r"\b(carriage|compartment|coach|car|saloon|coffee house|tea house|teahouse)\s*$", re.I)
_HALT = re.compile(r"\b(stop|station|terminal|terminus|shelter|garage|platform|pier|stand|rank)\s*$", re.I)
_ON = re.compile(
    r"(?<!ferry )\b(landing|stairs|staircase|balcony|terraces?|roof|pavement|bench|veranda|porch|rooftop|promenade"
    r"|beach|platform|farm|ranch|campus|ward|floor)\s*$",
    re.I,
)
_AT = re.compile(
    r"\b(counter|desk|campsite|ferry landing|stop|station|terminal|crossing|corner|window|entrance|gate)\s*$", re.I
)
_IN = re.compile(
    r"\b(street|lane|alley|avenue|block|flat|apartment|house|village|park|quarter|neighbourhood|square|stairwell|courtyard"
    r"|kitchen|room|lobby|corridor|hallway|cafeteria|canteen|valley|cellar|hamlet|shed|garden|cul-de-sac)\s*$",
    re.I,
)


def places_for(norm: Norm, culture: Culture) -> tuple[str, ...]:
    """The culture's places in which a scene of the norm can be: those of its kind that suit it, or all of them.

    A place suits if it has one of the norm's `venues`, whole words, case aside.
    """
    places = culture.settings.get(norm.place, ())
    venues = re.compile("|".join(whole_word(word) for word in norm.venues), re.IGNORECASE)
    return tuple(place for place in places if venues.search(place)) or places


def whole(place: str) -> str:
    """The place without the part of it that the words name (`the porch of a house` is `a house`)."""
    part = _PART.match(place)
    return place[part.end() :] if part else place


def nearest(old: str, places: Sequence[str], rng: Rng) -> str:
    """One of those `places` that share most words with the old place."""
    old_kinds = _kinds(old)
    places = [place for place in places if _form(place) == _form(old)] or places
    places = [place for place in places if not _kinds(place) & _SPECIALIZED - old_kinds] or places
    if not _PART.match(old):
        places = list(dict.fromkeys(whole(place) for place in places))
    if "lower" in old_kinds:
        places = [place for place in places if "upper" not in _kinds(place)] or places
    shared = [len(old_kinds & _kinds(place)) for place in places]
    return rng.choice([place for place, count in zip(places, shared, strict=True) if count == max(shared)])


def _head(place: str) -> str:
    return _HEAD.split(place, maxsplit=1)[0]


def _form(place: str) -> str:
    """`aboard` for a place that one rides in, `halt` for one where one waits, "" for any other."""
    head = _head(whole(place))
    if _ABOARD.search(head) or re.search(r"\b(carriage|compartment)\s*$", head):
        return "aboard"
    return "halt" if _HALT.search(head) else ""


def _kinds(place: str) -> set[str]:
    return {_KIND_OF_WORD.get(word, word) for word in words(place)} - _IGNORED


def preposition(place: str, old: str) -> str:
    """The preposition of a place; `old` is the one to keep where the words do not decide it."""
    head = _head(place)
    if _CABIN.search(head):
        return "in"
    if _ABOARD.search(head) or _ON.search(head):
        return "on"
    if _AT.search(head):
        return "at"
    return "in" if _IN.search(head) else ("in" if old == "on" else old)
