"""What is amiss in test sets: counted while they are read, told in words afterwards."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from hashlib import blake2b

from clca.records import Record

TEXT_LIMIT = 100_000  # characters; a longer text is no post, but a fault of the file
_SHOWN = 3
_BITS = 12
_LAST = (1 << _BITS) - 1
_LABELS = 50  # distinct labels that are counted by name


class SetAudit(Record):
    """One test set. `labels` counts the source's labels; `outside` those of no use even when corrected.

    `usable` counts the texts with a gold of the label list; `absent` are those of the list that no gold is, `single`
    the one that all are.
    """

    name: str
    type: str
    source: str
    encoding: str
    rows: int
    imported: int
    labels: dict[str, int]
    corrected: dict[str, str]
    empty_gold: int
    outside: dict[str, int]
    usable: int
    absent: tuple[str, ...]
    single: str | None
    empty_texts: int
    long_texts: int
    breaks: int
    repeated: int
    repeated_other_gold: int
    malformed: int
    first_malformed: tuple[str, ...]

    @property
    def findings(self) -> tuple[str, ...]:
        """What is amiss, each in a few words."""
        found = []
        for count, what in (
            (self.empty_gold, "without a gold label"),
            (self.empty_texts, "without a text"),
            (self.long_texts, f"of more than {TEXT_LIMIT:,} characters, left out"),
            (self.malformed, "malformed, left out"),
            (self.breaks, "that str.splitlines() would cut"),
            (self.repeated, "of a text that stood before"),
            (self.repeated_other_gold, "of a text that stood before with another gold"),
        ):
            if count:
                found.append(f"{count:,} {what}")
        if self.outside:
            named = ", ".join(f"{label!r} {count:,}" for label, count in list(self.outside.items())[:_SHOWN])
            found.append(f"{sum(self.outside.values()):,} with a label outside the list ({named})")
        if self.corrected:
            found.append("gold corrected: " + ", ".join(f"{old} to {new}" for old, new in self.corrected.items()))
        if self.imported and not self.usable:
            found.append("no text with a gold of the label list: only --scoring paper asks it")
        elif self.single is not None:
            found.append(f"a single class ({self.single}): left out of corrected means")
        elif self.absent:
            found.append(f"no gold is {', '.join(self.absent)}: an F1 of 0 in the macro average, whatever is answered")
        return tuple(found)


class SharedTexts(Record):
    """Texts that stand in two sets; `other_gold` of them with another gold label, in sets of one type."""

    first: str
    second: str
    texts: int
    other_gold: int


class ImportAudit(Record):
    """The whole import."""

    version: str
    mapping: str
    sets: tuple[SetAudit, ...]
    shared: tuple[SharedTexts, ...]
    missing: tuple[str, ...]
    unnamed: tuple[str, ...]

    @property
    def amiss(self) -> int:
        """How many findings there are."""
        return sum(len(one.findings) for one in self.sets) + len(self.shared) + len(self.missing) + len(self.unnamed)


class SetCounts:
    """Counts of one test set, a record at a time."""

    def __init__(self) -> None:
        self.rows = self.imported = self.empty_gold = self.empty_texts = self.long_texts = self.breaks = 0
        self.malformed = self.repeated = self.repeated_other_gold = 0
        self.labels: Counter[str] = Counter()
        self.outside: Counter[str] = Counter()
        self.corrected: dict[str, str] = {}
        self.gold: Counter[str] = Counter()
        self.first_malformed: list[str] = []

    def count_malformed(self, line: int, why: str) -> None:
        self.malformed += 1
        if len(self.first_malformed) < _SHOWN:
            self.first_malformed.append(f"{line}: {why}")

    def count_label(self, counter: Counter[str], label: str) -> None:
        """By name, or among all others where there are too many names."""
        shown = label[:60]
        counter[shown if shown in counter or len(counter) < _LABELS else "(others)"] += 1

    def audit(self, name: str, type_: str, source: str, encoding: str, labels: Sequence[str]) -> SetAudit:
        there = [label for label in labels if self.gold[label]]
        return SetAudit(
            name=name,
            type=type_,
            source=source,
            encoding=encoding,
            rows=self.rows,
            imported=self.imported,
            labels=dict(self.labels.most_common()),
            corrected=self.corrected,
            empty_gold=self.empty_gold,
            outside=dict(self.outside.most_common()),
            usable=sum(self.gold.values()),
            absent=tuple(label for label in labels if label not in there),
            single=there[0] if len(there) == 1 else None,
            empty_texts=self.empty_texts,
            long_texts=self.long_texts,
            breaks=self.breaks,
            repeated=self.repeated,
            repeated_other_gold=self.repeated_other_gold,
            malformed=self.malformed,
            first_malformed=tuple(self.first_malformed),
        )


class DuplicateIndex:
    """Texts seen before, known by eight bytes of their digest and the gold label they had."""

    def __init__(self) -> None:
        self._seen: dict[int, int] = {}
        self._again: dict[int, list[int]] = {}
        self._types: dict[int, str] = {}
        self._golds: dict[str, int] = {}
        self._shared: Counter[tuple[int, int]] = Counter()
        self._other: Counter[tuple[int, int]] = Counter()

    def enter(self, number: int, task_type: str) -> None:
        """A set's texts come next; sets of one type can contradict each other."""
        self._types[number] = task_type

    def add(self, number: int, text: str, gold: str, tally: SetCounts) -> None:
        """Compare a text of a set with those before it."""
        key = int.from_bytes(blake2b(text.encode(), digest_size=8).digest(), "big")
        code = self._golds.setdefault(gold, len(self._golds)) if len(self._golds) < _LAST else _LAST
        mine = number << _BITS | code
        if key not in self._seen:
            self._seen[key] = mine
            return
        before = [self._seen[key], *self._again.get(key, ())]
        own = next((one for one in before if one >> _BITS == number), None)
        if own is not None:
            if own & _LAST == code:
                tally.repeated += 1
            else:
                tally.repeated_other_gold += 1
            return
        self._again.setdefault(key, []).append(mine)
        for one in before:
            pair = (one >> _BITS, number)
            self._shared[pair] += 1
            if self._types[one >> _BITS] == self._types[number] and one & _LAST != code:
                self._other[pair] += 1

    def shared(self, names: Sequence[str]) -> Iterable[SharedTexts]:
        """Pairs of sets with texts in common, those that contradict each other first."""
        pairs = sorted(self._shared, key=lambda pair: (-self._other[pair], -self._shared[pair], pair))
        for first, second in pairs:
            yield SharedTexts(
                first=names[first],
                second=names[second],
                texts=self._shared[first, second],
                other_gold=self._other[first, second],
            )
