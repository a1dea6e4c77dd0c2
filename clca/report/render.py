"""The page of a report from its sections: one file, without scripts, that a browser lets ask for nothing."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Sequence

from markupsafe import Markup

import clca
from clca.report.blocks import Section, figures_of
from clca.report.embedded_data import ReportData, embedded
from clca.report.environment import make_environment, source
from clca.report.provenance import Provenance
from clca.report.sources import DEMONSTRATION, REHEARSAL, SYNTHETIC, ReportInputs

IMAGE = "data:image/png;"
MOST_TURNS = 40  # of a dialogue that is shown
STYLE = "style.css"
WORDS = {
    REHEARSAL: "Some of it was played by the embedded simulator, or answered by a tiny student of random weights, to"
    " rehearse a study. Those numbers say nothing of any culture: do not publish them.",
    SYNTHETIC: "Some respondents are synthetic: drawn from the survey's demographic shares, without answers of their"
    " own.",
    DEMONSTRATION: "Some evaluations asked a few texts that were written to demonstrate them: no measure of anything.",
}


def render(
    title: str,
    sections: Sequence[Section],
    provenance: Provenance,
    inputs: ReportInputs,
    data: ReportData,
    glance: Sequence[tuple[str, str]],
    marks: Sequence[str],
    notes: Sequence[str],
) -> str:
    """The HTML of a report."""
    environment = make_environment("clca.report")
    environment.globals["most_turns"] = MOST_TURNS
    style = source(environment, STYLE)
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    return environment.get_template("page.html.j2").render(
        title=title,
        sections=sections,
        provenance=provenance,
        inputs=inputs,
        glance=glance,
        marks=[(mark, WORDS[mark]) for mark in marks],
        notes=notes,
        made=data.made,
        version=clca.__version__,
        style=Markup(style),
        style_digest=digest,
        has_images=any(IMAGE in block.svg for section in sections for block in figures_of(section.blocks)),
        data=Markup(embedded(data)),
    )
