"""Pictures that were drawn before, as they may stand in a page: anybody may have written the file.

Nothing of it is taken but shapes, texts and PNG images that are in the file itself.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from html import escape
from pathlib import Path
from xml.etree import ElementTree

from clca.printable import printable
from clca.safe_open import MIB, read_bytes

LARGEST = 4 * MIB  # bytes of a picture
DEEPEST = 50  # levels of its elements
_SVG = "{http://www.w3.org/2000/svg}"
_NAMES = "svg g defs path rect circle ellipse line polyline polygon text tspan clipPath use image"
_ELEMENTS = frozenset(_NAMES.split())
_KEYS = """d x y x1 x2 y1 y2 cx cy r rx ry width height viewBox points transform preserveAspectRatio clip-path clip-rule
clipPathUnits fill fill-opacity fill-rule opacity stroke stroke-dasharray stroke-dashoffset stroke-linecap
stroke-linejoin stroke-miterlimit stroke-opacity stroke-width font-family font-size font-style font-weight
text-anchor"""
_ATTRIBUTES = frozenset(_KEYS.split())
_REFERENCED = re.compile(r"""(?:href=["']#|url\(#)([\w.-]+)""")
_REFERENCE = re.compile(r"url\(#([\w.-]+)\)")
_LINK = re.compile(r"#([\w.-]+)")
_IMAGE = re.compile(r"data:image/png;base64,[A-Za-z0-9+/=\s]+")
_SPACE, _LONG = re.compile(r"\s+"), re.compile(r"(\.\d)\d+")


def read_svg(file: Path, folder: Path, alt: str) -> str:
    """The picture of an SVG file below a folder, with `alt` as what screen readers say.

    Raises `OSError` for a file that cannot be read or is too large, `ValueError` for one that is no sound SVG.
    """
    data = read_bytes(file, within=folder, largest=LARGEST)
    return shapes(data, f"m{hashlib.sha256(data).hexdigest()[:8]}-", alt)


def shapes(svg: bytes, prefix: str, alt: str) -> str:
    """The SVG with nothing in it but shapes, texts and images of its own, and `prefix` before its ids.

    Styles become attributes, and ids that nothing refers to are left out. Raises `ValueError` for what is no SVG.

    >>> drawn = b'<script>b()</script><path d="M0 0.123" style="fill: none; cursor: url(a)"/>'
    >>> shapes(b'<svg xmlns="http://www.w3.org/2000/svg" onload="a()">' + drawn + b"</svg>", "m", "A")
    '<svg role="img" aria-label="A"><path d="M0 0.1" fill="none"/></svg>'
    """
    try:
        _, tag, rest = svg.decode("utf-8").partition("<svg")  # before it stand the document type, and its entities
        root = ElementTree.fromstring(tag + rest)
    except (UnicodeDecodeError, ElementTree.ParseError, RecursionError) as error:
        raise ValueError(f"it is no sound SVG: {error}") from None
    if root.tag != f"{_SVG}svg":
        raise ValueError("it is no SVG")
    wanted = frozenset(_REFERENCED.findall(rest))
    return "".join(_Shapes(prefix, wanted).markup(root, {"role": "img", "aria-label": alt}))


@dataclass(frozen=True, slots=True)
class _Shapes:
    """What is taken of a picture; `wanted` are the ids that something refers to."""

    prefix: str
    wanted: frozenset[str]

    def markup(
        self,
        element: ElementTree.Element,
        more: dict[str, str],
        depth: int = 1,
        within: str = "",
        *,
        is_referenced: bool = False,
    ) -> Iterator[str]:
        """`is_referenced`: the element stands in one that others use. It uses none itself: ten that use each other
        ten times would take a browser hours.
        """
        if depth > DEEPEST:
            raise ValueError(f"its elements lie more than {DEEPEST} deep in each other")
        name = element.tag.removeprefix(_SVG) if isinstance(element.tag, str) else ""
        if name not in _ELEMENTS:
            return
        attributes = {**more, **dict(self._attributes(element, name))}
        if (name in ("use", "image") and "href" not in attributes) or (name == "use" and is_referenced):
            return
        is_referenced = is_referenced or "id" in attributes
        if name == "path" and within != "defs" and "d" in attributes:
            attributes["d"] = _LONG.sub(r"\1", _SPACE.sub(" ", attributes["d"]).strip())
        shown = "".join(f' {key}="{escape(printable(value))}"' for key, value in attributes.items())
        has_text = name in ("text", "tspan")
        inner = [escape(printable(element.text or ""))] if has_text else []
        for child in element:
            inner += self.markup(child, {}, depth + 1, name, is_referenced=is_referenced)
            if has_text:
                inner.append(escape(printable(child.tail or "")))
        content = "".join(inner)
        yield f"<{name}{shown}>{content}</{name}>" if content else f"<{name}{shown}/>"

    def _attributes(self, element: ElementTree.Element, name: str) -> Iterator[tuple[str, str]]:
        declared = (part.partition(":") for part in element.attrib.get("style", "").split(";"))
        styles = {key.strip(): value.strip() for key, _, value in declared}
        for key, value in {**element.attrib, **styles}.items():
            local = key.rpartition("}")[2]
            if local == "href" and name == "image":
                if _IMAGE.fullmatch(value):
                    yield "href", value
            elif local == "href" and (link := _LINK.fullmatch(value)):
                yield "href", f"#{self.prefix}{link[1]}"
            elif local == "id" and value in self.wanted:
                yield "id", f"{self.prefix}{value}"
            elif local in _ATTRIBUTES and (reference := _REFERENCE.fullmatch(value)):
                yield local, f"url(#{self.prefix}{reference[1]})"
            elif local in _ATTRIBUTES and ("(" not in value or local == "transform"):
                yield local, value
