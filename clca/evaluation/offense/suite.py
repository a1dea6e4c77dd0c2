"""Task types of offensiveness: prompts, options, and the rules by which two ways of scoring read replies."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import Field, StringConstraints, model_validator

from clca.content.lookup import Content
from clca.content.parsing import read_yaml, suggestion
from clca.errors import ContentError, NotFoundError
from clca.evaluation.labelled.answer_grammar import ENTITY, AnswerOption, Vocabulary, Words
from clca.records import Line, Record, Slug

TASKS = "eval/offense/tasks.yaml"
FOLDER = "eval/offense"

Scoring = Literal["corrected", "paper"]

TEXT = "{input_txt}"


class PaperRule(Record):
    """A rule of the paper's scoring: a reply that contains any of the words in `holds` has the label."""

    label: Words
    holds: Annotated[tuple[Words, ...], Field(min_length=1)]


class PaperRules(Record):
    """The paper's rules in order; `labels` where they differ from the options', `unread` for unreadable replies."""

    rules: Annotated[tuple[PaperRule, ...], Field(min_length=1)]
    labels: tuple[Words, ...] = ()
    unread: Words | None = None


class _Type(Record):
    ids: tuple[Slug, ...] | dict[Slug, Words]
    prompt: str
    asks: Line
    options: Annotated[tuple[AnswerOption, ...], Field(min_length=2)]
    paper: PaperRules

    @model_validator(mode="after")
    def _fits(self) -> _Type:
        if self.prompt.count(TEXT) != 1:
            raise ValueError(f"prompt: needs {TEXT}, once")
        if (ENTITY in self.prompt) != isinstance(self.ids, dict):
            raise ValueError(f"ids: a prompt with {ENTITY} needs ids with their entity, any other a list of ids")
        if not isinstance(self.ids, dict) and any(
            ENTITY in words for option in self.options for words in option.spoken
        ):
            raise ValueError(f"options: {ENTITY} needs ids with their entity")
        for name in ("number", "label"):
            _refuse_duplicates(f"options: {name}", (getattr(option, name) for option in self.options))
        _refuse_duplicates("options: words", (words.casefold() for option in self.options for words in option.spoken))
        known = self.paper.labels or tuple(option.label for option in self.options)
        wanted = [rule.label for rule in self.paper.rules] + ([self.paper.unread] if self.paper.unread else [])
        for label in wanted:
            if label not in known:
                raise ValueError(f"paper: no label {label!r}; there are {', '.join(known)}")
        return self


class SuiteCulture(Record):
    """A culture: its code in the paper's tables, the folder of its public test sets, and its country in prompts."""

    code: Annotated[str, StringConstraints(pattern=r"^[a-z]{3}$")]
    folder: Line
    country: Line


class Quirk(Record):
    """A difference of the paper's scoring from the corrected one; `where` are types and tests, empty for all."""

    where: tuple[str, ...]
    paper: Line
    corrected: Line
    why: Line


class _Document(Vocabulary):
    zero_shot: str
    cultures: dict[Slug, SuiteCulture]
    types: Annotated[tuple[_Type, ...], Field(min_length=1)]
    quirks: tuple[Quirk, ...] = ()

    @model_validator(mode="after")
    def _fits(self) -> _Document:
        for needed in (TEXT, "{country}", "{asks}", "{options}"):
            if needed not in self.zero_shot:
                raise ValueError(f"zero_shot: needs {needed}")
        _refuse_duplicates("types: ids", (name for task_type in self.types for name in task_type.ids))
        known = {name for task_type in self.types for name in task_type.ids}
        for task in (task for quirk in self.quirks for task in quirk.where):
            culture, _, test = task.rpartition("/")
            if culture and culture not in self.cultures:
                raise ValueError(f"quirks: where: no culture {culture!r}{suggestion(culture, self.cultures)}")
            if not culture and test not in known:
                raise ValueError(f"quirks: where: no task type {test!r}{suggestion(test, known)}")
        return self


