"""The figures of a quality report: every measure by culture, with its interval."""

from __future__ import annotations

from typing import Any

from clca.evaluation.bootstrap import Estimate
from clca.pictures import pictures
from clca.printable import printable
from clca.quality.stats.blocks import DIVERSITY
from clca.quality.stats.measures import MEASURES
from clca.quality.stats.result import GroupStats, StatsResult
from clca.words import beginning

COLUMNS = 3  # panels beside each other
LIBRARY = "matplotlib"
_LONGEST = 40  # characters of a culture's name


def figures(result: StatsResult) -> dict[str, bytes]:
    """`measures.png` and `measures.svg`; none for a result without dialogues."""
    if not result.groups:
        return {}
    names = [name for name, _ in _panels() if any(name in _estimates(group) for group in result.groups)]
    rows = -(-len(names) // COLUMNS)
    height = rows * (0.9 + 0.25 * len(result.groups))
    title = "REHEARSAL" if result.rehearsal else ""
    made = pictures(4 * COLUMNS, height, lambda figure: _draw(figure, result, names, rows), title=title)
    return {f"measures.{form}": data for form, data in made.items()}


def _panels() -> list[tuple[str, str]]:
    return [*((measure.name, measure.text) for measure in MEASURES), *DIVERSITY.items()]


def _estimates(group: GroupStats) -> dict[str, Estimate]:
    return {**group.measures, **group.diversity}


def _draw(figure: Any, result: StatsResult, names: list[str], rows: int) -> None:
    panels = list(figure.subplots(rows, COLUMNS, squeeze=False).flat)
    texts = dict(_panels())
    heads = [beginning(printable(_head(result, group)), _LONGEST) for group in result.groups]
    for axes, name in zip(panels, names, strict=False):
        axes.set_title(texts[name], fontsize="x-small")
        axes.tick_params(labelsize="x-small")
        axes.set_yticks(range(len(heads)), heads)
        axes.set_ylim(len(heads) - 0.5, -0.5)
        for height, group in enumerate(result.groups):
            estimate = _estimates(group).get(name)
            if estimate is None:
                continue
            colour = "tab:blue" if group.side == "first" else "tab:orange"
            axes.plot([estimate.value], [height], "o", color=colour, markersize=4)
            if estimate.low is not None and estimate.high is not None:
                axes.plot([estimate.low, estimate.high], [height, height], "-", color=colour, linewidth=1)
    for axes in panels[len(names) :]:
        axes.set_axis_off()


def _head(result: StatsResult, group: GroupStats) -> str:
    several = len({own.side for own in result.groups}) > 1
    return f"{group.side}: {group.culture}" if several else group.culture
