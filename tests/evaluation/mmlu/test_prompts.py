"""The prompts of MMLU, to the letter: what lm-evaluation-harness 0.4 sends for its `mmlu` tasks."""

from __future__ import annotations

import pytest

from clca.content.lookup import Content
from clca.errors import ContentError
from clca.evaluation.mmlu.answer_extraction import LetterReader
from clca.evaluation.mmlu.prompts import MmluPrompts
from clca.evaluation.mmlu.questions import MmluItem
from clca.evaluation.mmlu.subjects import load_subjects
from clca.evaluation.mmlu.task import MmluTask
from clca.inference.prompt_format import TextFormat
from tests.conftest import Overlay

DEV = (
    MmluItem(1, "What is 2 + 2?\n", ("3", "4", "5", "6"), "B"),
    MmluItem(2, "Which {{ sign }} is % <b>?", (" a ", "b", "c", "d"), "D"),
)
TEST = (MmluItem(1, "  What is\n3 + 3?", ("3", "4", "5", "6"), "D"),)


def task(content: Content, scoring: str = "corrected", dev: tuple[MmluItem, ...] = DEV) -> MmluTask:
    subject = load_subjects(content)["high_school_us_history"]
    return MmluTask(subject, dev, TEST, MmluPrompts(content, scoring), LetterReader("corrected"))  # type: ignore[arg-type]


def prompt(one: MmluTask) -> str:
    """The whole of it, as plain text is put together."""
    (example,) = one.examples("base")
    return TextFormat().prompt(one.system_prompt("base"), example.text)


def test_worked_examples_stand_before_the_question_as_the_convention_has_them(content: Content) -> None:
    assert prompt(task(content)) == (
        "The following are multiple choice questions (with answers) about high school us history.\n"
        "\n"
        "What is 2 + 2?\n"
        "A. 3\n"
        "B. 4\n"
        "C. 5\n"
        "D. 6\n"
        "Answer: B\n"
        "\n"
        "Which {{ sign }} is % <b>?\n"
        "A.  a \n"
        "B. b\n"
        "C. c\n"
        "D. d\n"
        "Answer: D\n"
        "\n"
        "What is\n"
        "3 + 3?\n"
        "A. 3\n"
        "B. 4\n"
        "C. 5\n"
        "D. 6\n"
        "Answer:"
    )


def test_without_worked_examples_only_the_subject_stands_before_the_question(content: Content) -> None:
    assert prompt(task(content, dev=())) == (
        "The following are multiple choice questions (with answers) about high school us history.\n"
        "\n"
        "What is\n3 + 3?\nA. 3\nB. 4\nC. 5\nD. 6\nAnswer:"
    )


def test_the_paper_asks_between_its_markers(content: Content) -> None:
    assert prompt(task(content, "paper", DEV[:1])) == (
        "### Question: What is 2 + 2?\nA. 3\nB. 4\nC. 5\nD. 6\n### Answer: B\n"
        "\n"
        "### Question: What is\n3 + 3?\nA. 3\nB. 4\nC. 5\nD. 6\n### Answer:"
    )
    assert task(content, "paper", ()).system_prompt("base") == ""


def test_a_letter_follows_after_a_space(content: Content) -> None:
    assert TextFormat().lead == " "
    assert task(content).answers == ("A", "B", "C", "D")


def test_fewer_worked_examples_are_the_first_ones(content: Content) -> None:
    fewer = task(content).with_shots(1)
    assert fewer.shots == 1
    assert fewer.system_prompt("base") == task(content, dev=DEV[:1]).system_prompt("base")


def test_every_question_keeps_its_number_and_its_answer(content: Content) -> None:
    (example,) = task(content).examples("base")
    assert (example.id, example.gold) == ("1", "D")
    assert task(content).count == 1


def test_a_prompt_of_ones_own_takes_the_place_of_the_shipped_one(overlay: Overlay) -> None:
    words = "{% block system %}About {{ subject }}.{% endblock %}{% block user %}Q: {{ question }}{% endblock %}"
    assert prompt(task(overlay({"prompts/mmlu.j2": words}), dev=())) == (
        "About high school us history.\n\nQ: What is\n3 + 3?"
    )


def test_a_prompt_with_an_unknown_variable_is_refused(overlay: Overlay) -> None:
    words = "{% block system %}{% endblock %}{% block user %}{{ qestion }}{% endblock %}"
    with pytest.raises(ContentError, match=r"mmlu\.j2:1: qestion: no such variable; this prompt has options, qu"):
        MmluPrompts(overlay({"prompts/mmlu.j2": words}), "corrected")
