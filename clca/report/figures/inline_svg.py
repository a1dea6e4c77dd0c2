"""An SVG of matplotlib as it may stand in a page beside others: ids of its own, no style sheet, a text alternative."""

from __future__ import annotations

import hashlib
import re
from html import escape

_BEFORE_ROOT = re.compile(r"^.*?(?=<svg\b)", re.DOTALL)  # XML declaration and document type
_COMMENTS = re.compile(r"<!--.*?-->\s*", re.DOTALL)
_METADATA = re.compile(r"<metadata>.*?</metadata>\s*", re.DOTALL)
_STYLE_SHEET = re.compile(r"<defs>\s*<style\b[^>]*>.*?</style>\s*</defs>\s*|<style\b[^>]*>.*?</style>\s*", re.DOTALL)
_STYLE = re.compile(r' style="([^"]*)"')
_ID = re.compile(r' id="([^"]*)"')
_REFERENCE = re.compile(r'(href="#|url\(#)([^")]*)')
_PLACES = re.compile(r' (?:d|x|y|transform|width|height)="[^"]*"')
_LONG_NUMBER = re.compile(r"\d+\.\d{3,}")
_ROOT = re.compile(r"<svg\b")
_FONT = re.compile(r"""font-family="'DejaVu Sans'[^"]*\"""")
_FONTS = 'font-family="DejaVu Sans, Verdana, sans-serif"'  # the last, which every reader has, where the first are not

# What the style sheet of matplotlib says of all elements.
_INHERITED = 'stroke-linejoin="round" stroke-linecap="butt"'


def inline_svg(svg: bytes, alt: str) -> bytes:
    """The SVG with ids that no other picture has, styles as attributes, and `alt` as what screen readers say.

    Ids that nothing in the picture refers to are left out. Styles are attributes since a page's security policy may
    refuse them.
    """
    text = _BEFORE_ROOT.sub("", svg.decode(), count=1)
    for removed in (_COMMENTS, _METADATA, _STYLE_SHEET):
        text = removed.sub("", text)
    text = _STYLE.sub(_as_attributes, text)
    text = _PLACES.sub(lambda match: _LONG_NUMBER.sub(_rounded, match[0]), text)
    text = _FONT.sub(_FONTS, text)
    prefix = f"f{hashlib.sha256(svg).hexdigest()[:8]}-"
    wanted = {match[2] for match in _REFERENCE.finditer(text)}
    text = _ID.sub(lambda match: f' id="{prefix}{match[1]}"' if match[1] in wanted else "", text)
    text = _REFERENCE.sub(rf"\g<1>{prefix}\g<2>", text)
    root = f'<svg role="img" aria-label="{escape(alt)}" {_INHERITED}'
    return _ROOT.sub(lambda _: root, text, count=1).encode()


def _rounded(match: re.Match[str]) -> str:
    """A length in points to a hundredth, which no printer shows."""
    return f"{float(match[0]):.2f}".rstrip("0").rstrip(".")


def _as_attributes(match: re.Match[str]) -> str:
    """A style as attributes: `fill: none; stroke: #000` is `fill="none" stroke="#000"`."""
    pairs = [declaration.split(":", 1) for declaration in match[1].split(";") if ":" in declaration]
    return "".join(f' {name.strip()}="{value.strip()}"' for name, value in pairs)
