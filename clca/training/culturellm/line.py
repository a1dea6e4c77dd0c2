"""A line of imported training data: a survey question as CultureLLM asks it, and its answer."""

from __future__ import annotations

import re
from typing import Annotated

from pydantic import Field

from clca.content.wvs_items import Words
from clca.records import Record

SCALE = re.compile(r"\bfrom (\d{1,4}) to (\d{1,4})\b")


class SurveyLine(Record):
    """A question with the digit that answers it.

    `question` is all that is asked, options included. `item` is the survey's item, None where it is not known, and
    `paraphrase` says that the question is not in the survey's words.
    """

    item: Annotated[str | None, Field(pattern=r"^Q\d+$")]
    question: Words
    answer: Annotated[int, Field(ge=0)]
    paraphrase: bool = False

    @property
    def scale(self) -> tuple[int, int] | None:
        """The lowest and the highest answer that the question allows, as it says itself; None where it does not."""
        scale = SCALE.search(self.question)
        return None if scale is None else (int(scale[1]), int(scale[2]))

    @property
    def fits_scale(self) -> bool:
        """Whether the answer is one that the question allows."""
        return self.scale is None or self.scale[0] <= self.answer <= self.scale[1]
