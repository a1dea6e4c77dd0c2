"""Pages about a culture, in the layout of S2N (appendix B): the user's text files or JSONL."""

from __future__ import annotations

import re
from collections.abc import Iterator

from pydantic import BaseModel, ConfigDict

from clca.content.wvs_items import Words
from clca.training.examples import Dropped, Example, Text
from clca.training.sources.files import SourceFile, records, source_files
from clca.training.training_sources import CultureRef, TrainingSources

OTHERS = "page of another culture"


class Page(BaseModel):
    """A line of JSONL: a page; without `culture` it is of whatever culture its file is of."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    title: Words
    text: Words
    culture: str | None = None


def wiki(sources: TrainingSources) -> Iterator[Example | Dropped]:
    """Each page in pieces of whole paragraphs, `wiki_words` words at most if no paragraph is longer."""
    known = {culture.id: culture for culture in sources.cultures}
    for source in source_files(sources, "wiki", "text files, or JSONL with title and text, of pages about the culture"):
        for page, where in _pages(source):
            culture = known.get(page.culture) if page.culture is not None else source.culture
            if page.culture is None and culture is None:
                raise source.fault(
                    f"{where} names no culture: use {{culture}} in the file's name, or give its JSONL"
                    " lines a key `culture`"
                )
            if culture is None:
                yield Dropped(OTHERS, page.title)
                continue
            for number, piece in enumerate(pieces(page.text, sources.data.wiki_words), start=1):
                yield Example(
                    f"{page.title}:{number}", "context", page.title, layout(culture, piece), culture=culture.id
                )


def pieces(text: str, words: int) -> Iterator[str]:
    """Whole paragraphs, as many as fit; a longer paragraph is split between words."""
    words_left: list[str] = []
    for paragraph in re.split(r"\n\s*\n", text):
        new = paragraph.split()
        if words_left and len(words_left) + len(new) > words:
            yield " ".join(words_left)
            words_left = []
        words_left += new
        whole = max(0, len(words_left) - 1) // words * words  # the last words wait for the next paragraph
        for start in range(0, whole, words):
            yield " ".join(words_left[start : start + words])
        words_left = words_left[whole:]
    if words_left:
        yield " ".join(words_left)


def layout(culture: CultureRef, text: str) -> Text:
    """A prompt that names the culture, and the text about it as the answer."""
    return Text(f"### Task: Cultural Context\n### Culture: {culture.name}\n### Description:", f" {text}")


def _pages(source: SourceFile) -> Iterator[tuple[Page, str]]:
    texts = [] if source.on_hub else source.files(".txt", ".jsonl")
    for path in texts:
        if path.suffix not in (".txt", ".jsonl"):
            raise source.fault("expected a .txt or .jsonl file, or a folder of them")
        if path.suffix == ".txt" and (text := source.text(path)).strip():
            yield Page(title=path.stem, text=text), str(path)
    if source.on_hub or any(path.suffix == ".jsonl" for path in texts):
        for where, number, page in records(source, Page):
            yield page, f"{where}:{number}"
