"""The shapes of the content pages: what each YAML file of the rehearsal must hold."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from clca.records import Relationship

Text = Annotated[str, Field(min_length=1)]
Lines = Annotated[tuple[Text, ...], Field(min_length=1)]
TextPair = tuple[Text, Text]


class ContentModel(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Topic(ContentModel):
    """What the two people of a scenario can say; side A brings something up, B responds."""

    willing: Annotated[float, Field(ge=0, le=1)]
    opens: Annotated[str, Field(pattern="^[ab]$")] = "a"
    midway: bool = False
    stays: bool = False
    chat: tuple[TextPair, ...] = ()
    hint: Lines
    hint_back: Lines
    raise_direct: Lines
    raise_soft: Lines
    questions: tuple[TextPair, ...] = ()
    object_direct: Lines
    object_soft: Lines
    reasons: Lines
    press_back: Lines
    secret_a: tuple[Text, ...] = ()
    secret_b: tuple[Text, ...] = ()
    offers: Lines
    counter: Lines
    counter_yes: Lines
    accept: Lines
    refuse_direct: Lines
    refuse_soft: Lines
    concede: Lines
    settle: Lines
    reply_settle: Lines
    gestures_a: tuple[Text, ...] = ()
    gestures_b: tuple[Text, ...] = ()

    def lines(self) -> tuple[str, ...]:
        """Every line of the matter, without the gestures."""
        found: list[str] = []
        for name in type(self).model_fields:
            value = getattr(self, name)
            if isinstance(value, tuple) and not name.startswith("gestures"):
                for item in value:
                    found.extend(item if isinstance(item, tuple) else (item,))
        return tuple(found)


class Tone(ContentModel):
    """The same move between people who keep a distance and people who do not."""

    formal: Lines
    familiar: Lines


class Acknowledge(ContentModel):
    """Small words that take up what the other has just said."""

    answered: Tone
    reluctant: Tone
    rebuffed: Tone
    pressed: Tone
    considering: Tone
    weighing: Tone
    pleased: Tone
    disappointed: Tone


class GreetBack(ContentModel):
    """What answers a greeting that asks something: how one is, what is new, whether one has a moment."""

    well: Tone
    news: Tone
    free: Tone


class Child(ContentModel):
    """What a child says where adults have their courtesies, and how a child is greeted and sent off."""

    greet: Lines
    thanks: Lines
    apology: Lines
    farewell: Lines
    greeted: Lines
    sent: Lines


class FlawPhrases(ContentModel):
    """Wording for planted flaws."""

    again: Lines
    again_end: Lines
    brusque: Lines
    stiff: Lines
    slide: Lines
    tongues: dict[str, Lines]


class IntentFrames(ContentModel):
    """Per act: phrases after the speaker's name; `why` per driver; `cues` to recognise acts."""

    acts: dict[str, Lines]
    why: dict[str, Lines]
    cues: dict[str, tuple[Text, ...]]


class JudgePhrases(ContentModel):
    """Sentences of the judge, without the final stop: stage one, then stage two on quality and on manners."""

    good: Lines
    repeated: Lines
    strange: Lines
    short: Lines
    tongue: Lines
    fits: Lines
    rude: Lines
    stilted: Lines
    plain: Lines
    meta_kind: Lines
    meta_severe: Lines
    meta_right: Lines
    meta_good: Lines
    meta_unsure: Lines
    manners_missed: Lines
    manners_severe: Lines
    manners_right: Lines
    manners_good: Lines


class JudgeFrames(ContentModel):
    """What the judge calls what it sees, and the words it recognises manners by."""

    courteous: Lines
    brusque: Lines
    stiff: Lines
    phrases: JudgePhrases


class Phrasebook(ContentModel):
    """Generic wording: small moves between the lines of a matter."""

    gives: tuple[Text, ...]
    abrupt: tuple[Text, ...]
    stays: tuple[Text, ...]
    midway: tuple[Text, ...]
    shared: tuple[Text, ...]
    acknowledge: Acknowledge
    greet_back: GreetBack
    child: Child
    bridge: Tone
    reads_silence: Tone
    reads_unease: Tone
    retreat: Tone
    press_on: Tone
    consult: Tone
    regret: Tone
    thanks_reply: Tone
    walk_out: Tone
    closing: Lines
    generic: Topic
    plants: FlawPhrases
    intent: IntentFrames
    judge: JudgeFrames
    home_town: Lines
    dialects: dict[str, dict[Text, Text]]


class Angle(ContentModel):
    """One way in which somebody comes to break a norm, and how the two talk about it."""

    id: str
    relationships: tuple[Relationship, ...]
    situations: tuple[Text, ...] = ()
    places: tuple[Text, ...] = ()
    local: bool = False
    alone: bool = False
    age_a: tuple[int, int]
    age_b: tuple[int, int]
    setting: Lines
    background_a: Lines
    background_b: Lines
    goal_a: Lines
    goal_b: Lines
    secret_a: Lines
    secret_b: Lines
    topic: Topic = Field(alias="matter")


class Aside(ContentModel):
    """Further lines for norms about one kind of situation."""

    reasons: tuple[Text, ...] = ()
    questions: tuple[TextPair, ...] = ()
    object_direct: tuple[Text, ...] = ()
    object_soft: tuple[Text, ...] = ()
    press_back: tuple[Text, ...] = ()


class NormTalk(ContentModel):
    """Frames for scenarios made from norms."""

    occupations: dict[str, Lines]
    base: Topic
    situations: dict[str, Aside]
    angles: Annotated[tuple[Angle, ...], Field(min_length=1)]
