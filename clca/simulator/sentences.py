"""Small repairs on sentences: filling gaps, splitting, joining, putting a name in."""

from __future__ import annotations

import re
from collections.abc import Mapping

from clca.records import Culture
from clca.simulator.rng import Rng

_PLACEHOLDER = re.compile(r"\{(\w+)\}")
_SENTENCE = re.compile(r"(?<=[.!?…])[\"”’']?\s+(?=[\"“‘'A-ZÀ-ÖØ-Þ0-9])")
_WORDS = re.compile(r"[^\W_]+(?:['’][^\W_]+)?")
_SMALL_FIRST = """
the a an it its it's you your you're we our this that that's these those there there's they he she what which
who how why when where could can can't would will won't may might is isn't are aren't am do don't does did
didn't have has had if and but so or not no yes of my me in on at for from with please about one two some all
everybody nobody let let's just only then perhaps maybe since because would because even every give take tell
don't thank
"""
_LOWERABLE = frozenset(_SMALL_FIRST.split())
_OPENERS = """
oh well ah hm hmm look listen yes no right sure fine okay ok all good of i see but and so then thank thanks
please true mm really hey now very that
"""
_INTERJECTIONS = frozenset(_OPENERS.split())


def words(text: str) -> list[str]:
    return _WORDS.findall(text.lower().replace("’", "'"))


def sentences(text: str) -> list[str]:
    return [part.strip() for part in _SENTENCE.split(text) if part.strip()]


def key(sentence: str) -> str:
    """What two sentences share when they are the same to a listener."""
    return " ".join(words(sentence))


def upper_first(text: str) -> str:
    return text[:1].upper() + text[1:]


def lower_first(text: str) -> str | None:
    """The text as the rest of a sentence; None where the first word may be a name."""
    first = re.split(r"[\s,.!?;:]", text, maxsplit=1)[0]
    bare = first.replace("’", "'")
    if bare in ("I", "I'm", "I've", "I'd", "I'll"):
        return text
    return text[:1].lower() + text[1:] if bare.lower() in _LOWERABLE else None


def opens_with_interjection(text: str) -> bool:
    found = words(text[:24])
    return not found or found[0] in _INTERJECTIONS


def joined(lines: list[str]) -> str:
    """Lines one after another; a lead-in that ends in a comma or colon runs on into the next."""
    text = ""
    for line in lines:
        if text[-1:] in (",", ":"):
            lowered = lower_first(line)
            text = f"{text} {lowered}" if lowered else f"{text[:-1].rstrip()}. {upper_first(line)}"
        else:
            text = f"{text} {upper_first(line)}".strip()
    return text


def fill(text: str, values: Mapping[str, str]) -> str:
    """Placeholders replaced, with a capital where one opens a sentence; unknown ones stay."""

    def one(match: re.Match[str]) -> str:
        value = values.get(match.group(1))
        if value is None:
            return match.group(0)
        before = text[: match.start()].rstrip(" \"“‘'")
        return upper_first(value) if not before or before[-1] in ".!?…" else value

    return _PLACEHOLDER.sub(one, text) if "{" in text else text


def local(text: str, dialect: Mapping[str, str]) -> str:
    """The text with the words that its speakers use where others of the same language use different ones."""

    def one(match: re.Match[str]) -> str:
        word = match.group(0)
        found = dialect.get(word) or dialect.get(word.lower())
        return word if found is None else upper_first(found) if word[0].isupper() else found

    if not dialect:
        return text
    return re.sub(rf"\b(?:{'|'.join(sorted(dialect, key=len, reverse=True))})\b", one, text, flags=re.I)


def call_after(text: str, name: str) -> str | None:
    """The name at the end of the first sentence, where that is short enough to bear it."""
    found = sentences(text)
    first = found[0]
    if "," in first or len(first.split()) > 7 or first[-1] not in ".!?":
        return None
    return " ".join([f"{first[:-1]}, {name}{first[-1]}", *found[1:]])


def call_before(text: str, name: str) -> str | None:
    """The name before the first sentence, where that does not begin in the middle of a thought."""
    lowered = None if re.match(r"(And|But|Or|So|Then|No|Yes)\b", text) else lower_first(text)
    return None if lowered is None else f"{upper_first(name)}, {lowered}"


def lexicon(culture: Culture, scenario_id: str) -> dict[str, str]:
    """What each placeholder stands for in this scenario in this culture, the same in every play."""
    values: dict[str, str] = {}
    price = Rng(culture.id, scenario_id, "price").uniform()
    for name, items in culture.lexicon.items():
        if items:
            mark = price if name.startswith("price") else Rng(culture.id, scenario_id, name).uniform()
            values[name] = items[int(mark * len(items))]
    values["city"] = Rng(culture.id, scenario_id, "city").choice(culture.cities) if culture.cities else "the city"
    return values


def absent(culture: Culture, scenario_id: str, taken: frozenset[str]) -> dict[str, str]:
    """Given names of people who are talked about and not there."""
    values: dict[str, str] = {}
    for name, pool in (("third_f", culture.names.female), ("third_m", culture.names.male)):
        free = [item for item in pool if item not in taken] or ["somebody"]
        values[name] = Rng(culture.id, scenario_id, name).choice(free)
    return values
