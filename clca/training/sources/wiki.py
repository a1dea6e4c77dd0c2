"""Pages about a culture, in the layout of S2N (appendix B): the user's text files or JSONL."""

from __future__ import annotations

import re
from collections.abc import Iterator

from pydantic import BaseModel, ConfigDict

from clca.content.wvs_items import Words
from clca.training.examples import Dropped, Example, Text
from clca.training.material import CultureRef, TrainingSources
from clca.training.sources.files import Given, given, records

OTHERS = "page of another culture"


class Page(BaseModel):
    """A line of JSONL: a page; without `culture` it is of whatever culture its file is of."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    title: Words
    text: Words
    culture: str | None = None


def wiki(material: TrainingSources) -> Iterator[Example | Dropped]:
    """Each page in pieces of whole paragraphs, `wiki_words` words at most if no paragraph is longer."""
    known = {culture.id: culture for culture in material.cultures}
    for source in given(material, "wiki", "text files, or JSONL with title and text, of pages about the culture"):
        for page, where in _pages(source):
            culture = known.get(page.culture) if page.culture is not None else source.culture
            if page.culture is None and culture is None:
                raise source.fault(
                    f"{where} does not say which culture it is of: name the file with {{culture}}, or give JSONL"
                    " lines a key culture"
                )
            if culture is None:
                yield Dropped(OTHERS, page.title)
                continue
            for number, piece in enumerate(pieces(page.text, material.data.wiki_words), start=1):
                yield Example(f"{page.title}:{number}", "context", page.title, layout(culture, piece))


def pieces(text: str, words: int) -> Iterator[str]:
    """Whole paragraphs, as many as fit; a longer paragraph is split between words."""
    held: list[str] = []
    for paragraph in re.split(r"\n\s*\n", text):
        new = paragraph.split()
        if held and len(held) + len(new) > words:
            yield " ".join(held)
            held = []
        held += new
        while len(held) > words:
            yield " ".join(held[:words])
            held = held[words:]
    if held:
        yield " ".join(held)


def layout(culture: CultureRef, text: str) -> Text:
    return Text(f"### Task: Cultural Context\n### Culture: {culture.name}\n### Description:", f" {text}")


def _pages(source: Given) -> Iterator[tuple[Page, str]]:
    texts = [] if source.on_hub else source.files(".txt", ".jsonl")
    for path in texts:
        if path.suffix not in (".txt", ".jsonl"):
            raise source.fault("expected a .txt or .jsonl file, or a folder of them")
        if path.suffix == ".txt" and (text := source.text(path)).strip():
            yield Page(title=path.stem, text=text), str(path)
    if source.on_hub or any(path.suffix == ".jsonl" for path in texts):
        for where, number, page in records(source, Page):
            yield page, f"{where}:{number}"
