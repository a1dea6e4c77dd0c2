"""Criticism of a verdict, in a sentence or two that name what was seen."""

from __future__ import annotations

from clca.tasks import MetaContext


def criticism(context: MetaContext, quote: str, fault: float, jarring: float) -> str:
    """What is to be said about the stage-one verdict, from one's own weighing of the dialogue."""
    parts = [_on_quality(context, quote, fault), _on_alignment(context, quote, jarring)]
    return " ".join(part for part in parts if part)


def _on_quality(context: MetaContext, quote: str, fault: float) -> str:
    bad, label, sure = fault > 0.5, context.quality.label, context.quality.confidence
    shown = f" (“{quote[:90]}”)" if quote and bad else ""
    if bad and label == "good":
        return f"The verdict is too kind: the later turns do not hold up{shown}, and a reader would lose interest there."
    if not bad and label == "bad":
        return f"The verdict is too severe: {len(context.turns)} turns in, the two still answer each other and stay with their matter."
    if bad:
        return f"The verdict on quality holds{shown}; the dialogue should not be used as it is."
    if sure == "very confident":
        return "The verdict on quality holds, and its reason can be checked against the turns."
    return "Good is the right label, although the hesitation is understandable: little happens in some of the turns."


def _on_alignment(context: MetaContext, quote: str, jarring: float) -> str:
    jars, label = jarring > 0.5, context.alignment.label
    if jars and label == "yes":
        return f"It overlooks that the manners do not fit {context.culture.name}{f': “{quote[:90]}”' if quote else ''}."
    if not jars and label == "no":
        return f"It asks too much of manners: nothing in the talk is out of the question in {context.culture.name}."
    if jars:
        return "The point about manners is well taken."
    return "On manners there is nothing to add." if context.alignment.confidence == "very confident" else (
        "On manners it could have named what speaks for its label."
    )
