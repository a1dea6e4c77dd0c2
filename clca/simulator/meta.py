"""Criticism of a verdict, in a sentence or two that name what was seen."""

from __future__ import annotations

from collections.abc import Mapping

from clca.records import Alignment, Quality
from clca.simulator.content_schema import Phrases
from clca.simulator.rng import Rng
from clca.simulator.sentences import fill, upper_first


def criticism(
    phrases: Phrases,
    quality: Quality,
    alignment: Alignment,
    values: Mapping[str, str],
    bad: bool,
    jars: bool,
    dice: Rng,
) -> str:
    """What is to be said about the stage-one verdict, from one's own weighing of the dialogue."""
    if bad:
        kinds = ["meta_right" if quality.label == "bad" else "meta_kind"]
    elif quality.label == "bad":
        kinds = ["meta_severe"]
    else:
        kinds = ["meta_good" if quality.confidence != "not sure" else "meta_unsure"]
    if jars and values["jar"]:
        kinds.append("manners_right" if alignment.label == "no" else "manners_missed")
    elif alignment.label == "no":
        kinds.append("manners_severe")
    elif dice.chance(0.45):
        kinds.append("manners_good")
    parts: list[str] = []
    for kind in kinds:
        fresh = [
            phrase
            for phrase in getattr(phrases, kind)
            if not (parts and "{seen}" in phrase and values["seen"] in parts[0])
        ]
        parts.append(upper_first(fill(dice.pick(fresh or getattr(phrases, kind)), values)))
    return " ".join(f"{part}." for part in parts)
