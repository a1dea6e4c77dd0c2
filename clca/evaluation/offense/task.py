"""Test sets of offensiveness as tasks: what is asked of each row, and how its replies are read."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence

from clca.culture import CultureCatalogue
from clca.errors import ContentError
from clca.evaluation.classification.scores import ZERO_SHOT
from clca.evaluation.classification.task import Example
from clca.evaluation.offense.answer_extraction import LabelReader
from clca.evaluation.offense.suite import OffenseSuite, Scoring
from clca.evaluation.offense.test_sets import TestSet
from clca.storage.fingerprint import file_sha256


class OffenseTask:
    """A test set under a scoring. The row `zero-shot` is asked with the prompt that names the country."""

    def __init__(self, test: TestSet, scoring: Scoring, country: str) -> None:
        self._test, self._scoring, self._country = test, scoring, country
        self._reader = LabelReader(test.task_type, scoring)
        self.name, self.culture, self.count = test.name, test.culture, test.count(scoring)
        # All of the list, so that an answer that no text has as its gold label is a wrong one, not an invalid one.
        self.labels = test.task_type.labels_under(scoring)
        self.answers = test.task_type.numbers

    def system_prompt(self, system: str) -> str:
        return ""

    def examples(self, row: str) -> Iterator[Example]:
        kind = self._test.task_type
        for one in self._test.examples(self._scoring):
            text = kind.zero_shot(one.text, self._country) if row == ZERO_SHOT else kind.prompt(one.text)
            yield Example(one.id, text, one.gold)

    def read(self, reply: str) -> str | None:
        return self._reader.read(reply)

    def stop_condition(self, text: str) -> bool:
        return self._reader.stop_condition(text)


def countries_of(cultures: Iterable[str], tasks: OffenseSuite, catalogue: CultureCatalogue) -> dict[str, str]:
    """What the zero-shot prompt calls each culture's country."""
    named = tasks.cultures
    return {one: named[one].country if one in named else catalogue.culture(one).name for one in cultures}


def make_tasks(tests: Sequence[TestSet], scoring: Scoring, countries: Mapping[str, str]) -> tuple[OffenseTask, ...]:
    """Those that a scoring asks anything of."""
    made = (OffenseTask(one, scoring, countries[one.culture]) for one in tests)
    return tuple(one for one in made if one.count)


def fingerprint_inputs(test: TestSet, scoring: Scoring) -> dict[str, str]:
    """What decides a test's prompts and scores. The paper's golds follow from how the import was told to spell them."""
    said = {"type": test.type, "lines": test.digest}
    if scoring == "paper":
        golds = hashlib.sha256()
        for one in test.examples(scoring):
            golds.update(f"{one.gold}\n".encode())
        said["golds"] = golds.hexdigest()
    return said


def require_unchanged(tests: Sequence[TestSet]) -> None:
    """Refuse a test set that is not what was imported."""
    for one in tests:
        if not one.demonstration and file_sha256(one.path) != one.digest:
            raise ContentError(str(one.path), None, "has changed since it was imported: import the test sets again")
