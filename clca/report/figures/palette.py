"""Colours and marks that people with any colour vision, and readers of a black and white print, tell apart.

Source: Okabe and Ito 2008, Color Universal Design; yellow is left out, which is faint on white.
"""

from __future__ import annotations

from clca.records import Method

BLUE, VERMILLION, GREEN, PURPLE = "#0072B2", "#D55E00", "#009E73", "#CC79A7"
ORANGE, SKY, BLACK, GREY = "#E69F00", "#56B4E9", "#000000", "#6b6b6b"
FAINT = "#c8c8c8"

Colour = tuple[float, float, float]
"""Red, green and blue, from 0 to 1."""

METHODS: dict[Method, tuple[str, str]] = {"persona": (BLUE, "o"), "cultural": (GREEN, "s"), "clca": (VERMILLION, "^")}
"""Colour and mark of each way of asking the survey."""

METHOD_LABELS: dict[Method, str] = {"persona": "before: persona", "cultural": "before: culture named", "clca": "CLCA"}
"""What each way of asking is called beside a figure, as in the papers' tables."""

FURTHER = tuple(zip((PURPLE, ORANGE, SKY, BLACK) * 2, "vPX<>ph*", strict=True))
"""Colour and mark of further systems, in this order."""


def method_label(method: str) -> str:
    """What a way of asking is called, as stored files name it; one that nobody knows by its own name."""
    return next((label for known, label in METHOD_LABELS.items() if known == method), method)


def option_colours(options: int) -> list[Colour]:
    """A colour for each option of an ordinal scale, from dark to light, evenly spaced in brightness.

    >>> [len(colour) for colour in option_colours(2)]
    [3, 3]
    """
    from matplotlib import colormaps

    scale = colormaps["cividis"]
    shares = [0.08 + 0.87 * option / max(options - 1, 1) for option in range(options)]
    return [(float(red), float(green), float(blue)) for red, green, blue, _ in map(scale, shares)]
