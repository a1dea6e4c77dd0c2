from __future__ import annotations

import asyncio
from itertools import product
from typing import Any, get_args

import pytest
from pydantic import ValidationError

from clca.content.lookup import Content
from clca.content.prompts import Prompts
from clca.culture import CultureCatalogue
from clca.culture.marks import CultureMarks
from clca.errors import FailureKind, InvalidReply
from clca.generation.judge import alignment_of, judge, quality_of
from clca.generation.judge_facts import count_facts
from clca.records import Confidence, CountedFacts, Judgement, TurnFault
from clca.schemas import JudgeAnswer, MetaAnswer, MetaViewAnswer
from tests.dialogue_examples import Script, scenario, turn

TURNS = [turn("Ruth Vale", "Are they still open?"), turn("Ida Moss", "They are not.", "leave")]
CONFIDENCES: tuple[Confidence, ...] = get_args(Confidence)


def answer(**changes: Any) -> JudgeAnswer:
    """Stage one's answer on a sound dialogue, with changes."""
    fields = {
        "subject": "a bakery at closing time",
        "fits_scene": "yes",
        "repetition": "none",
        "worst_line": 0,
        "fault": "none",
        "quality": "Nothing is repeated.",
        "quality_confidence": "confident",
        "culture": "fits",
        "alignment": "Brisk, as neighbours are.",
        "alignment_confidence": "not sure",
    }
    return JudgeAnswer(**{**fields, **changes})


def counted(*faults: str, scene_words: int = 5, foreign: tuple[str, ...] = ()) -> CountedFacts:
    """What was counted; the faults are of the turns from the first on."""
    listed = tuple(TurnFault(turn=number, fault=fault) for number, fault in enumerate(faults, start=1))
    return CountedFacts(faults=listed, scene_words=scene_words, foreign=foreign)


VIEW = MetaViewAnswer(reason="They talk as neighbours do.", label="good", confidence="confident")
LAST = MetaAnswer(critique="The verdict is fair.", label="bad", confidence="very confident")


def judged(catalogue: CultureCatalogue, content: Content, first: JudgeAnswer) -> tuple[Judgement, list[str]]:
    """The judgement on the turns, and the texts of the three requests."""
    script = Script(iter([first, VIEW, LAST]))
    culture, marks = catalogue.culture("uk"), CultureMarks(catalogue)
    judgement = asyncio.run(judge(culture, scenario(), TURNS, Prompts.load(content), script, marks))
    assert [(request.role, request.temperature) for request in script.requests] == [("judge", 0.0)] * 3
    return judgement, [" ".join(message["content"] for message in request.messages) for request in script.requests]


@pytest.mark.parametrize(("source", "foreign"), [("seed", ("Ayşe", "Kenji")), ("own:uk", ("Kenji",))])
def test_what_a_scenario_from_within_the_culture_names_is_at_home_there(
    catalogue: CultureCatalogue, source: str, foreign: tuple[str, ...]
) -> None:
    scene = scenario(source=source, setting="Two neighbours wait for Ayşe at a bakery.")
    turns = [turn("Ruth Vale", "Where is Ayşe?"), turn("Ida Moss", "Go and ask Kenji.")]
    assert count_facts(catalogue.culture("uk"), scene, turns, CultureMarks(catalogue)).foreign == foreign


def test_the_second_stage_has_its_view_before_it_is_told_the_verdict(
    catalogue: CultureCatalogue, content: Content
) -> None:
    judgement, (stage1, view, critique) = judged(catalogue, content, answer(culture="clashes"))
    assert "1. Ruth Vale: Are they still open?" in stage1
    assert "1. Ruth Vale: Are they still open?" in view
    assert "Nothing is repeated." not in stage1 + view
    assert "Quality: good (confident). Nothing is repeated." in critique
    assert "Alignment with the culture: no (not sure). Brisk, as neighbours are." in critique
    assert "They talk as neighbours do." in critique
    assert judgement.model_dump(include={"quality", "alignment", "meta"}) == {
        "quality": {"label": "good", "confidence": "confident", "rationale": "Nothing is repeated."},
        "alignment": {"label": "no", "confidence": "not sure", "rationale": "Brisk, as neighbours are."},
        "meta": {"label": "bad", "confidence": "very confident", "critique": "The verdict is fair."},
    }


def test_the_requests_share_their_beginning(catalogue: CultureCatalogue, content: Content) -> None:
    """So that the prefix cache serves the culture, the scene, the talk and what was counted."""
    _, (stage1, view, critique) = judged(catalogue, content, answer())
    shared = stage1[: stage1.index("Answer as JSON")].rstrip()
    assert view.startswith(shared)
    assert critique.startswith(view)


