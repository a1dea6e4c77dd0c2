"""Pictures by matplotlib: the same bytes for the same data, whatever files lie in the working directory."""

from __future__ import annotations

import io
import os
import warnings
from collections.abc import Callable
from contextlib import chdir
from typing import Any

from clca.printable import printable

_MOST_PIXELS = 4000  # of a side
# Ids of an SVG are random without a salt, and a name with $ would be read as a formula.
_SETTINGS = {"svg.hashsalt": "clca", "font.family": "DejaVu Sans", "text.parse_math": False}


def pictures(width: float, height: float, draw: Callable[[Any], None], *, title: str = "") -> dict[str, bytes]:
    """`png` and `svg` of what `draw` draws on a figure of this size in inches.

    The same drawing gives the same bytes with the same version of matplotlib.
    """
    with chdir(os.sep):  # the import obeys a `matplotlibrc` of the working directory, which can run code
        import matplotlib
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    made = {}
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
        for form, metadata in (("png", {"Software": None}), ("svg", {"Date": None, "Creator": None})):
            file = io.BytesIO()
            dpi = min(150, _MOST_PIXELS / max(width, height))
            figure.savefig(file, format=form, dpi=dpi, metadata=metadata)
            made[form] = file.getvalue()
    return made
