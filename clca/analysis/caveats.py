"""What stands beside a map: how it was drawn, and what it cannot carry."""

from __future__ import annotations

from collections.abc import Iterator

from clca.analysis.draw import Draw
from clca.analysis.plan import MapPlan
from clca.quality.embedding import USE

TOPICS = {
    "dialogues": "dialogues of one scenario",
    "wiki": "paragraphs of one page",
    "normad": "stories of one norm",
}


def caveats(plan: MapPlan, reads: int | None) -> Iterator[str]:
    """Sentences on all maps; `reads` are the tokens of a text that the embedder reads, None where it reads all."""
    for drawn in plan.draws:
        yield from _of_draw(drawn, plan.config.sample)
    if plan.rehearsal:
        yield "The dialogues are a rehearsal, played by the embedded simulator: they say nothing about any culture."
    yield (
        "Distances in a projection, and the sizes of its groups, mean little: the scores are of the embeddings"
        " themselves, but for the silhouette that is named as the projection's."
    )
    yield "Texts name people, places and cultures: what separates may be names."
    alike = [text for source, text in TOPICS.items() if any(drawn.source == source for drawn in plan.draws)]
    if alike:
        yield (
            f"{' and '.join(alike).capitalize()} are alike as such, and the permutation test takes all texts for"
            " independent: p is too small."
        )
    if any(drawn.source in ("wvs", "wvs-translated") for drawn in plan.draws):
        yield (
            "Pairs of the survey stand for its shares, 20 of each item, and not for respondents: p falls with the"
            " number of pairs drawn."
        )
    if 0 < len(plan.three_points) < len(plan.cultures):
        yield (
            f"The survey asked {', '.join(plan.three_points)} some items on three points and others on five: such pairs"
            " have other words, and separate by them."
        )
    if any(drawn.source == "wvs-translated" for drawn in plan.draws):
        known = (
            "" if plan.config.embedder != USE else " The Universal Sentence Encoder knows neither Greek nor Bengali."
        )
        yield f"Texts in different languages also separate by language.{known}"
    if reads is not None:
        yield f"The embedder reads the first {reads:,} tokens of a text; the rest of a longer one has no part in it."


def _of_draw(drawn: Draw, sample: int) -> Iterator[str]:
    if drawn.absent:
        counted = ", ".join(f"{culture} ({drawn.read[culture]:,})" for culture in drawn.absent)
        yield f"{drawn.source}: left out for want of texts: {counted}."
    if drawn.taken < sample:
        least = min(drawn.cultures, key=lambda culture: drawn.read[culture])
        yield (
            f"{drawn.source}: {drawn.taken:,} texts of each culture, since {least} has no more"
            f" ({sample:,} were asked for)."
        )
    copies = len(drawn.texts) - len(drawn.distinct)
    if copies:
        yield (
            f"{drawn.source}: {copies:,} of {len(drawn.texts):,} texts are word for word as another: they share a"
            " place, around which the marks of several cultures stand."
        )
    if drawn.dropped:
        counted = ", ".join(f"{count:,} x {reason}" for reason, count in drawn.dropped.items())
        yield f"{drawn.source}: not taken: {counted}."