@dataclass(frozen=True, slots=True)
class TaskType:
    """A type of question about a text, with its options; the label list is in the order of the options."""

    id: str
    options: tuple[AnswerOption, ...]
    paper: PaperRules
    vocabulary: Vocabulary
    _prompt: str
    _zero_shot: str

    @property
    def labels(self) -> tuple[str, ...]:
        """The label list: the labels of `numbers`."""
        return tuple(option.label for option in self.options)

    @property
    def numbers(self) -> tuple[str, ...]:
        """The numbers of the options, in the label list's order."""
        return tuple(option.number for option in self.options)

    def labels_under(self, scoring: Scoring) -> tuple[str, ...]:
        """The labels of answers and golds under a scoring: the paper's framework has one more for some types."""
        return (self.paper.labels or self.labels) if scoring == "paper" else self.labels

    def prompt(self, text: str) -> str:
        """The question about a text. Source: S2N, table 14."""
        return self._prompt.replace(TEXT, text)

    def zero_shot(self, text: str, country: str) -> str:
        """The question about a text that names the country. Source: S2N, table 1."""
        return self._zero_shot.replace("{country}", country).replace(TEXT, text)


@dataclass(frozen=True, slots=True)
class OffenseSuite:
    """Task types by id, cultures in the order of the paper's tables, and the quirks of the paper's scoring."""

    types: dict[str, TaskType]
    cultures: dict[str, SuiteCulture]
    quirks: tuple[Quirk, ...]

    def type(self, name: str) -> TaskType:
        """A task type by its id. Raises `NotFoundError`."""
        if name not in self.types:
            hint = suggestion(name, self.types) or f"; there are {', '.join(self.types)}"
            raise NotFoundError(f"no task type {name!r}{hint}")
        return self.types[name]


@dataclass(frozen=True, slots=True)
class ScoringDifference:
    """A difference of the two scorings; `task` is a task type, a culture's test, or "all"."""

    task: str
    paper: str
    corrected: str
    why: str


def load_offense_suite(content: Content) -> OffenseSuite:
    """The suite of `eval/offense/tasks.yaml`. Raises `ContentError`."""
    document = read_yaml(content.shown(TASKS), content.text(TASKS), _Document)
    vocabulary = Vocabulary(**{name: getattr(document, name) for name in Vocabulary.model_fields})
    types = {}
    for entry in document.types:
        entities = entry.ids if isinstance(entry.ids, dict) else dict.fromkeys(entry.ids, "")
        for name, entity in entities.items():
            types[name] = TaskType(
                name,
                tuple(option.of(entity) for option in entry.options),
                entry.paper,
                vocabulary,
                entry.prompt.replace(ENTITY, entity),
                document.zero_shot.replace("{asks}", entry.asks)
                .replace(ENTITY, entity)
                .replace("{options}", ", ".join(f"{option.number}. {option.words}" for option in entry.options)),
            )
    return OffenseSuite(types, document.cultures, document.quirks)


def scoring_differences(suite: OffenseSuite) -> list[ScoringDifference]:
    """Differences of `--scoring paper` from `--scoring corrected`, one for each quirk and task type or test."""
    return [
        ScoringDifference(task, quirk.paper, quirk.corrected, quirk.why)
        for quirk in suite.quirks
        for task in quirk.where or ("all",)
    ]


def check_cultures(content: Content, suite: OffenseSuite, known: Iterable[str]) -> None:
    """Raise `ContentError` for a culture of the suite that has no profile."""
    for culture in suite.cultures:
        if culture not in set(known):
            hint = suggestion(culture, known)
            raise ContentError(content.shown(TASKS), None, f"cultures: no culture {culture!r}{hint}")


def _refuse_duplicates(key: str, names: Iterable[str]) -> None:
    duplicates = [name for name, count in Counter(names).items() if count > 1]
    if duplicates:
        raise ValueError(f"{key}: duplicate {duplicates[0]!r}")
