"""A task in memory, and a model that answers it by rule."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from clca.evaluation.classification.request_group import ExampleRequestGroup
from clca.evaluation.classification.task import Example
from clca.inference.requests import Answer, AnsweredCallback, G

LABELS = ("OFF", "NOT")


@dataclass(frozen=True)
class Numbered:
    """Texts "text 0", "text 1"... with gold labels in turn; the row `zero-shot` is asked in another form."""

    culture: str
    count: int
    golds: tuple[str, ...] = LABELS
    labels: tuple[str, ...] = LABELS
    answers: tuple[str, ...] = ("1", "2")

    @property
    def name(self) -> str:
        return f"{self.culture}/offensive_detect"

    def system_prompt(self, system: str) -> str:
        return ""

    def examples(self, row: str) -> Iterator[Example]:
        before = f"In {self.culture}, " if row == "zero-shot" else ""
        for number in range(self.count):
            yield Example(f"t{number}", f"{before}text {number}", self.golds[number % len(self.golds)])

    def read(self, reply: str, given: Sequence[str] = ()) -> str | None:
        return dict(zip(self.answers, self.labels, strict=True)).get(reply)

    def stop_condition(self, text: str, given: Sequence[str] = ()) -> bool:
        return bool(text)


Rule = Callable[[ExampleRequestGroup, int], Answer]
"""Takes a group and the place of a question in it."""


class Ruled:
    """Answers by rule; keeps the groups that it was given. After `most` groups it is interrupted."""

    def __init__(self, rule: Rule, most: int = 10**9) -> None:
        self._rule, self._most = rule, most
        self.asked: list[tuple[str, str, int]] = []

    def predict(self, groups: Iterable[G], done: AnsweredCallback[G]) -> None:
        for group in groups:
            assert isinstance(group, ExampleRequestGroup)
            if len(self.asked) == self._most:
                raise KeyboardInterrupt
            self.asked.append((group.row, group.task, group.number))
            done(group, [self._rule(group, place) for place in range(len(group.questions))])


def right(group: ExampleRequestGroup, place: int) -> Answer:
    """An adapter knows its own culture; on others', and without one, the answer is always 2."""
    own = group.adapter and group.task.startswith(group.adapter)
    return Answer(reply=str(1 + LABELS.index(group.questions[place].gold)) if own else "2")