def test_facts_are_told_to_the_judge_and_kept_in_the_record(catalogue: CultureCatalogue, content: Content) -> None:
    script = Script(iter([answer(), VIEW, LAST]))
    lines = [
        turn("Ruth Vale", "Good evening, has Frau Weber been here for the bread?"),
        turn("Ida Moss", "How can I assist you today?"),
        turn("Ruth Vale", "They are closing the bakery, and I have come for the last loaf of bread."),
        turn("Ida Moss", "They are closing the bakery, and I have come for the last loaf of bread."),
    ]
    culture, marks = catalogue.culture("uk"), CultureMarks(catalogue)
    judgement = asyncio.run(judge(culture, scenario(), lines, Prompts.load(content), script, marks))
    assert judgement.counted == CountedFacts(
        faults=(
            TurnFault(turn=2, fault="talks as an assistant"),
            TurnFault(turn=4, fault="echoes the partner"),
        ),
        scene_words=3,  # bakery, closing, loaf
        foreign=("Frau Weber", "Weber"),
    )
    for request in script.requests[:2]:
        told = request.messages[1]["content"]
        assert "line 2 talks as an assistant; line 4 echoes the partner." in told
        assert "3 content words of the scene come up" in told
        assert "Frau Weber, Weber" in told
    assert judgement.answered is not None
    assert judgement.answered.subject == "a bakery at closing time"


GRAVE = [{"fits_scene": "no"}, {"repetition": "much"}, {"fault": "serious", "worst_line": 1}]
BETWEEN = [{"fits_scene": "partly"}, {"repetition": "some"}, {"fault": "slight", "worst_line": 1}]


@pytest.mark.parametrize(("item", "confidence"), list(product(GRAVE, CONFIDENCES)))
def test_a_grave_answer_makes_the_quality_bad_as_confidently_as_it_is_given(
    item: dict[str, Any], confidence: Confidence
) -> None:
    quality = quality_of(answer(**item, quality_confidence=confidence), counted(), 8)
    assert (quality.label, quality.confidence) == ("bad", confidence)


@pytest.mark.parametrize("item", BETWEEN)
def test_an_answer_in_between_lowers_the_confidence(item: dict[str, Any]) -> None:
    quality = quality_of(answer(**item, quality_confidence="very confident"), counted(), 8)
    assert (quality.label, quality.confidence) == ("good", "confident")
    quality = quality_of(answer(**item, quality_confidence="not sure"), counted(), 8)
    assert (quality.label, quality.confidence) == ("good", "not sure")


def test_a_talk_that_fits_partly_needs_two_words_of_its_scene() -> None:
    partly = answer(fits_scene="partly", quality_confidence="confident")
    assert quality_of(partly, counted(scene_words=1), 8).label == "bad"
    assert quality_of(partly, counted(scene_words=2), 8).label == "good"


def test_a_talk_without_a_word_of_its_scene_is_bad_and_very_confidently_so_only_if_the_judge_agrees() -> None:
    fits = quality_of(answer(quality_confidence="very confident"), counted(scene_words=0), 8)
    assert (fits.label, fits.confidence) == ("bad", "confident")
    partly = quality_of(answer(fits_scene="partly"), counted(scene_words=0), 8)
    assert (partly.label, partly.confidence) == ("bad", "very confident")
    assert quality_of(answer(), counted(scene_words=0), 3).label == "good"


@pytest.mark.parametrize(
    ("faults", "label"),
    [
        (("talks as an assistant",), "bad"),
        (("echoes the partner", "echoes itself"), "bad"),
        (("echoes the partner",), "good"),
        ((), "good"),
    ],
)
def test_counted_faults_make_the_quality_bad(faults: tuple[str, ...], label: str) -> None:
    quality = quality_of(answer(), counted(*faults), 8)
    assert (quality.label, quality.confidence) == (label, "very confident" if label == "bad" else "confident")


@pytest.mark.parametrize(
    ("culture", "foreign", "label", "confidence"),
    [
        ("fits", (), "yes", "confident"),
        ("neutral", (), "yes", "confident"),
        ("clashes", (), "no", "confident"),
        ("fits", ("Weber",), "no", "not sure"),
        ("clashes", ("Weber",), "no", "confident"),
        ("fits", ("Weber", "Leipzig"), "no", "very confident"),
    ],
)
def test_alignment_follows_from_the_answer_and_the_marks(
    culture: str, foreign: tuple[str, ...], label: str, confidence: str
) -> None:
    alignment = alignment_of(answer(culture=culture, alignment_confidence="confident"), counted(foreign=foreign))
    assert (alignment.label, alignment.confidence) == (label, confidence)


def test_no_line_can_be_named_that_is_not_there(catalogue: CultureCatalogue, content: Content) -> None:
    script = Script(iter([answer(), VIEW, LAST]))
    asyncio.run(judge(catalogue.culture("uk"), scenario(), TURNS, Prompts.load(content), script))
    asked = script.requests[0].answer
    assert list(asked.model_fields) == list(JudgeAnswer.model_fields)
    asked.model_validate(answer(worst_line=2).model_dump())
    with pytest.raises(ValidationError, match="worst_line"):
        asked.model_validate(answer(worst_line=3).model_dump())


def test_both_requests_are_paid_for_where_one_fails(catalogue: CultureCatalogue, content: Content) -> None:
    script = Script(iter([InvalidReply(FailureKind.INVALID_JSON, "x"), VIEW]))
    with pytest.raises(InvalidReply):
        asyncio.run(judge(catalogue.culture("uk"), scenario(), TURNS, Prompts.load(content), script))
    assert len(script.requests) == 2
