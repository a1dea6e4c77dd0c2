"""How near a text of the training data comes to the survey's items: three measures.

wording
    A run of `LONGEST_RUN` consecutive words that the text shares with an item's question or one of its options, in any
    language of the suite; where a script has no spaces, of `LONGEST_RUN_OF_CHARACTERS` characters.
subject
    `MOST_OF_SUBJECT` of an item's own stems, which are those of its English question and label that at most a quarter
    of the items have, without stop words. An item with fewer than two is left to the ground.
ground
    The topics of the survey that the text is about: a topic is met where a sentence has a word of each of its groups.
    It finds what says an item's matter in words of its own.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence

from clca.content.wvs_items import Item
from clca.words import content_stems

LONGEST_RUN = 5  # fewer are shared by chance
LONGEST_RUN_OF_CHARACTERS = 10
MOST_OF_SUBJECT = 0.75

_NO_SPACES = re.compile(r"[\u3040-\u30ff\u3400-\u9fff]")
_TOKENS = re.compile(r"[\u3040-\u30ff\u3400-\u9fff]|[^\W_\u3040-\u30ff\u3400-\u9fff]+")

_CHILD = r"child|children|sons?|daughters?|boys?|girls?|pupils?|kids?|little ones"
_MEN = r"men|man|boys?|sons?|husbands?|brothers?|male"
_WOMEN = r"women|woman|girls?|daughters?|wife|wives|sisters?|female"
_PARENTS = r"parents?|mothers?|fathers?|old people"
_NEIGHBOUR = r"neighbour\w*|next door|staircase|landing"
_IDENTITY = r"race|racial|skin colour|foreign\w*|(?:im)?migrants?|faiths?|religions?|origin|gay|lesbian|homosexual\w*"

GROUNDS: dict[str, tuple[str, ...]] = {
    "child qualities": (
        _CHILD,
        r"obey|obedien\w*|well-mannered|manners|independen\w*|hard work|work of the house|chores|responsib\w*"
        r"|imaginati\w*|toleran\w*|thrift\w*|persever\w*|determination|unselfish\w*|religious faith",
    ),
    "unwanted neighbours": (
        _NEIGHBOUR,
        rf"{_IDENTITY}|drugs?|addict\w*|aids|hiv|drinks? heavily|heavy drink\w*|drunk\w*|unmarried"
        r"|without being married|(?:another|other|different|foreign) (?:faith|religion|languages?|origin)",
    ),
    "men and women": (
        _MEN,
        _WOMEN,
        r"jobs?|works?|working|tasks?|earns?|university|education|leaders?|lead|bosses|business|compan\w+|chores"
        r"|equal\w*|as much as|clears?|clear up",
    ),
    "mothers at work": (r"mothers?|wife|wives|woman|women", r"paid job|housewi\w+|keeping house|goes? out to work"),
    "parents and grown children": (
        rf"grown[- ](?:up )?(?:{_CHILD})|adult (?:{_CHILD})|{_PARENTS}",
        r"proud of|duty|long-term care|let (?:their|the) parents know|call(?:ing)? (?:the|their) parents"
        r"|ring our old people",
    ),
    "same-sex couples": (r"same sex|same-sex|gay|lesbian|homosexual\w*",),
    "jobs for people of the country": (r"jobs?|work\w*|employ\w*", r"immigrants?|foreigners?|people of this country"),
    "duty to society": (r"duty|duties|owe", r"society"),
    "work ethic": (r"laz(?:y|iness)|idle\w*|work comes? first|work should come first|before free time",),
    "importance in life": (r"important\w*|importance|matters? most", r"in (?:my|our|your|their|one's) (?:life|lives)"),
    "the future": (r"technology|authority", r"in the future|less important|more respect|greater|development"),
}
_GROUNDS = {
    topic: [re.compile(rf"\b(?:{group})\b", re.IGNORECASE) for group in groups] for topic, groups in GROUNDS.items()
}


def tokens(text: str) -> list[str]:
    """The words of a text in lower case; each character where the script has no spaces."""
    return _TOKENS.findall(text.lower().replace("'", "").replace("’", ""))


def runs(text: str, *, of_characters: bool | None = None) -> set[tuple[str, ...]]:
    """All runs of the text's tokens that have the length which may not be shared."""
    if of_characters is None:
        of_characters = _NO_SPACES.search(text) is not None
    length, own = LONGEST_RUN_OF_CHARACTERS if of_characters else LONGEST_RUN, tokens(text)
    return {tuple(own[start : start + length]) for start in range(len(own) - length + 1)}


def subjects(items: Sequence[Item]) -> dict[str, set[str]]:
    """The own stems of each item, by id."""
    stems = {item.id: content_stems(f"{item.label} {item.question}") for item in items}
    times = Counter(stem for own in stems.values() for stem in own)
    return {item: {stem for stem in own if times[stem] <= len(items) / 4} for item, own in stems.items()}


def grounds(text: str) -> list[str]:
    """The topics of the survey that a sentence of the text is about."""
    sentences = re.split(r"(?<=[.!?])\s+", text)
    return [
        topic
        for topic, groups in _GROUNDS.items()
        if any(all(group.search(sentence) for group in groups) for sentence in sentences)
    ]


class Survey:
    """The items in all languages, prepared to compare texts with.

    `items` are the English ones, `translated` those of every language, English as well.
    """

    def __init__(self, items: Sequence[Item], translated: Iterable[Item]) -> None:
        self._subjects = {item: stems for item, stems in subjects(items).items() if len(stems) >= 2}
        self._runs = {
            run: item.id for item in translated for part in (item.question, *item.options) for run in runs(part)
        }

    def leaks(self, text: str) -> list[str]:
        """What of the survey an English text gives away: the measure and the item or topic."""
        shared = {self._runs[run] for run in runs(text) | runs(text, of_characters=True) if run in self._runs}
        stems = content_stems(text)
        about = [item for item, own in self._subjects.items() if len(own & stems) >= MOST_OF_SUBJECT * len(own)]
        return [
            *(f"wording: {item}" for item in sorted(shared)),
            *(f"subject: {item}" for item in about),
            *(f"ground: {topic}" for topic in grounds(text)),
        ]
