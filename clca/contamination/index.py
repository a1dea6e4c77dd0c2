"""What a text shares with evaluations: hashed n-grams of it, looked up among those of the evaluations' texts.

A text of an evaluation counts as shared where a run of n of its tokens stands in another text: words, or characters of
a script without spaces, of which a run is twice as long. A text that is shorter than that counts where all of it does,
unless it is so short (`least`) that others have it by chance; how many are too short is counted. Runs that stand in
more than `MOST_ITEMS` texts of the same evaluation are its turns of phrase ("Which of the following is true of the"),
and are left out.

Source: Brown et al. 2020, *Language Models are Few-Shot Learners*, appendix C, who take 8 to 13 words.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from clca.contamination.ngrams import Hashes, TokenHashes, ngram_hashes
from clca.contamination.run_length import EvaluationTexts
from clca.records import Record
from clca.tokens import has_spaces, tokens

CHARACTERS = 2  # times as long as runs of words
MOST_ITEMS = 20
LONGEST_SHOWN = 200  # characters of the text of a hit
_BETWEEN = "\0"  # stands between two texts, and in none


Kind = tuple[int, bool]
"""Tokens of a run, and whether they are words."""
Items = NDArray[np.uint32]


class Reference(Record):
    """An evaluation that texts were compared with."""

    name: str
    texts: int
    compared: int = Field(description="Texts that are long enough.")
    common: int = Field(description="Runs that stand in so many items that they are turns of phrase, and are left out.")


class Hit(Record):
    """A text of an evaluation that is shared: `where` it was found, of which item, and the words that are shared."""

    where: str
    evaluation: str
    item: str
    text: str


class ContaminationIndex:
    """The n-grams of evaluations, sorted: 12 bytes each. `references` says what they are of."""

    def __init__(self, evaluations: Iterable[EvaluationTexts]) -> None:
        self._hashes = TokenHashes()
        self._items: list[tuple[str, str]] = []
        parts: dict[Kind, list[tuple[Hashes, Items]]] = defaultdict(list)
        self.references = tuple(self._read(evaluation, parts) for evaluation in evaluations)
        self._tables: dict[Kind, tuple[Hashes, Items]] = {}
        for kind, tables in parts.items():
            grams, items = (np.concatenate(arrays) for arrays in zip(*tables, strict=True))
            if len(grams):
                order = np.argsort(grams, kind="stable")
                self._tables[kind] = grams[order], items[order]

    def hits(self, texts: Mapping[str, str], skip: Collection[str] = ()) -> list[Hit]:
        """What texts, by where they stand, share with evaluations, each item once; those of `skip` do not count.

        Of the items of an evaluation that have a run in common the first stands for all.
        """
        words: list[str] = []
        beginnings: list[tuple[int, str]] = []
        for where, text in texts.items():
            beginnings.append((len(words), where))
            words += [*tokens(text), _BETWEEN]
        if not words:
            return []
        hashes = self._hashes.of(words)
        spaceless = not all(map(str.isascii, words)) and any(len(word) == 1 and not word.isascii() for word in words)
        hits: dict[tuple[str, str], Hit] = {}
        for (n, of_words), (keys, items) in self._tables.items():
            if not (of_words or spaceless):
                continue
            grams = ngram_hashes(hashes, n)
            at = np.searchsorted(keys, grams)
            shared = np.flatnonzero(keys[np.minimum(at, len(keys) - 1)] == grams)
            ends = np.searchsorted(keys, grams[shared], side="right")
            for start, end in zip(shared, ends, strict=True):
                for evaluation, item in (self._items[number] for number in items[at[start] : end]):
                    if evaluation not in skip and (evaluation, item) not in hits:
                        where = next(name for begin, name in reversed(beginnings) if begin <= start)
                        run = (" " if of_words else "").join(words[start : start + n])[:LONGEST_SHOWN]
                        hits[evaluation, item] = Hit(where=where, evaluation=evaluation, item=item, text=run)
        return list(hits.values())

    def _read(self, evaluation: EvaluationTexts, parts: dict[Kind, list[tuple[Hashes, Items]]]) -> Reference:
        runs: dict[Kind, _Runs] = {}
        texts = compared = 0
        numbers: dict[str, int] = {}
        for item, text in evaluation.texts:
            texts += 1
            words = tokens(text)
            of_words = has_spaces(words)
            times = 1 if of_words else CHARACTERS
            if len(words) < times * evaluation.length.least:
                continue
            compared += 1
            if item not in numbers:
                numbers[item] = len(self._items)
                self._items.append((evaluation.name, item))
            kind = min(len(words), times * evaluation.length.n), of_words
            runs.setdefault(kind, _Runs(kind[0])).add(self._hashes.of(words), numbers[item])
        common = 0
        for kind, own in runs.items():
            grams, items, frequent = own.of_items()
            common += frequent
            keys, first = np.unique(grams, return_index=True)
            parts[kind].append((keys, items[first]))
        return Reference(name=evaluation.name, texts=texts, compared=compared, common=common)


class _Runs:
    """The runs of n tokens of some texts, each with the number of its item."""

    def __init__(self, n: int) -> None:
        self._n = n
        self._grams: list[Hashes] = []
        self._items: list[int] = []

    def add(self, hashes: Hashes, item: int) -> None:
        """Add a text of an item."""
        self._grams.append(ngram_hashes(hashes, self._n))
        self._items.append(item)

    def of_items(self) -> tuple[Hashes, Items, int]:
        """The runs that at most `MOST_ITEMS` items have, the item of each, and how many others there are."""
        grams = np.concatenate(self._grams)
        items = np.repeat(np.array(self._items, dtype=np.uint32), list(map(len, self._grams)))
        order = np.lexsort((items, grams))
        grams, items = grams[order], items[order]
        fresh = np.ones(len(grams), dtype=bool)  # the first of equal runs of an item
        fresh[1:] = (grams[1:] != grams[:-1]) | (items[1:] != items[:-1])
        grams, items = grams[fresh], items[fresh]
        keys, counts = np.unique(grams, return_counts=True)
        frequent = keys[counts > MOST_ITEMS]
        rare = ~np.isin(grams, frequent)
        return grams[rare], items[rare], len(frequent)
