from __future__ import annotations

import asyncio

from clca.content.lookup import Content
from clca.content.prompts import Prompts
from clca.culture import CultureCatalogue
from clca.generation.judge import judge
from clca.schemas import AlignmentAnswer, JudgeAnswer, MetaAnswer, QualityAnswer
from tests.dialogue_examples import Script, scenario, turn

TURNS = [turn("Ruth Vale", "Are they still open?"), turn("Ida Moss", "They are not.", "leave")]
FIRST = JudgeAnswer(
    quality=QualityAnswer(rationale="Nothing is repeated.", label="good", confidence="confident"),
    alignment=AlignmentAnswer(rationale="Brusque, for neighbours.", label="no", confidence="not sure"),
)
SECOND = MetaAnswer(critique="The verdict is fair.", label="good", confidence="very confident")


def test_second_stage_sees_the_verdict_of_the_first(catalogue: CultureCatalogue, content: Content) -> None:
    script = Script(iter([FIRST, SECOND]))
    judgement = asyncio.run(judge(catalogue.culture("uk"), scenario(), TURNS, Prompts.load(content), script))
    stage1, stage2 = (" ".join(message["content"] for message in request.messages) for request in script.requests)
    assert "Ruth Vale: Are they still open?" in stage1
    assert "Nothing is repeated." not in stage1
    assert "Quality: good (confident). Nothing is repeated." in stage2
    assert "Alignment with the culture: no (not sure). Brusque, for neighbours." in stage2
    assert judgement.model_dump() == {
        "quality": {"label": "good", "confidence": "confident", "rationale": "Nothing is repeated."},
        "alignment": {"label": "no", "confidence": "not sure", "rationale": "Brusque, for neighbours."},
        "meta": {"label": "good", "confidence": "very confident", "critique": "The verdict is fair."},
    }


def test_judge_is_asked_at_temperature_zero(catalogue: CultureCatalogue, content: Content) -> None:
    script = Script(iter([FIRST, SECOND]))
    asyncio.run(judge(catalogue.culture("uk"), scenario(), TURNS, Prompts.load(content), script))
    assert [(request.role, request.temperature) for request in script.requests] == [("judge", 0.0)] * 2
