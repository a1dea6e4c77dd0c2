"""A report as a reader has it: the elements of the HTML file, its numbers, and the cards that these lead to."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser

VOID = {"meta", "rect"}


@dataclass
class Element:
    name: str
    attributes: dict[str, str]
    parent: Element | None
    within: list[Element | str] = field(default_factory=list)

    @property
    def children(self) -> list[Element]:
        return [part for part in self.within if isinstance(part, Element)]

    def all(self) -> Iterator[Element]:
        yield self
        for child in self.children:
            yield from child.all()

    def find(self, *names: str) -> list[Element]:
        return [element for element in self.all() if element.name in names]

    @property
    def text(self) -> str:
        return " ".join("".join(self._texts()).split())

    def _texts(self) -> Iterator[str]:
        for part in self.within:
            if isinstance(part, str):
                yield part
            else:
                yield from part._texts()


class Page(HTMLParser):
    """The elements of a page. A tag that is closed in the wrong order is an error."""

    def __init__(self) -> None:
        super().__init__()
        self.root = self._now = Element("page", {}, None)

    @classmethod
    def of(cls, html: str) -> Page:
        page = cls()
        page.feed(html)
        assert page._now is page.root, f"{page._now.name} is not closed"
        return page

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        element = Element(tag, {name: value or "" for name, value in attrs}, self._now)
        self._now.within.append(element)
        if tag not in VOID:
            self._now = element

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self.handle_endtag(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self._now.name == tag, f"</{tag}> closes <{self._now.name}> at {self.getpos()}"
        assert self._now.parent is not None
        self._now = self._now.parent

    def handle_data(self, data: str) -> None:
        self._now.within.append(data)

    def find(self, *names: str) -> list[Element]:
        return self.root.find(*names)

    def by_id(self, id: str) -> Element:
        (element,) = [element for element in self.root.all() if element.attributes.get("id") == id]
        return element


NUMBER = re.compile(r"[+-]?\d|< 0\.")
ASKED = {
    "R": ("teacher", "prompt version", "seed"),
    "A": ("run", "teacher", "student", "prompt version", "seed"),
    "E": ("student", "seed"),
}
"""What a card says first, by what its code begins with; that of an evaluation with adapters says what theirs do."""


@dataclass(frozen=True)
class Shown:
    """A number of a table or a bar: its text, the section and kind of row, and the codes of what it comes from."""

    text: str
    section: str
    kind: str
    codes: tuple[str, ...]


def numbers(page: Page) -> Iterator[Shown]:
    """All numbers of tables; the codes are those in the cell, else at the end of its row, then those of its table."""
    for section in page.by_id("main").find("section"):
        for table in section.find("table"):
            above = links(table.find("caption")[0])
            has_sources = table.find("thead")[0].find("th")[-1].text == "source"
            for row in table.find("tr"):
                cells = row.find("td")
                of_row = links(cells[-1]) if cells and has_sources else []
                for cell in cells[:-1] if has_sources else cells:
                    if NUMBER.match(cell.text) or cell.find("svg"):
                        codes = [*(links(cell) or of_row), *above]
                        kind = row.attributes.get("class", "ours")
                        yield Shown(cell.text, section.attributes["id"], kind, tuple(dict.fromkeys(codes)))


def links(element: Element) -> list[str]:
    return [link.attributes["href"][1:] for link in element.find("a")]


def untraced(page: Page, *asked_too: str) -> list[str]:
    """The numbers and figures that lead to no card, or to one that does not say what a reader asks."""
    cards = {card.attributes["id"] for card in page.find("article") if card.attributes.get("class") == "card"}
    faults = []
    for number in numbers(page):
        if not number.codes or not set(number.codes) <= cards:
            faults.append(f"{number.section}: {number.text}: {number.codes}")
    faults += [f"figure: {figure.text[:80]}" for figure in page.find("figure") if not links(figure)]
    for code in sorted(cards):
        asked = ASKED.get(code[0], ())
        said = origin_of(page, code) if asked else {}
        if code[0] == "E" and "adapter" in said:
            asked = ("adapter", *ASKED["A"])
        asked = (*asked, *asked_too) if asked else ()
        faults += [f"card {code} does not say: {what}" for what in asked if not said.get(what)]
    return faults


def origin_of(page: Page, code: str) -> dict[str, str]:
    """What the card of a code says first, as a reader sees it."""
    origins = [element for element in page.by_id(code).find("dl") if element.attributes.get("class") == "origin"]
    return {entry.find("dt")[0].text: entry.find("dd")[0].text for part in origins for entry in part.children}
