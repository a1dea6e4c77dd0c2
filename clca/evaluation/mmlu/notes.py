"""What a reader of scores on MMLU has to know, in its own words: questions, subjects, letters."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from clca.evaluation.classification.scores import MatrixScores


def count_of(count: int, noun: str) -> str:
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


def asked(matrix: MatrixScores, about: Mapping[str, Any]) -> str:
    """What was asked and how, in one line; `about` is what `evaluation.json` says."""
    questions = sum(one.texts for one in matrix.tests)
    said = [f"{count_of(questions, 'question')} of {count_of(len(matrix.tests), 'subject')}"]
    said += [f"{about['shots']}-shot"] if "shots" in about else []
    said += [str(about["mode"])] if "mode" in about else []
    said += [f"scoring {about['scoring']}"] if "scoring" in about else []
    source = f"{about['data']}: " if "data" in about else ""
    return f"{source}{', '.join(said)}; seed {matrix.seed}."


def notes(matrix: MatrixScores) -> tuple[str, ...]:
    """On subjects whose numbers are not what they seem."""
    found = []
    absent = [f"{one.test} ({', '.join(one.absent)})" for one in matrix.tests if one.absent and len(one.present) > 1]
    if absent:
        found.append(
            f"Letters that are the answer to no question, counted in macro-F1 all the same: {', '.join(absent)}."
        )
    single = [f"{one.test} ({one.present[0]})" for one in matrix.tests if len(one.present) == 1]
    if single:
        how = (
            "it is scored as the paper does, though its macro-F1 says little"
            if matrix.single_class
            else "it has no macro-F1, which would say nothing, and the mean over subjects is without it; a group's and"
            " the overall one count its questions, if there are other letters among them"
        )
        found.append(f"The same letter is the answer to all questions of a subject: {how}: {', '.join(single)}.")
    return tuple(found)
