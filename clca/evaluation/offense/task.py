"""Test sets of offensiveness as tasks: their questions for each system, and how replies are read."""

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
    """A test set under a scoring. The prompts of the system `zero-shot` name the country."""

    def __init__(self, test: TestSet, scoring: Scoring, country: str) -> None:
        self._test, self._scoring, self._country = test, scoring, country
        self._reader = LabelReader(test.task_type, scoring)
        self.name, self.culture, self.count = test.name, test.culture, test.count(scoring)
        # The whole list, so that an answer that is the gold label of no text is wrong, not invalid.
        self.labels = test.task_type.labels_under(scoring)
        self.answers = test.task_type.numbers

    def system_prompt(self, system: str) -> str:
        """Empty: texts are asked without a system prompt."""
        return ""

    def examples(self, system: str) -> Iterator[Example]:
        """The texts as prompts; the zero-shot system is told the country."""
        task_type = self._test.task_type
        for example in self._test.examples(self._scoring):
            if system == ZERO_SHOT:
                text = task_type.zero_shot(example.text, self._country)
            else:
                text = task_type.prompt(example.text)
            yield Example(example.id, text, example.gold, (example.text,))

    def read(self, reply: str, given: Sequence[str] = ()) -> str | None:
        """The label that a reply gives, or None where it is unreadable."""
        return self._reader.read(reply, given)

    def stop_condition(self, text: str, given: Sequence[str] = ()) -> bool:
        """Whether generation may stop: more text cannot change how the reply is read."""
        return self._reader.stop_condition(text, given)


def countries_of(cultures: Iterable[str], suite: OffenseSuite, catalogue: CultureCatalogue) -> dict[str, str]:
    """The name of each culture's country in the zero-shot prompt. Raises `NotFoundError` for an unknown culture."""
    known = suite.cultures
    return {
        culture: known[culture].country if culture in known else catalogue.culture(culture).name for culture in cultures
    }


def make_tasks(tests: Sequence[TestSet], scoring: Scoring, countries: Mapping[str, str]) -> tuple[OffenseTask, ...]:
    """A task for each test set that has examples under a scoring."""
    tasks = (OffenseTask(test, scoring, countries[test.culture]) for test in tests)
    return tuple(task for task in tasks if task.count)


def fingerprint_inputs(test: TestSet, scoring: Scoring) -> dict[str, str]:
    """The inputs that determine a test's prompts and scores.

    The paper's golds depend also on the label spellings in the mapping of the import.
    """
    inputs = {"type": test.type, "lines": test.digest}
    if scoring == "paper":
        golds = hashlib.sha256()
        for example in test.examples(scoring):
            golds.update(f"{example.gold}\n".encode())
        inputs["golds"] = golds.hexdigest()
    return inputs


def require_unchanged(tests: Sequence[TestSet]) -> None:
    """Raise `ContentError` for a test set that has changed since it was imported."""
    for test in tests:
        if not test.demonstration and file_sha256(test.path) != test.digest:
            raise ContentError(str(test.path), None, "has changed since it was imported: import the test sets again")
