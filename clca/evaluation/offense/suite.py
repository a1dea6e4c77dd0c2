"""The tasks: what is asked about a text, with which options, and how two ways of scoring read the replies."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import Field, StringConstraints, model_validator

from clca.content.lookup import Content
from clca.content.parsing import read_yaml, suggestion
from clca.errors import ContentError, NotFoundError
from clca.records import Line, Record, Slug

TASKS = "eval/offense/tasks.yaml"
FOLDER = "eval/offense"

Scoring = Literal["corrected", "paper"]

TEXT, ENTITY = "{input_txt}", "{entity}"

Words = Annotated[str, StringConstraints(min_length=1, max_length=200)]


class AnswerOption(Record):
    """An answer: the number and the words that the prompt has for it, and the label that it stands for.

    `also` are further words for it, `alone` such that count only where no word follows; one that `denies` may be
    followed by a negation.
    """

    number: Annotated[str, StringConstraints(pattern=r"^[0-9]+$")]
    label: Words
    words: Words
    also: tuple[Words, ...] = ()
    alone: tuple[Words, ...] = ()
    denies: bool = False

    @property
    def spoken(self) -> tuple[str, ...]:
        """All of its words."""
        return (self.words, *self.also, *self.alone)

    def of(self, entity: str) -> AnswerOption:
        """With what its task looks for in its words."""
        also, alone = (tuple(words.replace(ENTITY, entity) for words in one) for one in (self.also, self.alone))
        return self.model_copy(update={"also": also, "alone": alone})


class PaperRule(Record):
    """Of the paper's reading: a reply that holds any of these, anywhere, has the label."""

    label: Words
    holds: Annotated[tuple[Words, ...], Field(min_length=1)]


class PaperRules(Record):
    """Rules in their order. `labels` where they are not the options'; `unread` is the label of an unreadable reply."""

    rules: Annotated[tuple[PaperRule, ...], Field(min_length=1)]
    labels: tuple[Words, ...] = ()
    unread: Words | None = None


class Vocabulary(Record):
    """Words around an answer: `fillers` before it, `alternatives` and `negations` that speak against it after it."""

    fillers: tuple[Words, ...]
    alternatives: tuple[Words, ...]
    negations: tuple[Words, ...]


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
        if not isinstance(self.ids, dict) and any(ENTITY in words for one in self.options for words in one.spoken):
            raise ValueError(f"options: {ENTITY} needs ids with their entity")
        for name in ("number", "label"):
            _refuse_repeated(f"options: {name}", (getattr(one, name) for one in self.options))
        _refuse_repeated("options: words", (w.casefold() for one in self.options for w in one.spoken))
        known = self.paper.labels or tuple(one.label for one in self.options)
        wanted = [rule.label for rule in self.paper.rules] + ([self.paper.unread] if self.paper.unread else [])
        for label in wanted:
            if label not in known:
                raise ValueError(f"paper: {label!r} is none of the labels {', '.join(known)}")
        return self


class SuiteCulture(Record):
    """A culture as the paper's tables head it, the folder of its public test sets, and the country prompts name."""

    code: Annotated[str, StringConstraints(pattern=r"^[a-z]{3}$")]
    folder: Line
    country: Line


class Quirk(Record):
    """What the paper's scoring does and the corrected one does not; `where` is empty for everywhere."""

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
        _refuse_repeated("types: ids", (name for one in self.types for name in one.ids))
        known = {name for one in self.types for name in one.ids}
        for place in (place for quirk in self.quirks for place in quirk.where):
            culture, _, test = place.rpartition("/")
            if culture and culture not in self.cultures:
                raise ValueError(f"quirks: where: no culture {culture!r}{suggestion(culture, self.cultures)}")
            if not culture and test not in known:
                raise ValueError(f"quirks: where: no task type {test!r}{suggestion(test, known)}")
        return self


@dataclass(frozen=True, slots=True)
class TaskType:
    """A kind of question with its options; the label list is in the order of the options."""

    id: str
    options: tuple[AnswerOption, ...]
    paper: PaperRules
    vocabulary: Vocabulary
    _prompt: str
    _zero_shot: str

    @property
    def labels(self) -> tuple[str, ...]:
        """What can be answered, in the order of `numbers`."""
        return tuple(option.label for option in self.options)

    @property
    def numbers(self) -> tuple[str, ...]:
        """What is answered with, in the label list's order."""
        return tuple(option.number for option in self.options)

    def labels_under(self, scoring: Scoring) -> tuple[str, ...]:
        """The labels that answers and golds may have: the paper's framework has one more for some types."""
        return (self.paper.labels or self.labels) if scoring == "paper" else self.labels

    def prompt(self, text: str) -> str:
        """S2N's table 14."""
        return self._prompt.replace(TEXT, text)

    def zero_shot(self, text: str, country: str) -> str:
        """S2N's table 1, which names the country."""
        return self._zero_shot.replace("{country}", country).replace(TEXT, text)


@dataclass(frozen=True, slots=True)
class OffenseSuite:
    """Task types by id, cultures in the order of the paper's tables, and where two ways of scoring differ."""

    types: dict[str, TaskType]
    cultures: dict[str, SuiteCulture]
    quirks: tuple[Quirk, ...]

    def type(self, name: str) -> TaskType:
        if name not in self.types:
            hint = suggestion(name, self.types) or f"; there are {', '.join(self.types)}"
            raise NotFoundError(f"no task type {name!r}{hint}")
        return self.types[name]


@dataclass(frozen=True, slots=True)
class ScoringDifference:
    """How the scorings differ; `task` is a task type, a culture's test, or "all"."""

    task: str
    paper: str
    corrected: str
    why: str


def load_offense_suite(content: Content) -> OffenseSuite:
    """`eval/offense/tasks.yaml`, checked."""
    document = read_yaml(content.shown(TASKS), content.text(TASKS), _Document)
    vocabulary = Vocabulary(**{name: getattr(document, name) for name in Vocabulary.model_fields})
    types = {}
    for one in document.types:
        entities = one.ids if isinstance(one.ids, dict) else dict.fromkeys(one.ids, "")
        for name, entity in entities.items():
            types[name] = TaskType(
                name,
                tuple(option.of(entity) for option in one.options),
                one.paper,
                vocabulary,
                one.prompt.replace(ENTITY, entity),
                document.zero_shot.replace("{asks}", one.asks)
                .replace(ENTITY, entity)
                .replace("{options}", ", ".join(f"{option.number}. {option.words}" for option in one.options)),
            )
    return OffenseSuite(types, document.cultures, document.quirks)


def scoring_differences(tasks: OffenseSuite) -> list[ScoringDifference]:
    """Where `--scoring paper` differs from `--scoring corrected`, a row for each task type or test."""
    return [
        ScoringDifference(place, quirk.paper, quirk.corrected, quirk.why)
        for quirk in tasks.quirks
        for place in quirk.where or ("all",)
    ]


def check_cultures(content: Content, tasks: OffenseSuite, known: Iterable[str]) -> None:
    """Refuse a culture that there is no profile of."""
    for culture in tasks.cultures:
        if culture not in set(known):
            hint = suggestion(culture, known)
            raise ContentError(content.shown(TASKS), None, f"cultures: no culture {culture!r}{hint}")


def _refuse_repeated(what: str, names: Iterable[str]) -> None:
    twice = [name for name, count in Counter(names).items() if count > 1]
    if twice:
        raise ValueError(f"{what}: {twice[0]!r} stands twice")
