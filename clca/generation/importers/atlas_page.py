"""A page of HTML as headings with the items of their lists, and what the page calls itself."""

from __future__ import annotations

import re
from dataclasses import dataclass
from html.parser import HTMLParser
from itertools import pairwise
from typing import Any

from clca.errors import ContentError, SettingsError
from clca.generation.importers.sources import Source
from clca.safe_open import LARGEST, read_bytes

CONTENT = "text-content"
_HEADINGS = ("h2", "h3", "h4")
_SKIPPED = ("script", "style", "template", "noscript")
_WORD = re.compile(r"[^\W\d_]+")
MOST_NAMES = 40  # words of title, first heading and address that may name a culture


@dataclass(frozen=True, slots=True)
class Item:
    """An item of a list, or a paragraph, below a heading; `line` is where it begins."""

    line: int
    heading: str
    text: Any
    is_listed: bool


class _Page(HTMLParser):
    """Collects items within elements of the class `text-content`, and the texts that say what the page is about."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.items: list[Item] = []
        self.about: dict[str, str] = {}
        self._depth = 0  # of `div`s since the content began
        self._heading = ""
        self._open: list[tuple[str, int]] = []  # list items and paragraphs, with their lines
        self._texts: list[str] = []
        self._collects = ""  # the title or heading whose text is read
        self._skipped = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = dict(attrs)
        if tag in _SKIPPED:
            self._skipped += 1
        if tag == "div":
            begins = CONTENT in (values.get("class") or "").split()
            self._depth += 1 if self._depth or begins else 0
        if tag == "link" and values.get("rel") == "canonical":
            self.about.setdefault("address", values.get("href") or "")
        if tag == "title" or (tag == "h1" and "h1" not in self.about) or (self._depth and tag in _HEADINGS):
            self._flush()
            self._collects = tag
        elif self._depth and (tag == "li" or (tag == "p" and not self._open)):  # one within an item belongs to it
            self._flush()
            self._open.append((tag, self.getpos()[0]))

    def handle_endtag(self, tag: str) -> None:
        if tag in _SKIPPED:
            self._skipped = max(0, self._skipped - 1)
        if tag == self._collects:
            text = self._text()
            if tag in ("title", "h1"):
                self.about.setdefault(tag, text)
            else:
                self._heading = text
            self._collects = ""
        elif self._open and tag in (self._open[-1][0], "ul", "ol"):
            self._flush()
        if tag == "div" and self._depth:
            self._depth -= 1
            if not self._depth:
                self._flush()
                self._heading = ""

    def handle_data(self, data: str) -> None:
        if not self._skipped and (self._collects or self._open):
            self._texts.append(data)

    def close(self) -> None:
        """End the page.

        Raises `ValueError` for a tag or comment without an end: `HTMLParser` would try each of its characters as the
        beginning of another one, over all that follows.
        """
        if self.rawdata.startswith("<"):
            raise ValueError("a tag or comment without an end")
        super().close()
        self._flush()

    def _flush(self) -> None:
        text = self._text()
        if self._open:
            tag, line = self._open.pop()
            self._open.clear()
            if text:
                self.items.append(Item(line, self._heading, text, is_listed=tag == "li"))

    def _text(self) -> str:
        text = " ".join("".join(self._texts).split())
        self._texts.clear()
        return text


@dataclass(frozen=True, slots=True)
class HtmlPage:
    """The items of a page, its title and address, and the names by which it may name its culture, the best first."""

    items: tuple[Item, ...]
    title: str
    address: str
    names: tuple[str, ...]


def read_page(source: Source) -> HtmlPage:
    """The page of a file.

    Raises `SettingsError` for a file that cannot be read, `ContentError` for one that is no UTF-8, is cut off
    within a tag, or has no `div.text-content`.
    """
    try:
        data = read_bytes(source.path, largest=LARGEST)
    except OSError as error:
        raise SettingsError(f"{source.path} cannot be read: {error.strerror}") from None
    source.reading(len(data))
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = 1 + data.count(b"\n", 0, error.start)
        raise ContentError(str(source.path), line, "not UTF-8: save the page as UTF-8") from None
    page = _Page()
    page.feed(text)
    try:
        page.close()
    except ValueError as error:
        raise ContentError(str(source.path), page.getpos()[0], f"{error} begins here: save the page again") from None
    if not page.items:
        raise ContentError(str(source.path), None, f"has no lists or paragraphs in a div of the class {CONTENT}")
    about = [page.about.get(key, "") for key in ("title", "h1", "address")]
    words = [word for text in about for word in _WORD.findall(text)]
    pairs = [f"{one} {two}" for one, two in pairwise(words)]
    alone = [word for word in words if len(word) > 3 or word.isupper()]  # "us" is no country in "About us"
    names = [about[1], *pairs[:MOST_NAMES], *alone[:MOST_NAMES]]
    return HtmlPage(tuple(page.items), about[0] or about[1], about[2], tuple(names))
