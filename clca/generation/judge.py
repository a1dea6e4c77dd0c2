"""The two-stage judge: facts from which the verdict on quality and alignment follows, then a critique of that verdict.

Stage one answers facts, item by item, beside those that code counts (`judge_facts`); the labels follow from both.

Quality is *bad* where
  - the talk does not fit the scene, much is repeated, or the worst line has a serious fault, as answered; or
  - the talk fits only partly, and shares under two content words with the scene; or
  - a turn talks as an assistant, two turns break rules, or a whole talk shares no content word with the scene.
Alignment is *no* where
  - the talk clashes with the culture, as answered; or
  - a mark of another culture stands in the scene or the talk.
Of two cultures that is asked of each participant and their own culture, and alignment is *no* where it is of either.

The confidence of a label is the one answered, except that it is
  - *very confident* where a counted fault makes the quality bad, where a talk without a word of its scene is said to
    fit it partly or not at all, and where two marks make the alignment *no*;
  - *confident* where that talk is said to fit, and *not sure* where there is one mark that is said not to clash;
  - at most *confident* where a dialogue is good although an answer is in between (*partly*, *some*, *slight*).

Stage two says, before it is told the verdict, whether it would keep the dialogue. Then it is told the verdict,
criticises it, and gives its label.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from typing import Literal, TypeVar, get_args

from clca.content.prompts import Prompts
from clca.culture.marks import CultureMarks
from clca.generation.judge_facts import count_facts
from clca.generation.turn_checks import ASSISTANT_TALK
from clca.inference.protocol import SimulatorHints, TaskClient, TaskRequest
from clca.records import (
    Alignment,
    AnsweredFacts,
    Confidence,
    CountedFacts,
    Culture,
    Judgement,
    Meta,
    Quality,
    Scenario,
    Turn,
)
from clca.schemas import Answer, JudgeAnswer, MetaAnswer, MetaViewAnswer, PairJudgeAnswer, judge_answer
from clca.transcript import line

A = TypeVar("A", bound=Answer)

WHOLE_TALK = 4  # turns from which a talk should share a word with its scene
FEW_WORDS = 2  # content words of the scene under which a talk that fits partly does not fit
MANY_FAULTS = 2  # turns with a fault
MANY_MARKS = 2  # of another culture


async def judge(
    culture: Culture,
    scenario: Scenario,
    turns: Sequence[Turn],
    prompts: Prompts,
    client: TaskClient,
    marks: CultureMarks | None = None,
) -> Judgement:
    """The judgement of both stages, at temperature 0. Without `marks`, no name counts as another culture's.

    Raises `RequestError` when a request fails, `RunStopped` when the run is stopping.
    """
    counted = count_facts(culture, scenario, turns, marks)
    view_request = meta_view_request(culture, scenario, turns, counted, prompts)
    # Neither needs the other. Both get their reply even if one fails, so that the cost does not depend on the order.
    answer, view = await asyncio.gather(
        client.request(judge_request(culture, scenario, turns, counted, prompts)),
        client.request(view_request),
        return_exceptions=True,
    )
    for outcome in (answer, view):
        if isinstance(outcome, BaseException):
            raise outcome
    assert isinstance(answer, JudgeAnswer)
    assert isinstance(view, MetaViewAnswer)
    quality, sides = quality_of(answer, counted, len(turns)), alignments_of(answer, counted)
    alignment = _of_both(sides)
    request = meta_request(view_request, view, culture, scenario, turns, (quality, alignment), prompts)
    meta = await client.request(request)
    return Judgement(
        quality=quality,
        alignment=alignment,
        sides=sides if len(sides) > 1 else (),
        meta=Meta(label=meta.label, confidence=meta.confidence, critique=meta.critique),
        counted=counted,
        answered=AnsweredFacts(**{name: getattr(answer, name) for name in AnsweredFacts.model_fields}),
    )


def labels(judgement: Judgement) -> tuple[str, str, str]:
    """The labels of quality, alignment and meta."""
    return judgement.quality.label, judgement.alignment.label, judgement.meta.label


def quality_of(answer: JudgeAnswer, counted: CountedFacts, turns: int) -> Quality:
    """The verdict on the quality of a dialogue with that number of turns, by the rule above."""
    assistant = any(fault.fault == ASSISTANT_TALK for fault in counted.faults)
    if assistant or len(counted.faults) >= MANY_FAULTS:
        return Quality(label="bad", confidence="very confident", rationale=answer.quality)
    if counted.scene_words == 0 and turns >= WHOLE_TALK:
        agreed = answer.fits_scene != "yes"
        return Quality(label="bad", confidence="very confident" if agreed else "confident", rationale=answer.quality)
    grave = answer.fits_scene == "no" or answer.repetition == "much" or answer.fault == "serious"
    if grave or (answer.fits_scene == "partly" and counted.scene_words < FEW_WORDS):
        return Quality(label="bad", confidence=answer.quality_confidence, rationale=answer.quality)
    in_between = answer.fits_scene == "partly" or answer.repetition == "some" or answer.fault == "slight"
    confidence = _at_most_confident(answer.quality_confidence) if in_between else answer.quality_confidence
    return Quality(label="good", confidence=confidence, rationale=answer.quality)


def alignment_of(answer: JudgeAnswer, counted: CountedFacts) -> Alignment:
    """The verdict on the alignment of a dialogue with its culture, by the rule above."""
    if len(counted.foreign) >= MANY_MARKS:
        return Alignment(label="no", confidence="very confident", rationale=answer.alignment)
    if answer.culture == "clashes":
        return Alignment(label="no", confidence=answer.alignment_confidence, rationale=answer.alignment)
    if counted.foreign:
        return Alignment(label="no", confidence="not sure", rationale=answer.alignment)
    return Alignment(label="yes", confidence=answer.alignment_confidence, rationale=answer.alignment)


def alignments_of(answer: JudgeAnswer, counted: CountedFacts) -> tuple[Alignment, ...]:
    """The alignment of a dialogue with its culture, or of two cultures that of each participant with their own.

    A mark of a third culture counts against both.
    """
    first = alignment_of(answer, counted)
    if not isinstance(answer, PairJudgeAnswer):
        return (first,)
    of_second = answer.model_copy(
        update={
            "culture": answer.second_culture,
            "alignment": answer.second_alignment,
            "alignment_confidence": answer.second_alignment_confidence,
        }
    )
    return first, alignment_of(of_second, counted)


def _of_both(sides: Sequence[Alignment]) -> Alignment:
    """The verdict that decides: the surest *no* of a side, or else the *yes* that is least sure."""
    refused = [side for side in sides if side.label == "no"]
    sureness = get_args(Confidence).index  # the surest is first
    if refused:
        return min(refused, key=lambda side: sureness(side.confidence))
    return max(sides, key=lambda side: sureness(side.confidence))


def judge_request(
    culture: Culture, scenario: Scenario, turns: Sequence[Turn], counted: CountedFacts, prompts: Prompts
) -> TaskRequest[JudgeAnswer]:
    """The request of the first stage."""
    answer = judge_answer(len(turns), pair=culture.guest is not None)
    return judging_request(
        "judge", answer, 600 if culture.guest is None else 900, culture, scenario, turns, counted, prompts
    )


def meta_view_request(
    culture: Culture, scenario: Scenario, turns: Sequence[Turn], counted: CountedFacts, prompts: Prompts
) -> TaskRequest[MetaViewAnswer]:
    """The first request of the second stage, which does not hold the verdict."""
    return judging_request("meta", MetaViewAnswer, 300, culture, scenario, turns, counted, prompts)


def judging_request(
    task: Literal["judge", "meta", "rate"],
    answer: type[A],
    max_tokens: int,
    culture: Culture,
    scenario: Scenario,
    turns: Sequence[Turn],
    counted: CountedFacts,
    prompts: Prompts,
    **more: bool,
) -> TaskRequest[A]:
    """A request about a whole dialogue, whose lines are numbered; `more` are further variables of its prompt."""
    numbered = "\n".join(f"{number}. {line(turn)}" for number, turn in enumerate(turns, start=1))
    return TaskRequest(
        task=task,
        role="judge",
        messages=prompts.messages(
            task, culture=culture, scenario=scenario, transcript=numbered, counted=counted, **more
        ),
        answer=answer,
        max_tokens=max_tokens,
        hints=SimulatorHints(culture, scenario, turns=tuple(turns)),
    )


def meta_request(
    view_request: TaskRequest[MetaViewAnswer],
    view: MetaViewAnswer,
    culture: Culture,
    scenario: Scenario,
    turns: Sequence[Turn],
    verdict: tuple[Quality, Alignment],
    prompts: Prompts,
) -> TaskRequest[MetaAnswer]:
    """The second request of the second stage: it goes on from the first one's messages and reply with the verdict."""
    quality, alignment = verdict
    told = prompts.render("meta", "verdict", culture=culture, scenario=scenario, quality=quality, alignment=alignment)
    return TaskRequest(
        task="meta",
        role="judge",
        messages=(
            *view_request.messages,
            {"role": "assistant", "content": json.dumps(view.model_dump(), ensure_ascii=False)},
            {"role": "user", "content": told},
        ),
        answer=MetaAnswer,
        max_tokens=500,
        step=1,
        hints=SimulatorHints(culture, scenario, turns=tuple(turns), verdict=verdict),
    )


def _at_most_confident(confidence: Confidence) -> Confidence:
    return "confident" if confidence == "very confident" else confidence
