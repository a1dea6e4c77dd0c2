"""Thresholds and words of the warnings that all suites give about answers which say little of what was asked."""

from __future__ import annotations

from collections.abc import Sequence

CAUTION = "CAUTION"
"""Begins every such caveat; the screen shows them even where it shows no tables."""

NEARLY_ALL = 0.9
"""The share of answers from which they are called nearly all."""
OF_PEOPLE = 0.2
"""How much rarer people's own answers (or gold labels) have to be for that to be a fault."""
MOSTLY = 0.5
"""The share of answers that move with the order of the options from which they are called most."""
MOSTLY_UNREADABLE = 0.5
"""The share of unreadable answers above which scores rest on a minority."""


def unreadable_caveat(systems: Sequence[str]) -> str:
    """The caveat on systems most of whose replies could not be read; each is named with its share."""
    return (
        f"{CAUTION}: most replies could not be read ({'; '.join(systems)}): the scores rest on the rest of them;"
        " predictions.jsonl has the replies."
    )
