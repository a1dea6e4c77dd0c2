"""English texts: their words, the stems of these, and which of them are names; texts shortened for messages."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache

_COMMON = """
a about after again all also always am an and another any anybody anyone anything are aren't as at away back be
because been before being between both but by came can can't come could couldn't day days did didn't do does
doesn't doing don't done down each else end enough even ever every everybody everyone everything find first for
from get gets give go goes going gone good got had hadn't half hand hands happy has hasn't have haven't having
he he's hear her here hers herself him himself his home how i i'd i'll i'm i've if in into is isn't it it's its
itself just keep kind knew know last least left let let's like little long look looking lot made make makes many
may maybe me mean mind more morning most much must my myself need never new next no nobody not nothing now of
off old on once one only or other others our ourselves out over own people perhaps person place please put quite
rather really right said same say see set shall she she's should so some somebody somehow someone something
sometimes soon sorry still such sure take taken talk tell than thank thanks that that's the their them
themselves then there there's these they they're thing things think this those though thought three through time
to today together told tomorrow tonight too two under until up us used very want wanted was wasn't way we we'll
we're we've week weeks well went were weren't what what's when where whether which while who whole whom whose
why will with without won't word words work would wouldn't year years yes yet you you'd you'll you're you've
your yours yourself evening people's ask asked asking matter mention hope agree understand everybody's anyway
already whatever rest course question answer idea one two three four five six seven eight nine ten eleven twelve
thirteen fourteen fifteen sixteen twenty thirty forty fifty hundred thousand o'clock line's
"""
STOP_WORDS = frozenset(_COMMON.split())

_WORDS = re.compile(r"[^\W_]+(?:['’][^\W_]+)?")


def words(text: str) -> list[str]:
    """The words in lower case, with straight apostrophes."""
    return _WORDS.findall(text.lower().replace("’", "'"))


def holds_any(text: str, parts: Iterable[str]) -> bool:
    """Whether one of the parts stands in the text, case aside.

    Cheaper than a pattern made of names, which has to be compiled for each pair of people.
    """
    folded = _folded(text)
    return any(_folded(part) in folded for part in parts)


def _folded(text: str) -> str:
    return text.casefold().replace("\u0307", "")  # of İ, which patterns take as i


def upper_first(text: str) -> str:
    """The text with a capital first letter."""
    return text[:1].upper() + text[1:]


def lower_first(text: str) -> str:
    """The text with a small first letter, unless it begins with I, a name in capitals, or the like.

    >>> lower_first("One waits."), lower_first("I wait."), lower_first("TV is off.")
    ('one waits.', 'I wait.', 'TV is off.')
    """
    word = text.split(maxsplit=1)[0] if text.strip() else ""
    return text if word.isupper() or bare(word) == "I" or word.startswith(("I'", "I’")) else text[:1].lower() + text[1:]


def beginning(text: str, length: int) -> str:
    """The text, or its beginning and an ellipsis where it has more than `length` characters."""
    return text if len(text) <= length else text[: length - 3] + "..."


def ending(text: str, length: int) -> str:
    """The text, or an ellipsis and its end where it has more than `length` characters."""
    return text if len(text) <= length else "..." + text[3 - length :]


def stem(word: str) -> str:
    """The word without a possessive, a plural or a verb ending, by suffix alone."""
    word = word.removesuffix("'s").removesuffix("’s")
    for suffix in ("ing", "ed", "es", "s"):
        if word.endswith(suffix) and len(word) - len(suffix) >= 4:
            return word[: -len(suffix)]
    return word


def content_stems(text: str) -> set[str]:
    """The stems of the words that are no stop words."""
    return {stem(word) for word in words(text) if word not in STOP_WORDS and len(word) > 2}


def content_share(text: str, other: str) -> float:
    """The share of the stems of `text` that `other` has, too, 0 to 1; 1 where `text` has none."""
    stems = content_stems(text)
    return len(stems & content_stems(other)) / len(stems) if stems else 1.0


# ---------------------------------------------------------------- names

_NO_NAMES = """
January February March April May June July August September October November December
Monday Tuesday Wednesday Thursday Friday Saturday Sunday Mondays Tuesdays Wednesdays Thursdays Fridays Saturdays Sundays
Christmas Easter God Internet I'm I've I'd I'll
Mr Mrs Ms Miss Dr Prof Sir Madam Doctor Professor Father Mother Mum Mom Dad Papa Mama Gran Grandma Grandpa
Grandmother Grandfather Aunt Uncle Auntie Sister Brother
English British Scottish Welsh Irish American Canadian Australian European African Asian French German Dutch Spanish
Italian Portuguese Russian Polish Greek Turkish Arabic Hebrew Persian Hindi Bengali Chinese Mandarin Cantonese Korean
Japanese Vietnamese Thai Latin Mexican Brazilian Argentinian Indian Bangladeshi Iraqi Jordanian
Christian Catholic Protestant Orthodox Muslim Jewish Buddhist Hindu Shinto
"""
NO_NAMES = frozenset(_NO_NAMES.split())
_GENERIC = """
Avenue Bank Bay Beach Bridge Castle Cathedral Centre Center Church City Clinic Club College Company Court Department
Festival Forest Garden Gardens Gate Hall Harbour High Hill Hills Hospital Hotel House Inn Island Lake Lane Library Line
Main Market Middle Mosque Mount Mountain Museum New North South East West Northern Southern Eastern Western Office Old
Park Place Police Pond Port Post Primary River Road School Secondary Shop Square Station Street Temple Tower Town Upper
Lower University Valley Village Ward The Of Sea Bus Coach Train Ltd Inc
"""
GENERIC = frozenset(_GENERIC.split())
_NAME_TOKEN = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)*|[.!?…:;][\"'”’)\]]*(?=\s|$)|[\"“‘„«(\[\n]")


@lru_cache(4096)
def names_in(text: str) -> tuple[str, ...]:
    """The words of a text that are names of people or places, in order, without possessive endings.

    A word counts if it begins with a capital and has small letters, and does not begin a sentence or a quotation; one
    that does counts where a word of `GENERIC` follows (Leeds Station). Not counted are the words of `NO_NAMES` (months,
    weekdays, titles, languages, religions) and what only accompanies a name (`GENERIC`: Park, Street, North). So a
    place that occurs at the beginning of sentences only is missed.
    """
    tokens = _NAME_TOKEN.findall(text)
    names, is_start = [], True
    for index, token in enumerate(tokens):
        if not token[0].isalpha():
            is_start = True
            continue
        if _is_capitalised(token):
            name = bare(token)
            begins_alone = is_start and not GENERIC.intersection(tokens[index + 1 : index + 2])
            if not begins_alone and name not in NO_NAMES and token not in NO_NAMES and name not in GENERIC:
                names.append(name)
        is_start = False
    return tuple(names)


def bare(word: str) -> str:
    """The word without a possessive ending."""
    return word.removesuffix("'s").removesuffix("’s")


def _is_capitalised(token: str) -> bool:
    return len(token) > 1 and token[0].isupper() and not bare(token).isupper()


def whole_word(text: str) -> str:
    """A regular expression that matches the text where no letter or digit stands beside it."""
    return rf"(?<!\w){re.escape(text)}(?!\w)"
