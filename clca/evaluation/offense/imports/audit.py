"""Faults of test sets: counted while they are read, and described afterwards."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from hashlib import blake2b

from clca.records import Record

TEXT_LIMIT = 100_000  # characters; a longer text is no post, but a fault of the file
_SHOWN = 3
_GOLD_BITS = 12
_LAST_GOLD = (1 << _GOLD_BITS) - 1
_MAX_LABELS = 50  # distinct labels that are counted by name


class SetAudit(Record):
    """Audit of one test set. `labels` counts the source's labels; `outside` those outside the list even if corrected.

    `usable` counts the texts with a gold of the label list; `absent` are the labels of the list that no text has,
    `single` the one label that all texts have.
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
        """The faults, each in a few words."""
        findings = []
        for count, fault in (
            (self.empty_gold, "without a gold label"),
            (self.empty_texts, "without a text"),
            (self.long_texts, f"of more than {TEXT_LIMIT:,} characters, left out"),
            (self.malformed, "malformed, left out"),
            (self.breaks, "that str.splitlines() would cut"),
            (self.repeated, "repeating an earlier text"),
            (self.repeated_other_gold, "repeating an earlier text with another gold"),
        ):
            if count:
                findings.append(f"{count:,} {fault}")
        if self.outside:
            labels = ", ".join(f"{label!r} {count:,}" for label, count in list(self.outside.items())[:_SHOWN])
            findings.append(f"{sum(self.outside.values()):,} with a label outside the list ({labels})")
        if self.corrected:
            findings.append("gold corrected: " + ", ".join(f"{old} to {new}" for old, new in self.corrected.items()))
        if self.imported and not self.usable:
            findings.append("no text with a gold of the label list: asked with --scoring paper only")
        elif self.single is not None:
            findings.append(f"a single class ({self.single}): left out of corrected means")
        elif self.absent:
            findings.append(f"no gold is {', '.join(self.absent)}: an F1 of 0 in the macro average")
        return tuple(findings)


class SharedTexts(Record):
    """Number of texts that two sets share; `other_gold` of them with another gold label, in sets of one type."""

    first: str
    second: str
    texts: int
    other_gold: int


class ImportAudit(Record):
    """Audit of an import. `missing` files are in the mapping only, `unnamed` ones in the folder only."""

    version: str
    mapping: str
    sets: tuple[SetAudit, ...]
    shared: tuple[SharedTexts, ...]
    missing: tuple[str, ...]
    unnamed: tuple[str, ...]

    @property
    def finding_count(self) -> int:
        """Number of findings."""
        return (
            sum(len(test_set.findings) for test_set in self.sets)
            + len(self.shared)
            + len(self.missing)
            + len(self.unnamed)
        )


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
        """Count a malformed record and keep the first faults."""
        self.malformed += 1
        if len(self.first_malformed) < _SHOWN:
            self.first_malformed.append(f"{line}: {why}")

    def count_label(self, counter: Counter[str], label: str) -> None:
        """Count a label by name, or among all others once there are too many names."""
        shown = label[:60]
        counter[shown if shown in counter or len(counter) < _MAX_LABELS else "(others)"] += 1

    def audit(self, name: str, type_: str, source: str, encoding: str, labels: Sequence[str]) -> SetAudit:
        """The audit of the set once all records were counted; `labels` is the label list."""
        present = [label for label in labels if self.gold[label]]
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
            absent=tuple(label for label in labels if label not in present),
            single=present[0] if len(present) == 1 else None,
            empty_texts=self.empty_texts,
            long_texts=self.long_texts,
            breaks=self.breaks,
            repeated=self.repeated,
            repeated_other_gold=self.repeated_other_gold,
            malformed=self.malformed,
            first_malformed=tuple(self.first_malformed),
        )


class DuplicateIndex:
    """Texts seen so far, by eight bytes of their digest, with their sets and gold labels."""

    def __init__(self) -> None:
        self._seen: dict[int, int] = {}
        self._others: dict[int, list[int]] = {}
        self._types: dict[int, str] = {}
        self._golds: dict[str, int] = {}
        self._shared: Counter[tuple[int, int]] = Counter()
        self._other_gold: Counter[tuple[int, int]] = Counter()

    def enter(self, number: int, task_type: str) -> None:
        """Announce a set before its texts; only sets of one type can contradict each other."""
        self._types[number] = task_type

    def add(self, number: int, text: str, gold: str, counts: SetCounts) -> None:
        """Compare a text of a set with those before it, and count duplicates."""
        key = int.from_bytes(blake2b(text.encode(), digest_size=8).digest(), "big")
        code = self._golds.setdefault(gold, len(self._golds)) if len(self._golds) < _LAST_GOLD else _LAST_GOLD
        entry = number << _GOLD_BITS | code
        if key not in self._seen:
            self._seen[key] = entry
            return
        earlier = [self._seen[key], *self._others.get(key, ())]
        same_set = next((other for other in earlier if other >> _GOLD_BITS == number), None)
        if same_set is not None:
            if same_set & _LAST_GOLD == code:
                counts.repeated += 1
            else:
                counts.repeated_other_gold += 1
            return
        self._others.setdefault(key, []).append(entry)
        for other in earlier:
            pair = (other >> _GOLD_BITS, number)
            self._shared[pair] += 1
            if self._types[other >> _GOLD_BITS] == self._types[number] and other & _LAST_GOLD != code:
                self._other_gold[pair] += 1

    def shared(self, names: Sequence[str]) -> Iterable[SharedTexts]:
        """Pairs of sets with texts in common, those that contradict each other first."""
        pairs = sorted(self._shared, key=lambda pair: (-self._other_gold[pair], -self._shared[pair], pair))
        for first, second in pairs:
            yield SharedTexts(
                first=names[first],
                second=names[second],
                texts=self._shared[first, second],
                other_gold=self._other_gold[first, second],
            )
