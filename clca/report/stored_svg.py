"""Pictures that were drawn before, as they may stand in a page: anybody may have written the file.

Nothing of it is taken but shapes, texts and PNG images that are in the file itself.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import escape
from pathlib import Path
from xml.etree import ElementTree

from clca.printable import printable
from clca.report.figures.inline_svg import inline_svg
from clca.safe_open import MIB, read_bytes

LARGEST = 4 * MIB  # bytes of a picture
DEEPEST = 50  # levels of its elements
_SVG = "{http://www.w3.org/2000/svg}"
_NAMES = "svg g defs path rect circle ellipse line polyline polygon text tspan clipPath use image"
_ELEMENTS = frozenset(_NAMES.split())
_KEYS = """id d x y x1 x2 y1 y2 cx cy r rx ry width height viewBox points transform preserveAspectRatio clip-path
clip-rule clipPathUnits fill fill-opacity fill-rule opacity stroke stroke-dasharray stroke-dashoffset stroke-linecap
stroke-linejoin stroke-miterlimit stroke-opacity stroke-width font-family font-size font-style font-weight text-anchor
role aria-label"""
_ATTRIBUTES = frozenset(_KEYS.split())
_FREE = ("transform", "aria-label")  # those in which a bracket calls for nothing
_REFERENCE = re.compile(r"url\(#[\w-]+\)")
_LINK = re.compile(r"#[\w-]+")
_IMAGE = re.compile(r"data:image/png;base64,[A-Za-z0-9+/=\s]+")


def read_svg(file: Path, folder: Path, alt: str) -> str:
    """The picture of an SVG file below a folder, with `alt` as what screen readers say.

    Raises `OSError` for a file that cannot be read or is too large, `ValueError` for one that is no sound SVG.
    """
    data = read_bytes(file, within=folder, largest=LARGEST)
    return shapes(inline_svg(data.decode("utf-8", "replace").encode(), printable(alt)))


def shapes(svg: bytes) -> str:
    """The SVG with nothing in it but shapes, texts and images of its own. Raises `ValueError` for what is no SVG.

    >>> shapes(b'<svg xmlns="http://www.w3.org/2000/svg" onload="a()"><script>b()</script><path d="M0 0"/></svg>')
    '<svg><path d="M0 0"></path></svg>'
    """
    try:
        root = ElementTree.fromstring(svg)
    except (ElementTree.ParseError, RecursionError) as error:
        raise ValueError(f"it is no sound SVG: {error}") from None
    if root.tag != f"{_SVG}svg":
        raise ValueError("it is no SVG")
    return "".join(_markup(root, 1))


def _markup(element: ElementTree.Element, depth: int) -> Iterator[str]:
    if depth > DEEPEST:
        raise ValueError(f"its elements lie more than {DEEPEST} deep in each other")
    name = element.tag.removeprefix(_SVG) if isinstance(element.tag, str) else ""
    if name not in _ELEMENTS:
        return
    attributes = dict(_attributes(element, name))
    if name in ("use", "image") and "href" not in attributes:
        return
    shown = "".join(f' {key}="{escape(printable(value))}"' for key, value in attributes.items())
    yield f"<{name}{shown}>"
    if name in ("text", "tspan"):
        yield escape(printable(element.text or ""))
    for child in element:
        yield from _markup(child, depth + 1)
        if name in ("text", "tspan"):
            yield escape(printable(child.tail or ""))
    yield f"</{name}>"


def _attributes(element: ElementTree.Element, name: str) -> Iterator[tuple[str, str]]:
    for key, value in element.attrib.items():
        local = key.rpartition("}")[2]
        if local == "href":
            pattern = _IMAGE if name == "image" else _LINK
            if pattern.fullmatch(value):
                yield "href", value
        elif local in _ATTRIBUTES and ("(" not in value or local in _FREE or _REFERENCE.fullmatch(value)):
            yield local, value
