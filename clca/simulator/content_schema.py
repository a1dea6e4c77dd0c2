"""The schema of the simulator's content files. Field names are the keys of the YAML files."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

Text = Annotated[str, Field(min_length=1)]
Lines = Annotated[tuple[Text, ...], Field(min_length=1)]
TextPair = tuple[Text, Text]


class ContentModel(BaseModel):
    """A frozen part of a content file that refuses keys it does not know."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Topic(ContentModel):
    """The lines of a scenario: A brings something up, B responds.

    `willing` is how ready B is to agree (0 to 1), `opens` who speaks first. The two are `midway` in something when it
    begins, or both `stays` when it ends: no greeting, no goodbye.
    """

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
        """All lines but the gestures."""
        lines: list[str] = []
        for name in type(self).model_fields:
            value = getattr(self, name)
            if isinstance(value, tuple) and not name.startswith("gestures"):
                for item in value:
                    lines.extend(item if isinstance(item, tuple) else (item,))
        return tuple(lines)


class Tone(ContentModel):
    """Phrases for one act between people who keep a distance, and between people who do not."""

    formal: Lines
    familiar: Lines


class Acknowledge(ContentModel):
    """A few words that take up what the other has just said."""

    answered: Tone
    reluctant: Tone
    rebuffed: Tone
    pressed: Tone
    considering: Tone
    weighing: Tone
    pleased: Tone
    disappointed: Tone


class GreetBack(ContentModel):
    """Replies to a greeting that asks how one is (`well`), what is new, or whether one has a moment (`free`).

    And to the wish of `peace`.
    """

    well: Tone
    news: Tone
    peace: Tone
    free: Tone


class Child(ContentModel):
    """Courtesies of a child, and how adults greet a child and send it off."""

    greet: Lines
    thanks: Lines
    apology: Lines
    farewell: Lines
    greeted: Lines
    sent: Lines


class FlawPhrases(ContentModel):
    """Phrases of planted flaws."""

    again: Lines
    again_end: Lines
    brusque: Lines
    stiff: Lines
    slide: Lines
    tongues: dict[str, Lines]


class IntentFrames(ContentModel):
    """Intents: phrases by kind of act, reasons (`why`) by driver, and the `cues` that tell kinds apart."""

    acts: dict[str, Lines]
    why: dict[str, Lines]
    cues: dict[str, tuple[Text, ...]]


class JudgePhrases(ContentModel):
    """Sentences of the judge, without the final stop: of stage one, then of stage two on quality and on manners."""

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
    """The words that tell manners apart, and the phrases of the judge."""

    courteous: Lines
    brusque: Lines
    stiff: Lines
    phrases: JudgePhrases


class Phrasebook(ContentModel):
    """Phrases that fit any scenario.

    `gives`, `abrupt`, `stays`, `midway` and `shared` are prefixes of scenario ids.
    """

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
