"""A subject of MMLU as a task: its questions, and the prompt that all of them begin with."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from clca.evaluation.classification.task import Example
from clca.evaluation.mmlu.answer_extraction import LetterReader
from clca.evaluation.mmlu.prompts import MmluPrompts, Scoring
from clca.evaluation.mmlu.questions import LETTERS, MmluItem, QuestionSet
from clca.evaluation.mmlu.subjects import Subject


class MmluTask:
    """The questions of a subject, the same for every system, after `shots` worked examples.

    The task's `culture` is the subject's group.
    """

    labels = answers = LETTERS

    def __init__(
        self,
        subject: Subject,
        dev: Sequence[MmluItem],
        test: Sequence[MmluItem],
        prompts: MmluPrompts,
        reader: LetterReader,
    ) -> None:
        self.name, self.culture = subject.id, subject.group
        self.shots = len(dev)
        self._subject, self._dev, self._test, self._prompts, self._reader = subject, tuple(dev), test, prompts, reader
        self._system = prompts.system(dev, subject.name)

    @property
    def count(self) -> int:
        """How many test questions the subject has."""
        return len(self._test)

    def system_prompt(self, system: str) -> str:
        """The subject's heading and worked examples, the same for every system."""
        return self._system

    def examples(self, system: str) -> Iterator[Example]:
        """The test questions as prompts, the same for every system."""
        for item in self._test:
            yield Example(str(item.number), self._prompts.question(item, self._subject.name), item.answer, item.choices)

    def read(self, reply: str, given: Sequence[str] = ()) -> str | None:
        """The letter that a reply gives, or None where it is unreadable."""
        return self._reader.read(reply, given)

    def stop_condition(self, text: str, given: Sequence[str] = ()) -> bool:
        """Whether generation may stop: more text cannot change how the reply is read."""
        return self._reader.stop_condition(text, given)

    def with_shots(self, most: int) -> MmluTask:
        """The same task with at most so many worked examples."""
        return MmluTask(self._subject, self._dev[:most], self._test, self._prompts, self._reader)


def make_tasks(
    questions: QuestionSet, subjects: Sequence[Subject], shots: int, prompts: MmluPrompts, scoring: Scoring
) -> list[MmluTask]:
    """A task for each of the subjects that has questions."""
    reader = LetterReader(scoring)
    return [
        MmluTask(subject, questions.dev.get(subject.id, ())[:shots], questions.test[subject.id], prompts, reader)
        for subject in subjects
        if subject.id in questions.test
    ]
