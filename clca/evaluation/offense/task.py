"""Test sets of offensiveness as tasks: what is asked of each system, and how its replies are read."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence

from clca.culture import Catalogue
from clca.errors import ContentError
from clca.evaluation.classification.scores import ZERO_SHOT
from clca.evaluation.classification.task import Example
from clca.evaluation.offense.answer_extraction import Reader
from clca.evaluation.offense.suite import Scoring, Tasks
from clca.evaluation.offense.test_sets import TestSet
from clca.storage.atomic import digest_of


class OffenseTask:
    """A test set under a scoring. The system `zero-shot` is asked with the prompt that names the country."""

    def __init__(self, test: TestSet, scoring: Scoring, country: str) -> None:
        self._test, self._scoring, self._country = test, scoring, country
        self._reader = Reader(test.task_type, scoring)
        self.name, self.culture, self.count = test.name, test.culture, test.count(scoring)
        # All of the list, so that an answer that no text has as its gold label is a wrong one, not an invalid one.
        self.labels = test.task_type.labels_under(scoring)
        self.answers = test.task_type.numbers

    def system(self, row: str) -> str:
        return ""

    def examples(self, row: str) -> Iterator[Example]:
        task_type = self._test.task_type
        for example in self._test.examples(self._scoring):
            if row == ZERO_SHOT:
                text = task_type.zero_shot(example.text, self._country)
            else:
                text = task_type.prompt(example.text)
            yield Example(example.id, text, example.gold)

    def read(self, reply: str) -> str | None:
        return self._reader.read(reply)

    def settled(self, text: str) -> bool:
        return self._reader.settled(text)


def countries_of(cultures: Iterable[str], suite: Tasks, catalogue: Catalogue) -> dict[str, str]:
    """What the zero-shot prompt calls each culture's country."""
    return {
        culture: suite.cultures[culture].country if culture in suite.cultures else catalogue.culture(culture).name
        for culture in cultures
    }


def as_tasks(tests: Sequence[TestSet], scoring: Scoring, countries: Mapping[str, str]) -> tuple[OffenseTask, ...]:
    """The tests that have texts under a scoring, as tasks."""
    tasks = (OffenseTask(test, scoring, countries[test.culture]) for test in tests)
    return tuple(task for task in tasks if task.count)


def fingerprint_inputs(test: TestSet, scoring: Scoring) -> dict[str, str]:
    """What decides a test's prompts and scores.

    The paper's gold labels follow from how the import was told to spell them.
    """
    inputs = {"type": test.type, "lines": test.digest}
    if scoring == "paper":
        golds = hashlib.sha256()
        for example in test.examples(scoring):
            golds.update(f"{example.gold}\n".encode())
        inputs["golds"] = golds.hexdigest()
    return inputs


def require_unchanged(tests: Sequence[TestSet]) -> None:
    """Raise `ContentError` for a test set that is not what was imported."""
    for test in tests:
        if not test.demonstration and digest_of(test.path) != test.digest:
            raise ContentError(str(test.path), None, "has changed since it was imported: import the test sets again")
