"""CultureLLM's survey questions and answers, as imported, in the layout of S2N (appendix B)."""

from __future__ import annotations

from collections.abc import Iterator

from clca.content.wvs_items import load_items, s2n_layout
from clca.training.culturellm.line import SurveyLine
from clca.training.examples import Dropped, Example, Text
from clca.training.sources.files import records, source_files
from clca.training.sources.wvs import EVALUATED
from clca.training.training_sources import TrainingSources

UNKNOWN = "survey question whose item is not known"
OUTSIDE = "survey answer that its question does not allow"
PARAPHRASE = "paraphrase of a survey question"


def culturellm(sources: TrainingSources) -> Iterator[Example | Dropped]:
    """Each line as a question and the digit that answers it.

    Where training and evaluation are disjoint, what `clca eval-wvs` asks is left out, and what it may ask.
    """
    how = sources.data.survey
    asked = {item.id for item in load_items(sources.content).items} if how.items == "disjoint" else set[str]()
    example = "data/culturellm/{culture}.jsonl, which `clca data import-culturellm` writes"
    for source in source_files(sources, "culturellm", example):
        for where, number, line in records(source, SurveyLine):
            group = line.item or f"{where}:{number}"
            if line.paraphrase and not how.paraphrases:
                yield Dropped(PARAPHRASE, group)
            elif line.item in asked:
                yield Dropped(EVALUATED, group)
            elif line.item is None and how.items == "disjoint":
                yield Dropped(UNKNOWN, group)
            elif not line.fits_scale:
                yield Dropped(OUTSIDE, group)
            else:
                body = layout(line.question, str(line.answer))
                culture = source.culture.id if source.culture else ""
                yield Example(f"{where}:{number}", "survey", group, body, line.item or "", culture=culture)


def layout(question: str, answer: str) -> Text:
    """A question with all that is asked, and its answer."""
    return Text(s2n_layout(question), f" {answer}")
