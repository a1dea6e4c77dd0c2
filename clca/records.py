"""The records that travel through clca, in the order in which they come to be.

culture -> norm, scenario -> turn -> judgement -> intent -> dialogue
respondent -> prediction, choice

Every record is frozen. Field order is the order of the keys in the JSONL files.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints, field_validator


class Record(BaseModel):
    """A frozen value that refuses fields it does not know."""

    model_config = ConfigDict(frozen=True, extra="forbid")


Slug = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9_-]*$", max_length=80)]
Line = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=400)]


def _speakable(name: str) -> str:
    if not name.isprintable() or ":" in name:
        raise ValueError("a name is one line without a colon, since transcripts put one after it")
    return name


PersonName = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=80), AfterValidator(_speakable)
]
Gender = Literal["female", "male", "other"]
Relationship = Literal["stranger", "acquaintance", "neighbour", "colleague", "friend", "partner", "family"]

# ---------------------------------------------------------------- culture


class Hofstede(Record):
    """Six dimension scores, 0 to about 120; None where the source has no figure."""

    pdi: float | None
    idv: float | None
    mas: float | None
    uai: float | None
    lto: float | None
    ivr: float | None


class MapPosition(Record):
    """Factor scores of the Inglehart-Welzel map; None where the source has no figure.

    `secular`: traditional (low) to secular-rational (high) values.
    `expression`: survival (low) to self-expression (high) values.
    """

    secular: float | None
    expression: float | None


class Names(Record):
    """Given and family names, and which of them comes first."""

    female: tuple[str, ...]
    male: tuple[str, ...]
    family: tuple[str, ...]
    order: Literal["given-first", "family-first"]


class Address(Record):
    """How one person calls another; `{given}` and `{family}` stand for the other's names.

    Each level maps the addressee's gender to a form.
    """

    formal: dict[Gender, str]
    superior: dict[Gender, str]
    elder: dict[Gender, str]
    familiar: dict[Gender, str]


class Register(Record):
    """Sentences for people who keep a distance and for people who do not."""

    formal: tuple[str, ...]
    familiar: tuple[str, ...]


class Courtesy(Record):
    """What people say to be civil, as complete English sentences; `soften` also holds lead-ins."""

    greeting: Register
    small_talk: tuple[tuple[str, str], ...]
    thanks: Register
    apology: Register
    soften: tuple[str, ...]
    refuse_softly: tuple[str, ...]
    insist: tuple[str, ...]
    decline_ritually: tuple[str, ...]
    farewell: Register


class Gestures(Record):
    """What people do without a word: verb phrases in the third person, 'bows slightly'."""

    greeting: tuple[str, ...]
    respect: tuple[str, ...]
    unease: tuple[str, ...]
    warmth: tuple[str, ...]
    farewell: tuple[str, ...]


class Culture(Record):
    """A culture: who it is, its scores, and the everyday material that scenarios need."""

    id: Slug
    name: str
    kind: Literal["country", "language"]
    members: tuple[Slug, ...] = ()
    language: str
    scores: Hofstede
    scores_note: str
    position: MapPosition
    position_note: str
    descriptors: tuple[str, ...]
    names: Names
    address: Address
    courtesy: Courtesy
    gestures: Gestures
    customs: tuple[str, ...]
    cities: tuple[str, ...]
    settings: dict[str, tuple[str, ...]]
    lexicon: dict[str, tuple[str, ...]]


# ---------------------------------------------------------------- scenario


class Norm(Record):
    """A short rule of everyday life, from which a scenario can be written.

    `scope` is `general` or a culture id. `breach` is what someone does who does not keep
    the norm (a phrase in -ing), `explain` how a person of that culture would put it to them,
    `remedy` what they can do instead (a bare verb phrase). `inspiration` says where it is from.
    """

    id: Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9_-]*$", max_length=75)]
    scope: Slug
    text: Line
    situation: Slug
    place: Slug
    relationship: Relationship
    breach: Line
    explain: Line
    remedy: Line
    inspiration: Line


class Participant(Record):
    name: PersonName
    age: Annotated[int, Field(ge=5, le=110)]
    gender: Gender
    occupation: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=120)]
    background: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=600)]
    goal: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=400)]
    secret: Annotated[str, StringConstraints(strip_whitespace=True, max_length=400)] = ""


class Scenario(Record):
    """A setting and two people who want something of each other.

    `source` says where it comes from: `seed`, `file`, or `norm:<norm id>`.
    """

    id: Slug
    setting: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=800)]
    relationship: Relationship
    source: Annotated[str, StringConstraints(max_length=120)] = "seed"
    participants: tuple[Participant, Participant]

    @field_validator("participants")
    @classmethod
    def _told_apart(cls, people: tuple[Participant, Participant]) -> tuple[Participant, Participant]:
        if people[0].name == people[1].name:
            raise ValueError("both participants have the same name")
        return people


class Place(Record):
    """The words of a seed's setting that name its place, and the kind of place it is."""

    text: str
    kind: Slug


