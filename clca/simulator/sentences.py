"""Operations on sentences: filling placeholders, splitting, joining, putting a name in."""

from __future__ import annotations

import re
from collections.abc import Mapping

from clca.records import Culture
from clca.seeding import Rng
from clca.words import upper_first, words

_PLACEHOLDER = re.compile(r"\{(\w+)\}")
_SENTENCE = re.compile(r"(?<=[.!?…])[\"”’']?\s+(?=[\"“‘'A-ZÀ-ÖØ-Þ0-9])")
_FUNCTION_WORDS = """
the a an it its it's you your you're we our this that that's these those there there's they he she what which
who how why when where could can can't would will won't may might is isn't are aren't am do don't does did
didn't have has had if and but so or not no yes of my me in on at for from with please about one two some all
everybody nobody let let's just only then perhaps maybe since because would because even every give take tell
don't thank
"""
_LOWERABLE = frozenset(_FUNCTION_WORDS.split())
_INTERJECTION_WORDS = """
oh well ah hm hmm look listen yes no right sure fine okay ok all good of i see but and so then thank thanks
please true mm really hey now very that
"""
_INTERJECTIONS = frozenset(_INTERJECTION_WORDS.split())


def sentences(text: str) -> list[str]:
    """The sentences of a text; an abbreviation before a capital ends one, too."""
    return [part.strip() for part in _SENTENCE.split(text) if part.strip()]


def key(sentence: str) -> str:
    """The words of a sentence as one string, equal for sentences that sound the same."""
    return " ".join(words(sentence))


def lower_first(text: str) -> str | None:
    """The text as the continuation of a sentence; None where the first word may be a name."""
    first = re.split(r"[\s,.!?;:]", text, maxsplit=1)[0]
    bare = first.replace("’", "'")
    if bare in ("I", "I'm", "I've", "I'd", "I'll"):
        return text
    return text[:1].lower() + text[1:] if bare.lower() in _LOWERABLE else None


def opens_with_interjection(text: str) -> bool:
    """Whether the first word is an interjection or the like, or there is none."""
    first_words = words(text[:24])
    return not first_words or first_words[0] in _INTERJECTIONS


def joined(lines: list[str]) -> str:
    """The lines as one text; one that ends in a comma or colon continues in the next."""
    text = ""
    for line in lines:
        if text[-1:] in (",", ":"):
            lowered = lower_first(line)
            text = f"{text} {lowered}" if lowered else f"{text[:-1].rstrip()}. {upper_first(line)}"
        else:
            text = f"{text} {upper_first(line)}".strip()
    return text


def fill(text: str, values: Mapping[str, str]) -> str:
    """The text with its placeholders replaced, capitalized at the start of a sentence; unknown ones stay."""

    def replacement(match: re.Match[str]) -> str:
        value = values.get(match.group(1))
        if value is None:
            return match.group(0)
        before = text[: match.start()].rstrip(" \"“‘'")
        return upper_first(value) if not before or before[-1] in ".!?…" else value

    return _PLACEHOLDER.sub(replacement, text) if "{" in text else text


def localize(text: str, dialect: Mapping[str, str]) -> str:
    """The text with its words replaced by those of a dialect, where that has others; capitals are kept."""

    def replacement(match: re.Match[str]) -> str:
        word = match.group(0)
        local = dialect.get(word) or dialect.get(word.lower())
        if local is None:
            return word
        return upper_first(local) if word[0].isupper() else local

    if not dialect:
        return text
    longest_first = map(re.escape, sorted(dialect, key=len, reverse=True))
    return re.sub(rf"\b(?:{'|'.join(longest_first)})\b", replacement, text, flags=re.I)


def call_after(text: str, name: str) -> str | None:
    """The text with the name at the end of its first sentence; None where that is too long or has a comma."""
    opening, *others = sentences(text)
    if "," in opening or len(opening.split()) > 7 or opening[-1] not in ".!?":
        return None
    return " ".join([f"{opening[:-1]}, {name}{opening[-1]}", *others])


def call_before(text: str, name: str) -> str | None:
    """The text with the name before it; None where it begins with a conjunction, an answer or a name."""
    lowered = None if re.match(r"(And|But|Or|So|Then|No|Yes)\b", text) else lower_first(text)
    return None if lowered is None else f"{upper_first(name)}, {lowered}"


def absent_names(culture: Culture, scenario_id: str, taken: frozenset[str]) -> dict[str, str]:
    """Given names, by placeholder, for people who are talked about; none is among `taken`."""
    values: dict[str, str] = {}
    for name, pool in (("third_f", culture.names.female), ("third_m", culture.names.male)):
        free = [item for item in pool if item not in taken] or ["somebody"]
        values[name] = Rng(culture.id, scenario_id, name).choice(free)
    return values
