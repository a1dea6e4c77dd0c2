"""Notes on scores of MMLU, in its own words: questions, subjects, letters."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from clca.evaluation.classification.scores import MatrixScores


def count_of(count: int, noun: str) -> str:
    """A number with its noun in the singular or plural."""
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


def asked(matrix: MatrixScores, about: Mapping[str, Any]) -> str:
    """What was asked and how, in one line; `about` is the content of `evaluation.json`."""
    questions = sum(test.texts for test in matrix.tests)
    facts = [f"{count_of(questions, 'question')} of {count_of(len(matrix.tests), 'subject')}"]
    facts += [f"{about['shots']}-shot"] if "shots" in about else []
    facts += [str(about["mode"])] if "mode" in about else []
    facts += [f"scoring {about['scoring']}"] if "scoring" in about else []
    source = f"{about['data']}: " if "data" in about else ""
    return f"{source}{', '.join(facts)}; seed {matrix.seed}."


def notes(matrix: MatrixScores) -> tuple[str, ...]:
    """Notes on subjects whose scores need an explanation."""
    notes = []
    absent = [
        f"{test.test} ({', '.join(test.absent)})" for test in matrix.tests if test.absent and len(test.present) > 1
    ]
    if absent:
        notes.append(
            f"Letters that are the answer to no question, counted in macro-F1 all the same: {', '.join(absent)}."
        )
    single = [f"{test.test} ({test.present[0]})" for test in matrix.tests if len(test.present) == 1]
    if single:
        how = (
            "it is scored as the paper does, though its macro-F1 says little"
            if matrix.single_class
            else "it has no macro-F1, which would say nothing, and the mean over subjects is without it; a group's and"
            " the overall one count its questions, if there are other letters among them"
        )
        notes.append(f"The same letter is the answer to all questions of a subject: {how}: {', '.join(single)}.")
    return tuple(notes)
