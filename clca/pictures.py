"""Pictures by matplotlib: the same bytes for the same data, whatever files lie in the working directory."""

from __future__ import annotations

import io
import os
import warnings
from collections.abc import Callable, Sequence
from contextlib import chdir
from typing import Any, Literal

from clca.printable import printable

_MOST_PIXELS = 4000  # of a side
# Ids of an SVG are random without a salt, a name with $ would be read as a formula, and publishers refuse the fonts of
# type 3 that a PDF has by default.
_SETTINGS = {"svg.hashsalt": "clca", "font.family": "DejaVu Sans", "text.parse_math": False, "pdf.fonttype": 42}

Form = Literal["png", "svg", "pdf"]
SCREEN: tuple[Form, ...] = ("png", "svg")
PRINT: tuple[Form, ...] = ("png", "svg", "pdf")
# What says when a file was made, and by what, is left out.
_METADATA: dict[Form, dict[str, None]] = {
    "png": {"Software": None},
    "svg": {"Date": None, "Creator": None},
    "pdf": {"CreationDate": None, "Creator": None, "Producer": None},
}


def pictures(
    width: float, height: float, draw: Callable[[Any], None], *, title: str = "", forms: Sequence[Form] = SCREEN
) -> dict[str, bytes]:
    """The bytes by form of what `draw` draws on a figure of this size in inches.

    The same drawing gives the same bytes with the same version of matplotlib.
    """
    with chdir(os.sep):  # the import obeys a `matplotlibrc` of the working directory, which can run code
        import matplotlib
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    made: dict[str, bytes] = {}
    with matplotlib.rc_context(), warnings.catch_warnings():
        matplotlib.rcdefaults()
        matplotlib.rcParams.update(_SETTINGS)
        warnings.filterwarnings("ignore", "Glyph .* missing from font")  # drawn as a box
        warnings.filterwarnings("ignore", "constrained_layout not applied")  # names longer than the picture
        figure = Figure(figsize=(width, height), layout="constrained")
        FigureCanvasAgg(figure)
        draw(figure)
        if title:
            figure.suptitle(printable(title))
        for form in forms:
            file = io.BytesIO()
            dpi = min(150, _MOST_PIXELS / max(width, height))
            figure.savefig(file, format=form, dpi=dpi, metadata=_METADATA[form])
            made[form] = file.getvalue()
    return made
