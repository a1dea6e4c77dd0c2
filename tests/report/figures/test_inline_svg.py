from __future__ import annotations

import re
from typing import Any
from xml.etree import ElementTree

from clca.pictures import pictures
from clca.report.figures.inline_svg import inline_svg


def drawn(text: str, alt: str = "A line.") -> str:
    def draw(figure: Any) -> None:
        axes = figure.subplots()
        axes.plot([0, 1], [1, 0], marker="o")
        axes.set_title(text)

    return inline_svg(pictures(2, 2, draw, forms=("svg",))["svg"], alt).decode()


def ids(svg: str) -> set[str]:
    return {element.attrib["id"] for element in ElementTree.fromstring(svg).iter() if "id" in element.attrib}


def test_two_pictures_on_a_page_share_no_id() -> None:
    first, second = drawn("one"), drawn("two")
    assert ids(first)
    assert ids(first) & ids(second) == set()


def test_every_reference_leads_to_an_id_of_the_same_picture() -> None:
    svg = drawn("one")
    assert {*re.findall(r'(?:href="#|url\(#)([^")]+)', svg)} == ids(svg)


def test_nothing_in_it_is_a_style_sheet_a_script_a_comment_or_a_link_elsewhere() -> None:
    svg = drawn("one")
    assert svg.startswith("<svg ")
    assert not re.search(r"<(style|script|metadata|image|!)|\bstyle=|<\?", svg)
    assert all(link.startswith("#") for link in re.findall(r'href="([^"]*)"', svg))


def test_its_name_is_the_text_alternative_whatever_that_holds() -> None:
    root = ElementTree.fromstring(drawn("one", alt='5 > 3 & "<script>"'))
    assert root.attrib["role"] == "img"
    assert root.attrib["aria-label"] == '5 > 3 & "<script>"'


def test_a_hostile_text_stays_text() -> None:
    hostile = '</text><script>alert(1)</script> id="x" style="a:b" --> $\\frac{1}{0}$'
    root = ElementTree.fromstring(drawn(hostile))
    assert not [element for element in root.iter() if element.tag.endswith("script")]
