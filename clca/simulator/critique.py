"""The critique of a stage-one verdict, in a sentence or two that name the evidence."""

from __future__ import annotations

from collections.abc import Mapping

from clca.records import Alignment, Quality
from clca.seeding import Rng
from clca.simulator.content_schema import JudgePhrases
from clca.simulator.sentences import fill
from clca.words import upper_first


def critique(
    phrases: JudgePhrases,
    quality: Quality,
    alignment: Alignment,
    values: Mapping[str, str],
    bad: bool,
    misaligned: bool,
    rng: Rng,
) -> str:
    """The critique of a verdict by the judge's second look, which finds the dialogue `bad` or `misaligned`.

    `values` fill the placeholders of the phrases.
    """
    parts: list[str] = []
    for kind in _phrase_kinds(quality, alignment, values, bad, misaligned, rng):
        options = getattr(phrases, kind)
        unused = [phrase for phrase in options if not (parts and "{seen}" in phrase and values["seen"] in parts[0])]
        parts.append(upper_first(fill(rng.choice(unused or options), values)))
    return " ".join(f"{part}." for part in parts)


def _phrase_kinds(
    quality: Quality, alignment: Alignment, values: Mapping[str, str], bad: bool, misaligned: bool, rng: Rng
) -> list[str]:
    if bad:
        kinds = ["meta_right" if quality.label == "bad" else "meta_kind"]
    elif quality.label == "bad":
        kinds = ["meta_severe"]
    else:
        kinds = ["meta_good" if quality.confidence != "not sure" else "meta_unsure"]
    if misaligned and values["jar"]:
        kinds.append("manners_right" if alignment.label == "no" else "manners_missed")
    elif alignment.label == "no":
        kinds.append("manners_severe")
    elif rng.chance(0.45):
        kinds.append("manners_good")
    return kinds
