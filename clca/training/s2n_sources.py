"""What S2N took for each of its cultures: `trainers/s2n_sources.csv`."""

from __future__ import annotations

from pathlib import PurePath
from typing import Annotated, Literal

from pydantic import AfterValidator, BeforeValidator

from clca.content.lookup import Content
from clca.content.parsing import read_csv
from clca.errors import ContentError
from clca.records import Line, Record, Slug

PATH = "trainers/s2n_sources.csv"


def _below(path: str) -> str:
    if PurePath(path).is_absolute() or ".." in PurePath(path).parts:
        raise ValueError("is no path below a folder")
    return path


class S2nSource(Record):
    """The material of one culture.

    `code` is the paper's, `culturellm` the file of CultureLLM's training data below its folder `data`, `wikipedia` the
    title of the page (appendix F, table 15), `normad` the countries of NormAd's rows, joined by `+`. The paper does not
    list those countries: `normad_from` says from where in it they are taken.
    """

    culture: Slug
    code: Slug
    culturellm: Annotated[Line, AfterValidator(_below)]
    wikipedia: Line
    normad: Annotated[tuple[Line, ...], BeforeValidator(lambda text: text.split("+") if isinstance(text, str) else ())]
    normad_from: Literal["table 6", "table 15", "section 3.1"]


def load_s2n_sources(content: Content) -> dict[str, S2nSource]:
    """The material by culture. Raises `ContentError` for a culture that is listed twice."""
    sources: dict[str, S2nSource] = {}
    for source in read_csv(content.shown(PATH), content.text(PATH), S2nSource):
        if source.culture in sources:
            raise ContentError(content.shown(PATH), None, f"culture: {source.culture} is listed twice")
        sources[source.culture] = source
    return sources