class Seed(Scenario):
    """A seed scenario: a scenario of no particular culture, and what helps to move it into one.

    `place.text` and the keys of `localise` occur word for word in the scenario's texts;
    `localise` maps them to keys of a culture's lexicon.
    """

    situation: str = ""
    place: Place | None = None
    localise: dict[str, str] = {}

    def plain(self) -> Scenario:
        """Without what only helps to move it."""
        return Scenario(**{key: getattr(self, key) for key in Scenario.model_fields})


# ---------------------------------------------------------------- dialogue

Action = Literal["none", "speak", "non-verbal", "leave"]


class Turn(Record):
    """What one side did; `speaker` is the participant's name."""

    speaker: str
    action: Action
    text: str


Confidence = Literal["very confident", "confident", "not sure"]
Label = Literal["quality", "alignment", "meta"]
"""The labels of a judgement that can discard a dialogue."""


class Quality(Record):
    label: Literal["good", "bad"]
    confidence: Confidence
    rationale: str


class Alignment(Record):
    label: Literal["yes", "no"]
    confidence: Confidence
    rationale: str


class Meta(Record):
    label: Literal["good", "bad"]
    confidence: Confidence
    critique: str


class Judgement(Record):
    quality: Quality
    alignment: Alignment
    meta: Meta


class Intent(Record):
    text: str
    relevance: Literal["generic", "cultural"]


class LabelledTurn(Turn):
    """A turn of a kept dialogue."""

    intent: Intent


class Usage(Record):
    """What a dialogue cost, from the servers' own counts; answers from the reply cache included."""

    requests: int
    prompt_tokens: int
    completion_tokens: int


class Dialogue(Record):
    """A finished dialogue: a line of `dialogues.jsonl` or `discarded.jsonl`.

    `ended` is `leave`, `exchanges` or `degenerate`; a degenerate dialogue has no judgement.
    `reason` says why it was discarded. `teacher`, `partner` and `judge` name the models,
    `seed` is the run's. `planted` names the flaw that the rehearsal put there. Both are "" where
    there is none: a column that is null in one file and text in the next cannot be loaded as one.
    """

    id: str
    culture: str
    sample: int
    scenario: Scenario
    turns: tuple[LabelledTurn, ...] | tuple[Turn, ...]
    ended: Literal["leave", "exchanges", "degenerate"]
    judgement: Judgement | None
    verdict: Literal["kept", "discarded"]
    reason: str
    teacher: str
    partner: str
    judge: str
    seed: int
    usage: Usage
    planted: str = ""


class Failure(Record):
    """A dialogue that could not be finished: a line of `failed.jsonl`.

    `stage` is the task that failed, `reason` the kind of fault that is counted, `detail` its
    words. `scenario` is the seed scenario where its adaptation failed; what that cost stands in
    the run's totals, since all its samples share it.
    """

    id: str
    culture: str
    sample: int
    scenario: Scenario | None
    turns: tuple[Turn, ...]
    stage: str
    reason: str
    detail: str
    teacher: str
    partner: str
    judge: str
    seed: int
    usage: Usage


# ---------------------------------------------------------------- respondent, prediction


class Respondent(Record):
    """Someone who answered a survey, or whom its shares make likely (`synthetic`, without answers).

    `demographics` holds the survey's codes by field (`Q260`: 2), `answers` the option by item,
    counted from 0; what is missing in either is left out. `weight` is the survey's own.
    """

    id: str
    country: Slug
    demographics: dict[str, int]
    answers: dict[str, int]
    weight: float = 1.0
    synthetic: bool = False


Method = Literal["persona", "cultural", "clca"]
Order = Literal["given", "reversed", "shuffled"]


class Prediction(Record):
    """What a model answers to one item, in the place of one respondent: a line of `predictions.jsonl`.

    `respondent` is "" where the prompt names none and the answer stands for all (`cultural`). `order` is
    that in which the options were shown. `option` counts from 0 in the survey's order; None is an answer
    that could not be read, which `reply` holds. `probabilities` are those of the options in the survey's
    order, adding up to 1; `mass` is the share of all that the model might have said which they took.
    """

    culture: Slug
    method: Method
    respondent: str
    item: str
    order: Order = "given"
    option: int | None
    reply: str | None = None
    probabilities: tuple[float, ...] | None = None
    mass: float | None = None


class Choice(Record):
    """What a model answers to one question with a closed list of labels: a line of `predictions.jsonl`.

    `row` is who answers: `base`, `zero-shot`, `combined`, or the culture of an adapter. `place` counts the texts
    of `test` from 0, as they are asked. `gold` and `label` are as scored; None is an answer that could not be read,
    which `reply` holds. `probabilities` are those of the answers in the test's order, adding up to 1; `mass` is
    the share of all that the model might have said which they took.
    """

    row: str
    test: str
    place: Annotated[int, Field(ge=0)]
    id: str
    gold: str
    label: str | None
    reply: str | None = None
    probabilities: tuple[float, ...] | None = None
    mass: float | None = None
