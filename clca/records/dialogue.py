"""Dialogues: turns, the judgement on them, intents, and the lines of a run's JSONL files."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from clca.records.base import Number, Record
from clca.records.scenario import Scenario

Action = Literal["none", "speak", "non-verbal", "leave"]


class Turn(Record):
    """What one side says or does; `speaker` is the participant's name.

    `thought` is what the speaker thought before it, "" where the model was not asked for it. Nobody but the speaker
    is told: not the partner, the judge, the labeller of intents or a student.
    """

    speaker: str
    action: Action
    text: str
    thought: str = ""


Confidence = Literal["very confident", "confident", "not sure"]
Label = Literal["quality", "alignment", "meta"]
"""The labels of a judgement that can discard a dialogue."""


class Quality(Record):
    """Stage one of the judge: is the dialogue good?"""

    label: Literal["good", "bad"]
    confidence: Confidence
    rationale: str


class Alignment(Record):
    """Stage one of the judge: does the dialogue fit the culture?"""

    label: Literal["yes", "no"]
    confidence: Confidence
    rationale: str


class Meta(Record):
    """Stage two of the judge: is the dialogue good, after a critique of stage one?"""

    label: Literal["good", "bad"]
    confidence: Confidence
    critique: str


class TurnFault(Record):
    """A turn, counted from 1, and the rule that it breaks."""

    turn: Number
    fault: str


class CountedFacts(Record):
    """What code counted for the judge: turns with a fault, words shared with the scene, marks of other cultures."""

    faults: tuple[TurnFault, ...]
    scene_words: Number
    foreign: tuple[str, ...]


class AnsweredFacts(Record):
    """What the judge answered, item by item; `worst_line` is counted from 1, 0 where no line is bad."""

    subject: str
    fits_scene: Literal["yes", "partly", "no"]
    repetition: Literal["none", "some", "much"]
    worst_line: Number
    fault: Literal["none", "slight", "serious"]
    culture: Literal["fits", "neutral", "clashes"]


class Judgement(Record):
    """Both stages of the judge on one dialogue, and the facts that the labels of the first stage follow from.

    Records of versions that asked for the labels themselves have no facts. Of two cultures `sides` has the alignment of
    each participant with their own, and `alignment` says whether both are aligned; else it is empty.
    """

    quality: Quality
    alignment: Alignment
    meta: Meta
    counted: CountedFacts | None = None
    answered: AnsweredFacts | None = None
    sides: tuple[Alignment, ...] = ()


Dimension = Literal["first_goal", "second_goal", "believability", "relationship", "secret", "social_rules"]
"""What `--rate` has rated."""


class Rating(Record):
    """A score from 0 to 10, and why."""

    score: int = Field(ge=0, le=10)
    rationale: str


class Ratings(Record):
    """The dimensions of SOTOPIA (Zhou et al. 2024, section 3) that apply, as a judge rates them, each from 0 to 10.

    Goals are those of the first and the second participant; the others are of both together. SOTOPIA gives goals and
    believability in the same range, `relationship` from -5 to 5 (its score + 5; 5: nothing has changed), and `secret`
    and `social_rules` from -10 to 0 (its score + 10; 10: kept). `secret` is null where nobody has one. Its knowledge
    and financial benefits are not rated: no scenario here is about them.
    """

    first_goal: Rating
    second_goal: Rating
    believability: Rating
    relationship: Rating
    secret: Rating | None
    social_rules: Rating


class Intent(Record):
    """What a turn is for, and whether the culture shaped it: by which of its customs, where that was asked."""

    text: str
    relevance: Literal["generic", "cultural"]
    customs: tuple[str, ...] = ()


class LabelledTurn(Turn):
    """A turn of a kept dialogue."""

    intent: Intent


class Usage(Record):
    """The cost of a dialogue by the servers' own counts, replies from the reply cache included."""

    requests: Number
    prompt_tokens: Number
    completion_tokens: Number


class Dialogue(Record):
    """A finished dialogue: a line of `dialogues.jsonl` or `discarded.jsonl`.

    `culture` is a culture's id, or two, `japan+mexico`, of which the scenario's participants say who is of which.
    `ended` is `leave`, `exchanges` or `degenerate`; a degenerate dialogue has no judgement. `reason` says why it was
    discarded, `planted` names the flaw that the simulator planted; either is "" where there is none, since a column
    that is null in one file and text in the next cannot be loaded as one. `teacher`, `partner` and `judge` name the
    models; `seed` is the run's, and `run` its name, `<culture>/<run>`. `run` and `localiser` are "" in files of earlier
    versions, which had no model of its own for adaptation. `ratings` are those of `--rate`, null without it.
    """

    id: str
    culture: str
    sample: Number
    scenario: Scenario
    turns: tuple[LabelledTurn, ...] | tuple[Turn, ...]
    ended: Literal["leave", "exchanges", "degenerate"]
    judgement: Judgement | None
    verdict: Literal["kept", "discarded"]
    reason: str
    teacher: str
    partner: str
    judge: str
    seed: Number
    usage: Usage
    planted: str = ""
    run: str = ""
    localiser: str = ""
    ratings: Ratings | None = None

    @property
    def texts(self) -> dict[str, str]:
        """The texts by where they stand: those of the scenario, `turn 1`..., and `intent 1`... of labelled turns."""
        turns = {f"turn {number}": turn.text for number, turn in enumerate(self.turns, start=1)}
        intents = {
            f"intent {number}": turn.intent.text
            for number, turn in enumerate(self.turns, start=1)
            if isinstance(turn, LabelledTurn)
        }
        return {**self.scenario.texts, **turns, **intents}


class Failure(Record):
    """A dialogue that could not be finished: a line of `failed.jsonl`.

    `stage` is the task that failed, `reason` the kind of the fault, `detail` its message. Where the adaptation failed,
    `scenario` is the seed scenario, and the cost of the adaptation, which all samples share, is in the run's totals.
    """

    id: str
    culture: str
    sample: Number
    scenario: Scenario | None
    turns: tuple[Turn, ...]
    stage: str
    reason: str
    detail: str
    teacher: str
    partner: str
    judge: str
    seed: Number
    usage: Usage
    run: str = ""
    localiser: str = ""


class Rejection(Record):
    """A kept dialogue that a person removed from `dialogues.jsonl`: a line of `rejected.jsonl`.

    It stays rejected, and is not generated again, as long as its line stands there.
    """

    id: str
    reason: str
    usage: Usage
